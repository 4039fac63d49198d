import { logistic, roundProbability, roundQuantile } from '../kernel/math.ts';
import { FAMILIES, type Family, type Forecast } from './forecast.ts';

/** A family's forecast and its weight in the pool; a family that failed or is degraded has weight 0. */
export interface Vote {
  readonly family: Family;
  readonly weight: number;
  readonly forecast: Forecast;
}

/** How far the fusion had to fall back, per instrument. */
export const FUSION_LEVELS = ['all_families', 'some_families', 'policy_only', 'none'] as const;

/**
 * Pools the families' log-odds by weight; interval and launch probabilities are averaged with the same weights.
 * A family without an answer for an instrument is left out there; where none is left, `ready` is 0.
 * @param level index into FUSION_LEVELS, per instrument.
 */
export function fuse(votes: readonly Vote[], out: Forecast, level: Float64Array): void {
  const voting = votes.filter((vote) => vote.weight > 0);
  if (voting.length === 1) return copyOne(voting[0]!, out, level);
  for (let i = 0; i < out.ready.length; i++) {
    const here = voting.filter((vote) => vote.forecast.ready[i] === 1);
    out.ready[i] = here.length > 0 ? 1 : 0;
    level[i] = levelOf(here.map((vote) => vote.family));
    if (here.length === 0) continue;
    const total = here.reduce((sum, vote) => sum + vote.weight, 0);
    const pooled = (pick: (forecast: Forecast) => Float64Array): number =>
      here.reduce((sum, vote) => sum + vote.weight * pick(vote.forecast)[i]!, 0) / total;
    out.logit[i] = roundProbability(pooled((forecast) => forecast.logit));
    out.pUp[i] = roundProbability(logistic(out.logit[i]!));
    out.q10[i] = roundQuantile(pooled((forecast) => forecast.q10));
    out.q50[i] = roundQuantile(pooled((forecast) => forecast.q50));
    out.q90[i] = roundQuantile(pooled((forecast) => forecast.q90));
    for (const edge of [0, 1, 2] as const)
      out.pLaunch[edge][i] = roundProbability(pooled((forecast) => forecast.pLaunch[edge]));
  }
}

/** The pool of a single family is that family: whole columns are copied, since this is the hot path. */
function copyOne(vote: Vote, out: Forecast, level: Float64Array): void {
  const from = vote.forecast;
  const alone = levelOf([vote.family]);
  const none = levelOf([]);
  for (let i = 0; i < out.ready.length; i++) level[i] = from.ready[i] === 1 ? alone : none;
  out.ready.set(from.ready);
  out.logit.set(from.logit);
  out.pUp.set(from.pUp);
  out.q10.set(from.q10);
  out.q50.set(from.q50);
  out.q90.set(from.q90);
  for (const edge of [0, 1, 2] as const) out.pLaunch[edge].set(from.pLaunch[edge]);
}

function levelOf(present: readonly Family[]): number {
  if (present.length === 0) return 3;
  if (present.length === FAMILIES.length) return 0;
  return present.length === 1 && present[0] === 'policy' ? 2 : 1;
}
