import { edgeHalfSpreadBps } from '../execution/edge-spread.ts';
import { collectDrift, DRIFT_FEATURES, driftReference, type DriftReference } from '../forecast/drift.ts';
import { FeatureStream } from '../forecast/features.ts';
import { gradeHealth, type HealthRecord } from '../forecast/health.ts';
import type { Bars } from '../market-data/bars.ts';
import { forecaster } from './forecast-step.ts';
import { withSpreads, type MarketRules } from './rules.ts';

/** What the bars before the first tick tell of the model: frozen with the release. */
export interface WarmUp {
  readonly health: HealthRecord;
  readonly driftReference: DriftReference;
  /** Half spreads in bps, signed, by instrument; NaN where the bars show none. */
  readonly halfSpreadBps: Float64Array;
}

/** Bars below which an estimate of the spread is mostly noise: the profile's own figure then stands. */
const SPREAD_BARS_MIN = 200;

/**
 * Walks the model forward over the bars before the first tick: each forecast is held against the close of its
 * horizon (overlapping horizons count as one effective sample each), and the features' distribution becomes the
 * reference for drift. The half spreads are estimated from the same bars, the longest window there is, and stand for
 * the whole release. Uses no bar of the forward window.
 */
export function walkForward(compiled: MarketRules, bars: Bars): WarmUp {
  const { symbols } = compiled.instruments;
  const halfSpreadBps = Float64Array.from(symbols, (_, i) =>
    usableBars(compiled, bars, i) < SPREAD_BARS_MIN ? NaN : edgeHalfSpreadBps(bars, i, compiled.unusable),
  );
  const rules = withSpreads(compiled, halfSpreadBps);
  const n = rules.instruments.symbols.length;
  const rows = bars.startMs.length;
  const horizon = rules.policy.launch_edges[2];
  const model = forecaster(rules);
  const logPrices = holderPrices(rules, bars);
  const samples: number[][] = DRIFT_FEATURES.map(() => []);
  let count = 0;
  let squares = 0;
  let covered = 0;
  for (let row = 0; row < rows; row++) {
    model.push(bars, row);
    collectDrift(samples, model.features);
    if (row + horizon >= rows) continue;
    model.predict(bars, row);
    for (let i = 0; i < n; i++) {
      const ahead = (row + horizon) * n + i;
      if (model.forecast.ready[i] === 0 || (bars.flags[ahead]! & rules.unusable) !== 0) continue;
      const move = logPrices[ahead]! - logPrices[row * n + i]!;
      const error = (move > 0 ? 1 : 0) - model.forecast.pUp[i]!;
      count++;
      squares += error * error;
      if (move >= model.forecast.q10[i]! && move <= model.forecast.q90[i]!) covered++;
    }
  }
  return {
    health: gradeHealth(
      Math.floor(count / horizon),
      squares / count,
      covered / count,
      rules.policyConfig.health,
    ),
    driftReference: driftReference(samples),
    halfSpreadBps,
  };
}

/** Log prices of every cell as a holder sees them: what splits take and dividends pay lies in no return. */
function holderPrices(rules: MarketRules, bars: Bars): Float64Array {
  const n = bars.instruments.length;
  const stream = new FeatureStream(n, rules.policy);
  const prices = new Float64Array(bars.close.length);
  for (let row = 0; row < bars.startMs.length; row++) {
    stream.push(bars, row, rules.unusable);
    prices.set(stream.logPrice, row * n);
  }
  return prices;
}

/** Bars of instrument i that are not void. */
function usableBars({ unusable }: MarketRules, { flags, instruments }: Bars, i: number): number {
  let count = 0;
  for (let cell = i; cell < flags.length; cell += instruments.length)
    if ((flags[cell]! & unusable) === 0) count++;
  return count;
}
