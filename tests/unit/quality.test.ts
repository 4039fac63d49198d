import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bit, codesOf } from '../../shared/kernel/codes.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import {
  assessQuality,
  maskOfLevel,
  qualityReport,
  QUALITY_LOOKBACK,
} from '../../shared/market-data/quality.ts';
import { barsOf, cut, flat, type Cell } from '../support/bars.ts';
import { rulesOf } from '../support/rules.ts';

const { quality } = rulesOf('crypto', { config: { quality: { stale_run_bars: 6, outlier_z: 12 } } }).config;
const assessed = (bars: Bars, config = quality): Bars => {
  for (let row = 0; row < bars.startMs.length; row++) assessQuality(bars, row, config);
  return bars;
};
const lastFlags = (cells: readonly (Cell | null)[], config = quality): string[] => {
  const bars = assessed(barsOf(cells.map((cell) => [cell])), config);
  return codesOf(bars.flags[bars.flags.length - 1]!);
};

describe('flags that a bar earns by itself', () => {
  const good: Cell = [10, 12, 9, 11, 100];
  it.each([
    ['nothing wrong', good, []],
    ['a price that is no number', [10, NaN, 9, 11, 100], ['DATA_NON_FINITE']],
    ['an endless volume', [10, 12, 9, 11, Infinity], ['DATA_NON_FINITE']],
    ['a price of zero', [10, 12, 0, 11, 100], ['DATA_NON_POSITIVE']],
    ['a negative volume', [10, 12, 9, 11, -1], ['DATA_NON_POSITIVE']],
    ['high below low', [10, 9, 12, 10, 100], ['DATA_HIGH_BELOW_LOW']],
    ['open above high', [12.01, 12, 9, 11, 100], ['DATA_OUTSIDE_RANGE']],
    ['open below low', [8.99, 12, 9, 11, 100], ['DATA_OUTSIDE_RANGE']],
    ['close above high', [10, 12, 9, 12.01, 100], ['DATA_OUTSIDE_RANGE']],
    ['close below low', [10, 12, 9, 8.99, 100], ['DATA_OUTSIDE_RANGE']],
    ['no volume', [10, 12, 9, 11, 0], ['DATA_ZERO_VOLUME']],
    ['no bar', null, ['DATA_MISSING']],
  ] as const)('%s', (_, cell, codes) => {
    expect(lastFlags([good, cell])).toEqual(codes);
  });

  it('judging twice is judging once', () => {
    const bars = barsOf([[flat(1, 0)], [[1, 2, 3, 4, 5]]]);
    const once = [...assessed(bars).flags];
    expect([...assessed(bars).flags]).toEqual(once);
  });
});

describe('a stale run', () => {
  const still = (count: number): Cell[] => new Array<Cell>(count).fill(flat(50, 7));

  it('begins at the sixth bar of one price and one volume', () => {
    expect(lastFlags(still(5))).toEqual([]);
    expect(lastFlags(still(6))).toEqual(['DATA_STALE_RUN']);
    expect(lastFlags([flat(51, 7), ...still(5)])).toEqual([]);
  });

  it('is broken by another volume, a range within the bar, or an absent bar', () => {
    expect(lastFlags([...still(3), flat(50, 8), ...still(2)])).toEqual([]);
    expect(lastFlags([...still(3), [50, 51, 50, 50, 7], ...still(2)])).toEqual([]);
    expect(lastFlags([...still(3), null, ...still(5)])).toEqual([]);
    expect(lastFlags([...still(9), [50, 51, 50, 50, 7]])).toEqual([]);
  });

  it('a suspended instrument that still prints is stale and without volume', () => {
    expect(lastFlags(new Array<Cell>(6).fill(flat(50, 0)))).toEqual(['DATA_ZERO_VOLUME', 'DATA_STALE_RUN']);
  });
});

