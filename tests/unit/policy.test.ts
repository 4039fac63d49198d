import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Features } from '../../shared/forecast/features.ts';
import { emptyForecast, launchWindow, type Forecast } from '../../shared/forecast/forecast.ts';
import { forecastPolicy } from '../../shared/forecast/policy.ts';
import { rulesOf } from '../support/rules.ts';

/** Gain 0.25 over three horizons, bounded at 0.8; 40 % of a momentum against the trend; interval 1.05; buckets 4, 8, 24. */
const rules = {
  ...rulesOf('crypto').policy,
  logit_gain: 0.25,
  logit_max: 0.8,
  counter_trend_share: 0.4,
  interval_width: 1.05,
  launch_edges: [4, 8, 24] as [number, number, number],
};

interface Given {
  readonly momentum?: readonly [number, number, number];
  readonly trend?: number;
  readonly sigma?: number;
  readonly ready?: number;
  readonly roundTripBps?: number;
}
function forecastOf(
  { momentum = [0, 0, 0], trend = 0, sigma = 0.01, ready = 1, roundTripBps = 0 }: Given,
  out = emptyForecast(1),
): Forecast {
  const column = (value: number): Float64Array => Float64Array.of(value);
  const features: Features = {
    ready: column(ready),
    sigma: column(sigma),
    momentum: [column(momentum[0]), column(momentum[1]), column(momentum[2])],
    trend: column(trend),
    averageNotional: column(1e6),
    relativeVolume: column(1),
    relativeMove: column(1),
  };
  forecastPolicy(features, column(roundTripBps), rules, out);
  return out;
}
const values = ({ logit, pUp, q10, q50, q90 }: Forecast): number[] =>
  [logit, pUp, q10, q50, q90].map((column) => column[0]!);
const launches = ({ pLaunch }: Forecast): number[] => pLaunch.map((column) => column[0]!);

describe('direction and interval by hand', () => {
  // sigma 1 % over 24 bars is 4.899 %; the interval is 1.28155 * 1.05 of it, 6.592 %, to either side (worked out in Python).
  it.each([
    ['with the trend: 0.25 / 3 * 6', [1, 2, 3], 0.5, [0.5, 0.6225, -0.05153, 0.01439, 0.08031]],
    ['against it: 40 % of that', [1, 2, 3], -0.5, [0.2, 0.5498, -0.06017, 0.00576, 0.07168]],
    ['down', [-1, -2, -3], -0.5, [-0.5, 0.3775, -0.08031, -0.01439, 0.05153]],
    ['nothing', [0, 0, 0], 0, [0, 0.5, -0.06592, 0, 0.06592]],
    [
      'rounded to 1e-4 before anything uses it: 0.25 / 3 * 0.12 = 0.01',
      [0.1, 0, 0.02],
      1,
      [0.01, 0.5025, -0.06563, 0.00029, 0.06621],
    ],
  ] as const)('%s', (_, momentum, trend, expected) => {
    expect(values(forecastOf({ momentum, trend }))).toEqual(expected);
  });

  it('bounded at log-odds of 0.8, a probability of 0.69', () => {
    const bounded = { ...rules, logit_gain: 2 };
    const out = emptyForecast(1);
    const column = (value: number): Float64Array => Float64Array.of(value);
    const features = {
      ready: column(1),
      sigma: column(0.01),
      trend: column(1),
      averageNotional: column(1),
      relativeVolume: column(1),
      relativeMove: column(1),
    };
    forecastPolicy({ ...features, momentum: [column(3), column(3), column(3)] }, column(0), bounded, out);
    expect(values(out).slice(0, 2)).toEqual([0.8, 0.69]);
    forecastPolicy(
      { ...features, momentum: [column(-3), column(-3), column(-3)] },
      column(0),
      { ...bounded, counter_trend_share: 1 },
      out,
    );
    expect(values(out).slice(0, 2)).toEqual([-0.8, 0.31]);
  });

  it('what rounding takes from the log-odds moves nothing else', () => {
    // 0.25 / 3 * 0.0005 = 0.00004 is rounded to 0; with a sigma of 100 % it would move the median by 0.00012.
    expect(values(forecastOf({ momentum: [0.0005, 0, 0], trend: 1, sigma: 1 })).slice(0, 2)).toEqual([
      0, 0.5,
    ]);
    expect(forecastOf({ momentum: [0.0005, 0, 0], trend: 1, sigma: 1 }).q50[0]).toBe(0);
  });

  it('no answer without features', () => {
    const out = forecastOf({ momentum: [1, 1, 1], ready: 0 });
    expect(out.ready[0]).toBe(0);
  });
});

