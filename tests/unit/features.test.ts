import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FeatureStream, lookbackBars, type Features } from '../../shared/forecast/features.ts';
import { bit } from '../../shared/kernel/codes.ts';
import { seededRandom } from '../../shared/kernel/random.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import { barsOf, cut, flat, type Cell } from '../support/bars.ts';
import { action } from '../support/paper.ts';
import { rulesOf } from '../support/rules.ts';

/** Windows short enough to work out: lookback 5 + 1 + 1. */
const small = rulesOf('crypto', {
  policy: {
    by_bar_size: {
      '60m': {
        momentum_bars: [2, 3, 4],
        volatility_bars: 4,
        trend_bars: 5,
        volume_bars: 3,
        carry_bars_max: 1,
      },
    },
  },
});
const rules = small.policy;

/** Every column of the features, flat. */
const columnsOf = (features: Features): number[] =>
  [
    features.ready,
    features.sigma,
    ...features.momentum,
    features.trend,
    features.averageNotional,
    features.relativeVolume,
    features.relativeMove,
  ].flatMap((column) => [...column]);

function featuresAt(bars: Bars, row: number, policy = rules): number[] {
  const stream = new FeatureStream(bars.instruments.length, policy);
  for (let k = 0; k <= row; k++) stream.push(bars, k, small.unusable);
  return columnsOf(stream.features);
}

describe('features by hand', () => {
  const closes = [100, 101, 99, 102, 103, 101];
  const bars = barsOf(closes.map((close, k) => [flat(close, (k + 1) * 10)]));

  it('sigma, momentum, trend and volume of six bars', () => {
    // Worked out in Python from the logarithms of the closes.
    const [ready, sigma, m2, m3, m4, trend, average, relativeVolume, relativeMove] = featuresAt(bars, 5);
    expect(ready).toBe(1);
    expect(sigma).toBeCloseTo(0.0210410383, 8);
    expect(m2).toBeCloseTo(-0.331097045, 6); // 102 to 101 in two bars
    expect(m3).toBeCloseTo(0.548803254, 6); // 99 to 101 in three
    expect(m4).toBe(0); // 101 to 101 in four
    expect(trend).toBeCloseTo(-0.04021366, 6);
    // 102 * 40 + 103 * 50 + 101 * 60 = 15,290 in three bars
    expect(average).toBeCloseTo(5096.6667, 3);
    expect(relativeVolume).toBeCloseTo(1.189012426, 8);
    expect(relativeMove).toBeCloseTo(0.931915572, 6);
  });

  it('are ready with the fifth bar, not with the fourth', () => {
    // Four returns, and five closes for the trend.
    expect(featuresAt(bars, 3)[0]).toBe(0);
    expect(featuresAt(bars, 4)[0]).toBe(1);
    expect(lookbackBars(rules)).toBe(7);
  });

  it('an unusable close is carried, without volume', () => {
    const gap = barsOf(closes.map((close, k) => [k === 4 ? null : flat(close, (k + 1) * 10)]));
    const [ready, sigma, m2, , , , average, relativeVolume] = featuresAt(gap, 5);
    expect(ready).toBe(1);
    // Log closes of 100, 101, 99, 102, 102, 101.
    expect(sigma).toBeCloseTo(0.0186299076, 8);
    expect(m2).toBeCloseTo(-0.373948481, 6);
    expect(average).toBe(3380); // (4,080 + 0 + 6,060) / 3
    expect(relativeVolume).toBeCloseTo(1.792899408, 8);
  });

  it('a gap longer than the carry is not ready until the windows are whole again', () => {
    const cells = Array.from({ length: 20 }, (_, k) => [k === 8 || k === 9 ? null : flat(100 + (k % 3), 10)]);
    const ready = cells.map((_, row) => featuresAt(barsOf(cells), row)[0]);
    // Row 8 is carried; row 9 has no price, so rows up to 13 lack one of five: ready again at 14.
    expect(ready.join('')).toBe('00001111100000111111');
  });

  it('a flagged bar counts as absent', () => {
    const cells = Array.from({ length: 8 }, (_, k) => [flat(k === 6 ? 1e6 : 100 + (k % 3), 10)]);
    const flagged = barsOf(cells, { flags: { 6: 'DATA_HIGH_BELOW_LOW' } });
    const absent = barsOf(cells.map((row, k) => (k === 6 ? [null] : row)));
    expect(featuresAt(flagged, 7)).toEqual(featuresAt(absent, 7));
  });

  it('a price that never moved has no volatility and no features', () => {
    expect(featuresAt(barsOf(new Array<Cell[]>(10).fill([flat(100)])), 9)[0]).toBe(0);
  });

  it('momentum is bounded at three deviations', () => {
    const { policy } = rulesOf('crypto', {
      policy: {
        by_bar_size: {
          '60m': { momentum_bars: [6, 24, 72], volatility_bars: 48, trend_bars: 72, volume_bars: 48 },
        },
      },
    });
    for (const [step, bound] of [
      [1.01, 3],
      [0.99, -3],
    ] as const) {
      // Calm, then six bars of 1 %: 6 over sqrt(6 / 48) * sqrt(6) is 6.93 deviations.
      let price = 100;
      const cells = Array.from({ length: 90 }, (_, k) => [flat(k < 84 ? 100 : (price *= step), 10)]);
      expect(featuresAt(barsOf(cells), 89, policy)[2]).toBe(bound);
    }
  });
});

