import { describe, expect, it } from 'vitest';
import {
  addDrift,
  collectDrift,
  copyDrift,
  DRIFT_FEATURES,
  driftCounts,
  driftReference,
  judgeDrift,
  openDrift,
} from '../../shared/forecast/drift.ts';
import type { Features } from '../../shared/forecast/features.ts';

/** A bar on which every watched feature of each instrument has the value; NaN is not ready. */
function featuresOf(...values: readonly number[]): Features {
  const column = (): Float64Array =>
    Float64Array.from(values, (value) => (Number.isNaN(value) ? 1e9 : value));
  return {
    ready: Float64Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1)),
    sigma: column(),
    momentum: [column(), column(), column()],
    trend: column(),
    averageNotional: column(),
    relativeVolume: column(),
    relativeMove: column(),
  };
}
const hundred = Array.from({ length: 100 }, (_, k) => k + 1);
const samples = (): number[][] => DRIFT_FEATURES.map(() => []);
/** The reference of 1 to 100: edges at 10.9, 20.8, ..., 90.1, ten in each. */
const reference = driftReference(DRIFT_FEATURES.map(() => hundred));
const counted = (...values: readonly number[]) => {
  const drift = openDrift();
  addDrift(drift, driftCounts(featuresOf(...values), reference));
  return drift;
};

describe('the reference', () => {
  it('is cut at its deciles', () => {
    const { edges, shares } = reference[0]!;
    expect(edges).toHaveLength(9);
    expect(edges[0]).toBeCloseTo(10.9, 10); // 1 + 99 * 0.1
    expect(edges[8]).toBeCloseTo(90.1, 10);
    expect(shares).toEqual(new Array(10).fill(0.1));
  });

  it('needs a hundred ready values', () => {
    const into = samples();
    collectDrift(into, featuresOf(...hundred.slice(1), NaN));
    expect(into[0]).toHaveLength(99);
    expect(driftReference(into)[0]).toEqual({ edges: [], shares: [] });
  });
});

describe('counting and judging', () => {
  it('a value on an edge belongs above it; what is not ready is not counted', () => {
    const [, row] = driftCounts(featuresOf(1, 10.8, 11, 95, 1e6, -1e6, NaN), reference);
    expect(row).toEqual([3, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
  });

  it('the same distribution has an index of zero', () => {
    const drift = counted(...hundred);
    expect(judgeDrift(drift, reference, 100, 0.2)[0]).toEqual({
      feature: 'momentum_short',
      rows: 100,
      psi: 0,
      level: 'GREEN',
    });
    expect([drift.evaluated, drift.red]).toEqual([
      [1, 1, 1, 1, 1],
      [0, 0, 0, 0, 0],
    ]);
  });

  it('by hand: 19 of a hundred in the first decile, 9 in each other', () => {
    // 0.09 ln 1.9 + 9 * (-0.01) ln 0.9 = 0.05777 + 0.00948
    const values = [
      ...new Array<number>(19).fill(5),
      ...[15, 25, 35, 45, 55, 65, 75, 85, 95].flatMap((v) => new Array<number>(9).fill(v)),
    ];
    expect(judgeDrift(counted(...values), reference, 100, 0.2)[0]!.psi).toBeCloseTo(0.0672493, 6);
    expect(judgeDrift(counted(...values), reference, 100, 0.06)[0]!.level).toBe('RED');
  });

  it('by hand: all in one decile, the empty ones floored at 0.0001', () => {
    // 0.9 ln 10 + 9 * (0.0001 - 0.1) ln 0.001 = 2.07233 + 6.21076
    const [row] = judgeDrift(counted(...new Array<number>(100).fill(95)), reference, 100, 0.2);
    expect(row!.psi).toBeCloseTo(8.283089, 5);
    expect(row!.level).toBe('RED');
  });

  it('RED once is RED for good, though the pool heals', () => {
    const drift = counted(...new Array<number>(100).fill(95));
    judgeDrift(drift, reference, 100, 0.2);
    for (let k = 0; k < 100; k++) addDrift(drift, driftCounts(featuresOf(...hundred), reference));
    expect(judgeDrift(drift, reference, 100, 0.2)[0]!.level).toBe('GREEN');
    expect(drift.red).toEqual([1, 1, 1, 1, 1]);
  });

  it('too few rows, or no reference: underpowered, and not evaluated', () => {
    const drift = counted(...hundred.slice(1));
    expect(judgeDrift(drift, reference, 100, 0.2)[0]).toEqual({
      feature: 'momentum_short',
      rows: 99,
      psi: NaN,
      level: 'UNDERPOWERED',
    });
    const none = driftReference(samples());
    const unknown = openDrift();
    addDrift(unknown, driftCounts(featuresOf(...hundred), none));
    expect(judgeDrift(unknown, none, 0, 0.2)[0]).toMatchObject({ level: 'UNDERPOWERED', rows: 0 });
    expect(unknown.evaluated).toEqual([0, 0, 0, 0, 0]);
    expect(drift.evaluated).toEqual([0, 0, 0, 0, 0]);
  });

  it('a copy shares nothing', () => {
    const drift = openDrift();
    const copy = copyDrift(drift);
    addDrift(drift, driftCounts(featuresOf(...hundred), reference));
    judgeDrift(drift, reference, 1, 0);
    expect(copy).toEqual(openDrift());
  });
});
