import { describe, expect, it } from 'vitest';
import { noEvents } from '../../shared/execution/events.ts';
import { NEVER_MS } from '../../shared/execution/orders.ts';
import { IntegrityError } from '../../shared/kernel/errors.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import { applyDecision } from '../../shared/tick/apply.ts';
import { ACTIONS, emptyDecision } from '../../shared/tick/decision.ts';
import { executionGrid } from '../../shared/tick/execution-grid.ts';
import { openState, type TickState } from '../../shared/tick/state.ts';
import { advance, advanceTo } from '../../shared/tick/tick.ts';
import { barsOf, flat, type Cell } from '../support/bars.ts';
import { ashares, FROZEN, paper, plenty, prices } from '../support/paper.ts';
import { plainCosts, rulesOf, whole } from '../support/rules.ts';
import { decisionHead, holding, withOrder, type OrderGiven } from '../support/state.ts';

const FIVE_MINUTES = 300_000;
/** Decisions by the hour, fills by five minutes; the contract even allows bars that were struck before the freeze. */
const rules = paper({ costProfile: plainCosts(0, 0, 0), config: { execution_bar_size: '5m' } });

/** Three hourly bars from midnight; the order is decided at 01:00 and frozen at 01:02:24. */
const hourly = prices(plenty(100), plenty(100), plenty(100), plenty(100));
const order: OrderGiven = { side: 1, quantity: 50, reference: 100, frozen: FROZEN, deadlineOrdinal: 3 };

/** Twelve five-minute bars an hour from 01:00 on: at 200 + k, with the volume told by k or else a million. */
function finerBars(hours: number, volumes: Readonly<Record<number, number>> = {}): Bars {
  const cells = Array.from({ length: 12 * hours }, (_, k): [Cell | null] => {
    const volume = volumes[k] ?? 1_000_000;
    return [Number.isNaN(volume) ? null : flat(200 + k, volume)];
  });
  return barsOf(cells, { start: '2024-01-01T01:00:00Z', barMs: FIVE_MINUTES });
}

function filled(finer: Bars, given = order, used = rules, state: TickState = openState(used), rows = 4) {
  state.book.cash = 1e15;
  withOrder(state, 0, given);
  const events = noEvents();
  const count = Math.min(rows, 1 + finer.startMs.length / 12);
  for (let row = 1; row < count; row++) advance(used, state, hourly, row, NEVER_MS, events, finer);
  return {
    fills: events.fills.map((fill) => [
      new Date(fill.barStartMs).toISOString().slice(11, 16),
      fill.ordinal,
      fill.quantity,
      fill.price,
    ]),
    ended: events.ended.map(({ status, reason, endedOrdinal }) => [status, reason, endedOrdinal]),
    events,
    state,
  };
}

describe('orders fill in the first finer bar that opens after the freeze (definition 1)', () => {
  it('frozen at 01:02:24: the bar of 01:05, not that of 01:00, and nothing is charged for delay', () => {
    const { fills, ended, events } = filled(finerBars(1));
    expect(fills).toEqual([['01:05', 1, 50, 201]]);
    expect(ended).toEqual([['filled', 'FILLED', 1]]);
    expect(events.fills).toMatchObject([{ struckBeforeFreeze: 0, latencyBps: 0, delayBars: 1 }]);
  });

  it.each([
    ['2024-01-01T01:05:00.000Z', '01:05'],
    ['2024-01-01T01:05:00.001Z', '01:10'],
    ['2024-01-01T01:54:59Z', '01:55'],
    ['2024-01-01T01:55:01Z', '02:00'],
  ])('frozen at %s: %s', (frozen, start) => {
    expect(filled(finerBars(2), { ...order, frozen }).fills[0]![0]).toBe(start);
  });

  it('the latency to the market counts: 250 ms after 01:04:59.800 is 01:05:00.050', () => {
    const slow = paper({
      costProfile: plainCosts(0, 0, 0),
      config: { execution_bar_size: '5m' },
      fillSpec: { latency_ms_min: 250 },
    });
    const frozen = (ms: string) => ({ ...order, frozen: `2024-01-01T01:04:59.${ms}Z` });
    expect(filled(finerBars(1), frozen('750'), slow).fills[0]![0]).toBe('01:05');
    expect(filled(finerBars(1), frozen('800'), slow).fills[0]![0]).toBe('01:10');
  });

  it('no bar of the decision bar itself fills, however early the freeze', () => {
    const early = { ...order, frozen: '2023-12-31T23:00:00Z', more: { decidedOrdinal: 1 } };
    expect(filled(finerBars(2), early).fills).toEqual([['02:00', 2, 50, 212]]);
  });
});

