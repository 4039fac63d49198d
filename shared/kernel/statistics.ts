import { log } from './math.ts';

/** Days that a year of daily returns holds: every UTC day, or the sessions of the market (definition 19). */
export type DaysPerYear = 365 | 243 | 252;

/**
 * Arithmetic mean; NaN of nothing. Deviations from the first value are summed, so a series of equal values has
 * exactly that value as its mean, and its standard deviation is exactly 0.
 */
export function mean(values: ArrayLike<number>): number {
  const n = values.length;
  if (n === 0) return NaN;
  const first = values[0]!;
  let sum = 0;
  for (let i = 1; i < n; i++) sum += values[i]! - first;
  return first + sum / n;
}

/**
 * Standard deviation with `ddof` degrees of freedom taken off (1 for a sample, 0 for a population).
 * NaN where fewer than ddof + 1 values are given.
 */
export function standardDeviation(values: ArrayLike<number>, ddof: 0 | 1): number {
  const n = values.length;
  if (n <= ddof) return NaN;
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const deviation = values[i]! - centre;
    sum += deviation * deviation;
  }
  return Math.sqrt(sum / (n - ddof));
}

/**
 * Annualised Sharpe ratio of daily net returns, zero days included: mean / standard deviation (ddof 1) times
 * sqrt(days a year), no risk-free rate (definition 19).
 * NaN where fewer than two days are given or all returns are equal: the ratio is undefined, not infinite.
 */
export function annualisedSharpe(dailyReturns: ArrayLike<number>, daysPerYear: DaysPerYear): number {
  const deviation = standardDeviation(dailyReturns, 1);
  if (!(deviation > 0)) return NaN;
  return (mean(dailyReturns) / deviation) * Math.sqrt(daysPerYear);
}

/**
 * The deepest fall from a running maximum, min(equity / maximum so far - 1), 0 or negative. The starting equity
 * comes first in the series (definition 12). NaN of nothing.
 */
export function maxDrawdown(equity: ArrayLike<number>): number {
  if (equity.length === 0) return NaN;
  let highest = equity[0]!;
  let deepest = 0;
  for (let i = 1; i < equity.length; i++) {
    const value = equity[i]!;
    if (value > highest) highest = value;
    deepest = Math.min(deepest, value / highest - 1);
  }
  return deepest;
}

/**
 * Quantile of values sorted ascending, type 7 of Hyndman and Fan (1996): linear between order statistics at
 * (n - 1) * fraction. NaN of nothing.
 */
export function sortedQuantile(sorted: ArrayLike<number>, fraction: number): number {
  const position = (sorted.length - 1) * fraction;
  const below = Math.floor(position);
  const low = sorted[below];
  const high = sorted[Math.min(below + 1, sorted.length - 1)];
  return low === undefined || high === undefined ? NaN : low + (high - low) * (position - below);
}

/** The least proportion of a bin in `psi`, so that an empty bin has a logarithm. */
const PROPORTION_MIN = 1e-4;

/**
 * Population stability index: the sum over bins of (q - p) ln(q / p), p and q being the proportions of reference
 * and current. Bins are cut at the quantiles (type 7) of the reference, open at both ends; a value belongs to the
 * bin numbered by how many edges are <= it; proportions are floored at 0.0001 and not renormalised.
 * NaN where either side is empty. @throws RangeError where `bins` is no whole number of at least 2.
 */
export function psi(reference: ArrayLike<number>, current: ArrayLike<number>, bins = 10): number {
  if (!Number.isInteger(bins) || bins < 2)
    throw new RangeError(`psi: ${bins} bins; expected a whole number >= 2`);
  if (reference.length === 0 || current.length === 0) return NaN;
  const sorted = Float64Array.from(reference).sort();
  const edges = Array.from({ length: bins - 1 }, (_, i) => sortedQuantile(sorted, (i + 1) / bins));
  const p = binCounts(reference, edges);
  const q = binCounts(current, edges);
  const shares = (counts: Uint32Array, total: number): number[] =>
    Array.from(counts, (count) => count / total);
  return psiOfProportions(shares(p, reference.length), shares(q, current.length));
}

/** The index of proportions already counted, bin by bin; each floored at 0.0001. */
export function psiOfProportions(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  let sum = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    const before = Math.max(reference[bin]!, PROPORTION_MIN);
    const after = Math.max(current[bin]!, PROPORTION_MIN);
    sum += (after - before) * log(after / before);
  }
  return sum;
}

/** The bin of a value: how many of the ascending edges are <= it. */
export function binOf(value: number, edges: readonly number[]): number {
  let bin = 0;
  while (bin < edges.length && edges[bin]! <= value) bin++;
  return bin;
}

/** How many values fall in each bin; `edges` ascend. */
function binCounts(values: ArrayLike<number>, edges: readonly number[]): Uint32Array {
  const counts = new Uint32Array(edges.length + 1);
  for (let i = 0; i < values.length; i++) counts[binOf(values[i]!, edges)]!++;
  return counts;
}

/**
 * Rank correlation of Spearman: Pearson's correlation of the ranks, values that tie sharing the average of theirs,
 * in -1 to 1. NaN where fewer than 3 pairs are given, a side is constant, or a value is NaN.
 * @throws RangeError where the sides differ in length.
 */
export function spearman(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length)
    throw new RangeError(`spearman: ${a.length} values against ${b.length}; expected pairs`);
  if (a.length < 3) return NaN;
  const x = rankDeviations(a);
  const y = rankDeviations(b);
  let product = 0;
  let ofX = 0;
  let ofY = 0;
  for (let i = 0; i < x.length; i++) {
    product += x[i]! * y[i]!;
    ofX += x[i]! * x[i]!;
    ofY += y[i]! * y[i]!;
  }
  return product / Math.sqrt(ofX * ofY);
}

/** Twice each value's rank less twice the mean rank: whole numbers, ties averaged, so that sums of them are exact. */
function rankDeviations(values: ArrayLike<number>): Float64Array {
  const n = values.length;
  const deviations = new Float64Array(n);
  for (let i = 0; i < n; i++) if (Number.isNaN(values[i])) return deviations.fill(NaN);
  const order = Array.from({ length: n }, (_, i) => i).sort((i, k) => values[i]! - values[k]!);
  for (let first = 0; first < n;) {
    let last = first;
    while (last + 1 < n && values[order[last + 1]!] === values[order[first]!]) last++;
    // Ranks first + 1 .. last + 1 average to (first + last) / 2 + 1; the mean of all is (n + 1) / 2.
    for (let k = first; k <= last; k++) deviations[order[k]!] = first + last + 1 - n;
    first = last + 1;
  }
  return deviations;
}
