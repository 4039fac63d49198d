import { describe, expect, it } from 'vitest';
import { emptyForecast } from '../../shared/forecast/forecast.ts';
import { codesOf, limitCodesOf } from '../../shared/kernel/codes.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import type { Verdict } from '../../shared/risk/gates.ts';
import { decide, type View } from '../../shared/tick/decide.ts';
import { ACTIONS } from '../../shared/tick/decision.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { openState, type TickState } from '../../shared/tick/state.ts';
import { barsOf, flat } from '../support/bars.ts';
import { plainCosts, rulesOf, whole, type Overrides } from '../support/rules.ts';
import { greenVerdict, holding, quietRisk, redVerdict, withOrder } from '../support/state.ts';

/** Long from 0.56, short from 0.44 down, flat within 0.02 of even odds; horizon 24; a launch of 30 %; costs once. */
const paper = (config: NonNullable<Overrides['config']> = {}): MarketRules =>
  rulesOf('crypto', {
    instruments: [whole('AAA'), whole('BBB')],
    costProfile: plainCosts(10, 5, 1),
    config: {
      reduce_under_red: true,
      starting_capital: 100_000,
      ...config,
      sizing: { volatility_target: 1.2, rebalance_band: 0.25 },
      limits: { gross_max: 0.95, name_max: 0.3, order_notional_min: 10, capacity_adv_max: 0.01 },
    },
    policy: {
      by_bar_size: {
        '60m': {
          launch_edges: [4, 8, 24],
          invalidation_sigmas: 1.5,
          entry: {
            p_up_min: 0.56,
            p_down_min: 0.56,
            flat_band: 0.02,
            p_launch_min: 0.3,
            edge_over_cost_min: 1,
          },
        },
      },
    },
  });
const rules = paper();

interface Seen {
  readonly ready?: number;
  readonly pUp?: number;
  readonly pLaunch?: number;
  readonly q50?: number;
}
/** What the forecast step says of both instruments; sigma 1 %, a round trip of 30 bps. */
function viewOf(...seen: readonly Seen[]): View {
  const forecast = emptyForecast(2);
  const column = (value: number): Float64Array => new Float64Array(2).fill(value);
  seen.forEach((one, i) => {
    forecast.ready[i] = one.ready ?? 1;
    forecast.pUp[i] = one.pUp ?? 0.5;
    forecast.pLaunch[2][i] = one.pLaunch ?? 0.9;
    forecast.q50[i] = one.q50 ?? 0.01;
  });
  return {
    forecast,
    roundTripBps: column(30),
    features: {
      ready: forecast.ready,
      sigma: column(0.01),
      averageNotional: column(1e9),
      relativeVolume: column(1),
      relativeMove: column(1),
    },
  };
}

const DAY = 19_723; // 2024-01-01

interface Options {
  readonly rules?: MarketRules;
  readonly bars?: Bars;
  readonly verdict?: Verdict;
  readonly close?: number;
  readonly nextDay?: number;
}
/** The decision of the first instrument at ordinal 100; the second is neutral. */
function decided(seen: Seen, state: TickState, options: Options = {}) {
  const { rules: used = rules, verdict = greenVerdict, close = 100 } = options;
  const bars = options.bars ?? barsOf([[flat(close), flat(50)]], { firstOrdinal: 100 });
  const decision = decide({
    rules: used,
    state,
    bars,
    row: 0,
    view: viewOf(seen, {}),
    verdict,
    equity: used.capitalMinor,
    frozenAtMs: 7,
    nextDay: options.nextDay ?? DAY,
    ...quietRisk(state),
  });
  return {
    action: ACTIONS[decision.action[0]!],
    codes: [...codesOf(decision.reasons[0]!), ...limitCodesOf(decision.limits[0]!)] as string[],
    target: decision.target[0],
    delta: decision.delta[0],
    invalidation: decision.invalidation[0],
    decision,
  };
}
const empty = (): TickState => openState(rules);
/** A position confirmed at an ordinal, with the close that would refute it. */
function position(steps: number, confirmed = 99, invalidation = 0, used = rules): TickState {
  const state = holding(used, 0, steps, 100);
  state.book.confirmedOrdinal[0] = confirmed;
  state.book.invalidation[0] = invalidation;
  return state;
}

