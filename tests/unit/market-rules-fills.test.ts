import { describe, expect, it } from 'vitest';
import type { TickEvents } from '../../shared/execution/events.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { openState, type TickState } from '../../shared/tick/state.ts';
import { flat, type Cell } from '../support/bars.ts';
import { action, ashares, barsAt, paper, plenty, prices, run, shanghai, share } from '../support/paper.ts';
import { plainCosts, rulesOf, whole } from '../support/rules.ts';
import { holding, withOrder, type OrderGiven } from '../support/state.ts';

/** Placed after the last bar of Monday, 3 June 2024, for the four bars of the next session. */
const order = (side: 1 | -1, more: Partial<OrderGiven> = {}): OrderGiven => ({
  side,
  quantity: 100,
  reference: 10.05,
  frozen: '2024-06-03T07:03:00Z',
  deadlineOrdinal: 4,
  ...more,
});

/** What is held was bought in earlier sessions, so that T+1 says nothing here. */
function longBefore(rules: MarketRules): TickState {
  const state = openState(rules);
  state.book.sessionDay = 1;
  return holding(rules, 0, 1000, 10, state);
}

/** Monday closes at `close`, then come the four bars of Tuesday. */
function tuesday(
  given: OrderGiven,
  cells: readonly (Cell | null)[],
  { close = 10.05, rules = ashares() }: { close?: number; rules?: MarketRules } = {},
): TickEvents & { state: TickState } {
  const starts = ['2024-06-03T06:00', ...shanghai('2024-06-04')].slice(0, cells.length + 1);
  const state = withOrder(longBefore(rules), 0, given);
  return run(
    rules,
    state,
    barsAt(
      starts,
      [plenty(close), ...cells].map((cell) => [cell]),
    ),
  );
}
/** Trades at `open` first and at `close` last, ten million shares. */
const bar = (open: number, close: number): Cell => [
  open,
  Math.max(open, close),
  Math.min(open, close),
  close,
  10_000_000,
];

