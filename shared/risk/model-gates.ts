import type { Level } from '../config/market-schema.ts';
import type { HealthGrade, HealthRecord } from '../forecast/health.ts';
import { row, type GateRow } from './gate-row.ts';

const LEVELS: Readonly<Record<HealthGrade, Level>> = { A: 'GREEN', B: 'GREEN', C: 'YELLOW', D: 'RED' };

/** Brier score of a coin: what a health record's is held against. */
const COIN = 0.25;

/** A row a code of the health record; one for the grade where it has none. */
export function modelRows(health: HealthRecord): GateRow[] {
  const level = LEVELS[health.grade];
  const figure = { MODEL_COVERAGE: health.coverage, MODEL_UNDERPOWERED: health.samples } as const;
  const codes =
    level === 'GREEN' || health.codes.length > 0 ? health.codes : (['MODEL_UNAVAILABLE'] as const);
  if (codes.length === 0) return [row('model', 'health', level, 'MODEL_UNAVAILABLE', health.brier, COIN)];
  return codes.map((code) => {
    if (code === 'MODEL_COVERAGE') return row('model', 'coverage', level, code, figure[code], 0.8);
    if (code === 'MODEL_UNDERPOWERED') return row('model', 'samples', level, code, figure[code], 0);
    return row('model', 'health', level, code, health.brier, COIN);
  });
}
