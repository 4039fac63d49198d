import { describe, expect, it } from 'vitest';
import { ticksOf, type RunOptions } from '../support/chain.ts';
import * as faults from '../support/faults.ts';
import { story, through, type Story } from '../support/switch-story.ts';
import { threeShares } from '../support/switched.ts';
import { both, CANCELLED, describeTable, each, gate, layout, WAITED } from '../support/trigger-table.ts';

/** More than 15 % of the ticks of five sessions failed, from two ticks on. */
const failRate = faults.tighter(({ kill_switch: given }) => {
  const { execution_fail_rate: one } = given.triggers;
  const tight = { ...one, above: 0.15, ticks_min: 2 };
  return { kill_switch: { ...given, triggers: { ...given.triggers, execution_fail_rate: tight } } };
});

class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** A run whose forecast takes too long. */
const slow = (): RunOptions => ({
  before: (step) => {
    if (step === 'predict') throw new TimeoutError('slow');
  },
});

/** A run whose decision reads as other bytes when it is to be filled. */
const otherBytes = (events: Story): RunOptions => ({
  before: (step) => {
    if (step === 'fill') events.corrupt('/decision/2024-07-09/');
  },
});

describeTable([
  // Two orders were placed on 5 July in ACTIVE, one on 8 July in TRIAL; a halted market places none.
  gate('order_throttle', 'ORDER_THROTTLE', faults.limits({ orders_per_day_max: 1 }), {
    bars: { ACTIVE: [4], TRIAL: [5], HALTED: [5] },
    atUtc: { ACTIVE: '2024-07-08T20:03:00Z', TRIAL: '2024-07-09T20:03:00Z' },
    ends: { ...WAITED, ACTIVE: ['partially_filled', 'KILL_SWITCH', 240] },
  }),
  // The tick of 8 July is missed: one of five in ACTIVE, one of two since the recovery in TRIAL.
  gate('execution_fail_rate', 'EXECUTION_FAIL_RATE', failRate, {
    missed: 4,
    order: { ACTIVE: 3, TRIAL: 3 },
    ends: { ...WAITED, TRIAL: ['filled', 'FILLED', 211] },
  }),
  {
    ...{ name: 'integrity', trigger: 'integrity', fails: true, fault: otherBytes, ends: CANCELLED },
    atUtc: both('2024-07-09T20:03:10Z'),
    reason: /^a run failed in fill: IntegrityError: artifact us_equities\/decision\/.* has hash/,
  },
  {
    ...{ name: 'failed_runs', trigger: 'failed_runs', fails: true, fault: slow, bars: each([5, 6, 7]) },
    atUtc: both('2024-07-11T20:01:00Z'),
    reason: /^3 runs in a row failed, the last in predict: TimeoutError: slow$/,
    // Nobody decides anything meanwhile: the order works on to its deadline, or to its end, before the halt.
    ends: { ACTIVE: ['partially_filled', 'DEADLINE', 494], TRIAL: ['filled', 'FILLED', 170] },
  },
]);

describe('runs that fail', () => {
  it('twice halt nothing, and a run between them begins the count anew', async () => {
    const events = await through('ACTIVE', layout);
    for (const k of [5, 6, 8]) {
      await expect(events.run(k, slow())).rejects.toThrow('slow');
      if (k === 6) await events.run(7);
    }
    await events.run(9);
    expect((await events.latch()).state).toBe('ACTIVE');
    expect(await events.switches()).toHaveLength(1);
  });

  it('of one tick, again and again, are one', async () => {
    const events = await through('ACTIVE', layout);
    for (let again = 0; again < 4; again++) await expect(events.run(5, slow())).rejects.toThrow('slow');
    expect((await events.latch()).state).toBe('ACTIVE');
    await events.run(5);
    expect((await events.ticks()).at(-1)!.record).toMatchObject({
      tick_utc: '2024-07-09T20:00:00Z',
      status: 'ok',
    });
  });

  it('since the book itself reads as other bytes commit nothing and halt, whether or not it can be read again', async () => {
    const events = await through('ACTIVE', layout);
    const { state } = (await events.ticks()).at(-1)!.record;
    events.corrupt(state.key);
    for (const k of [5, 6]) await expect(events.run(k)).rejects.toThrow('has hash');
    expect((await ticksOf(events.stores, events.market)).length).toBe(5);
    // The halt needs the book for nothing: it is there while its bytes are still wrong.
    expect((await events.switches()).at(-1)).toMatchObject({ to: 'HALTED', trigger: 'integrity' });
    expect(await events.latch()).toMatchObject({ state: 'HALTED' });
    events.corrupt(undefined);
    await events.run(7);
    const { record, execution } = (await events.ticks()).at(-1)!;
    expect(record).toMatchObject({ tick_utc: '2024-07-11T20:00:00Z', blocked_reason: ['KILL_SWITCH'] });
    expect(execution.placed).toEqual([]);
    expect((await events.switches()).at(-1)).toMatchObject({ to: 'HALTED', trigger: 'integrity' });
  });
});