describe('the probability of a launch', () => {
  // 4 * (1 - Phi(a / sqrt(j))) by Python's math.erfc, at most 1.
  it.each([
    ['costs below two sigmas: a launch is two sigmas', 150, [0.6346, 0.959, 1]],
    ['costs of exactly two sigmas', 200, [0.6346, 0.959, 1]],
    ['costs of three sigmas', 300, [0.2672, 0.5777, 1]],
    ['costs of five', 500, [0.0248, 0.1542, 0.6149]],
    ['costs of eight', 800, [0.0001, 0.0094, 0.2049]],
  ] as const)('%s', (_, roundTripBps, expected) => {
    expect(launches(forecastOf({ roundTripBps }))).toEqual(expected);
  });

  it('is no smaller than that of leaving both bounds, and near it where an entry hangs on it', () => {
    // The exact series of a walk between two bounds, 1 - 4/pi * sum((-1)^k / (2k+1) * exp(-(2k+1)^2 pi^2 j / (8 a^2))), in Python.
    const exact: readonly (readonly [number, readonly [number, number, number]])[] = [
      [200, [0.6292, 0.892, 0.9992]],
      [300, [0.2672, 0.5748, 0.9526]],
      [500, [0.0248, 0.1542, 0.6105]],
      [800, [0.0001, 0.0094, 0.2049]],
    ];
    for (const [roundTripBps, series] of exact) {
      launches(forecastOf({ roundTripBps })).forEach((p, k) => {
        expect(p).toBeGreaterThanOrEqual(series[k]!);
        if (p <= 0.5) expect(p).toBeCloseTo(series[k]!, 4);
        else expect(p - series[k]!).toBeLessThan(0.07);
      });
    }
  });

  it('names the bucket: the first edge with even odds', () => {
    const at = (roundTripBps: number): string => launchWindow(forecastOf({ roundTripBps }), 0, [4, 8, 24]);
    expect([150, 300, 500, 800].map(at)).toEqual(['1-4', '5-8', '9-24', 'none']);
  });
});

describe('properties', () => {
  const z = fc.double({ min: -3, max: 3, noNaN: true });
  const sigma = fc.double({ min: 1e-4, max: 0.2, noNaN: true });
  const given = fc.record({
    momentum: fc.tuple(z, z, z),
    trend: z,
    sigma,
    roundTripBps: fc.double({ min: 0, max: 500, noNaN: true }),
  });
  const onGrid = (x: number, steps: number): boolean => Math.round(x * steps) / steps === x || x === 0;

  it('everything is bounded, ordered and rounded', () => {
    fc.assert(
      fc.property(given, (one) => {
        const [logit, pUp, q10, q50, q90] = values(forecastOf(one)) as [
          number,
          number,
          number,
          number,
          number,
        ];
        expect(Math.abs(logit)).toBeLessThanOrEqual(0.8);
        expect(pUp).toBeGreaterThanOrEqual(0.31);
        expect(pUp).toBeLessThanOrEqual(0.69);
        expect(q10 <= q50 && q50 <= q90).toBe(true);
        expect(Math.sign(q50) === 0 || Math.sign(q50) === Math.sign(pUp - 0.5) || pUp === 0.5).toBe(true);
        expect(
          [logit, pUp].every((p) => onGrid(p, 1e4)) && [q10, q50, q90].every((q) => onGrid(q, 1e5)),
        ).toBe(true);
        const [first, second, third] = launches(forecastOf(one)) as [number, number, number];
        expect(0 <= first && first <= second && second <= third && third <= 1).toBe(true);
        expect([first, second, third].every((p) => onGrid(p, 1e4))).toBe(true);
      }),
    );
  });

  it('more momentum is never less likely to rise', () => {
    fc.assert(
      fc.property(given, fc.double({ min: 0, max: 3, noNaN: true }), fc.nat({ max: 2 }), (one, more, k) => {
        const momentum = [...one.momentum] as [number, number, number];
        momentum[k]! += more;
        expect(forecastOf({ ...one, momentum }).pUp[0]).toBeGreaterThanOrEqual(forecastOf(one).pUp[0]!);
      }),
    );
  });

  it('up and down are mirror images', () => {
    fc.assert(
      fc.property(
        given.filter(({ trend }) => trend !== 0),
        (one) => {
          const mirrored = forecastOf({
            ...one,
            momentum: one.momentum.map((m) => -m) as [number, number, number],
            trend: -one.trend,
          });
          const plain = forecastOf(one);
          // Halves round up, once for the log-odds and once for the probability: a last digit each.
          expect(Math.abs(plain.pUp[0]! + mirrored.pUp[0]! - 1)).toBeLessThanOrEqual(2.01e-4);
          expect(Math.abs(plain.q90[0]! + mirrored.q10[0]!)).toBeLessThanOrEqual(3e-5);
        },
      ),
    );
  });
});