describe('price limits: ten per cent of 10.05 are 11.055 and 9.045, by the fen 11.06 and 9.05', () => {
  it.each([
    [1, 11.05, 'FILLED'],
    [1, 11.06, 'LIMIT_UP'],
    [1, 9.05, 'FILLED'], // nobody sells there, but who buys is served
    [-1, 9.06, 'FILLED'],
    [-1, 9.05, 'LIMIT_DOWN'],
    [-1, 11.06, 'FILLED'],
  ] as const)('side %d at %d: %s', (side, open, reason) => {
    const { fills, ended } = tuesday(order(side), Array<Cell>(4).fill(bar(open, open)));
    expect(ended).toMatchObject([
      { reason, status: reason === 'FILLED' ? 'filled' : 'expired', endedOrdinal: fills.length > 0 ? 1 : 4 },
    ]);
    if (reason === 'FILLED') expect(fills).toMatchObject([{ rawPrice: open, price: open, quantity: 100 }]);
    else expect(fills).toEqual([]);
  });

  it('a bar that opens below the limit and closes at it fills a buy at its open', () => {
    const { fills } = tuesday(order(1), [bar(11, 11.06)]);
    expect(fills).toMatchObject([{ ordinal: 1, price: 11 }]);
  });

  it('a bar that opens at the limit and closes lower does not: the next one does', () => {
    const { fills } = tuesday(order(1), [bar(11.06, 10.7), bar(10.8, 10.9)]);
    expect(fills).toMatchObject([{ ordinal: 2, price: 10.8 }]);
  });

  it('and mirrored: a sell fills at 9.20 in a bar that closes at 9.05, not at 9.05 in one that recovers', () => {
    expect(tuesday(order(-1), [bar(9.2, 9.05)]).fills).toMatchObject([{ ordinal: 1, price: 9.2 }]);
    const recovers = tuesday(order(-1), [bar(9.05, 9.6), bar(9.5, 9.6)]);
    expect(recovers.fills).toMatchObject([{ ordinal: 2, price: 9.5 }]);
  });

  it('what the costs would carry past the limit does not fill: 100 bps of 10.05 are 0.1005', () => {
    const dear = { spreadBps: 100 };
    // 10.95 + 0.1005 = 11.0505; 10.96 + 0.1005 = 11.0605.
    const fits = tuesday(order(1, dear), [bar(10.95, 10.95)]);
    expect(fits.fills[0]!.price).toBeCloseTo(11.0505, 10);
    expect(tuesday(order(1, dear), Array<Cell>(4).fill(bar(10.96, 10.96))).ended).toMatchObject([
      { status: 'expired', reason: 'LIMIT_UP' },
    ]);
    // 9.16 - 0.1005 = 9.0595; 9.15 - 0.1005 = 9.0495.
    expect(tuesday(order(-1, dear), [bar(9.16, 9.16)]).fills[0]!.price).toBeCloseTo(9.0595, 10);
    expect(tuesday(order(-1, dear), Array<Cell>(4).fill(bar(9.15, 9.15))).ended).toMatchObject([
      { status: 'expired', reason: 'LIMIT_DOWN' },
    ]);
  });

  it('the close before the session counts all day: it does not move with the bars', () => {
    // Up 9 % in the first hour; 11.10 in the second is still beyond 11.06.
    const moved = tuesday(order(1, { frozen: '2024-06-04T02:00:00Z' }), [
      bar(10.05, 10.95),
      bar(11.1, 11.1),
      bar(11, 11),
    ]);
    expect(moved.fills).toMatchObject([{ ordinal: 3, price: 11 }]);
  });

  it('without a close before the session nobody knows the limit, so nothing fills', () => {
    const rules = ashares();
    const starts = shanghai('2024-06-04').slice(0, 3);
    const bars = barsAt(
      starts,
      starts.map(() => [plenty(10)]),
    );
    const given = order(1, { frozen: '2024-06-04T01:00:00Z', deadlineOrdinal: 2 });
    expect(run(rules, withOrder(openState(rules), 0, given), bars).ended).toMatchObject([
      { status: 'expired', reason: 'LIMIT_UP' },
    ]);
  });
});

describe('limits by board and date, from a close of 10.00', () => {
  const star = share('688001', 'star');
  const st = {
    ...share('600001'),
    special_treatment: [{ from: '2014-01-01', source: 'made up for a worked example' }],
  };
  const listed = (listed_on: string) => ({ ...share('601000'), listed_on });
  it.each([
    // The session before, the session, the instrument, and a price at the limit and one fen below it.
    ['main board', '2024-06-03', '2024-06-04', share('600000'), 11],
    ['ChiNext, last day of ten per cent', '2020-08-20', '2020-08-21', share('300001', 'chinext'), 11],
    ['ChiNext, first day of twenty', '2020-08-21', '2020-08-24', share('300001', 'chinext'), 12],
    ['STAR', '2024-06-03', '2024-06-04', star, 12],
    ['BSE', '2024-06-03', '2024-06-04', share('830001', 'bse'), 13],
    ['ST, last day of five per cent', '2026-07-02', '2026-07-03', st, 10.5],
    ['ST, first day of ten', '2026-07-03', '2026-07-06', st, 11],
    // Listed on Monday, 3 June: five sessions to the 7th are free, the 10th is a holiday, the 11th has the limit.
    ['the fifth session of a listing', '2024-06-06', '2024-06-07', listed('2024-06-03'), Infinity],
    ['the sixth session of a listing', '2024-06-07', '2024-06-11', listed('2024-06-03'), 11],
  ] as const)('%s, %s to %s', (_, before, date, instrument, limit) => {
    const rules = ashares({ instruments: [instrument], config: { starting_capital: 10_000_000 } });
    const buyAt = (open: number): number => {
      const given = order(1, { quantity: 200, reference: 10, frozen: `${before}T07:03:00Z` });
      const bars = barsAt([`${before}T06:00`, `${date}T01:30`], [[plenty(10)], [plenty(open)]]);
      return run(rules, withOrder(openState(rules), 0, given), bars).fills.length;
    };
    if (limit === Infinity) expect(buyAt(25)).toBe(1);
    else expect([buyAt(limit - 0.01), buyAt(limit)]).toEqual([1, 0]);
  });
});

