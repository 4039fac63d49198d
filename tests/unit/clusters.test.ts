import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bit } from '../../shared/kernel/codes.ts';
import type { CorporateAction } from '../../shared/market-data/actions.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import { areDue, clustersOf, noClusters } from '../../shared/risk/clusters.ts';
import { barsOf, cut, flat, type Cell } from '../support/bars.ts';
import { DAY_MS } from '../../shared/kernel/time.ts';

/** Returns in whole steps of a thousandth, so that their logarithms are whole multiples of one number. */
type Steps = readonly number[];
const times = (pattern: Steps, count: number): number[] =>
  Array.from({ length: count }, () => pattern).flat();
/** Three series of mean zero of which no two correlate: the sums of their products over four bars are zero. */
const X = times([1, 1, -1, -1], 4);
const Y = times([1, -1, 1, -1], 4);
const W = times([1, -1, -1, 1], 4);
/** 3 X + 4 Y correlates with X by 3/5 and with Y by 4/5. */
const Z = X.map((x, k) => 3 * x + 4 * Y[k]!);
const scaled = (steps: Steps, by: number): number[] => steps.map((step) => step * by);

function pathOf(steps: Steps, from = 100): number[] {
  const path = [from];
  for (const step of steps) {
    let price = path.at(-1)!;
    for (let k = 0; k < Math.abs(step); k++) price = step > 0 ? price * 1.001 : price / 1.001;
    path.push(price);
  }
  return path;
}

/** Daily bars of several paths, one instrument each; null where a bar is absent. */
function barsFrom(paths: readonly (readonly (number | null)[])[]): Bars {
  const rows = paths[0]!.map((_, row) =>
    paths.map((path): Cell | null => (path[row] === null ? null : flat(path[row]!))),
  );
  return barsOf(rows, { barMs: DAY_MS, firstOrdinal: 500 });
}

const UNUSABLE = bit.DATA_MISSING | bit.DATA_SPLIT_SUSPECT;
const rules = (absMin: number, bars = 16) => ({ abs_min: absMin, bars, refresh_bars: 1 });
const groups = (bars: Bars, absMin: number, count = 16): readonly (readonly number[])[] =>
  clustersOf(bars, bars.startMs.length - 1, UNUSABLE, rules(absMin, count)).groups;
const of = (...series: readonly Steps[]): Bars => barsFrom(series.map((steps) => pathOf(steps)));

describe('names that move together', () => {
  it('whatever the size and the sign of their moves', () => {
    expect(groups(of(X, scaled(X, 2), Y, scaled(X, -3), W), 0.999)).toEqual([[0, 1, 3]]);
  });

  it('correlate by 3/5 and 4/5 as they were made', () => {
    for (const third of [Z, scaled(Z, -1)]) {
      const bars = of(X, Y, third);
      expect(groups(bars, 0.81)).toEqual([]);
      expect(groups(bars, 0.79)).toEqual([[1, 2]]);
      expect(groups(bars, 0.61)).toEqual([[1, 2]]);
      // A chain of pairs is one group, though its ends do not correlate at all.
      expect(groups(bars, 0.59)).toEqual([[0, 1, 2]]);
    }
  });

  it('in several groups, each ascending, in the order of their first', () => {
    const bars = of(W, X, Y, scaled(W, 2), scaled(Y, -1), scaled(X, 5));
    expect(groups(bars, 0.9)).toEqual([
      [0, 3],
      [1, 5],
      [2, 4],
    ]);
  });

  it('over exactly the bars asked for: what came before does not count', () => {
    // Eight bars apart, then eight together.
    const bars = of([...X.slice(0, 8), ...Y.slice(0, 8)], [...W.slice(0, 8), ...Y.slice(0, 8)]);
    expect(groups(bars, 0.99, 8)).toEqual([[0, 1]]);
    // Over sixteen they share half of their moves.
    expect(groups(bars, 0.51)).toEqual([]);
    expect(groups(bars, 0.49)).toEqual([[0, 1]]);
  });

  it('says at which bar and in which session', () => {
    const bars = of(X, Y);
    expect(clustersOf(bars, 16, UNUSABLE, rules(0.9))).toEqual({ ordinal: 516, day: 19_739, groups: [] });
  });
});

describe('returns that are not there', () => {
  const path = pathOf(X);
  const from = (row: number): (number | null)[] => path.map((price, k) => (k < row ? null : price));

  it('count as the mean: eight of sixteen alike correlate by the root of a half', () => {
    // Closes from row 8 on give the returns of rows 9 to 16.
    const bars = barsFrom([path, from(8)]);
    expect(groups(bars, 0.7)).toEqual([[0, 1]]);
    expect(groups(bars, 0.71)).toEqual([]);
  });

  it('are too many where they are more than half', () => {
    expect(groups(barsFrom([path, from(9)]), 0.1)).toEqual([]);
  });

  it('are those without a valid close on both sides', () => {
    // One absent close takes two returns away: six of eight are left of a window of eight.
    const holed = path.map((price, k) => (k === 12 ? null : price));
    expect(groups(barsFrom([path, holed]), 0.86, 8)).toEqual([[0, 1]]);
    expect(groups(barsFrom([path, holed]), 0.87, 8)).toEqual([]);
  });

  it('are none that move: a flat name stands alone', () => {
    const still = path.map(() => 100);
    expect(groups(barsFrom([path, still, still]), 0.01)).toEqual([]);
  });

  it('are those of a bar that is void for the market', () => {
    const wild = path.map((price, k) => (k === 10 ? price * 3 : price));
    const bars = barsFrom([path, wild]);
    expect(groups(bars, 0.5)).toEqual([]);
    bars.flags[10 * 2 + 1]! |= bit.DATA_SPLIT_SUSPECT;
    // 14 of 16 are left: the root of 14/16 is 0.935.
    expect(groups(bars, 0.93)).toEqual([[0, 1]]);
    expect(clustersOf(bars, 16, 0, rules(0.5)).groups).toEqual([]);
  });
});