describe('corporate actions that are known (definition 17)', () => {
  /** Raw closes of a share that splits 4:1 before row 3 and pays 2 before row 5; row 6 has no bar. */
  const raw = [400, 404, 396, 102, 103, 100, null, 99];
  /** The same as its holder saw them, in today's shares: quarters, and what was paid taken off by its share of 103. */
  const held = (row: number): number | null => {
    const close = raw[row]!;
    if (close === null) return null;
    return (row < 3 ? close / 4 : close) * (row < 5 ? 101 / 103 : 1);
  };
  const cellsOf = (closes: readonly (number | null)[]): [Cell | null][] =>
    closes.map((close, row) => [close === null ? null : flat(close, row < 3 ? 1000 : 4000)]);
  const actions = [
    action({ kind: 'split', ordinal: 3, ratio: 4 }, '2024-01-01'),
    action({ kind: 'dividend', ordinal: 5, amount: 2 }, '2024-01-01'),
  ];
  const bars = { ...barsOf(cellsOf(raw)), actions };
  const adjusted = barsOf(cellsOf(raw.map((_, row) => held(row))));

  it.each([4, 5, 6, 7])('momentum, volatility and trend at row %d are those of adjusted prices', (row) => {
    const [got, expected] = [featuresAt(bars, row), featuresAt(adjusted, row)];
    // ready, sigma, three momenta, trend; then what is made of the raw value traded.
    for (const k of [0, 1, 2, 3, 4, 5, 8]) expect(got[k], `column ${k}`).toBeCloseTo(expected[k]!, 6);
    expect(got[0]).toBe(1);
    expect(Math.abs(got[1]!)).toBeLessThan(0.03); // a raw 4:1 gap would be 0.69
  });

  it('the value traded stays that of the raw price', () => {
    // 102 * 4,000, 103 * 4,000 and 100 * 4,000 in three bars.
    expect(featuresAt(bars, 5)[6]).toBeCloseTo(1_220_000 / 3, 6);
  });

  it('one that is not known yet changes nothing', () => {
    const none = { ...bars, actions: [] };
    expect(featuresAt(bars, 2)).toEqual(featuresAt(none, 2));
    expect(featuresAt({ ...bars, actions: [actions[0]!] }, 4)).toEqual(featuresAt(bars, 4));
  });

  it('a reverse split, and both on one day: (50 - 2) * 10', () => {
    const both = [
      action({ kind: 'dividend', ordinal: 3, amount: 2 }, '2024-01-01'),
      action({ kind: 'split', ordinal: 3, ratio: 0.1 }, '2024-01-01'),
    ];
    const given = { ...barsOf(cellsOf([48, 49, 50, 480, 490, 485])), actions: both };
    // In new shares, less the dividend's 2 of 50: 48 * 0.96 * 10 and so on.
    const plain = barsOf(cellsOf([460.8, 470.4, 480, 480, 490, 485]));
    const [got, expected] = [featuresAt(given, 5), featuresAt(plain, 5)];
    for (const k of [0, 1, 2, 3, 4, 5]) expect(got[k], `column ${k}`).toBeCloseTo(expected[k]!, 6);
  });

  it('a move that was no action is a move', () => {
    const real = { ...bars, actions: [action({ kind: 'real_move', ordinal: 3 }, '2024-01-01')] };
    expect(featuresAt(real, 5)).toEqual(featuresAt({ ...bars, actions: [] }, 5));
  });
});

