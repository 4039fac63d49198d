import { describe, expect, it } from 'vitest';
import { dayNumberOf } from '../../shared/config/dated.ts';
import { emptyForecast } from '../../shared/forecast/forecast.ts';
import { codesOf, limitCodesOf } from '../../shared/kernel/codes.ts';
import type { Clusters } from '../../shared/risk/clusters.ts';
import { noClusters } from '../../shared/risk/clusters.ts';
import { openSwitch, type SwitchReading } from '../../shared/risk/kill-switch.ts';
import { decide } from '../../shared/tick/decide.ts';
import { ACTIONS } from '../../shared/tick/decision.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { openState, type TickState } from '../../shared/tick/state.ts';
import { barsOf, flat } from '../support/bars.ts';
import { plainCosts, rulesOf, whole, type Overrides } from '../support/rules.ts';
import { greenVerdict, holding, redVerdict } from '../support/state.ts';

/** Two names that a forecast wants to buy: 300 each at 100, of an equity of 100,000. */
const market = (config: NonNullable<Overrides['config']> = {}): MarketRules =>
  rulesOf('crypto', {
    instruments: [whole('AAA'), whole('BBB')],
    costProfile: plainCosts(0, 0, 0),
    config: {
      ...{ starting_capital: 100_000, reduce_under_red: true, ...config },
      sizing: { volatility_target: 1.2, rebalance_band: 0.25 },
      limits: {
        ...{ gross_max: 0.95, name_max: 0.3, order_notional_min: 10, order_notional_max: 1e6 },
        ...{ price_collar: 0.25, orders_per_day_max: 200 },
        ...config.limits,
      },
    },
    policy: { by_bar_size: { '60m': { launch_edges: [4, 8, 24] } } },
  });

interface Options {
  readonly close?: number;
  readonly nextDay?: string;
  readonly red?: boolean;
  readonly reading?: SwitchReading;
  readonly clusters?: Clusters;
  readonly pUp?: number;
}
function decided(rules: MarketRules, state: TickState, options: Options = {}) {
  const forecast = emptyForecast(2);
  const column = (value: number): Float64Array => new Float64Array(2).fill(value);
  forecast.ready.fill(1);
  forecast.pUp.fill(options.pUp ?? 0.9);
  forecast.pLaunch[2].fill(0.9);
  forecast.q50.fill(0.5);
  const decision = decide({
    ...{ rules, state, row: 0, equity: rules.capitalMinor, frozenAtMs: 7 },
    verdict: options.red === true ? redVerdict : greenVerdict,
    bars: barsOf([[flat(options.close ?? 100), flat(100)]], { firstOrdinal: 100 }),
    view: {
      forecast,
      roundTripBps: column(0),
      features: {
        ...{ ready: forecast.ready, sigma: column(0.01), averageNotional: column(1e9) },
        ...{ relativeVolume: column(1), relativeMove: column(1) },
      },
    },
    nextDay: dayNumberOf(options.nextDay ?? '2024-06-10'),
    ...{ risk: state.risk, equityOfAll: NaN },
    clusters: options.clusters ?? noClusters,
    switch: options.reading ?? openSwitch,
  });
  return {
    actions: [...decision.action].map((action) => ACTIONS[action]),
    codes: [...decision.reasons].map(codesOf),
    limits: [...decision.limits].map(limitCodesOf),
    deltas: [...decision.delta],
    targets: [...decision.target],
    decision,
  };
}
function position(rules: MarketRules, confirmed: number, invalidation = 0): TickState {
  const state = holding(rules, 0, 200, 100);
  state.book.confirmedOrdinal[0] = confirmed;
  state.book.invalidation[0] = invalidation;
  return state;
}

