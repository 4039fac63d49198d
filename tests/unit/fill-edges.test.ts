import { describe, expect, it } from 'vitest';
import { noEvents } from '../../shared/execution/events.ts';
import { NEVER_MS } from '../../shared/execution/orders.ts';
import { imbalance } from '../../shared/portfolio/book.ts';
import { openState, type TickState } from '../../shared/tick/state.ts';
import { advance } from '../../shared/tick/tick.ts';
import { barsOf, flat, type Cell } from '../support/bars.ts';
import { action, ashares, barsAt, dayOf, paper, plenty, run, shanghai } from '../support/paper.ts';
import { plainCosts, rulesOf } from '../support/rules.ts';
import { holding, withOrder } from '../support/state.ts';

const fee = (name: string, bps: number, from: string, to?: string) => ({
  ...{ name, side: 'both' as const, basis: 'notional' as const, fee_bps: bps, effective_from: from },
  ...(to === undefined ? {} : { effective_to: to }),
  ...{ source: 'made up for a worked example', confirmed: false },
});
const shareRules = (fees: ReturnType<typeof fee>[]) =>
  ashares({ costProfile: { ...plainCosts(0, 0, 0), fees } });
/** A share that closed at 10 before the first row, and is sold or bought across two sessions. */
const known = (state: TickState): TickState => {
  state.book.lastClose[0] = 10;
  state.book.priorClose[0] = 10;
  return state;
};

describe('fees of an order that fills in parts on two days', () => {
  const days = [...shanghai('2024-06-07'), ...shanghai('2024-06-11')];
  /** 1,000 of 2,000 fill on the last bar of the first day, the rest on the first of the second. */
  const cells = days.map((_, k): [Cell | null] => [flat(10, k === 3 || k === 4 ? 20_000 : 0)]);
  const charged = (fees: ReturnType<typeof fee>[]): number[] => {
    const rules = shareRules(fees);
    const state = known(holding(rules, 0, 2000, 10));
    withOrder(state, 0, {
      ...{ side: -1, quantity: 2000, reference: 10, frozen: '2024-06-07T00:00:00Z', deadlineOrdinal: 7 },
    });
    return run(rules, state, barsAt(days, cells)).fills.map(({ feeMinor }) => feeMinor);
  };

  it('each part pays the rate of its own day: nothing is given back where it falls, nor asked for where it rises', () => {
    // 10,000 CNY a part: 10 bps are 10.00, 4 bps 4.00.
    expect(charged([fee('duty', 10, '2024-01-01', '2024-06-10'), fee('duty', 4, '2024-06-11')])).toEqual([
      1000, 400,
    ]);
    expect(charged([fee('duty', 4, '2024-01-01', '2024-06-10'), fee('duty', 10, '2024-06-11')])).toEqual([
      400, 1000,
    ]);
  });

  it('a minimum is paid once, by the first part', () => {
    // 3 bps of 10,000 are 3.00 and of 20,000 6.00: 5.00 at first, then 1.00.
    const minimum = { ...fee('commission', 3, '2024-01-01'), min_amount: 5 };
    expect(charged([minimum])).toEqual([500, 100]);
  });

  it('where the table ends the rest does not fill, and the order ends with RULES_UNCOVERED', () => {
    const rules = shareRules([fee('duty', 10, '2024-01-01', '2024-06-10')]);
    const state = known(holding(rules, 0, 2000, 10));
    withOrder(state, 0, {
      ...{ side: -1, quantity: 2000, reference: 10, frozen: '2024-06-10T00:00:00Z', deadlineOrdinal: 5 },
      more: { decidedOrdinal: 3 },
    });
    const { fills, ended } = run(rules, state, barsAt(days, cells));
    expect(fills).toEqual([]);
    expect(ended).toMatchObject([{ status: 'expired', reason: 'RULES_UNCOVERED' }]);
  });
});

describe('the close that price limits are reckoned from', () => {
  const days = [...shanghai('2024-06-07'), ...shanghai('2024-06-11')];
  const buying = (cells: [Cell | null][]): [number, string][] => {
    const rules = ashares();
    const state = withOrder(known(openState(rules)), 0, {
      ...{ side: 1, quantity: 100, reference: 10, frozen: '2024-06-07T12:00:00Z', deadlineOrdinal: 5 },
      more: { decidedOrdinal: 3 },
    });
    const { fills, ended } = run(rules, state, barsAt(days, cells));
    return ended.map(({ reason }) => [fills.length, reason]);
  };
  const then = [[plenty(10.45)], [plenty(10.45)], [plenty(10.45)], [plenty(10.45)]] as [Cell | null][];

  it('is unknown where the session ended without the last bar: nothing is bought on a guess', () => {
    const day = [[plenty(10)], [plenty(10)], [plenty(10)], [null]] as [Cell | null][];
    expect(buying([...day, ...then])).toEqual([[0, 'LIMIT_UP']]);
  });

  it('is the last one known where the share was suspended for the whole session', () => {
    const day = [[null], [null], [null], [null]] as [Cell | null][];
    expect(buying([...day, ...then])).toEqual([[1, 'FILLED']]);
  });
});

