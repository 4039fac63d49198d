import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitCodesOf } from '../../shared/kernel/codes.ts';
import { size } from '../../shared/portfolio/sizing.ts';
import type { Sizing } from '../../shared/portfolio/sizing-columns.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { rulesOf, whole, type Overrides } from '../support/rules.ts';

type Limits = NonNullable<NonNullable<Overrides['config']>['limits']>;

/** Equity 100,000; every wish is 30,000 at 100 a piece: 300. Nothing else is near its limit unless a test says so. */
const market = (limits: Limits = {}, { shorting = true, lot = 1 } = {}): MarketRules =>
  rulesOf('crypto', {
    instruments: [
      { ...whole('AAA', lot), themes: ['miners'] },
      { ...whole('BBB', lot), themes: ['miners', 'banks'] },
      { ...whole('CCC', lot), themes: ['banks'] },
      whole('DDD', lot),
    ],
    config: {
      shorting,
      sizing: { volatility_target: 2, rebalance_band: 0.25 },
      limits: {
        ...{ name_max: 0.3, gross_max: 5, net_max: 5, theme_max: 5, turnover_max: 100 },
        ...{ capacity_adv_max: 1, capacity_basis: 'day', order_notional_min: 10 },
        ...{ order_notional_max: 1_000_000, orders_per_tick_max: 50 },
        ...limits,
      },
    },
  });

interface Given {
  readonly direction: number;
  readonly held?: number;
  readonly pending?: number;
}
interface Frame {
  readonly clusters?: readonly (readonly number[])[];
  readonly traded?: number;
  readonly ordersLeft?: number;
  readonly scale?: number;
  readonly cash?: number;
}

function sized(rules: MarketRules, given: readonly Given[], frame: Frame = {}) {
  const column = (pick: (one: Given) => number): Float64Array => Float64Array.from(given, pick);
  const zero = (): Float64Array => column(() => 0);
  const out: Sizing = {
    ...{ uncut: zero(), target: zero(), delta: zero(), limits: zero(), uncovered: zero() },
  };
  size(
    {
      ...{ config: rules.config, instruments: rules.instruments, barsPerDay: 24, barsPerYear: 10_000 },
      dayRules: (i) => rules.trading.on(i, 19_723),
      ...{ equity: 100_000, cash: frame.cash ?? 1e9 },
      direction: column((one) => one.direction),
      quantity: column((one) => one.held ?? 0),
      pending: column((one) => one.pending ?? 0),
      ...{ locked: zero(), price: column(() => 100), sigma: column(() => 0.01) },
      averageNotional: column(() => 1e9),
      ...{ clusters: frame.clusters ?? [], traded: frame.traded ?? 0, ordersLeft: frame.ordersLeft ?? 200 },
      increaseScale: frame.scale ?? 1,
    },
    out,
  );
  return {
    deltas: [...out.delta],
    targets: [...out.target],
    codes: given.map((_, i) => limitCodesOf(out.limits[i]!)),
  };
}
const [long, short, wait] = [{ direction: 1 }, { direction: -1 }, { direction: NaN }];
const held = (steps: number, direction = NaN): Given => ({ direction, held: steps });
const pending = (steps: number): Given => ({ direction: NaN, pending: steps });

describe('names that move together are limited as one name', () => {
  const clusters = [[0, 1]];

  it('they share 30,000; the others have theirs', () => {
    const { deltas, targets, codes } = sized(market(), [long, long, long, wait], { clusters });
    expect([deltas, targets]).toEqual([
      [150, 150, 300, 0],
      [150, 150, 300, 0],
    ]);
    expect(codes).toEqual([['MAX_NAME', 'MAX_CLUSTER'], ['MAX_NAME', 'MAX_CLUSTER'], ['MAX_NAME'], []]);
  });

  it('either way: a short is no hedge of a name that moves with it', () => {
    expect(sized(market(), [long, short, wait, wait], { clusters }).deltas).toEqual([150, -150, 0, 0]);
  });

  it('what is held and what an order may still add takes up room', () => {
    expect(sized(market(), [held(200), long, wait, wait], { clusters }).deltas).toEqual([0, 100, 0, 0]);
    expect(sized(market(), [pending(200), long, wait, wait], { clusters }).deltas).toEqual([0, 100, 0, 0]);
    expect(sized(market(), [held(-200), long, wait, wait], { clusters }).deltas).toEqual([0, 100, 0, 0]);
  });

  it('what leaves makes room, and what is held beyond the limit is not sold for it', () => {
    expect(sized(market(), [held(200, 0), long, wait, wait], { clusters }).deltas).toEqual([-200, 300, 0, 0]);
    const full = sized(market(), [held(900), long, wait, wait], { clusters });
    expect(full.deltas).toEqual([0, 0, 0, 0]);
    expect(full.codes[1]).toEqual(['MAX_NAME', 'MAX_CLUSTER']);
  });
});

