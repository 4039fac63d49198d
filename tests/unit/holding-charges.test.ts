import { describe, expect, it } from 'vitest';
import { emptyForecast } from '../../shared/forecast/forecast.ts';
import { codesOf, limitCodesOf } from '../../shared/kernel/codes.ts';
import { imbalance } from '../../shared/portfolio/book.ts';
import { decide } from '../../shared/tick/decide.ts';
import { ACTIONS } from '../../shared/tick/decision.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { openState, type TickState } from '../../shared/tick/state.ts';
import { barsOf, flat } from '../support/bars.ts';
import { barsAt, dayOf, plenty, run } from '../support/paper.ts';
import { plainCosts, rulesOf, whole, type Instrument } from '../support/rules.ts';
import { greenVerdict, holding, quietRisk, withOrder } from '../support/state.ts';

const row = (name: string, position: 'long' | 'short' | 'both', bps: number, from: string, to?: string) => ({
  ...{ name, position, bps, interval_h: 24, effective_from: from },
  ...(to === undefined ? {} : { effective_to: to }),
  ...{ source: 'made up for a worked example', confirmed: false },
});
const us = (holdingRows: ReturnType<typeof row>[], instrument: Instrument = whole('AAA')): MarketRules =>
  rulesOf('us_equities', {
    instruments: [instrument],
    costProfile: { ...plainCosts(0, 0, 0), holding: holdingRows },
    config: { shorting: true, starting_capital: 100_000 },
    fillSpec: { latency_ms_min: 0, open_struck_before_freeze: false },
  });

