import { describe, expect, it } from 'vitest';
import {
  addEnded,
  addTick,
  failRate,
  openWindow,
  restartedWindow,
  rolledWindow,
  type FailureWindow,
} from '../../shared/risk/failure-window.ts';

const RULES = { ticks_min: 4, orders_min: 3 };

/** A session's ticks, of which the first so many failed. */
function session(window: FailureWindow, day: number, ticks: number, failed: number, kept = 2): FailureWindow {
  let next = rolledWindow(window, day, kept);
  for (let k = 0; k < ticks; k++) next = addTick(next, day, k < failed);
  return next;
}
const rate = (window: FailureWindow, rules = RULES): number => failRate(window, rules);

describe('the share of failed ticks (definition 22)', () => {
  it('is of the ticks of the window', () => {
    expect(rate(session(openWindow(), 1, 4, 1))).toBe(0.25);
    expect(rate(session(session(openWindow(), 1, 4, 1), 2, 4, 3))).toBe(0.5);
    expect(rate(openWindow())).toBe(0);
  });

  it('is judged from the least number of ticks on', () => {
    expect(rate(session(openWindow(), 1, 3, 3))).toBe(0);
    expect(rate(session(openWindow(), 1, 4, 4))).toBe(1);
    // The least number may come together over several sessions.
    expect(rate(session(session(openWindow(), 1, 2, 2), 2, 2, 0))).toBe(0.5);
  });

  it('forgets sessions beyond the last few', () => {
    const third = session(session(session(openWindow(), 1, 4, 4), 2, 4, 0), 3, 4, 2);
    expect(rate(third)).toBe(0.25);
    expect(third.sessions.map(({ day }) => day)).toEqual([2, 3]);
  });

  it('a tick of a session that nobody opened opens it: a missed one came first', () => {
    const window = addTick(session(openWindow(), 1, 3, 0), 2, true);
    expect(window.sessions.map(({ day, ticks, failed }) => [day, ticks, failed])).toEqual([
      [1, 3, 0],
      [2, 1, 1],
    ]);
    expect(rate(window)).toBe(0.25);
    // Then it is not opened again.
    expect(rolledWindow(window, 2, 2).sessions).toHaveLength(2);
  });
});

describe('the share of failed orders', () => {
  it('counts what ended since the last time, into the newest session', () => {
    const first = addEnded(session(openWindow(), 1, 1, 0), 10, 1);
    expect(rate(first)).toBe(0.1);
    const second = addEnded(session(first, 2, 1, 0), 14, 3);
    expect(second.sessions.map((one) => [one.ordersEnded, one.ordersFailed])).toEqual([
      [10, 1],
      [4, 2],
    ]);
    expect(rate(second)).toBe(3 / 14);
    // The first session falls out: 2 of 4 are left.
    expect(rate(session(second, 3, 1, 0))).toBe(0.5);
  });

  it('is judged from the least number of orders on', () => {
    expect(rate(addEnded(session(openWindow(), 1, 1, 0), 2, 2))).toBe(0);
    expect(rate(addEnded(session(openWindow(), 1, 1, 0), 3, 2))).toBe(2 / 3);
  });

  it('nothing ended, nothing counted', () => {
    const first = addEnded(session(openWindow(), 1, 1, 0), 10, 1);
    expect(addEnded(first, 10, 1)).toEqual(first);
  });
});

describe('the rate', () => {
  it('is the larger of the two', () => {
    expect(rate(addEnded(session(openWindow(), 1, 4, 1), 10, 6))).toBe(0.6);
    expect(rate(addEnded(session(openWindow(), 1, 4, 3), 10, 6))).toBe(0.75);
  });

  it('begins anew with a recovery, and counts no order twice', () => {
    const before = addEnded(session(openWindow(), 1, 4, 4), 10, 10);
    const restarted = restartedWindow(before);
    expect(rate(restarted)).toBe(0);
    // Of the 13 that have ended by now, 3 ended since.
    const after = addEnded(session(restarted, 1, 1, 0), 13, 11);
    expect(rate(after)).toBe(1 / 3);
  });
});