describe('the action that a forecast asks for', () => {
  it.each<[string, Seen, string, string[]]>([
    ['likely up', { pUp: 0.56 }, 'LONG', ['MAX_NAME']],
    ['a shade less', { pUp: 0.5599 }, 'WAIT', ['NO_EDGE']],
    ['even odds', { pUp: 0.5 }, 'FLAT', []],
    ['at the edge of the flat band', { pUp: 0.52 }, 'FLAT', []],
    ['and on the other side', { pUp: 0.48 }, 'FLAT', []],
    ['beyond it', { pUp: 0.5201 }, 'WAIT', ['NO_EDGE']],
    ['likely down, where shorting is not allowed', { pUp: 0.44 }, 'FLAT', ['SHORT_NOT_ALLOWED']],
    ['no launch in sight', { pUp: 0.6, pLaunch: 0.2999 }, 'WAIT', ['LAUNCH_UNLIKELY']],
    ['a launch just likely enough', { pUp: 0.6, pLaunch: 0.3 }, 'LONG', ['MAX_NAME']],
    ['a median move that does not pay the 30 bps', { pUp: 0.6, q50: 0.00299 }, 'WAIT', ['EDGE_BELOW_COST']],
    ['no forecast', { ready: 0, pUp: 0.9 }, 'WAIT', ['FEATURE_WARMUP']],
  ])('%s: %j is %s', (_, seen, action, codes) => {
    expect(decided(seen, empty())).toMatchObject({ action, codes });
  });

  it('LONG: 30 % of 100,000 at 100, refuted at 1.5 volatilities of 24 bars below', () => {
    const { target, delta, invalidation, decision } = decided({ pUp: 0.6 }, empty());
    expect([target, delta]).toEqual([300, 300]);
    // 100 * (1 - 1.5 * 0.01 * sqrt(24)) = 92.65153
    expect(invalidation).toBeCloseTo(92.6515308, 6);
    expect(decision).toMatchObject({ ordinal: 100, frozenAtMs: 7 });
    expect(decision.referencePrice[0]).toBe(100);
  });

  it('SHORT where it is allowed, refuted above', () => {
    const short = paper({ shorting: true });
    const { action, target, delta, invalidation } = decided({ pUp: 0.4, q50: -0.01 }, openState(short), {
      rules: short,
    });
    expect([action, target, delta]).toEqual(['SHORT', -300, -300]);
    expect(invalidation).toBeCloseTo(107.3484692, 6);
  });

  it('the edge of a probability to fall is an edge too: 1 - 0.33 is 0.67', () => {
    const edge = rulesOf('crypto', {
      instruments: [whole('AAA'), whole('BBB')],
      policy: { by_bar_size: { '60m': { entry: { p_down_min: 0.67 } } } },
    });
    expect(decided({ pUp: 0.33 }, openState(edge), { rules: edge }).codes).toEqual(['SHORT_NOT_ALLOWED']);
    expect(decided({ pUp: 0.3301 }, openState(edge), { rules: edge }).codes).toEqual(['NO_EDGE']);
  });

  it('a forecast that leans against the position closes it, one that leans with it waits', () => {
    expect(decided({ pUp: 0.47 }, position(300))).toMatchObject({ action: 'FLAT', target: 0, delta: -300 });
    expect(decided({ pUp: 0.53 }, position(300))).toMatchObject({
      action: 'WAIT',
      codes: ['NO_EDGE'],
      delta: 0,
    });
    expect(decided({ pUp: 0.47 }, empty())).toMatchObject({ action: 'WAIT', codes: ['NO_EDGE'] });
  });

  it('a short that may not be held is closed', () => {
    expect(decided({ pUp: 0.4 }, position(300))).toMatchObject({
      action: 'FLAT',
      codes: ['SHORT_NOT_ALLOWED'],
      target: 0,
      delta: -300,
    });
  });

  it('the level that refutes a position only follows it', () => {
    expect(decided({ pUp: 0.6 }, position(300, 99, 95)).invalidation).toBe(95); // the new one, 92.65, is further away
    expect(decided({ pUp: 0.6 }, position(300, 99, 90)).invalidation).toBeCloseTo(92.6515308, 6);
  });
});