describe('a trial', () => {
  it('that was RED once, though nothing trips, ends in another halt when its first orders have ended', async () => {
    const events = await through('TRIAL', layout, 4);
    // The orders of 5 July: AAPL fills on 8 July, GE is cancelled and ends on 9 July.
    await events.run(4, faults.mismatch('code')(events));
    expect(await events.latch()).toMatchObject({ state: 'TRIAL' });
    expect((await events.ticks()).at(-1)!.record.blocked_reason).toEqual(['RELEASE_MISMATCH']);
    for (const k of [5, 6, 7]) await events.run(k);
    const ticks = (await events.ticks()).slice(-3);
    expect(ticks.map(({ record }) => record.blocked_reason)).toEqual([[], ['KILL_SWITCH'], ['KILL_SWITCH']]);
    expect((await events.switches()).at(-1)).toMatchObject({
      ...{ from: 'TRIAL', to: 'HALTED', cause: 'trial_failed', trigger: 'trial_red', actor: 'papergate' },
      ...{ reason: 'the trial was RED', at_utc: '2024-07-09T20:03:00Z' },
    });
    expect(await events.stores.parameters.get('DISABLE_TRADING/us_equities')).toMatchObject({
      value: 'true',
    });
    // What the last tick of the trial placed is cancelled before it can fill.
    expect(ticks[0]!.execution.placed).toEqual(['GE']);
    expect(ticks.slice(1).flatMap(({ execution }) => execution.fills)).toEqual([]);
    expect(ticks[1]!.execution.ended.map(({ status, reason }) => [status, reason])).toContainEqual([
      'cancelled',
      'KILL_SWITCH',
    ]);
  });

  it('is no matter in ACTIVE: what is RED and trips nothing halts nothing', async () => {
    const events = await through('ACTIVE', layout);
    await events.run(5, faults.mismatch('code')(events));
    await events.run(6);
    expect(await events.latch()).toMatchObject({ state: 'ACTIVE', record: 1 });
    expect((await events.ticks()).at(-1)!.execution.placed).toEqual(['AAPL']);
  });
});

describe('as many orders as a day may have', () => {
  it('halt within the day, at the next bar', async () => {
    const hourly = threeShares(
      '2024-07-05',
      {
        limits: { orders_per_day_max: 3 },
        fillSpec: { participation_cap: 0.002 },
        config: { bar_size: '60m', warmup_bars: 336 },
      },
      '2024-07-05',
    );
    const events = await story(hourly);
    for (let k = 0; k < 7; k++) await events.run(k);
    const ticks = await events.ticks();
    // Two orders at 17:30 and one at 18:30.
    expect(ticks.map(({ execution }) => execution.placed.length)).toEqual([0, 0, 0, 2, 1, 0, 0]);
    expect(ticks.map(({ record }) => record.blocked_reason)).toEqual([
      [],
      [],
      [],
      [],
      [],
      ['ORDER_THROTTLE'],
      ['KILL_SWITCH', 'ORDER_THROTTLE'],
    ]);
    expect((await events.switches()).at(-1)).toMatchObject({
      trigger: 'order_throttle',
      at_utc: '2024-07-05T19:33:00Z',
    });
  });

  it('halt though the next bar be of another day, and until a recovery', async () => {
    const events = await story(threeShares('2024-07-16', { limits: { orders_per_day_max: 3 } }));
    for (const k of [0, 1, 2]) await events.run(k);
    const ticks = await events.ticks();
    expect(ticks.map(({ execution }) => [execution.placed.length, execution.fills.length])).toEqual([
      [3, 0],
      [0, 3],
      [0, 0],
    ]);
    expect(ticks.map(({ record }) => record.blocked_reason)).toEqual([
      [],
      ['ORDER_THROTTLE'],
      ['KILL_SWITCH', 'ORDER_THROTTLE'],
    ]);
    expect((await events.switches()).at(-1)).toMatchObject({
      trigger: 'order_throttle',
      at_utc: '2024-07-02T20:03:00Z',
    });
  });
});
