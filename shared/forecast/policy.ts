import type { PolicyRules } from '../config/policy-schema.ts';
import { logistic, normalCdf, roundProbability, roundQuantile } from '../kernel/math.ts';
import type { Features } from './features.ts';
import type { Forecast } from './forecast.ts';

/** Upper decile of the standard normal distribution. */
const Z90 = 1.2815515655446004;
/** A launch is a move of at least so many sigmas of a bar. */
export const LAUNCH_SIGMAS = 2;

/**
 * The rule-based family: momentum over three horizons, scaled by volatility, discounted against the long-run
 * trend. The interval is a driftless diffusion widened by configuration and shifted by the momentum; the launch
 * probability is the reflection principle's, P(max |W| >= a) = 4 (1 - Phi(a / sqrt(j))), capped at 1.
 *
 * @param roundTripBps cost of entering and leaving, per instrument: a launch must at least pay it.
 */
export function forecastPolicy(
  features: Features,
  roundTripBps: Float64Array,
  rules: PolicyRules,
  out: Forecast,
): void {
  const [m0, m1, m2] = features.momentum;
  const [edge0, edge1, edge2] = rules.launch_edges;
  const [usual0, usual1, usual2] = rules.launch_edges.map((edge) =>
    launchProbability(LAUNCH_SIGMAS, edge),
  ) as [number, number, number];
  const [l0, l1, l2] = out.pLaunch;
  const rootHorizon = Math.sqrt(edge2);
  const gain = rules.logit_gain / 3;
  for (let i = 0; i < out.ready.length; i++) {
    out.ready[i] = features.ready[i]!;
    if (features.ready[i] === 0) continue;
    const sum = m0[i]! + m1[i]! + m2[i]!;
    const against = sum > 0 !== features.trend[i]! > 0;
    const raw = gain * sum * (against ? rules.counter_trend_share : 1);
    const logit = roundProbability(
      raw > rules.logit_max ? rules.logit_max : raw < -rules.logit_max ? -rules.logit_max : raw,
    );
    const pUp = roundProbability(logistic(logit));
    const spread = features.sigma[i]! * rootHorizon;
    // The median's shift gives the interval the same odds of a rise as pUp: logistic(x) is near Phi(x / 1.702).
    const median = (spread * logit) / 1.702;
    const half = spread * Z90 * rules.interval_width;
    out.logit[i] = logit;
    out.pUp[i] = pUp;
    out.q10[i] = roundQuantile(median - half);
    out.q50[i] = roundQuantile(median);
    out.q90[i] = roundQuantile(median + half);
    const ratio = roundTripBps[i]! / (features.sigma[i]! * 1e4);
    const usual = ratio <= LAUNCH_SIGMAS;
    l0[i] = usual ? usual0 : launchProbability(ratio, edge0);
    l1[i] = usual ? usual1 : launchProbability(ratio, edge1);
    l2[i] = usual ? usual2 : launchProbability(ratio, edge2);
  }
}

/** Probability that a driftless walk leaves +-`sigmas` (in deviations of a step) within `steps`, to 1e-4. */
function launchProbability(sigmas: number, steps: number): number {
  return roundProbability(Math.min(1, 4 * (1 - normalCdf(sigmas / Math.sqrt(steps)))));
}