describe('what voids a decision bar voids the finer bars within it', () => {
  it.each([
    ['DATA_STALE_RUN', 'STALE_BAR'],
    ['DATA_CONFLICT', 'NO_BAR'],
    ['DATA_MISSING', 'NO_BAR'],
  ] as const)('%s: %s', (flag, reason) => {
    const rules = paper({ costProfile: plainCosts(0, 0, 0), config: { execution_bar_size: '5m' } });
    const hourly = barsOf([[plenty(100)], [plenty(100)]], { flags: { 1: flag } });
    const finer = barsOf(
      Array.from({ length: 12 }, () => [plenty(100)]),
      { start: '2024-01-01T01:00:00Z', barMs: 300_000 },
    );
    const state = withOrder(openState(rules), 0, {
      ...{ side: 1, quantity: 5, reference: 100, frozen: '2024-01-01T01:02:24Z', deadlineOrdinal: 1 },
    });
    const events = noEvents();
    advance(rules, state, hourly, 1, NEVER_MS, events, finer);
    expect([events.fills.length, events.ended[0]!.reason]).toEqual([0, reason]);
  });
});

describe('an action that is seen after its ex-date', () => {
  const rules = rulesOf('us_equities', {
    costProfile: plainCosts(0, 0, 0),
    config: { starting_capital: 100_000 },
  });
  const starts = ['2024-06-10T13:30', '2024-06-10T14:30'];
  const cells = [[plenty(50)], [plenty(50)]] as [Cell | null][];
  const bought = (date: string, state = openState(rules)): TickState => {
    state.book.sessionDay = dayOf(date);
    return holding(rules, 0, 100, 50, state);
  };
  const late = { ordinal: 1 };

  it('gives what was bought on the ex-date or after no share in a split, nor in a dividend', () => {
    const state = bought('2024-06-07', bought('2024-06-05'));
    state.book.closeDay[0] = dayOf('2024-06-10');
    const actions = [
      action({ ...late, kind: 'dividend', amount: 1 }, '2024-06-06'),
      action({ ...late, kind: 'split', ratio: 2 }, '2024-06-06'),
    ];
    const { postings } = run(rules, state, barsAt(starts, cells, { actions }));
    // A hundred of two hundred: 100 less 30 % withheld, and 200 for 100.
    expect(postings).toMatchObject([
      { kind: 'dividend', due: 7000, withheld: 3000 },
      { kind: 'split', quantityBefore: 200, quantityAfter: 300 },
    ]);
    expect(imbalance(state.book)).toBe(0);
    // The close of after the ex-date has left the split behind it.
    expect(state.book.lastClose[0]).toBe(50);
  });

  it('leaves an order alone that was decided on a close of the ex-date or after', () => {
    const state = openState(rules);
    withOrder(state, 0, {
      ...{ side: 1, quantity: 100, reference: 50, frozen: '2024-06-07T20:03:00Z', deadlineOrdinal: 3 },
      more: { decidedAtMs: Date.parse('2024-06-07T20:00:00Z') },
    });
    const actions = [action({ ...late, kind: 'split', ratio: 2 }, '2024-06-06')];
    expect(run(rules, state, barsAt(starts, cells, { actions })).fills).toMatchObject([
      { quantity: 100, referencePrice: 50 },
    ]);
  });
});

describe('what a purchase has left after a split', () => {
  it('is bought in whole lots: 100 shares before 11 for 10 are 100 of the 110', () => {
    const rules = ashares();
    const state = withOrder(known(openState(rules)), 0, {
      ...{ side: 1, quantity: 100, reference: 10, frozen: '2024-06-07T00:00:00Z', deadlineOrdinal: 2 },
    });
    const actions = [action({ kind: 'split', ratio: 1.1, ordinal: 1 }, '2024-06-11')];
    const starts = ['2024-06-07T06:00', '2024-06-11T01:30', '2024-06-11T02:30'];
    const { fills, ended } = run(
      rules,
      state,
      barsAt(starts, [[plenty(10)], [plenty(9.09)], [plenty(9.09)]], { actions }),
    );
    expect(fills.map(({ quantity }) => quantity)).toEqual([100]);
    expect(ended).toMatchObject([
      { status: 'partially_filled', reason: 'DEADLINE', quantity: 110, filled: 100 },
    ]);
  });
});
