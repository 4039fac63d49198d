import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costProfileSchema } from '../../shared/config/cost-profile-schema.ts';
import {
  baseHalfSpreadBps,
  calmHalfSpreadBps,
  compileCosts,
  exitBps,
  halfSpreadBps,
  impactBps,
  latencyBps,
  roundTripBps,
  type CostModel,
  type CostOptions,
} from '../../shared/execution/costs.ts';
import { expectedFeeBps, feeAmount } from '../../shared/execution/fees.ts';

const HOUR = 3_600_000;
const DAY = 18_262; // 2020-01-01
const fee = {
  ...{ name: 'commission', side: 'both', basis: 'notional', fee_bps: 10 },
  ...{ effective_from: '2020-01-01', source: 'made up for this test alone', confirmed: false },
};
const small = {
  name: 'small',
  version: 1,
  currency: 'USD',
  model: 'dynamic_v1',
  fees: [fee],
  half_spread: {
    base_bps: 2,
    floor_bps: 0.5,
    volatility: [{ up_to: 1, factor: 1 }, { factor: 4 }],
    relative_volume: [{ up_to: 0.5, factor: 1.5 }, { factor: 1 }],
    time_of_day: [{ up_to: 15, factor: 2 }, { factor: 1 }],
  },
  impact: { model: 'square_root', y: 1 },
  fixed_v1: { slippage_bps: 3, impact_bps: 7 },
  holding: [],
};
/** 25 bars a day of one hour each, so that a bar's volatility times 5 is a day's. */
const costs = (options: CostOptions = {}, change: object = {}): CostModel =>
  compileCosts(costProfileSchema.parse({ ...small, ...change }), 100, 25, HOUR, options);
const FIXED = { model: 'fixed_v1' } as const;

describe('the base of the half spread', () => {
  it.each([
    // quoted, estimate, price -> bps, with a tick of 0.01, a base of 2 and a floor of 0.5
    ['half the quote where there is one', 0.06, 1.5, 100, 3],
    ['the estimate where there is no quote', NaN, 1.5, 100, 1.5],
    ['the estimate where the quote is 0', 0, 1.5, 100, 1.5],
    ['the estimate where the quote is crossed', -0.06, 1.5, 100, 1.5],
    ['the estimate where the quote is endless', Infinity, 1.5, 100, 1.5],
    ['the profile where there is neither', NaN, NaN, 100, 2],
    ['half a tick, 5 bps at 10, and not the base', NaN, NaN, 10, 5],
    ['half a tick, 5 bps at 10, and not a narrower estimate', NaN, 1.5, 10, 5],
    ['half a tick, 5 bps at 10, and not a narrower quote', 0.006, NaN, 10, 5],
    ['the floor where the estimate is negative', NaN, -4, 1_000, 0.5],
    ['the floor where the quote is narrower', 0.02, NaN, 1_000, 0.5],
    ['the profile where there is no price to hold quote and tick against', 0.06, NaN, NaN, 2],
    ['the floor where the price is 0 and the estimate negative', 0.06, -4, 0, 0.5],
  ])('is %s', (_, quoted, estimate, price, bps) => {
    expect(baseHalfSpreadBps(costs(), quoted, estimate, price, 0.01)).toBeCloseTo(bps, 12);
  });
});

describe('dynamic_v1', () => {
  it.each([
    [1, 0.6, 16, 5],
    [1.01, 0.6, 16, 20],
    [1, 0.5, 16, 7.5],
    [1, 0.6, 15, 10],
    [1.01, 0.5, 15, 60],
    [NaN, NaN, NaN, 20],
  ])(
    'widens a base of 5 by a move of %d, a volume of %d and minute %d to %d',
    (move, volume, minute, bps) => {
      expect(halfSpreadBps(costs(), 5, move, volume, minute)).toBeCloseTo(bps, 12);
    },
  );

  it('charges impact on a day and latency on a bar', () => {
    // 1 % a bar is 5 % a day; 2,500 of 10,000 a bar are 1 % of a day's 250,000: 5 % * 0.1 = 50 bps.
    expect(impactBps(costs(), 0.01, 2_500, 10_000)).toBeCloseTo(50, 10);
    // 36 s are a hundredth of an hour: 1 % * 0.1 = 10 bps.
    expect(latencyBps(costs(), 0.01, 36_000)).toBeCloseTo(10, 10);
    expect([latencyBps(costs(), 0.01, 0), latencyBps(costs(), 0.01, -1)]).toEqual([0, 0]);
  });

  it("lets Almgren's order trade over a bar", () => {
    // X / V = 0.01, T = 1 / 25, sigma = 5 %, Theta / V = 16: 0.314 * 0.05 * 0.01 * 2 / 2 = 1.57 bps, and
    // 0.142 * 0.05 * 0.25^0.6 with 0.25^0.6 = 2^-1.2 = 0.43527528164806206: 30.904545 bps.
    const impact = { model: 'almgren', gamma: 0.314, eta: 0.142, shares_over_daily_volume: 16 };
    expect(impactBps(costs({}, { impact }), 0.01, 2_500, 10_000)).toBeCloseTo(1.57 + 30.904544997012405, 9);
  });
});