describe('limits after ex-rights', () => {
  const rules = ashares();
  const atOpen = (open: number, side: 1 | -1, close: number, ...actions: ReturnType<typeof action>[]) => {
    const bars = barsAt(['2024-06-03T06:00', '2024-06-04T01:30'], [[plenty(close)], [plenty(open)]], {
      actions,
    });
    return run(rules, withOrder(longBefore(rules), 0, order(side)), bars).fills.length;
  };
  const dividend = (amount: number) => action({ kind: 'dividend', ordinal: 1, amount }, '2024-06-04');
  const split = (ratio: number) => action({ kind: 'split', ordinal: 1, ratio }, '2024-06-04');

  it('a dividend of 0.50 lowers 10.05 to 9.55: the limits are 10.51 and 8.60', () => {
    // 9.55 * 1.1 = 10.505 and 9.55 * 0.9 = 8.595, both rounded half up.
    expect([10.5, 10.51].map((open) => atOpen(open, 1, 10.05, dividend(0.5)))).toEqual([1, 0]);
    expect([8.61, 8.6].map((open) => atOpen(open, -1, 10.05, dividend(0.5)))).toEqual([1, 0]);
  });

  it('five new shares for ten: 10.05 / 1.5 = 6.70, up to 7.37', () => {
    expect([7.36, 7.37].map((open) => atOpen(open, 1, 10.05, split(1.5)))).toEqual([1, 0]);
  });

  it('both on one day: (10.05 - 0.30) / 1.5 = 6.50, 7.15 and 5.85', () => {
    const both = [dividend(0.3), split(1.5)] as const;
    expect([7.14, 7.15].map((open) => atOpen(open, 1, 10.05, ...both))).toEqual([1, 0]);
    expect([5.86, 5.85].map((open) => atOpen(open, -1, 10.05, ...both))).toEqual([1, 0]);
  });

  it('half a fen is rounded up before the limit is taken: 10.03 less 0.005 is 10.03', () => {
    // 10.025 is 10.03 and gives 11.03 and 9.03; cut off to 10.02 it would give 11.02 and 9.02.
    expect([11.02, 11.03].map((open) => atOpen(open, 1, 10.03, dividend(0.005)))).toEqual([1, 0]);
    expect([9.04, 9.03].map((open) => atOpen(open, -1, 10.03, dividend(0.005)))).toEqual([1, 0]);
  });
});

describe('lots', () => {
  const sold = (rules: MarketRules, held: number, quantity: number, ...volumes: number[]): number[] => {
    const state = openState(rules);
    state.book.sessionDay = 1;
    holding(rules, 0, held, 10, state);
    const starts = ['2024-06-03T06:00', ...shanghai('2024-06-04')].slice(0, volumes.length + 1);
    const bars = barsAt(
      starts,
      [1_000_000, ...volumes].map((volume) => [flat(10, volume)]),
    );
    return run(rules, withOrder(state, 0, order(-1, { quantity })), bars).fills.map((fill) => fill.quantity);
  };

  it('main board: parts are whole hundreds, the odd rest goes with the last of all', () => {
    // 5 % of 5,980 is 299: two hundreds. 350 are sold as 200, then 150 at once.
    expect(sold(ashares(), 350, 350, 5980, 5980)).toEqual([200, 150]);
    // 5 % of 2,980 is 149: a hundred, and the last 50 alone are all that is left.
    expect(sold(ashares(), 150, 150, 2980, 2980)).toEqual([100, 50]);
    // 5 % of 1,980 is 99: less than a lot.
    expect(sold(ashares(), 350, 350, 1980)).toEqual([]);
  });

  it('STAR: single shares beyond the first two hundred', () => {
    const rules = ashares({ instruments: [share('688001', 'star')] });
    expect(sold(rules, 350, 350, 5980, 5980)).toEqual([299, 51]);
  });
});