describe('participation and the deadline in finer bars (definition 5)', () => {
  it('5 % of each finer bar: several fills in one decision bar, one order', () => {
    // 5 % of 400 are 20: 20, 20 and the last 10; an absent and an empty bar only delay.
    const { fills, ended } = filled(finerBars(1, { 1: 400, 2: NaN, 3: 400, 4: 0, 5: 400 }));
    expect(fills).toEqual([
      ['01:05', 1, 20, 201],
      ['01:15', 1, 20, 203],
      ['01:25', 1, 10, 205],
    ]);
    expect(ended).toEqual([['filled', 'FILLED', 1]]);
  });

  it('the remainder goes on into the next decision bar', () => {
    const thin = Object.fromEntries(Array.from({ length: 12 }, (_, k) => [k, 20]));
    // One share a bar from 01:05 on: eleven in the first hour, the other 39 at 02:00.
    const { fills } = filled(finerBars(2, thin));
    expect(fills).toHaveLength(12);
    expect(fills.at(-1)).toEqual(['02:00', 2, 39, 212]);
  });

  it('the deadline is the last finer bar of its decision bar, not the first', () => {
    const onlyLast = (last: number) =>
      Object.fromEntries(Array.from({ length: 12 }, (_, k) => [k, k === 11 ? last : 0]));
    const short = { ...order, deadlineOrdinal: 1 };
    expect(filled(finerBars(1, onlyLast(1e6)), short)).toMatchObject({
      fills: [['01:55', 1, 50, 211]],
      ended: [['filled', 'FILLED', 1]],
    });
    expect(filled(finerBars(1, onlyLast(200)), short)).toMatchObject({
      fills: [['01:55', 1, 10, 211]],
      ended: [['partially_filled', 'DEADLINE', 1]],
    });
    expect(filled(finerBars(2, onlyLast(0)), short)).toMatchObject({
      fills: [],
      ended: [['expired', 'NO_VOLUME', 1]],
    });
  });

  it('a decision places no longer deadline for a bar that its finer bars reach in time', () => {
    const fillSpec = { open_struck_before_freeze: false, deadline_bars: 2 };
    const deadline = (config: object): number => {
      const used = paper({ config, fillSpec });
      const state = openState(used);
      const at = (hour: number): number => Date.parse('2024-01-01T00:00:00Z') + hour * 3_600_000;
      const head = decisionHead({ ordinal: 0, tickMs: at(1), frozenAtMs: Date.parse(FROZEN) });
      const made = emptyDecision(1, head);
      made.action[0] = ACTIONS.indexOf('LONG');
      made.delta[0] = 5;
      made.referencePrice[0] = 100;
      applyDecision(used, state, made, 'all', {
        startMs: Float64Array.of(at(1), at(2), at(3), at(4)),
        endMs: Float64Array.of(at(2), at(3), at(4), at(5)),
        sessionDay: new Float64Array(4).fill(19_723),
      });
      return state.orders.deadlineOrdinal[0]!;
    };
    // Bars 1, 2 and 3; without finer bars the first has opened before the freeze, so 2, 3 and 4.
    expect(deadline({ execution_bar_size: '5m' })).toBe(3);
    expect(deadline({})).toBe(4);
  });
});

describe('a halt within a decision bar (definition 3)', () => {
  it('the fill before it stands, the rest is cancelled at the next finer bar', () => {
    const state = withOrder(openState(rules), 0, order);
    state.book.cash = 1e15;
    const events = noEvents();
    const finer = finerBars(1, { 1: 400, 2: 400 });
    advance(rules, state, hourly, 1, Date.parse('2024-01-01T01:07:00Z'), events, finer);
    expect(events.fills).toMatchObject([{ quantity: 20, price: 201 }]);
    expect(events.ended).toMatchObject([{ status: 'partially_filled', reason: 'KILL_SWITCH', filled: 20 }]);
  });
});

