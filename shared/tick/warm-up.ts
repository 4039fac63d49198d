import { collectDrift, DRIFT_FEATURES, driftReference, type DriftReference } from '../forecast/drift.ts';
import { gradeHealth, type HealthRecord } from '../forecast/health.ts';
import { log } from '../kernel/math.ts';
import type { Bars } from '../market-data/bars.ts';
import { forecaster } from './forecast-step.ts';
import type { MarketRules } from './rules.ts';

/** What the bars before the first tick tell of the model: frozen with the release. */
export interface WarmUp {
  readonly health: HealthRecord;
  readonly driftReference: DriftReference;
}

/**
 * Walks the model forward over the bars before the first tick: each forecast is held against the close of its
 * horizon (overlapping horizons count as one effective sample each), and the features' distribution becomes the reference for drift. Uses no bar of the forward window.
 */
export function walkForward(rules: MarketRules, bars: Bars): WarmUp {
  const n = rules.instruments.symbols.length;
  const rows = bars.startMs.length;
  const horizon = rules.policy.launch_edges[2];
  const model = forecaster(rules);
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
      const move = log(bars.close[ahead]! / bars.close[row * n + i]!);
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
  };
}
