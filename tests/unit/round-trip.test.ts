import { describe, expect, it } from 'vitest';
import { roundTripBps } from '../../shared/execution/costs.ts';
import { rulesOf } from '../support/rules.ts';

const one = (value: number): Float64Array => Float64Array.of(value);

describe('what a round trip costs', () => {
  // US fees by the share need a price: 2026-01-30 is day 20,483; features outlive an absent bar by some bars.
  it.each([NaN, 0, -1])('is nothing to tell on a void bar, here one with a close of %s', (price) => {
    const bar = {
      ready: one(1),
      relativeMove: one(1),
      relativeVolume: one(1),
      prices: one(price),
      offset: 0,
      minutesSinceOpen: 60,
      dayNumber: 20_483,
      notional: 25_000,
    };
    const out = one(7);
    roundTripBps(rulesOf('us_equities').costs, bar, out);
    expect(out).toEqual(one(0));
  });
});
