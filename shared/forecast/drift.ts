import { binOf, psiOfProportions, sortedQuantile } from '../kernel/statistics.ts';
import type { Features } from './features.ts';

/** Features whose distribution is watched, and where each lies among the features. */
export const DRIFT_FEATURES = [
  'momentum_short',
  'momentum_middle',
  'momentum_long',
  'trend',
  'relative_volume',
] as const;
const BINS = 10;

/** Decile edges of each feature over the reference bars, and the shares of the reference between them. */
export type DriftReference = readonly {
  readonly edges: readonly number[];
  readonly shares: readonly number[];
}[];

/** Counts of the forward window per feature and decile, pooled over instruments, and which were ever RED. */
export interface Drift {
  counts: number[][];
  /** 1 where the feature was evaluated on some day, and where it was RED on one. */
  evaluated: number[];
  red: number[];
}

export const openDrift = (): Drift => ({
  counts: DRIFT_FEATURES.map(() => new Array<number>(BINS).fill(0)),
  evaluated: DRIFT_FEATURES.map(() => 0),
  red: DRIFT_FEATURES.map(() => 0),
});

export const copyDrift = (drift: Drift): Drift => ({
  counts: drift.counts.map((row) => [...row]),
  evaluated: [...drift.evaluated],
  red: [...drift.red],
});

const columnsOf = (features: Features): readonly Float64Array[] => [
  ...features.momentum,
  features.trend,
  features.relativeVolume,
];

/** Collects the ready values of one bar into samples per feature: how a reference is made. */
export function collectDrift(samples: number[][], features: Features): void {
  columnsOf(features).forEach((column, feature) => {
    for (let i = 0; i < column.length; i++) if (features.ready[i] === 1) samples[feature]!.push(column[i]!);
  });
}

/** Cuts the samples of each feature at their deciles. No edges where there are under 100 samples. */
export const driftReference = (samples: readonly (readonly number[])[]): DriftReference =>
  samples.map((values) => {
    if (values.length < 10 * BINS) return { edges: [], shares: [] };
    const sorted = Float64Array.from(values).sort();
    const edges = Array.from({ length: BINS - 1 }, (_, k) => sortedQuantile(sorted, (k + 1) / BINS));
    const counts = new Array<number>(BINS).fill(0);
    for (const value of values) counts[binOf(value, edges)]!++;
    return { edges, shares: counts.map((count) => count / values.length) };
  });

/** One bar's ready values, counted into the deciles of the reference: a row a feature. */
export function driftCounts(features: Features, reference: DriftReference): number[][] {
  return columnsOf(features).map((column, feature) => {
    const { edges } = reference[feature]!;
    const counts = new Array<number>(BINS).fill(0);
    if (edges.length === 0) return counts;
    for (let i = 0; i < column.length; i++) if (features.ready[i] === 1) counts[binOf(column[i]!, edges)]!++;
    return counts;
  });
}

/** Adds one bar's counts to the window's. */
export function addDrift(drift: Drift, counts: readonly (readonly number[])[]): void {
  counts.forEach((row, feature) => row.forEach((count, bin) => (drift.counts[feature]![bin]! += count)));
}

/** One feature's drift on one day. `psi` is NaN where it is UNDERPOWERED. */
export interface DriftRow {
  readonly feature: (typeof DRIFT_FEATURES)[number];
  readonly rows: number;
  readonly psi: number;
  readonly level: 'GREEN' | 'RED' | 'UNDERPOWERED';
}

/** Judges the window so far and remembers what was evaluated and what was RED. */
export function judgeDrift(
  drift: Drift,
  reference: DriftReference,
  rowsMin: number,
  psiRed: number,
): DriftRow[] {
  return DRIFT_FEATURES.map((feature, k) => {
    const counts = drift.counts[k]!;
    const rows = counts.reduce((sum, count) => sum + count, 0);
    const { shares } = reference[k]!;
    if (rows < rowsMin || shares.length === 0) return { feature, rows, psi: NaN, level: 'UNDERPOWERED' };
    const value = psiOfProportions(
      shares,
      counts.map((count) => count / rows),
    );
    const level = value > psiRed ? 'RED' : 'GREEN';
    drift.evaluated[k] = 1;
    if (level === 'RED') drift.red[k] = 1;
    return { feature, rows, psi: value, level };
  });
}
