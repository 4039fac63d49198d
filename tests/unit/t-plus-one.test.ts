import { describe, expect, it } from 'vitest';
import { emptyForecast } from '../../shared/forecast/forecast.ts';
import { codesOf, limitCodesOf } from '../../shared/kernel/codes.ts';
import { decide } from '../../shared/tick/decide.ts';
import { ACTIONS } from '../../shared/tick/decision.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { openState, type TickState } from '../../shared/tick/state.ts';
import { barsOf, flat } from '../support/bars.ts';
import { ashares, barsAt, dayOf, plenty, run, shanghai, share } from '../support/paper.ts';
import { greenVerdict, holding, quietRisk, withOrder, type OrderGiven } from '../support/state.ts';

const rules = ashares();
/** Lots of the given sizes at 10, each bought in the session of its date; the session before closed at 10 too. */
function bought(lots: readonly (readonly [date: string, shares: number])[], used = rules): TickState {
  const state = openState(used);
  for (const [date, shares] of lots) {
    state.book.sessionDay = dayOf(date);
    holding(used, 0, shares, 10, state);
  }
  state.book.lastClose[0] = 10;
  state.book.priorClose[0] = 10;
  return state;
}
/** Bars 0 to 3 are those of Friday, 7 June 2024, 4 to 7 those of Tuesday, the 11th: Monday is a holiday. */
const week = [...shanghai('2024-06-07'), ...shanghai('2024-06-11')];
const bars = (rows = 8, volume = 1_000_000) =>
  barsAt(
    week.slice(0, rows),
    Array.from({ length: rows }, () => [flat(10, volume)]),
  );
const selling = (quantity: number, decidedOrdinal: number, deadlineOrdinal: number): OrderGiven => ({
  ...{ side: -1, quantity, reference: 10, frozen: '2024-06-07T00:00:00Z', deadlineOrdinal },
  more: { decidedOrdinal },
});
const told = (state: TickState, rows: number, used = rules) => {
  const { fills, ended } = run(used, state, bars(rows));
  return {
    fills: fills.map(({ ordinal, side, quantity }) => [ordinal, side * quantity]),
    ended: ended.map(({ status, reason, endedOrdinal }) => [status, reason, endedOrdinal]),
  };
};

describe('T+1: what is bought in a session is sold in a later one', () => {
  it('a purchase of Friday 10:30 is sold at the open of the next session, in no bar before', () => {
    const state = bought([]);
    withOrder(state, 0, {
      ...{ side: 1, quantity: 300, reference: 10, frozen: '2024-06-07T02:00:00Z' },
      deadlineOrdinal: 1,
    });
    expect(told(state, 2)).toEqual({ fills: [[1, 300]], ended: [['filled', 'FILLED', 1]] });
    withOrder(state, 0, selling(300, 1, 7));
    expect(told(state, 8)).toEqual({ fills: [[4, -300]], ended: [['filled', 'FILLED', 4]] });
  });

  it('where the deadline falls into the same session the order expires with T1_LOCKED', () => {
    const state = withOrder(bought([['2024-06-07', 300]]), 0, selling(300, 0, 3));
    expect(told(state, 4)).toEqual({ fills: [], ended: [['expired', 'T1_LOCKED', 3]] });
    expect(state.performance.ordersFailed).toBe(0); // a rule of the market is no failure
  });

  it('what was bought the session before may go, the rest waits for the next', () => {
    const lots = [
      ['2024-06-06', 300],
      ['2024-06-07', 200],
    ] as const;
    const state = withOrder(bought(lots), 0, selling(500, 0, 4));
    expect(told(state, 5)).toEqual({
      fills: [
        [1, -300],
        [4, -200],
      ],
      ended: [['filled', 'FILLED', 4]],
    });
    const short = withOrder(bought(lots), 0, selling(500, 0, 3));
    expect(told(short, 4)).toEqual({ fills: [[1, -300]], ended: [['partially_filled', 'DEADLINE', 3]] });
    // The oldest lots went: what is left was bought on Friday.
    expect(short.book.lots[0]).toEqual([200, 200_000, 0, dayOf('2024-06-07')]);
  });

  it('what is free but no whole lot waits with the rest: only a whole position goes as an odd lot', () => {
    const lots = [
      ['2024-06-06', 150],
      ['2024-06-07', 200],
    ] as const;
    const state = withOrder(bought(lots), 0, selling(350, 0, 4));
    expect(told(state, 5).fills).toEqual([
      [1, -100],
      [4, -250],
    ]);
  });

  it('a purchase is never locked, and where a market settles at once nothing is', () => {
    const state = withOrder(bought([['2024-06-07', 300]]), 0, { ...selling(200, 0, 3), side: 1 });
    expect(told(state, 2).fills).toEqual([[1, 200]]);
    const free = ashares({ instruments: [{ ...share('600000'), board: 'lots_of_100' }] });
    expect(
      told(withOrder(bought([['2024-06-07', 300]], free), 0, selling(300, 0, 3)), 2, free).fills,
    ).toEqual([[1, -300]]);
  });
});

