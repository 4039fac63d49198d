import { describe, expect, it } from 'vitest';
import { spearman } from '../../shared/kernel/statistics.ts';

describe('rank correlation of Spearman', () => {
  it('without ties is 1 - 6 sum(d^2) / (n (n^2 - 1))', () => {
    // Ranks of b against 1, 2, 3: d = -2, 1, 1; 1 - 6 * 6 / (3 * 8).
    expect(spearman([1, 2, 3], [3, 1, 2])).toBe(-0.5);
    // Scores against hours: sum(d^2) = 194 over ten pairs, 1 - 6 * 194 / 990 = -29 / 165.
    const scores = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110];
    const hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17];
    expect(spearman(scores, hours)).toBeCloseTo(-0.17575757575757575, 15);
  });

  it('gives values that tie the average of their ranks', () => {
    // Ranks 1, 2.5, 2.5, 4, 5 against 2, 1, 4, 4, 4: 5.5 / sqrt(9.5 * 8).
    expect(spearman([1, 2, 2, 3, 5], [2, 1, 4, 4, 4])).toBeCloseTo(0.6308932681440448, 15);
    // Exact fractions in Python: three ties on one side, pairs that tie on both.
    const a = [3.5, -1, 0, 0, 0, 12, 7, 7];
    const b = [1, -2, 4, 4, 0.5, 9, 8, 3];
    expect(spearman(a, b)).toBeCloseTo(0.7039183129504446, 15);
  });

  it('sees order alone, whatever the distances, and is exactly 1 or -1 at the ends', () => {
    expect(spearman([1, 2, 3, 4], [-10, 0, 0.001, 1e300])).toBe(1);
    expect(spearman([1, 2, 3, 4], [Infinity, 5, -5, -Infinity])).toBe(-1);
    expect(spearman([1, 1, 2], [5, 5, 9])).toBe(1);
    // Numbers, not texts: 10 ranks above 9.
    expect(spearman([8, 9, 10], [1, 2, 3])).toBe(1);
  });

  it('is the same from columns, and leaves them as they are', () => {
    const a = Float64Array.of(3, 1, 2);
    expect(spearman(a, Float64Array.of(1, 2, 3))).toBe(-0.5);
    expect([...a]).toEqual([3, 1, 2]);
  });

  it('is NaN where a side is constant, a value is NaN, or fewer than three pairs are given', () => {
    expect(spearman([1, 2, 3], [7, 7, 7])).toBeNaN();
    expect(spearman([7, 7, 7], [1, 2, 3])).toBeNaN();
    expect(spearman([1, 2, NaN], [1, 2, 3])).toBeNaN();
    expect(spearman([1, 2, 3, 4], [1, NaN, 2, 3])).toBeNaN();
    expect(spearman([1, 2], [1, 2])).toBeNaN();
    expect(spearman([], [])).toBeNaN();
  });

  it('refuses sides of different lengths', () => {
    expect(() => spearman([1, 2, 3], [1, 2])).toThrow(/3 values against 2; expected pairs/);
  });
});