describe('themes', () => {
  it('share a limit; a name of two themes obeys both, one after the other', () => {
    // Banks come first: BBB and CCC share 40,000 of 60,000, 200 each. The miners then have 30,000 and 20,000 of 40,000.
    const { deltas, codes } = sized(market({ theme_max: 0.4 }), [long, long, long, long]);
    expect(deltas).toEqual([240, 160, 200, 300]);
    expect(codes[1]).toEqual(['MAX_NAME', 'MAX_THEME']);
    expect(codes[3]).toEqual(['MAX_NAME']);
  });
});

describe('net exposure', () => {
  const net = market({ net_max: 0.2 });

  it('longs and shorts that offset each other pass', () => {
    expect(sized(net, [long, short, wait, wait]).deltas).toEqual([300, -300, 0, 0]);
  });

  it('the heavier side is cut to the limit, the other stays', () => {
    // 60,000 against 30,000: 10,000 too many of 60,000.
    const { deltas, codes } = sized(net, [long, long, short, wait]);
    expect(deltas).toEqual([250, 250, -300, 0]);
    expect(codes).toEqual([['MAX_NAME', 'MAX_NET'], ['MAX_NAME', 'MAX_NET'], ['MAX_NAME'], []]);
    expect(sized(net, [short, short, long, wait]).deltas).toEqual([-250, -250, 300, 0]);
  });

  it('what is held and pending counts', () => {
    expect(sized(net, [held(100), long, wait, wait]).deltas).toEqual([0, 100, 0, 0]);
    expect(sized(net, [pending(100), long, wait, wait]).deltas).toEqual([0, 100, 0, 0]);
    expect(sized(net, [pending(-100), long, wait, wait]).deltas).toEqual([0, 300, 0, 0]);
  });

  it('a net beyond the limit is led back by the other side, and nothing is sold for it', () => {
    expect(sized(net, [held(600), wait, wait, wait]).deltas).toEqual([0, 0, 0, 0]);
    expect(sized(net, [held(600), short, wait, wait]).deltas).toEqual([0, -300, 0, 0]);
    expect(sized(net, [held(600), long, short, wait]).deltas).toEqual([0, 0, -300, 0]);
  });

  it('holds also where the other side has lost its orders to their number', () => {
    // The short that would have offset the longs is the third order of two.
    const { deltas } = sized(market({ net_max: 0.2, orders_per_tick_max: 2 }), [long, long, short, wait]);
    expect(deltas).toEqual([100, 100, 0, 0]);
  });
});

describe('gross exposure', () => {
  it('comes to its limit at most', () => {
    // 60,000 of 120,000.
    const { deltas, codes } = sized(market({ gross_max: 0.6 }), [long, short, long, long]);
    expect(deltas).toEqual([150, -150, 150, 150]);
    expect(codes[0]).toEqual(['MAX_NAME', 'MAX_GROSS']);
  });
});