describe('missed ticks (definition 3)', () => {
  it('settle in order, each in its own finer bars', () => {
    const thin = Object.fromEntries(Array.from({ length: 24 }, (_, k) => [k, k % 12 === 6 ? 400 : 0]));
    const state = withOrder(openState(rules), 0, order);
    state.book.cash = 1e15;
    const { events } = advanceTo(rules, state, hourly, 1, 3, null, finerBars(3, thin));
    expect(events.fills.map(({ ordinal, price, quantity }) => [ordinal, price, quantity])).toEqual([
      [1, 206, 20],
      [2, 218, 20],
      [3, 224, 10],
    ]);
  });

  it('and in the decision bars where there are no finer ones', () => {
    const plain = paper({ costProfile: plainCosts(0, 0, 0) });
    const bars = prices(plenty(100), flat(101, 400), flat(102, 400), plenty(103));
    const state = withOrder(openState(plain), 0, { ...order, frozen: '2024-01-01T00:59:00Z' });
    // 5 % of 400 are 20; the tick of bar 3 finds bars 1 and 2 unsettled, and none of them takes its price.
    const { events } = advanceTo(plain, state, bars, 1, 3, null);
    expect(events.fills.map(({ ordinal, price, quantity }) => [ordinal, price, quantity])).toEqual([
      [1, 101, 20],
      [2, 102, 20],
      [3, 103, 10],
    ]);
  });
});

describe('what is frozen with a tick', () => {
  it('a market with finer bars never fills without them', () => {
    const state = withOrder(openState(rules), 0, order);
    const settle = (finer?: Bars) => advance(rules, state, hourly, 1, NEVER_MS, noEvents(), finer);
    expect(() => settle()).toThrow(IntegrityError);
    expect(() => settle(barsOf([[flat(1)]], { start: '2024-01-01T02:00:00Z', barMs: FIVE_MINUTES }))).toThrow(
      /no 5m bars were frozen for the bar that closes at 2024-01-01T02:00:00Z/,
    );
  });

  it('a session break has no finer bars: 24 in a Shanghai morning, none until 13:00', () => {
    const fine = ashares({ config: { execution_bar_size: '5m' } });
    const at = (time: string): number => Date.parse(`2024-06-04T${time}:00Z`);
    const grid = executionGrid(fine, at('01:30'), at('07:00'));
    expect(grid.startMs).toHaveLength(48);
    expect([grid.endMs[23], grid.startMs[24]]).toEqual([at('03:30'), at('05:00')]);
    expect(executionGrid(fine, at('02:30'), at('03:30')).startMs).toHaveLength(12);
    expect(() => executionGrid(ashares(), at('02:30'), at('03:30'))).toThrow(RangeError);
  });

  it('the price limit is judged by the open of the finer bar, in its own session', () => {
    const fine = ashares({ config: { execution_bar_size: '5m' } });
    const state = openState(fine);
    state.book.lastClose[0] = 10;
    const bars = barsOf([[flat(11, 1e6)]], { start: '2024-06-04T01:30:00Z', firstOrdinal: 1 });
    // 10.99 at 01:35, then at the limit of 11.00: the hour ends there.
    const cells: Cell[] = [11, 10.99, ...Array<number>(10).fill(11)].map((price) => flat(price, 2000));
    const finer = barsOf(
      cells.map((cell) => [cell]),
      { start: '2024-06-04T01:30:00Z', barMs: FIVE_MINUTES },
    );
    withOrder(state, 0, {
      ...order,
      quantity: 300,
      reference: 10,
      frozen: '2024-06-04T01:00:00Z',
      deadlineOrdinal: 1,
    });
    const events = noEvents();
    advance(fine, state, bars, 0, NEVER_MS, events, finer);
    // 5 % of 2,000 are one lot.
    expect(events.fills).toMatchObject([{ price: 10.99, quantity: 100 }]);
    expect(events.ended).toMatchObject([{ status: 'partially_filled', reason: 'DEADLINE' }]);
  });

  it('holding and T+1 know nothing of finer bars: two lots of one session stay locked in it', () => {
    const fine = rulesOf('ashares', {
      instruments: [{ ...whole('AAA', 100), board: 'main' }],
      costProfile: plainCosts(0, 0, 0),
      config: { execution_bar_size: '5m' },
    });
    const state = openState(fine);
    state.book.lastClose[0] = 10;
    state.book.priorClose[0] = 10;
    state.book.sessionDay = Date.parse('2024-06-04T00:00:00Z') / 86_400_000;
    holding(fine, 0, 200, 10, state);
    withOrder(state, 0, {
      ...{ side: -1, quantity: 200, reference: 10, frozen: '2024-06-04T01:00:00Z', deadlineOrdinal: 1 },
    });
    const bars = barsOf([[plenty(10)]], { start: '2024-06-04T01:30:00Z', firstOrdinal: 1 });
    const finer = barsOf(
      Array.from({ length: 12 }, () => [plenty(10)]),
      { start: '2024-06-04T01:30:00Z', barMs: FIVE_MINUTES },
    );
    const events = noEvents();
    advance(fine, state, bars, 0, NEVER_MS, events, finer);
    expect(events).toMatchObject({ fills: [], ended: [{ status: 'expired', reason: 'T1_LOCKED' }] });
  });
});
