import { describe, expect, it } from 'vitest';
import {
  annualisedSharpe,
  maxDrawdown,
  mean,
  psi,
  sortedQuantile,
  standardDeviation,
} from '../../shared/kernel/statistics.ts';
import reference from '../vectors/statistics.json' with { type: 'json' };

// Reference values computed with numpy and scipy; each carries its own tolerance.
function vector(id: string): {
  inputs: Record<string, number[]>;
  outputs: Record<string, number>;
  tol: number;
} {
  const found = reference.vectors.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no vector ${id}`);
  return found as never;
}

describe('mean and standard deviation', () => {
  it('agree with values worked out by hand', () => {
    expect(mean([2, 4, 4, 4, 5, 5, 7, 9])).toBe(5);
    expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9], 0)).toBe(2);
    expect(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9], 1)).toBe(2.138089935299395);
  });

  it('agree with numpy on the spread of folds (ddof 1)', () => {
    const { inputs, outputs, tol } = vector('perf.walkforward_std');
    for (const name of ['sharpe', 'totalReturn', 'maxDrawdown']) {
      expect(Math.abs(standardDeviation(inputs[name]!, 1) - outputs[`${name}_std`]!)).toBeLessThanOrEqual(
        tol,
      );
    }
  });

  it('are NaN where there is too little to go by', () => {
    expect(mean([])).toBeNaN();
    expect(standardDeviation([], 0)).toBeNaN();
    expect(standardDeviation([3], 1)).toBeNaN();
    expect(standardDeviation([3], 0)).toBe(0);
  });

  it('make the mean of equal values that value and their spread exactly 0', () => {
    const values = Array.from({ length: 7 }, () => 0.1);
    expect(mean(values)).toBe(0.1);
    expect(standardDeviation(values, 1)).toBe(0);
  });
});

describe('annualised Sharpe', () => {
  const { inputs, outputs, tol } = vector('perf.sharpe');
  it.each([
    [365, outputs['ann365']!],
    [243, outputs['ann243']!],
    [252, outputs['ann252']!],
  ] as const)('over %d days a year is %d', (days, expected) => {
    expect(Math.abs(annualisedSharpe(inputs['returns']!, days) - expected)).toBeLessThanOrEqual(tol);
  });

  it('is undefined without spread: no days, one day, or equal returns', () => {
    for (const returns of [[], [0.01], [0.1, 0.1, 0.1], [0, 0, 0]]) {
      expect(annualisedSharpe(returns, 365)).toBeNaN();
    }
  });
});

describe('maximum drawdown', () => {
  it('agrees with numpy, the starting equity included', () => {
    const { inputs, outputs, tol } = vector('perf.max_drawdown');
    const equity = [1];
    for (const r of inputs['returns']!) equity.push(equity.at(-1)! * (1 + r));
    expect(Math.abs(maxDrawdown(equity) - outputs['maxDrawdown']!)).toBeLessThanOrEqual(tol);
  });

  it('counts a fall from the start, and is 0 where equity only rises', () => {
    expect(maxDrawdown([100, 75, 90, 80])).toBe(-0.25);
    expect(maxDrawdown([100, 120, 90, 150])).toBe(-0.25);
    expect(maxDrawdown([100, 101, 102])).toBe(0);
    expect(maxDrawdown([])).toBeNaN();
  });
});

describe('population stability index', () => {
  it('agrees with numpy on bins at the reference deciles', () => {
    const { inputs, outputs, tol } = vector('drift.psi_refdeciles');
    const found = psi(inputs['reference']!, inputs['current']!, inputs['bins'] as never);
    expect(Math.abs(found - outputs['psi']!)).toBeLessThanOrEqual(tol);
  });

  it('agrees with sums worked out by hand', () => {
    const oneToTen = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    // One edge at 5.5: half and half against one quarter and three quarters.
    expect(psi(oneToTen, [6, 7, 8, 1], 2)).toBeCloseTo(0.2746530721670274, 14);
    // An empty bin counts 0.0001: 0.5 ln 2 - 0.4999 ln 0.0002 (Python).
    expect(psi(oneToTen, [6, 7, 8, 9], 2)).toBeCloseTo(4.60431846666895, 14);
    // A value on the edge belongs to the bin above it.
    expect(psi([0, 1, 2], [1, 1, 0], 2)).toBeCloseTo(0, 14);
  });

  it('is 0 against itself, NaN against nothing, and refuses fewer than two bins', () => {
    expect(psi([3, 1, 2, 4], [4, 3, 2, 1], 4)).toBe(0);
    expect(psi([], [1])).toBeNaN();
    expect(psi([1], [])).toBeNaN();
    expect(() => psi([1], [1], 1)).toThrow(/expected a whole number >= 2/);
  });

  it('takes quantiles of type 7', () => {
    expect(sortedQuantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(sortedQuantile([5], 0.9)).toBe(5);
    expect(sortedQuantile([], 0.5)).toBeNaN();
  });
});
