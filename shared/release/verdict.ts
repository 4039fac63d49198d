import type { Thresholds } from '../config/threshold-schema.ts';
import { windowDays, type MarketStanding } from './standing.ts';
import { limitsOf, type ThresholdRow } from './thresholds.ts';

/** Every verdict, from the worst to the best. */
export const SIGNOFF_VERDICTS = ['NO_GO', 'UNDERPOWERED', 'INTERIM', 'REHEARSAL_PASS', 'GO'] as const;
export type SignoffVerdict = (typeof SIGNOFF_VERDICTS)[number];

/**
 * The verdict on one market (definition 26): a forward ledger before `review_at` is INTERIM; then any FAIL is NO_GO;
 * then any UNDERPOWERED is that; then a replay or a source that cannot see the present is REHEARSAL_PASS; else GO.
 * What cannot be told counts as UNDERPOWERED: a threshold without a row, and outside a rehearsal a row that is
 * NOT_APPLICABLE. Nobody can override.
 * @param rows of all markets or of this one; those of other markets are left aside.
 */
export function verdict(
  rows: readonly ThresholdRow[],
  standing: MarketStanding,
  thresholds: Thresholds,
): SignoffVerdict {
  if (standing.mode === 'forward' && windowDays(standing) < thresholds.review_at) return 'INTERIM';
  const own = rows.filter((row) => row.market === standing.market);
  if (own.some((row) => row.result === 'FAIL')) return 'NO_GO';
  const rehearsal = !standing.live || standing.mode === 'replay';
  const tells = (row: ThresholdRow): boolean =>
    row.result === 'PASS' || (rehearsal && row.result === 'NOT_APPLICABLE');
  const judged = new Set(own.map((row) => row.threshold));
  const complete = limitsOf(thresholds, standing.thresholdKey).every(([name]) => judged.has(name));
  if (!complete || !own.every(tells)) return 'UNDERPOWERED';
  return rehearsal ? 'REHEARSAL_PASS' : 'GO';
}

/** A release is as good as its worst market; one without any market has shown nothing. */
export const releaseVerdict = (verdicts: readonly SignoffVerdict[]): SignoffVerdict =>
  verdicts.length === 0
    ? 'UNDERPOWERED'
    : SIGNOFF_VERDICTS.find((candidate) => verdicts.includes(candidate))!;