describe('the restricted list', () => {
  const row = { symbol: 'AAA', from: '2024-06-10', to: '2024-06-14', reason: 'an insider list of a test' };
  const listed = market({ restricted: [row] });

  it.each([
    ['2024-06-09', 'LONG', [], 300],
    ['2024-06-10', 'WAIT', ['RESTRICTED'], 0],
    ['2024-06-14', 'WAIT', ['RESTRICTED'], 0],
    ['2024-06-15', 'LONG', [], 300],
  ] as const)('for an order that would fill on %s: %s', (nextDay, action, codes, delta) => {
    const answer = decided(listed, openState(listed), { nextDay });
    expect([answer.actions[0], answer.codes[0], answer.deltas[0]]).toEqual([action, codes, delta]);
    // The other name goes on.
    expect([answer.actions[1], answer.deltas[1]]).toEqual(['LONG', 300]);
  });

  it('without an end holds until further notice; several spans of one name each hold', () => {
    const open = market({
      restricted: [
        { symbol: 'AAA', from: '2024-01-01', to: '2024-01-31', reason: 'an insider list of a test' },
        { symbol: 'AAA', from: '2024-06-10', reason: 'an insider list of a test' },
      ],
    });
    const action = (nextDay: string) => decided(open, openState(open), { nextDay }).actions[0];
    expect(['2024-01-31', '2024-02-01', '2024-06-09', '2024-06-10', '2034-06-10'].map(action)).toEqual([
      ...['WAIT', 'LONG', 'LONG', 'WAIT', 'WAIT'],
    ]);
  });

  it('what is held stays, nothing is added, and its exits go out', () => {
    // Confirmed a bar ago: it waits, whatever the forecast says.
    for (const pUp of [0.9, 0.5])
      expect(decided(listed, position(listed, 99), { pUp })).toMatchObject({
        targets: [200, expect.anything()],
      });
    // 24 bars old, and not confirmed by what it may not do.
    const old = decided(listed, position(listed, 76));
    expect([old.actions[0], old.codes[0], old.deltas[0]]).toEqual([
      'WAIT',
      ['TIME_STOP', 'RESTRICTED'],
      -200,
    ]);
    const refuted = decided(listed, position(listed, 99, 101));
    expect([refuted.codes[0], refuted.deltas[0]]).toEqual([['INVALIDATED', 'RESTRICTED'], -200]);
  });

  it('no exit where the market file lets nothing out', () => {
    const shut = market({ restricted: [row], reduce_under_red: false });
    expect(decided(shut, position(shut, 76))).toMatchObject({ deltas: [0, 300] });
  });

  it('says so under a RED market too', () => {
    expect(decided(listed, openState(listed), { red: true }).codes).toEqual([
      ['RESTRICTED', 'MARKET_RED'],
      ['MARKET_RED'],
    ]);
  });
});

describe('the price collar', () => {
  const rules = market();
  /** The valid close before was 100. */
  const from100 = (state = openState(rules)): TickState => {
    state.book.closeBefore[0] = 100;
    return state;
  };

  it.each([
    [125, 'LONG', 0.25],
    [125.01, 'WAIT', 0.2501],
    [75, 'LONG', 0.25],
    [74.99, 'WAIT', 0.2501],
  ])('a close of %d after one of 100: %s', (close, action, move) => {
    const { actions, codes, deltas, decision } = decided(rules, from100(), { close });
    expect(actions).toEqual([action, 'LONG']);
    expect(codes[0]).toEqual(action === 'LONG' ? [] : ['PRICE_COLLAR']);
    expect(deltas[0] === 0).toBe(action === 'WAIT');
    expect(decision.move[0]).toBeCloseTo(move, 9);
  });

  it('nothing to hold a first close against is no move', () => {
    const { actions, decision } = decided(rules, openState(rules), { close: 10_000 });
    expect([actions[0], decision.move[0]]).toEqual(['LONG', 0]);
  });

  it('a position beyond it waits, but a close that refutes it lets it go', () => {
    expect(decided(rules, from100(position(rules, 99)), { close: 60 })).toMatchObject({
      actions: ['WAIT', 'LONG'],
      deltas: [0, 300],
    });
    const refuted = decided(rules, from100(position(rules, 99, 90)), { close: 60 });
    expect([refuted.actions[0], refuted.codes[0], refuted.deltas[0]]).toEqual([
      'WAIT',
      ['INVALIDATED', 'PRICE_COLLAR'],
      -200,
    ]);
  });

  it('both vetoes are told', () => {
    const listed = market({
      restricted: [{ symbol: 'AAA', from: '2024-01-01', reason: 'an insider list of a test' }],
    });
    const state = openState(listed);
    state.book.closeBefore[0] = 100;
    expect(decided(listed, state, { close: 200 }).codes[0]).toEqual(['RESTRICTED', 'PRICE_COLLAR']);
  });
});

describe('what the state of the switch and of the day leaves of an order', () => {
  const rules = market();

  it('a quarter in a trial', () => {
    const answer = decided(rules, openState(rules), { reading: { ...openSwitch, state: 'TRIAL' } });
    expect(answer).toMatchObject({
      deltas: [75, 75],
      limits: [['MAX_NAME', 'TRIAL_SCALED'], expect.anything()],
    });
  });

  it('the orders that the day has left', () => {
    const state = openState(rules);
    state.risk = { ...state.risk, ordersToday: 199 };
    expect(decided(rules, state)).toMatchObject({
      ...{ deltas: [300, 0], limits: [['MAX_NAME'], ['MAX_NAME', 'ORDER_COUNT']] },
    });
  });

  it('the turnover that the day has left', () => {
    const tight = market({ limits: { turnover_max: 0.4 } });
    const state = openState(tight);
    // 40,000 less 20,000 are 20,000 for two: 100 each.
    state.performance.today.traded = 20_000 * tight.minorPerUnit;
    expect(decided(tight, state).deltas).toEqual([100, 100]);
  });

  it('one name for two that move together', () => {
    const clusters = { ordinal: 100, day: 19_000, groups: [[0, 1]] };
    const answer = decided(rules, openState(rules), { clusters });
    expect(answer).toMatchObject({ deltas: [150, 150] });
    expect(answer.limits[1]).toEqual(['MAX_NAME', 'MAX_CLUSTER']);
  });
});