describe('what can be spent', () => {
  it('cash where there is no margin, a hundredth kept', () => {
    const cash = market({}, { shorting: false });
    // 30,300 / 1.01 are 30,000 for two.
    const { deltas, codes } = sized(cash, [long, long, wait, wait], { cash: 30_300 });
    expect(deltas).toEqual([150, 150, 0, 0]);
    expect(codes[0]).toEqual(['MAX_NAME', 'CASH']);
    expect(sized(market(), [long, long, wait, wait], { cash: 30_300 }).deltas).toEqual([300, 300, 0, 0]);
  });

  it('what the turnover of the day has left, less what is promised', () => {
    const day = market({ turnover_max: 1 });
    // 100,000 less 80,000 are 20,000 for two.
    const { deltas, codes } = sized(day, [long, long, wait, wait], { traded: 80_000 });
    expect(deltas).toEqual([100, 100, 0, 0]);
    expect(codes[0]).toEqual(['MAX_NAME', 'MAX_TURNOVER']);
    expect(sized(day, [long, long, pending(-100), wait], { traded: 80_000 }).deltas).toEqual([50, 50, 0, 0]);
  });

  it('exits need no turnover', () => {
    const { deltas } = sized(market({ turnover_max: 1 }), [held(300, 0), held(-300, 0), long, wait], {
      traded: 150_000,
    });
    expect(deltas).toEqual([-300, 300, 0, 0]);
  });
});

describe('the largest order', () => {
  const small = market({ order_notional_max: 10_000 });

  it('cuts increases, and splits exits over several bars', () => {
    const { deltas, targets, codes } = sized(small, [long, short, held(300, 0), held(-300, 0)]);
    expect(deltas).toEqual([100, -100, -100, 100]);
    expect(targets).toEqual([100, -100, 200, -200]);
    expect(codes).toEqual([
      ['MAX_NAME', 'ORDER_VALUE'],
      ['MAX_NAME', 'ORDER_VALUE'],
      ['ORDER_VALUE'],
      ['ORDER_VALUE'],
    ]);
  });

  it('at its value passes', () => {
    expect(sized(market({ order_notional_max: 30_000 }), [long, wait, wait, wait])).toMatchObject({
      ...{ deltas: [300, 0, 0, 0], codes: [['MAX_NAME'], [], [], []] },
    });
  });

  it('leaves whole lots, and of an exit what is below one for the last order', () => {
    const lots = market({ order_notional_max: 25_000 }, { lot: 100 });
    expect(sized(lots, [long, held(350, 0), held(237, 0), wait]).deltas).toEqual([200, -200, -237, 0]);
  });

  it('what it leaves of an exit takes up room in the gross', () => {
    // 900 are to leave, 100 go: 80,000 stay of 95,000.
    const tight = market({ order_notional_max: 10_000, gross_max: 0.85 });
    expect(sized(tight, [held(900, 0), long, wait, wait]).deltas).toEqual([-100, 50, 0, 0]);
  });
});

describe('the number of orders', () => {
  it('leaves the last increases out, in the order of the universe', () => {
    const { deltas, targets, codes } = sized(market({ orders_per_tick_max: 2 }), [long, long, long, wait]);
    expect([deltas, targets]).toEqual([
      [300, 300, 0, 0],
      [300, 300, 0, 0],
    ]);
    expect(codes[2]).toEqual(['MAX_NAME', 'ORDER_COUNT']);
  });

  it('exits take their place first, wherever they stand, and are never left out', () => {
    const two = market({ orders_per_tick_max: 2 });
    expect(sized(two, [long, long, held(5, 0), wait]).deltas).toEqual([300, 0, -5, 0]);
    expect(sized(two, [held(5, 0), held(6, 0), held(7, 0), long]).deltas).toEqual([-5, -6, -7, 0]);
  });

  it('of the day counts too, and none left is none', () => {
    expect(sized(market(), [long, long, long, wait], { ordersLeft: 1 }).deltas).toEqual([300, 0, 0, 0]);
    expect(sized(market(), [long, held(5, 0), long, wait], { ordersLeft: 0 }).deltas).toEqual([0, -5, 0, 0]);
    expect(sized(market(), [long, held(5, 0), long, wait], { ordersLeft: -3 }).deltas).toEqual([0, -5, 0, 0]);
  });
});