describe('WAIT', () => {
  it('holds the settled quantity whatever the target would be', () => {
    expect(decided({ pUp: 0.53 }, position(900))).toMatchObject({ action: 'WAIT', target: 900, delta: 0 });
  });

  it('under a RED market: everyone, with the code and those of the data', () => {
    const bars = barsOf([[flat(100, 0), flat(50)]], { firstOrdinal: 100, flags: { 0: 'DATA_ZERO_VOLUME' } });
    const { decision } = decided({ pUp: 0.9 }, empty(), { verdict: redVerdict, bars });
    expect([...decision.action]).toEqual([0, 0]);
    expect([...decision.delta]).toEqual([0, 0]);
    expect(codesOf(decision.reasons[0]!)).toEqual(['DATA_ZERO_VOLUME', 'MARKET_RED']);
    expect(codesOf(decision.reasons[1]!)).toEqual(['MARKET_RED']);
  });

  it('under a RED instrument: that one alone, valued at the last close it had', () => {
    const bars = barsOf([[null, flat(50)]], { firstOrdinal: 100 });
    const { action, codes, decision } = decided({ pUp: 0.9 }, position(300), { bars });
    expect([action, codes]).toEqual(['WAIT', ['DATA_MISSING']]);
    expect(decision.referencePrice[0]).toBe(100);
    expect(ACTIONS[decision.action[1]!]).toBe('FLAT');
  });

  it('a suspected split: that one alone, whatever its forecast, until it is explained', () => {
    const bars = barsOf([[flat(50), flat(50)]], { firstOrdinal: 100, flags: { 0: 'DATA_SPLIT_SUSPECT' } });
    const { action, codes, delta, decision } = decided({ pUp: 0.9 }, position(300, 99, 95), { bars });
    expect([action, codes, delta]).toEqual(['WAIT', ['DATA_SPLIT_SUSPECT'], 0]);
    // Not closed for having crossed its level at a price that nobody believes.
    expect(decision.referencePrice[0]).toBe(100);
    expect(ACTIONS[decision.action[1]!]).toBe('FLAT');
  });

  it('a session that no trading rule covers: WAIT, with the code', () => {
    const { action, codes, delta } = decided({ pUp: 0.9 }, empty(), { nextDay: NaN });
    expect([action, codes.includes('RULES_UNCOVERED'), delta]).toEqual(['WAIT', true, 0]);
    expect(decided({ pUp: 0.5 }, position(300), { nextDay: NaN })).toMatchObject({
      action: 'WAIT',
      delta: 0,
    });
  });

  it('YELLOW blocks nothing', () => {
    expect(decided({ pUp: 0.6 }, empty(), { verdict: { ...greenVerdict, status: 'YELLOW' } }).action).toBe(
      'LONG',
    );
  });
});