/** A universe of two with gaps, unusable bars, no volume, and what a source may get wrong by orders of magnitude. */
function wild(seed: string, rows: number, extreme: boolean): Bars {
  const random = seededRandom(seed);
  let price = 100;
  const cell = (): Cell | null => {
    price = Math.max(0.001, price * (1 + (random.uniform() - 0.5) * 0.05));
    const draw = random.below(40);
    if (draw < 3) return null;
    if (draw === 3) return [price, price / 2, price * 2, price, 10]; // high below low
    if (draw === 4) return flat(price, 0);
    if (extreme && draw === 5) return flat(price * 1e9, 10);
    if (extreme && draw === 6) return flat(price / 1e9, 10);
    if (extreme && draw === 7) return flat(price, 1e20);
    if (extreme && draw === 8) return flat(price, 1e307);
    return flat(price, random.uniform() * 1e6);
  };
  const bars = barsOf(Array.from({ length: rows }, () => [cell(), cell()]));
  bars.high.forEach((high, k) => {
    if (high < bars.low[k]!) bars.flags[k] = bit.DATA_HIGH_BELOW_LOW;
  });
  return bars;
}

/** An action in every tenth row of either, absent bars included; prices go on as if none had been. */
function withActions(bars: Bars, seed: string): Bars {
  const random = seededRandom(`${seed}/actions`);
  const actions = Array.from(bars.startMs).flatMap((_, ordinal) =>
    [0, 1].flatMap((instrument) => {
      const draw = random.below(20);
      if (draw > 1) return [];
      const given =
        draw === 0
          ? { kind: 'split' as const, ratio: 0.5 + random.uniform() * 6 }
          : { kind: 'dividend' as const, amount: random.uniform() * 3 };
      return [action({ ...given, ordinal, instrument }, '2024-01-01')];
    }),
  );
  return { ...bars, actions };
}

describe('finite memory: the same bits from any window that holds the lookback', () => {
  const check = (bars: Bars, policy: typeof rules): void => {
    const need = lookbackBars(policy);
    const whole = new FeatureStream(2, policy);
    const late = new Map<number, FeatureStream>();
    for (let row = 0; row < bars.startMs.length; row++) {
      whole.push(bars, row, small.unusable);
      if (row % 7 === 0) late.set(row, new FeatureStream(2, policy));
      const expected = columnsOf(whole.features);
      for (const [from, stream] of late) {
        stream.push(bars, row, small.unusable);
        if (row - from + 1 < need) continue;
        const got = columnsOf(stream.features);
        const [readyA, readyB] = expected;
        expect(got.slice(0, 2)).toEqual([readyA, readyB]);
        got.forEach((value, k) => {
          if (expected[k % 2] === 1)
            expect(Object.is(value, expected[k]), `row ${row} from ${from}, column ${k}`).toBe(true);
        });
      }
      for (const from of late.keys()) if (row - from > need + 20) late.delete(from);
    }
  };

  it('property: random bars with gaps, windows of a handful of bars', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => check(wild(seed, 80, false), rules)),
      { numRuns: 30 },
    );
  });

  it('property: with splits and dividends, and none of them shows from one start alone', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => check(withActions(wild(seed, 80, false), seed), rules)),
      { numRuns: 40 },
    );
    check(withActions(wild('shipped', 420, false), 'shipped'), rulesOf('crypto').policy);
  });

  it('the shipped windows of 60 minutes', () => check(wild('shipped', 420, false), rulesOf('crypto').policy));

  it('property: prices and volumes wrong by orders of magnitude leave no trace once they are out', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => check(wild(seed, 80, true), rules)),
      { numRuns: 60 },
    );
  });

  it('is ready now and then, or nothing was tested', () => {
    const bars = wild('shipped', 420, false);
    let ready = 0;
    const stream = new FeatureStream(2, rules);
    for (let row = 0; row < 420; row++) {
      stream.push(bars, row, small.unusable);
      ready += stream.features.ready[0]!;
    }
    expect(ready).toBeGreaterThan(200);
  });
});

describe('no look-ahead', () => {
  it('property: what comes later changes nothing', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.integer({ min: 0, max: 39 }), (seed, other, row) => {
        const bars = wild(seed, 40, false);
        const changed = wild(other, 40, false);
        for (const field of ['open', 'high', 'low', 'close', 'volume', 'turnover', 'flags'] as const) {
          changed[field].set(bars[field].subarray(0, (row + 1) * 2));
        }
        expect(featuresAt(changed, row)).toEqual(featuresAt(bars, row));
        expect(featuresAt(cut(bars, 0, row + 1), row)).toEqual(featuresAt(bars, row));
      }),
    );
  });
});