describe('fixed_v1', () => {
  it('is flat whatever the moment and the size', () => {
    const fixed = costs(FIXED);
    expect(halfSpreadBps(fixed, 5, 9, 0, 0)).toBe(3);
    expect(calmHalfSpreadBps(fixed, 5)).toBe(3);
    expect([impactBps(fixed, 0.01, 1, 10_000), impactBps(fixed, 0.5, 1e9, 0)]).toEqual([7, 7]);
    expect(latencyBps(fixed, 0.01, 36_000)).toBe(0);
    expect(exitBps(fixed, 1, DAY, 100, 1_000, 5)).toBeCloseTo(13, 12);
    expect(feeAmount(fixed.fees, 1, 10, 1_000, DAY)).toBe(100);
  });

  it('may be what the profile itself names, and what the options say comes first', () => {
    expect(costs({}, FIXED).model).toBe('fixed_v1');
    expect(costs({ model: 'dynamic_v1' }, FIXED).model).toBe('dynamic_v1');
    expect(costs().model).toBe('dynamic_v1');
  });
});

describe('a scale', () => {
  it.each([
    // half spread, calm, impact, latency, fee of 1,000 in cents, exit: 10 + 5 before scaling
    [{ scale: 0.5 }, [30, 2.5, 25, 5, 50, 7.5]],
    [{ scale: 1 }, [60, 5, 50, 10, 100, 15]],
    [{ scale: 2 }, [120, 10, 100, 20, 200, 30]],
    [{ scale: 2, ...FIXED }, [6, 6, 14, 0, 200, 26]],
  ])('%o multiplies every component', (options, expected) => {
    const scaled = costs(options);
    const found = [
      halfSpreadBps(scaled, 5, 2, 0.5, 15),
      calmHalfSpreadBps(scaled, 5),
      impactBps(scaled, 0.01, 2_500, 10_000),
      latencyBps(scaled, 0.01, 36_000),
      feeAmount(scaled.fees, -1, 10, 1_000, DAY),
      exitBps(scaled, 1, DAY, 100, 1_000, 5),
    ];
    found.forEach((value, k) => expect(value).toBeCloseTo(expected[k]!, 10));
  });

  it('rounds a fee half up after its minimum and the scale', () => {
    // 10 bps of 10 are 1 cent, raised to 5 cents; half of 5 is 2.5 -> 3; 1.2 times 5 is 6.
    const fees = [{ ...fee, min_amount: 0.05 }];
    expect(feeAmount(costs({ scale: 0.5 }, { fees }).fees, 1, 1, 10, DAY)).toBe(3);
    expect(feeAmount(costs({ scale: 1.2 }, { fees }).fees, 1, 1, 10, DAY)).toBe(6);
    // 5 cents of 10 are 50 bps.
    expect(expectedFeeBps(costs({ scale: 1.2 }, { fees }).fees, 1, DAY, 10, 10)).toBeCloseTo(60, 10);
  });

  it.each([0, -1, NaN, Infinity])('of %d is refused', (scale) => {
    const refusal = expect.objectContaining({
      name: 'ConfigError',
      message: expect.stringContaining('above 0'),
    });
    expect(() => costs({ scale })).toThrow(refusal);
  });
});

const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const anyModel = fc.record({
  model: fc.constantFrom('dynamic_v1' as const, 'fixed_v1' as const),
  scale: fc.constantFrom(0.5, 0.8, 1, 1.2, 2),
});

describe('properties', () => {
  it('impact never falls with size and no cost is below 0', () => {
    const sigma = fc.double({ min: 0, max: 1, noNaN: true });
    const either = fc.constantFrom(small.impact, {
      ...{ model: 'almgren', gamma: 0.314, eta: 0.142, shares_over_daily_volume: 263 },
    });
    fc.assert(
      fc.property(
        anyModel,
        either,
        sigma,
        positive,
        positive,
        positive,
        (options, impact, sigmaBar, a, b, traded) => {
          const model = costs(options, { impact });
          const least = impactBps(model, sigmaBar, Math.min(a, b), traded);
          expect(least).toBeGreaterThanOrEqual(0);
          expect(impactBps(model, sigmaBar, Math.max(a, b), traded)).toBeGreaterThanOrEqual(least);
          expect(latencyBps(model, sigmaBar, a)).toBeGreaterThanOrEqual(0);
          expect(feeAmount(model.fees, 1, a, b, DAY)).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  it('a wider base never makes the spread narrower, and widening never does', () => {
    const value = fc.double({ min: 0, max: 1_000, noNaN: true });
    fc.assert(
      fc.property(anyModel, value, value, value, value, value, (options, a, b, move, volume, minute) => {
        const model = costs(options);
        const of = (base: number): number => halfSpreadBps(model, base, move, volume, minute);
        expect(of(Math.max(a, b))).toBeGreaterThanOrEqual(of(Math.min(a, b)));
        expect(of(a)).toBeGreaterThanOrEqual(calmHalfSpreadBps(model, a));
      }),
    );
  });

  it('a round trip is the fees of both sides and the half spread twice, an exit a fee and the calm half spread', () => {
    fc.assert(
      fc.property(anyModel, positive, positive, positive, (options, price, base, notional) => {
        const model = costs(options);
        const out = new Float64Array(1);
        const one = Float64Array.of(1);
        const bar = {
          ready: one,
          relativeMove: one,
          relativeVolume: one,
          minutesSinceOpen: 60,
          dayNumber: DAY,
        };
        const prices = Float64Array.of(NaN, price);
        roundTripBps(model, { ...bar, baseBps: Float64Array.of(base), prices, offset: 1, notional }, out);
        const fees = [1, -1].map((side) => expectedFeeBps(model.fees, side as 1 | -1, DAY, price, notional));
        const half = halfSpreadBps(model, base, 1, 1, 60);
        expect(out[0]).toBeCloseTo(fees[0]! + fees[1]! + 2 * half, 6);
        expect(exitBps(model, 1, DAY, price, notional, base)).toBeCloseTo(
          fees[1]! + calmHalfSpreadBps(model, base),
          6,
        );
      }),
    );
  });
});