describe('the trial after a halt (definition 13)', () => {
  const trial = { scale: 0.25 };

  it('scales increases and nothing that reduces', () => {
    // 900 held where 300 are wanted: 600 too many.
    const { deltas, targets, codes } = sized(market(), [long, short, held(300, 0), held(900, 1)], trial);
    expect(deltas).toEqual([75, -75, -300, -600]);
    expect(targets).toEqual([75, -75, 0, 300]);
    expect(codes).toEqual([['MAX_NAME', 'TRIAL_SCALED'], ['MAX_NAME', 'TRIAL_SCALED'], [], ['MAX_NAME']]);
  });

  it('scales what is added to a holding, not the holding', () => {
    expect(sized(market(), [held(100, 1), wait, wait, wait], trial)).toMatchObject({
      ...{ deltas: [50, 0, 0, 0], targets: [150, 0, 0, 0] },
    });
  });

  it('rounds down to lots; less than one is nothing', () => {
    const lots = (lot: number) => market({}, { lot });
    expect(sized(lots(10), [long, wait, wait, wait], trial).deltas).toEqual([70, 0, 0, 0]);
    const none = sized(lots(100), [long, wait, wait, wait], trial);
    expect(none.deltas).toEqual([0, 0, 0, 0]);
    expect(none.codes[0]).toEqual(['MAX_NAME', 'TRIAL_SCALED', 'BELOW_MINIMUM']);
  });

  it('comes after every other limit: a quarter of what they leave', () => {
    expect(sized(market({ gross_max: 0.4 }), [long, long, wait, wait], trial).deltas).toEqual([50, 50, 0, 0]);
  });
});

it('property: no limit is passed by an increase, and exits go out', () => {
  const rules = market({
    ...{ gross_max: 1.2, net_max: 0.2, theme_max: 0.5, turnover_max: 1, order_notional_max: 20_000 },
    orders_per_tick_max: 2,
  });
  const one = fc.record({
    direction: fc.constantFrom(1, -1, 0, NaN),
    held: fc.integer({ min: -400, max: 400 }),
    pending: fc.constantFrom(0, 0, 100, -100),
  });
  fc.assert(
    fc.property(
      fc.tuple(one, one, one, one),
      fc.integer({ min: 0, max: 120_000 }),
      fc.integer({ min: 0, max: 5 }),
      fc.constantFrom(1, 0.25),
      (drawn, traded, ordersLeft, scale) => {
        // What waits for an order is held, and an order adds to the side that is held.
        const all = drawn.map(({ direction, held: steps, pending: more }) =>
          more === 0 || steps * more < 0
            ? { direction, held: steps, pending: 0 }
            : { direction: NaN, held: steps, pending: more },
        );
        const { deltas } = sized(rules, all, { clusters: [[0, 3]], traded, ordersLeft, scale });
        const before = all.map((given) => given.held);
        const reduces = deltas.map((delta, i) => delta * before[i]! < 0);
        const after = all.map((given, i) => given.held + given.pending + deltas[i]!);
        const increases = (members: number[], sign = 0): boolean =>
          members.some((i) => deltas[i] !== 0 && !reduces[i] && (sign === 0 || deltas[i]! * sign > 0));
        const gross = (members: number[]): number =>
          members.reduce((sum, i) => sum + Math.abs(after[i]!) * 100, 0);
        for (const [members, limit] of [
          [[0, 3], 30_000],
          [[0, 1], 50_000],
          [[1, 2], 50_000],
          [[0, 1, 2, 3], 120_000],
        ] as const)
          if (increases([...members])) expect(gross([...members])).toBeLessThanOrEqual(limit);
        const net = after.reduce((sum, steps) => sum + steps * 100, 0);
        if (increases([0, 1, 2, 3], Math.sign(net))) expect(Math.abs(net)).toBeLessThanOrEqual(20_000);
        const added = deltas.reduce((sum, delta, i) => sum + (reduces[i] ? 0 : Math.abs(delta) * 100), 0);
        if (added > 0) expect(traded + added).toBeLessThanOrEqual(100_000);
        for (const delta of deltas) expect(Math.abs(delta) * 100).toBeLessThanOrEqual(20_000);
        const count = deltas.filter((delta) => delta !== 0).length;
        if (added > 0) expect(count).toBeLessThanOrEqual(Math.min(2, ordersLeft));
        all.forEach(({ direction, held: steps }, i) => {
          if (direction === 0 && steps !== 0) expect(deltas[i]! * steps).toBeLessThan(0);
        });
      },
    ),
    { numRuns: 3000 },
  );
});