/** What is decided at Friday's close or before it, of a forecast that leaves (even odds) or of the one given. */
function decided(state: TickState, nextDate: string, pUp = 0.5, used: MarketRules = rules) {
  const forecast = emptyForecast(1);
  forecast.ready[0] = 1;
  forecast.pUp[0] = pUp;
  forecast.pLaunch[2][0] = 0.9;
  forecast.q50[0] = 0.5;
  const one = (value: number): Float64Array => new Float64Array([value]);
  const decision = decide({
    ...{ rules: used, state, row: 0, verdict: greenVerdict, equity: used.capitalMinor, frozenAtMs: 7 },
    ...quietRisk(state),
    bars: barsOf([[plenty(10)]], { start: '2024-06-07T06:00:00Z', firstOrdinal: 9 }),
    view: {
      forecast,
      roundTripBps: one(0),
      features: {
        ...{ ready: forecast.ready, sigma: one(0.01), averageNotional: one(1e9) },
        ...{ relativeVolume: one(1), relativeMove: one(1) },
      },
    },
    nextDay: dayOf(nextDate),
  });
  return {
    action: ACTIONS[decision.action[0]!],
    delta: decision.delta[0],
    codes: [...codesOf(decision.reasons[0]!), ...limitCodesOf(decision.limits[0]!)],
  };
}

describe('the decision asks for what the next session lets go', () => {
  const [yesterday, today, next] = ['2024-06-06', '2024-06-07', '2024-06-11'] as const;
  it.each([
    // What is held by day, the session of the next bar, and the order with its codes.
    ['all of today, next bar today', [[today, 300]], today, 0, ['T1_LOCKED']],
    ['all of today, next bar in the next session', [[today, 300]], next, -300, []],
    ['all of yesterday', [[yesterday, 300]], today, -300, []],
    [
      'a part of today',
      [
        [yesterday, 300],
        [today, 200],
      ],
      today,
      -300,
      ['T1_LOCKED'],
    ],
    [
      "the same at the session's last bar",
      [
        [yesterday, 300],
        [today, 200],
      ],
      next,
      -500,
      [],
    ],
    [
      'an odd lot that is free stays with what is locked',
      [
        [yesterday, 150],
        [today, 200],
      ],
      today,
      -100,
      ['T1_LOCKED'],
    ],
    ['an odd lot alone', [[yesterday, 150]], today, -150, []],
    [
      'less than a lot is free',
      [
        [yesterday, 50],
        [today, 200],
      ],
      today,
      0,
      ['T1_LOCKED', 'BELOW_MINIMUM'],
    ],
  ] as const)('%s', (_, lots, nextDate, delta, codes) => {
    const answer = decided(bought(lots), nextDate);
    expect(answer).toMatchObject({ action: 'FLAT', delta });
    expect([...answer.codes].sort()).toEqual([...codes].sort());
    expect(Object.is(answer.delta, -0)).toBe(false);
  });

  it('STAR: two hundred at least, then single shares; main board whole hundreds', () => {
    // 20 % of 1,000,000 at 10 are 20,000 shares; capital of 2,190 gives 43 or less than a lot.
    const asked = (board: string, capital: number) =>
      decided(
        openState(ashares({ instruments: [share('600000', board)], config: { starting_capital: capital } })),
        next,
        0.9,
        ashares({
          instruments: [share('600000', board)],
          config: { starting_capital: capital, limits: { name_max: 0.5, order_notional_min: 0 } },
        }),
      );
    // Half of 5,555 at 10: 277 shares; half of 3,999: 199.
    expect(asked('star', 5555).delta).toBe(277);
    expect(asked('main', 5555).delta).toBe(200);
    expect(asked('star', 3999)).toMatchObject({ delta: 0, codes: ['MAX_NAME', 'BELOW_MINIMUM'] });
    expect(asked('main', 3999).delta).toBe(100);
    expect(asked('bse', 3999).delta).toBe(199);
  });
});