describe('an outlier', () => {
  /** 100, 101, 103, 102 and again: the moves are +1, +1.98, -0.97 and -1.96 %. */
  const calm = Array.from({ length: 49 }, (_, k): Cell => [101, 103, 100, [100, 101, 103, 102][k % 4]!, 10]);
  // The last calm close is 100. Of the 47 returns before it the median is -0.9709 %, the median deviation from it
  // 0.9899 %; twelve times 1.4826 of it to either side lie 81.417 and 116.641 (Python, statistics.median).

  it('is flagged and stays, price and all', () => {
    const bars = assessed(barsOf([...calm, flat(130, 20)].map((cell) => [cell])));
    expect(codesOf(bars.flags[49]!)).toEqual(['DATA_OUTLIER']);
    expect(bars.close[49]).toBe(130);
    expect(qualityReport(bars, 49, quality)).toEqual([
      { symbol: 'S0', level: 'YELLOW', codes: ['DATA_OUTLIER'] },
    ]);
  });

  it.each([
    [116.6, []],
    [116.7, ['DATA_OUTLIER']],
    [81.5, []],
    [81.4, ['DATA_OUTLIER']],
  ] as const)('a close of %s after 100', (close, codes) => {
    expect(lastFlags([...calm, flat(close)])).toEqual(codes);
  });

  it('is not told from fewer than ten past returns', () => {
    expect(lastFlags([...calm.slice(38), flat(130)])).toEqual(['DATA_OUTLIER']); // eleven closes, ten returns
    expect(lastFlags([...calm.slice(39), flat(130)])).toEqual([]);
  });

  it('a bar after an absent one has no return', () => {
    expect(lastFlags([...calm, null, flat(200)])).toEqual([]);
  });
});

describe('windows of any length give the same flags', () => {
  // A few prices and volumes, so that runs, repetitions and jumps are common.
  const cell = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom<Cell>(
        flat(100, 5),
        [100, 101, 99, 100, 5],
        [100, 101, 99, 101, 6],
        flat(100, 0),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Cell | null>(
        null,
        flat(160, 5),
        [100, 90, 110, 100, 5],
        flat(NaN),
        flat(-1),
      ),
    },
  );

  it.each([6, 49])(
    'property, stale runs of %d bars: QUALITY_LOOKBACK + 1 rows are enough',
    (stale_run_bars) => {
      const config = { ...quality, stale_run_bars };
      fc.assert(
        fc.property(
          fc.array(cell, { minLength: QUALITY_LOOKBACK + 1, maxLength: 120 }),
          fc.nat(),
          (cells, pick) => {
            const rows = cells.map((one) => [one]);
            const whole = assessed(barsOf(rows), config);
            const last = cells.length - 1;
            const from = pick % (last - QUALITY_LOOKBACK + 1);
            const part = assessed(cut(barsOf(rows), from, cells.length), config);
            expect(part.flags[last - from]).toBe(whole.flags[last]);
          },
        ),
        { numRuns: 300 },
      );
    },
  );

  it('a long calm stretch is stale from every window', () => {
    const config = { ...quality, stale_run_bars: 49 };
    const bars = barsOf(new Array<Cell[]>(80).fill([flat(50, 7)]));
    const part = cut(bars, 80 - (QUALITY_LOOKBACK + 1), 80);
    assessQuality(part, QUALITY_LOOKBACK, config);
    assessQuality(bars, 79, config);
    expect([part.flags[QUALITY_LOOKBACK], bars.flags[79]]).toEqual([bit.DATA_STALE_RUN, bit.DATA_STALE_RUN]);
  });
});

describe('levels', () => {
  it('the mask of RED holds what the file says, and what can never be used', () => {
    const mild = {
      ...quality,
      missing: 'GREEN',
      non_finite: 'GREEN',
      non_positive: 'YELLOW',
      outlier: 'RED',
    } as const;
    expect(codesOf(maskOfLevel(mild, 'RED'))).toEqual([
      'DATA_MISSING',
      'DATA_CONFLICT',
      'DATA_NON_FINITE',
      'DATA_NON_POSITIVE',
      'DATA_HIGH_BELOW_LOW',
      'DATA_OUTSIDE_RANGE',
      'DATA_STALE_RUN',
      'DATA_OUTLIER',
      'DATA_SPLIT_SUSPECT',
    ]);
  });

  it('the report names the worst level of each instrument and leaves the good ones out', () => {
    const bars = assessed(
      barsOf([[flat(1, 5), flat(1, 0), null, [1, 1, 1, 2, 0]]], { symbols: ['AAA', 'BBB', 'CCC', 'DDD'] }),
    );
    expect(qualityReport(bars, 0, quality)).toEqual([
      { symbol: 'BBB', level: 'YELLOW', codes: ['DATA_ZERO_VOLUME'] },
      { symbol: 'CCC', level: 'RED', codes: ['DATA_MISSING'] },
      { symbol: 'DDD', level: 'RED', codes: ['DATA_OUTSIDE_RANGE', 'DATA_ZERO_VOLUME'] },
    ]);
  });
});
