import { describe, expect, it } from 'vitest';
import { gradeHealth } from '../../shared/forecast/health.ts';

const limits = {
  samples_min: 200,
  brier_yellow: 0.26,
  brier_red: 0.3,
  coverage_yellow: [0.7, 0.93] as [number, number],
  coverage_red: [0.55, 0.985] as [number, number],
};

describe('the grade of a health record', () => {
  it.each([
    // samples, Brier, coverage; grade and codes
    [200, 0.24, 0.8, 'A', []],
    [200, 0.25, 0.8, 'B', []],
    [200, 0.26, 0.7, 'B', []],
    [200, 0.2601, 0.8, 'C', ['MODEL_BRIER']],
    [200, 0.24, 0.69, 'C', ['MODEL_COVERAGE']],
    [200, 0.24, 0.94, 'C', ['MODEL_COVERAGE']],
    [200, 0.3, 0.55, 'C', ['MODEL_BRIER', 'MODEL_COVERAGE']],
    [200, 0.3001, 0.8, 'D', ['MODEL_BRIER']],
    [200, 0.24, 0.5499, 'D', ['MODEL_COVERAGE']],
    [200, 0.24, 0.99, 'D', ['MODEL_COVERAGE']],
    [199, 0.1, 0.8, 'D', ['MODEL_UNDERPOWERED']],
    [0, NaN, NaN, 'D', ['MODEL_UNDERPOWERED', 'MODEL_BRIER', 'MODEL_COVERAGE']],
    [NaN, 0.1, 0.8, 'D', ['MODEL_UNDERPOWERED']],
  ] as const)('%d samples, Brier %d, coverage %d: %s', (samples, brier, coverage, grade, codes) => {
    expect(gradeHealth(samples, brier, coverage, limits)).toMatchObject({ grade, codes, source: 'oos' });
  });

  it('what could not be computed is written as 0', () => {
    expect(gradeHealth(0, NaN, NaN, limits)).toMatchObject({ samples: 0, brier: 0, coverage: 0 });
  });
});
