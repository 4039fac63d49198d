import { log } from '../kernel/math.ts';
import { actionsWithin } from '../market-data/actions.ts';
import type { Bars } from '../market-data/bars.ts';
import { afterEffect, effectsOf } from '../market-data/effects.ts';

/** Instruments that move together: groups of two or more, each ascending, in the order of their first. */
export interface Clusters {
  /** Bar and session that they were worked out at; -1 before the first. */
  readonly ordinal: number;
  readonly day: number;
  readonly groups: readonly (readonly number[])[];
}

export const noClusters: Clusters = { ordinal: -1, day: -1, groups: [] };

/** When names count as one, over how many bars, and how many bars lie between two reckonings at least. */
export interface ClusterRules {
  readonly abs_min: number;
  readonly bars: number;
  readonly refresh_bars: number;
}

/** Whether clusters are to be worked out anew: in another session, and after so many bars at least. */
export const areDue = (
  { ordinal, day }: Clusters,
  now: number,
  today: number,
  rules: ClusterRules,
): boolean => ordinal < 0 || (today !== day && now - ordinal >= rules.refresh_bars);

/**
 * Groups the instruments whose log returns correlate by at least `abs_min`, either way, over the `bars` rows that end
 * with `row`: connected ones, so that a chain of pairs is one group. Pearson's coefficient; a return without two valid
 * closes counts as the mean, and an instrument with fewer than half of them stands alone.
 */
export function clustersOf(matrix: Bars, row: number, unusable: number, rules: ClusterRules): Clusters {
  const n = matrix.instruments.length;
  const series = standardised(matrix, row, unusable, rules.bars);
  const parent = Int32Array.from({ length: n }, (_, i) => i);
  const rootOf = (i: number): number => {
    let at = i;
    while (parent[at] !== at) at = parent[at]!;
    return at;
  };
  for (let i = 0; i < n; i++) {
    if (series.alone[i] === 1) continue;
    for (let j = i + 1; j < n; j++) {
      if (series.alone[j] === 1 || !together(series, i, j, rules.abs_min)) continue;
      const [a, b] = [rootOf(i), rootOf(j)];
      // The smaller index leads, so that the order of the pairs does not matter.
      parent[Math.max(a, b)] = Math.min(a, b);
    }
  }
  const members = new Map<number, number[]>();
  for (let i = 0; i < n; i++) {
    const root = rootOf(i);
    const group = members.get(root);
    if (group === undefined) members.set(root, [i]);
    else group.push(i);
  }
  const groups = [...members.values()].filter((one) => one.length > 1);
  return { ordinal: matrix.firstOrdinal + row, day: matrix.sessionDay[row]!, groups };
}

/** Returns of every instrument as unit vectors, one after the other, and how much of each lies behind every block. */
interface Series {
  readonly bars: number;
  readonly units: Float64Array;
  readonly blocks: number;
  /** Length of a vector from a block on, by instrument. */
  readonly tails: Float64Array;
  readonly alone: Uint8Array;
}

/** Bars between two looks at whether a pair can still correlate enough. */
const BLOCK_BARS = 4;

function standardised(matrix: Bars, row: number, unusable: number, bars: number): Series {
  const n = matrix.instruments.length;
  // An action that was seen later explains nothing yet.
  const known = actionsWithin(matrix.actions, -Infinity, matrix.firstOrdinal + row + 1);
  const { onPrice } = effectsOf({ ...matrix, actions: known });
  const blocks = Math.ceil(bars / BLOCK_BARS);
  const returns = new Float64Array(n * bars);
  const alone = new Uint8Array(n);
  const energy = new Float64Array(bars);
  for (let i = 0; i < n; i++) {
    const own = onPrice.get(i);
    const vector = returns.subarray(i * bars, (i + 1) * bars);
    for (let k = 0; k < bars; k++) {
      const at = row - bars + 1 + k;
      const cell = at * n + i;
      const valid = at >= 1 && ((matrix.flags[cell]! | matrix.flags[cell - n]!) & unusable) === 0;
      const before = valid ? afterEffect(matrix.close[cell - n]!, own?.get(at)) : NaN;
      vector[k] = valid ? log(matrix.close[cell]! / before) : NaN;
    }
    alone[i] = toUnit(vector) ? 0 : 1;
    if (alone[i] === 0) for (let k = 0; k < bars; k++) energy[k]! += vector[k]! * vector[k]!;
  }
  // Bars in which most moved come first: what is left behind them is small, and most pairs are told apart at once.
  const order = Int32Array.from({ length: bars }, (_, k) => k).sort(
    (a, b) => energy[b]! - energy[a]! || a - b,
  );
  const units = new Float64Array(n * bars);
  const tails = new Float64Array(n * (blocks + 1));
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < bars; k++) units[i * bars + k] = returns[i * bars + order[k]!]!;
    let squares = 0;
    for (let k = bars - 1; k >= 0; k--) {
      squares += units[i * bars + k]! * units[i * bars + k]!;
      if (k % BLOCK_BARS === 0) tails[i * (blocks + 1) + k / BLOCK_BARS] = Math.sqrt(squares);
    }
  }
  return { bars, units, blocks, tails, alone };
}

/** Takes the mean off in place and scales to length 1; false where too few are valid or nothing moves. */
function toUnit(vector: Float64Array): boolean {
  let [count, sum] = [0, 0];
  for (const value of vector) {
    if (value !== value) continue;
    count++;
    sum += value;
  }
  if (count * 2 < vector.length) return false;
  let squares = 0;
  for (let k = 0; k < vector.length; k++) {
    const value = vector[k]!;
    vector[k] = value !== value ? 0 : value - sum / count;
    squares += vector[k]! * vector[k]!;
  }
  if (!(squares > 0)) return false;
  const length = Math.sqrt(squares);
  for (let k = 0; k < vector.length; k++) vector[k]! /= length;
  return true;
}

/**
 * Whether two unit vectors correlate by at least so much, either way. What is left of a pair can add at most the
 * product of its tails: most pairs are told apart after a few blocks.
 */
function together({ bars, units, blocks, tails }: Series, i: number, j: number, absMin: number): boolean {
  // Plain indices: this is the one loop that is quadratic in the universe.
  let a = i * bars;
  let b = j * bars;
  let tailA = i * (blocks + 1);
  let tailB = j * (blocks + 1);
  const end = a + bars;
  let product = 0;
  while (a < end) {
    const to = Math.min(end, a + BLOCK_BARS);
    for (; a < to; a++, b++) product += units[a]! * units[b]!;
    const rest = tails[++tailA]! * tails[++tailB]!;
    if (product + rest < absMin && rest - product < absMin) return false;
  }
  return product >= absMin || -product >= absMin;
}