describe('a corporate action inside the window', () => {
  const path = pathOf(X);
  const action = (more: Partial<CorporateAction>): CorporateAction => ({
    ...{ instrument: 1, ordinal: 509, exDay: 19_732, kind: 'split', ratio: 2, amount: 0, payDay: null },
    source: 'made up for a test',
    ...more,
  });
  const withActions = (bars: Bars, ...actions: CorporateAction[]): Bars => ({ ...bars, actions });
  const split = barsFrom([path, path.map((price, k) => (k < 9 ? price : price / 2))]);

  it('a split is no move', () => {
    expect(groups(split, 0.5)).toEqual([]);
    expect(groups(withActions(split, action({})), 0.999999)).toEqual([[0, 1]]);
  });

  it('nor is a dividend', () => {
    const paid = barsFrom([path, path.map((price, k) => (k < 9 ? price : price - 50))]);
    const dividend = action({ kind: 'dividend', ratio: 1, amount: 50 });
    expect(groups(paid, 0.9)).toEqual([]);
    // The moves after it are twice as large in a share at half the price; they go the same way.
    expect(groups(withActions(paid, dividend), 0.94)).toEqual([[0, 1]]);
  });

  it('seen late, it explains its own day from when it was seen, and not before', () => {
    // The newest row is 16, ordinal 516.
    expect(groups(withActions(split, action({ ordinal: 516 })), 0.999999)).toEqual([[0, 1]]);
    expect(groups(withActions(split, action({ ordinal: 517 })), 0.5)).toEqual([]);
  });
});

describe('the same bars give the same groups', () => {
  it('from a longer window', () => {
    const early = [5, -3, 2, 7, -1, 4, -6, 2, 3];
    const bars = of(
      [...early, ...X],
      [...scaled(early, -2), ...Z],
      [...Y.slice(0, 9), ...scaled(Z, 2)],
      [...early, ...W],
    );
    const whole = clustersOf(bars, 25, UNUSABLE, rules(0.55));
    expect(whole.groups).toEqual([[0, 1, 2]]);
    for (const start of [1, 4, 9])
      expect(clustersOf(cut(bars, start, 26), 25 - start, UNUSABLE, rules(0.55))).toEqual(whole);
  });

  it('property: as Pearson says of every pair, told by sums of squares and products', () => {
    const series = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 21, maxLength: 21 });
    fc.assert(
      fc.property(
        fc.array(series, { minLength: 2, maxLength: 6 }),
        fc.constantFrom(0.2, 0.4, 0.6),
        fc.constantFrom(10, 16, 21),
        (all, absMin, bars) => {
          const edges = pairsOf(all, absMin, bars);
          fc.pre(edges !== undefined);
          expect(groups(of(...all), absMin, bars)).toEqual(connected(all.length, edges!));
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Pairs whose coefficient reaches the minimum; undefined where one is so close that rounding decides. */
function pairsOf(all: readonly Steps[], absMin: number, bars: number): [number, number][] | undefined {
  const edges: [number, number][] = [];
  for (let i = 0; i < all.length; i++) {
    for (let j = i + 1; j < all.length; j++) {
      const [a, b] = [all[i]!.slice(-bars), all[j]!.slice(-bars)];
      const sum = (of: (k: number) => number): number => a.reduce((total, _, k) => total + of(k), 0);
      const [sa, sb] = [sum((k) => a[k]!), sum((k) => b[k]!)];
      const covariance = bars * sum((k) => a[k]! * b[k]!) - sa * sb;
      const variances =
        (bars * sum((k) => a[k]! * a[k]!) - sa * sa) * (bars * sum((k) => b[k]! * b[k]!) - sb * sb);
      if (variances === 0) return undefined;
      const coefficient = Math.abs(covariance) / Math.sqrt(variances);
      if (Math.abs(coefficient - absMin) < 1e-6) return undefined;
      if (coefficient > absMin) edges.push([i, j]);
    }
  }
  return edges;
}

/** Connected groups by walking from each name to whoever it knows. */
function connected(count: number, edges: readonly [number, number][]): number[][] {
  const seen = new Set<number>();
  const found: number[][] = [];
  for (let start = 0; start < count; start++) {
    if (seen.has(start)) continue;
    const group = new Set([start]);
    for (const one of group)
      for (const [a, b] of edges) {
        if (a === one) group.add(b);
        if (b === one) group.add(a);
      }
    for (const one of group) seen.add(one);
    if (group.size > 1) found.push([...group].sort((a, b) => a - b));
  }
  return found;
}

describe('when clusters are due', () => {
  const known = { ordinal: 100, day: 20, groups: [] };
  const every = { abs_min: 0.9, bars: 60, refresh_bars: 5 };
  it.each([
    ['at the very first bar', noClusters, 3, 1, true],
    ['in the same session', known, 190, 20, false],
    ['in the next session, too soon', known, 104, 21, false],
    ['in the next session, late enough', known, 105, 21, true],
    ['long after', known, 500, 90, true],
  ] as const)('%s', (_, clusters, now, today, due) => {
    expect(areDue(clusters, now, today, every)).toBe(due);
  });
});