describe('exits (definition 7)', () => {
  const waits = { pUp: 0.53 };

  it('a position not reconfirmed for the horizon is closed, also under WAIT', () => {
    expect(decided(waits, position(300, 77))).toMatchObject({ action: 'WAIT', delta: 0 }); // 23 bars
    expect(decided(waits, position(300, 76))).toMatchObject({
      action: 'FLAT',
      codes: ['NO_EDGE', 'TIME_STOP'],
      target: 0,
      delta: -300,
    });
    // Reconfirmed on this very bar.
    expect(decided({ pUp: 0.6 }, position(300, 1))).toMatchObject({ action: 'LONG', target: 300 });
  });

  it('a close beyond the level refutes it, whatever the forecast says', () => {
    const above = decided({ pUp: 0.6 }, position(300, 99, 95), { close: 95 });
    expect(above.action).toBe('LONG');
    const below = decided({ pUp: 0.6 }, position(300, 99, 95), { close: 94.99 });
    expect(below).toMatchObject({ action: 'FLAT', target: 0, delta: -300 });
    expect(below.codes).toContain('INVALIDATED');
  });

  it('a short is refuted above', () => {
    const short = paper({ shorting: true });
    const state = position(-300, 99, 105, short);
    expect(decided(waits, state, { rules: short, close: 105 }).codes).not.toContain('INVALIDATED');
    expect(decided(waits, state, { rules: short, close: 105.01 })).toMatchObject({
      action: 'FLAT',
      delta: 300,
    });
  });

  it('under RED where the market file allows reducing: the action stays WAIT, the order goes out', () => {
    const state = position(300, 1, 95);
    const red = { verdict: redVerdict, close: 90 };
    expect(decided(waits, state, red)).toMatchObject({
      action: 'WAIT',
      codes: ['INVALIDATED', 'MARKET_RED'],
      target: 0,
      delta: -300,
    });
    const strict = paper({ reduce_under_red: false });
    expect(decided(waits, state, { ...red, rules: strict })).toMatchObject({
      action: 'WAIT',
      codes: ['MARKET_RED'],
      target: 300,
      delta: 0,
    });
  });

  it('a bar that cannot be used refutes nothing, but the time runs', () => {
    const bars = barsOf([[[90, 80, 95, 90, 10], flat(50)]], {
      firstOrdinal: 100,
      flags: { 0: 'DATA_HIGH_BELOW_LOW' },
    });
    expect(decided(waits, position(300, 99, 95), { bars })).toMatchObject({ action: 'WAIT', delta: 0 });
    expect(decided(waits, position(300, 76, 95), { bars })).toMatchObject({ delta: -300 });
  });
});

describe('an order that may still fill', () => {
  it('nothing new is placed until it has ended, not even an exit', () => {
    for (const seen of [{ pUp: 0.6 }, { pUp: 0.5 }, { pUp: 0.4 }]) {
      const state = position(100, 1, 105);
      withOrder(state, 0, { side: 1, quantity: 50, reference: 100, frozen: '2024-01-01T00:00:00Z' });
      const { delta, target, codes } = decided(seen, state);
      expect([delta, target]).toEqual([0, 100]);
      expect(codes).toContain('ORDER_PENDING');
    }
  });

  it('what it may still buy is spent already (definition 8)', () => {
    // BBB waits for 1,000 of its 1,500 at 50: 50,000 of the 95,000. Both want 30,000; AAA gets it all.
    const state = empty();
    withOrder(state, 1, {
      side: 1,
      quantity: 1500,
      reference: 50,
      frozen: '2024-01-01T00:00:00Z',
      more: { filled: 500 },
    });
    expect(decided({ pUp: 0.6 }, state).delta).toBe(300);
    // With 1,900 to come, all 95,000 are promised: nothing is left for AAA.
    state.orders.quantity[1] = 2400;
    expect(decided({ pUp: 0.6 }, state)).toMatchObject({ delta: 0, target: 0 });
    // A reducing order promises nothing.
    state.orders.increases[1] = 0;
    expect(decided({ pUp: 0.6 }, state).delta).toBe(300);
  });
});

it('decides without changing anything it was given', () => {
  const state = position(300, 76, 95);
  const before = structuredClone(state);
  const bars = barsOf([[flat(90), flat(50)]], { firstOrdinal: 100 });
  const flags = [...bars.flags];
  decided({ pUp: 0.6 }, state, { bars });
  expect(state).toEqual(before);
  expect([...bars.flags]).toEqual(flags);
});
