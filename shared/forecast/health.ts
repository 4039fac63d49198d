import type { PolicyConfig } from '../config/policy-schema.ts';
import type { Code } from '../kernel/codes.ts';

export type HealthGrade = 'A' | 'B' | 'C' | 'D';

/** What is known of a model's past answers, frozen with the release: a walk-forward before the first tick. */
export interface HealthRecord {
  readonly source: 'oos';
  readonly samples: number;
  /** Mean squared difference of p_up and what happened; 0.25 is a coin. */
  readonly brier: number;
  /** Share of outcomes between q10 and q90; nominal 0.8. */
  readonly coverage: number;
  readonly grade: HealthGrade;
  readonly codes: readonly Code[];
}

/**
 * Grades a record: D where a limit is RED or there are too few outcomes, C where one is YELLOW, B where the model is
 * no better than a coin, else A. D blocks, since a model that cannot be judged is no model to trade on.
 */
export function gradeHealth(
  samples: number,
  brier: number,
  coverage: number,
  config: PolicyConfig['health'],
): HealthRecord {
  const outside = ([low, high]: readonly [number, number]): boolean => !(coverage >= low && coverage <= high);
  const codes: Code[] = [];
  if (!(samples >= config.samples_min)) codes.push('MODEL_UNDERPOWERED');
  if (!(brier <= config.brier_red)) codes.push('MODEL_BRIER');
  if (outside(config.coverage_red)) codes.push('MODEL_COVERAGE');
  const base = { source: 'oos', samples, brier: finite(brier), coverage: finite(coverage) } as const;
  if (codes.length > 0) return { ...base, grade: 'D', codes };
  if (brier > config.brier_yellow) codes.push('MODEL_BRIER');
  if (outside(config.coverage_yellow)) codes.push('MODEL_COVERAGE');
  if (codes.length > 0) return { ...base, grade: 'C', codes };
  return { ...base, grade: brier < 0.25 ? 'A' : 'B', codes };
}

/** A record must be JSON: what could not be computed for want of samples is 0, and MODEL_UNDERPOWERED says so. */
const finite = (value: number): number => (Number.isFinite(value) ? value : 0);
