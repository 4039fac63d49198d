import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { costProfileSchema } from '../../shared/config/cost-profile-schema.ts';
import { parseYaml } from '../../shared/config/yaml.ts';
import { compileCosts, roundTripBps, type CostOptions } from '../../shared/execution/costs.ts';

const PATH = 'configs/cost_profiles/us_equities_default.yaml';
const profile = parseYaml(
  PATH,
  readFileSync(new URL(`../../${PATH}`, import.meta.url), 'utf8'),
  costProfileSchema,
);
const us = (options?: CostOptions) => compileCosts(profile, 100, 7, 3_600_000, options);

const one = (value: number): Float64Array => Float64Array.of(value);
/** 2026-01-30 is day 20,483: no SEC fee, and a TAF of 0.000195 a share on the sale, so that fees need a price. */
const bar = {
  ready: one(1),
  baseBps: one(2),
  relativeMove: one(1),
  relativeVolume: one(1),
  prices: one(50),
  offset: 0,
  minutesSinceOpen: 60,
  dayNumber: 20_483,
  notional: 25_000,
};

describe('what a round trip costs', () => {
  it.each([NaN, 0, -1])('is nothing to tell on a void bar, here one with a close of %s', (price) => {
    const out = one(7);
    roundTripBps(us(), { ...bar, prices: one(price) }, out);
    expect(out).toEqual(one(0));
  });

  it('is the fees of both sides and twice the half spread of the instrument', () => {
    // 500 shares at 50: TAF 0.0975 on 25,000 = 0.039 bps. A volume at its average widens 2 to 2.4: 4.8 both ways.
    const out = one(0);
    roundTripBps(us(), bar, out);
    expect(out[0]).toBeCloseTo(4.839, 10);
    // The flat slippage of 3, both ways.
    roundTripBps(us({ model: 'fixed_v1' }), bar, out);
    expect(out[0]).toBeCloseTo(6.039, 10);
    roundTripBps(us({ scale: 2 }), bar, out);
    expect(out[0]).toBeCloseTo(9.678, 10);
  });

  it('takes base, price and readiness of each instrument for itself', () => {
    // At 100 the TAF is half: 0.0195 bps. Bases of 2 and 10 widen to 2.4 and 12. What is not ready keeps what it had.
    const out = Float64Array.of(7, 7, 7);
    roundTripBps(
      us(),
      {
        ...bar,
        ready: Float64Array.of(1, 0, 1),
        baseBps: Float64Array.of(2, 3, 10),
        relativeMove: Float64Array.of(1, 1, 1),
        relativeVolume: Float64Array.of(1, 1, 1),
        prices: Float64Array.of(1, 1, 1, 50, 50, 100),
        offset: 3,
      },
      out,
    );
    expect(out[0]).toBeCloseTo(4.839, 10);
    expect(out[1]).toBe(7);
    expect(out[2]).toBeCloseTo(24.0195, 10);
  });
});