describe('bars that fill nothing, each with its reason (definition 5)', () => {
  const us = rulesOf('us_equities', {
    instruments: [whole('AAA')],
    costProfile: plainCosts(0, 0, 0),
    fillSpec: { latency_ms_min: 0, open_struck_before_freeze: false, participation_cap: 0.05 },
  });
  const hours = (date: string): string[] => ['13:30', '14:30', '15:30'].map((time) => `${date}T${time}`);
  const buying = { side: 1, quantity: 50, reference: 100, frozen: '2024-06-03T19:40:00Z' } as const;
  const starts = ['2024-06-03T18:30', ...hours('2024-06-04'), ...hours('2024-06-05')];
  const ends = (cells: readonly (Cell | null)[], deadlineOrdinal: number, first = 0) => {
    const bars = barsAt(
      starts.slice(0, cells.length),
      cells.map((cell) => [cell]),
    );
    const given = { ...buying, deadlineOrdinal, more: { decidedOrdinal: first } };
    const { fills, ended, state } = run(us, withOrder(openState(us), 0, given), bars);
    return { fills, ended, failed: state.performance.ordersFailed };
  };

  it('a bar missing inside a session is no fill; the one after it is', () => {
    const { fills } = ends([plenty(100), plenty(100), null, plenty(103)], 3, 1);
    expect(fills).toMatchObject([{ ordinal: 3, price: 103 }]);
  });

  it('bars missing within one session are an outage, from its open on or later', () => {
    const later = ends([plenty(100), plenty(100), null, null], 3, 1);
    expect(later).toMatchObject({ fills: [], ended: [{ status: 'expired', reason: 'NO_BAR' }], failed: 1 });
    const fromOpen = ends([plenty(100), null, null, null], 3);
    expect(fromOpen).toMatchObject({
      fills: [],
      ended: [{ status: 'expired', reason: 'NO_BAR' }],
      failed: 1,
    });
  });

  it('absent for a whole session before it is a suspension, which is no failure', () => {
    const { ended, failed } = ends([plenty(100), null, null, null, null, null, null], 6);
    expect([ended[0]!.status, ended[0]!.reason, failed]).toEqual(['expired', 'SUSPENDED', 0]);
  });

  it('stale bars are STALE_BAR and bars without volume NO_VOLUME, the last of the reasons standing', () => {
    const rules = paper({ costProfile: plainCosts(0, 0, 0) });
    const stale = barsAt(['2024-01-01T00:00', '2024-01-01T01:00'], [[plenty(100)], [plenty(100)]], {
      flags: { 1: 'DATA_STALE_RUN' },
    });
    const given = {
      side: 1,
      quantity: 50,
      reference: 100,
      frozen: '2024-01-01T00:59:00Z',
      deadlineOrdinal: 1,
    } as const;
    expect(run(rules, withOrder(openState(rules), 0, given), stale).ended).toMatchObject([
      { status: 'expired', reason: 'STALE_BAR' },
    ]);
    const mixed = prices(plenty(100), null, flat(100, 19), flat(100, 0));
    expect(
      run(rules, withOrder(openState(rules), 0, { ...given, deadlineOrdinal: 3 }), mixed).ended,
    ).toMatchObject([{ status: 'expired', reason: 'NO_VOLUME' }]);
  });

  it('a date that no trading rule covers fills nothing', () => {
    const rules = ashares({ instruments: [{ ...share('601000'), listed_on: '2024-06-05' }] });
    expect(tuesday(order(1), Array<Cell>(4).fill(plenty(10)), { rules }).ended).toMatchObject([
      { status: 'expired', reason: 'RULES_UNCOVERED' },
    ]);
  });
});