/** What a forecast with these odds to rise comes to, for an order that may fill in the session of the date. */
function decided(rules: MarketRules, pUp: number, nextDate: string, state = openState(rules), price = 100) {
  const forecast = emptyForecast(1);
  forecast.ready[0] = 1;
  forecast.pUp[0] = pUp;
  forecast.pLaunch[2][0] = 0.9;
  forecast.q50[0] = pUp > 0.5 ? 0.5 : -0.5;
  const one = (value: number): Float64Array => new Float64Array([value]);
  const decision = decide({
    ...{ rules, state, row: 0, verdict: greenVerdict, equity: rules.capitalMinor, frozenAtMs: 7 },
    ...quietRisk(state),
    bars: barsOf([[flat(price, 1e6)]], { firstOrdinal: 9 }),
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
  return [
    ACTIONS[decision.action[0]!],
    Math.sign(decision.delta[0]!),
    [...codesOf(decision.reasons[0]!), ...limitCodesOf(decision.limits[0]!)],
  ] as const;
}

describe('a short needs a borrow with a date', () => {
  const dated = us([row('borrow', 'short', 10, '2024-06-05', '2024-06-28')]);

  it('none at all: FLAT with NO_BORROW', () => {
    expect(decided(us([]), 0.1, '2024-06-05')).toEqual(['FLAT', 0, ['NO_BORROW']]);
  });

  it.each([
    ['2024-06-04', 'FLAT', 0],
    ['2024-06-05', 'SHORT', -1],
    ['2024-06-28', 'SHORT', -1],
    ['2024-06-29', 'FLAT', 0],
  ] as const)('borrowable from 5 to 28 June, an order for %s is %s', (date, action, side) => {
    const [got, delta, codes] = decided(dated, 0.1, date);
    expect([got, delta, codes.includes('NO_BORROW')]).toEqual([action, side, action === 'FLAT']);
  });

  it("another name's borrow is not this one's", () => {
    const other = us([{ ...row('borrow', 'short', 10, '2024-01-01'), symbols: ['BBB'] } as never]);
    expect(decided(other, 0.1, '2024-06-05')).toEqual(['FLAT', 0, ['NO_BORROW']]);
  });

  it('what is held long is sold on such a forecast, and a purchase needs no borrow', () => {
    const rules = us([]);
    expect(decided(rules, 0.1, '2024-06-05', holding(rules, 0, 50, 100))).toEqual([
      'FLAT',
      -1,
      ['NO_BORROW'],
    ]);
    expect(decided(rules, 0.9, '2024-06-05')[0]).toBe('LONG');
  });
});

describe('borrow is charged for every midnight of UTC', () => {
  /** Friday's last hour, Monday's first two. */
  const bars = barsAt(
    ['2024-06-07T18:30', '2024-06-10T13:30', '2024-06-10T14:30'],
    [[flat(200, 1e6)], [flat(210, 1e6)], [flat(220, 1e6)]],
  );

  it('also those of the weekend: 100 short at 200 and 10 bps a day cost 3 * 20 until Monday', () => {
    const rules = us([row('borrow', 'short', 10, '2024-01-01')]);
    const { postings, state } = run(rules, holding(rules, 0, -100, 200), bars);
    const midnight = { kind: 'holding', instrument: 0, ordinal: 1, cash: -2000, income: -2000, rate: 10 };
    expect(postings).toMatchObject([midnight, midnight, midnight]);
    expect(state.book).toMatchObject({ holding: -6000, cash: 12_000_000 - 6000 });
    // What holding takes is a cost of the day like any other.
    expect(state.performance.costs).toBe(6000);
    expect(state.performance.today.costs).toBe(6000);
    expect(imbalance(state.book)).toBe(0);
  });

  it('a long owes no borrow, and what was closed on Friday owes nothing on Monday', () => {
    const rules = us([row('borrow', 'short', 10, '2024-01-01')]);
    expect(run(rules, holding(rules, 0, 100, 200), bars).postings).toEqual([]);
    expect(run(rules, openState(rules), bars).postings).toEqual([]);
  });

  it('a short opened on Monday morning owes nothing for the weekend', () => {
    const rules = us([row('borrow', 'short', 10, '2024-01-01')]);
    const given = { side: -1, quantity: 100, reference: 200, frozen: '2024-06-07T19:33:00Z' } as const;
    const { fills, postings } = run(rules, withOrder(openState(rules), 0, given), bars);
    expect([fills.length, postings]).toEqual([1, []]);
  });

  it('past the last row what is held goes on paying the rate known last', () => {
    const rules = us([row('borrow', 'short', 10, '2024-01-01', '2024-06-07')]);
    expect(run(rules, holding(rules, 0, -100, 200), bars).state.book.holding).toBe(-6000);
    // What was paid to the holder is not: nobody knows that it goes on.
    const paying = us([row('funding', 'both', -10, '2024-01-01', '2024-06-07')]);
    expect(run(paying, holding(paying, 0, -100, 200), bars).postings).toEqual([]);
  });

  it('each midnight at the rate of its own date: 100 bps until Sunday, 1 bps on Monday', () => {
    const rules = us([
      row('borrow', 'short', 100, '2024-01-01', '2024-06-09'),
      row('borrow', 'short', 1, '2024-06-10'),
    ]);
    // 20,000 short: 200 for Saturday, 200 for Sunday, 2 for Monday.
    expect(run(rules, holding(rules, 0, -100, 200), bars).state.book.holding).toBe(-40_200);
  });

  it('an order does not open a short on a day without a row', () => {
    const rules = us([row('borrow', 'short', 10, '2024-01-01', '2024-06-07')]);
    const given = { side: -1, quantity: 100, reference: 200, frozen: '2024-06-07T19:33:00Z' } as const;
    const { fills, ended } = run(
      rules,
      withOrder(openState(rules), 0, { ...given, deadlineOrdinal: 2 }),
      bars,
    );
    expect(fills).toEqual([]);
    expect(ended).toMatchObject([{ status: 'expired', reason: 'NO_BORROW' }]);
  });
});

describe('funding of a perpetual, every eight hours', () => {
  const funding = (bps: number, position: 'long' | 'short') => ({
    ...row('funding', position, bps, '2024-01-01'),
    interval_h: 8,
  });
  const rules = rulesOf('crypto', {
    instruments: [whole('AAA')],
    costProfile: { ...plainCosts(0, 0, 0), holding: [funding(1, 'long'), funding(-1, 'short')] },
    config: { shorting: true, starting_capital: 100_000 },
    fillSpec: { latency_ms_min: 0, open_struck_before_freeze: true, participation_cap: 0.05 },
  });
  /** From 06:00: the second bar ends at 08:00, the tenth at 16:00. */
  const bars = barsOf(
    Array.from({ length: 12 }, () => [plenty(100)]),
    { start: '2024-01-01T06:00:00Z' },
  );
  const paid = (state: TickState) =>
    run(rules, state, bars).postings.map(({ ordinal, cash }) => [ordinal, cash]);

  it('a long pays 1 bps of 1,000 at 08:00 and 16:00, each once; a short receives it', () => {
    expect(paid(holding(rules, 0, 10, 100))).toEqual([
      [1, -10_000_000],
      [9, -10_000_000],
    ]);
    expect(paid(holding(rules, 0, -10, 100))).toEqual([
      [1, 10_000_000],
      [9, 10_000_000],
    ]);
  });

  it('who leaves in the bar before 08:00 does not pay for it', () => {
    const state = withOrder(holding(rules, 0, 10, 100), 0, {
      ...{ side: -1, quantity: 10, reference: 100, frozen: '2024-01-01T06:59:00Z' },
    });
    expect(paid(state)).toEqual([]);
  });
});

describe('the least value of an order', () => {
  it('crypto: below 5 USDT nothing is ordered, exits neither', () => {
    const rules = rulesOf('crypto', {
      instruments: [{ symbol: 'AAA', board: 'binance_spot', quantity_digits: 3, price_tick: 0.01 }],
      costProfile: plainCosts(0, 0, 0),
      config: { limits: { order_notional_min: 0 } },
    });
    // 0.05 at 100 are 5.00, 0.049 are 4.90.
    expect(decided(rules, 0.5, '2024-06-05', holding(rules, 0, 50, 100))).toEqual(['FLAT', -1, []]);
    expect(decided(rules, 0.5, '2024-06-05', holding(rules, 0, 49, 100))).toEqual([
      'FLAT',
      0,
      ['BELOW_MINIMUM'],
    ]);
    // Until the end of 2023 the least was 10.
    expect(decided(rules, 0.5, '2023-12-31', holding(rules, 0, 50, 100))).toEqual([
      'FLAT',
      0,
      ['BELOW_MINIMUM'],
    ]);
    expect(decided(rules, 0.5, '2023-12-31', holding(rules, 0, 100, 100))).toEqual(['FLAT', -1, []]);
  });
});
