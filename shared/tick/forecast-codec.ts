import * as z from 'zod';
import type { Json } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import { emptyForecast } from '../forecast/forecast.ts';
import type { View } from './decide.ts';
import type { Forecaster } from './forecast-step.ts';
import type { MarketRules } from './rules.ts';

const column = z.array(z.number());

/** The stored forecast of a universe: columns in the order of the universe, zeros where `ready` is 0. */
export const forecastSchema = z.strictObject({
  v: z.literal(1),
  instruments: z.int().positive(),
  ready: column,
  features_ready: column,
  fusion_level: column,
  logit: column,
  p_up: column,
  p_launch: z.tuple([column, column, column]),
  q10: column,
  q50: column,
  q90: column,
  votes: z.strictObject({ policy: column }),
  sigma: column,
  average_notional: column,
  relative_volume: column,
  relative_move: column,
  round_trip_bps: column,
  drift_counts: z.array(z.array(z.int().nonnegative())),
});
export type StoredForecast = z.infer<typeof forecastSchema>;

/** What the gate needs of a forecast, and what its packet shows of the votes. */
export interface ForecastView extends View {
  readonly level: readonly number[];
  readonly policyPUp: readonly number[];
  readonly driftCounts: readonly (readonly number[])[];
}

export function encodeForecast(made: Forecaster, driftCounts: number[][]): Json {
  const { features, forecast } = made;
  const kept = (ready: Float64Array, values: Float64Array): number[] =>
    Array.from(values, (value, i) => (ready[i] === 1 ? value : 0));
  const fused = (values: Float64Array): number[] => kept(forecast.ready, values);
  const feature = (values: Float64Array): number[] => kept(features.ready, values);
  return {
    v: 1,
    instruments: forecast.ready.length,
    ready: [...forecast.ready],
    features_ready: [...features.ready],
    fusion_level: [...made.level],
    logit: fused(forecast.logit),
    p_up: fused(forecast.pUp),
    p_launch: forecast.pLaunch.map(fused),
    q10: fused(forecast.q10),
    q50: fused(forecast.q50),
    q90: fused(forecast.q90),
    votes: { policy: kept(made.policy.ready, made.policy.pUp) },
    sigma: feature(features.sigma),
    average_notional: feature(features.averageNotional),
    relative_volume: feature(features.relativeVolume),
    relative_move: feature(features.relativeMove),
    round_trip_bps: feature(made.roundTripBps),
    drift_counts: driftCounts,
  };
}

/** @throws IntegrityError where the forecast is of another universe. */
export function decodeForecast(rules: MarketRules, stored: StoredForecast): ForecastView {
  const n = rules.instruments.symbols.length;
  if (stored.instruments !== n)
    throw new IntegrityError(`the forecast is of ${stored.instruments} instruments, the universe has ${n}`);
  const forecast = emptyForecast(n);
  forecast.ready.set(stored.ready);
  forecast.logit.set(stored.logit);
  forecast.pUp.set(stored.p_up);
  stored.p_launch.forEach((values, edge) => forecast.pLaunch[edge]!.set(values));
  forecast.q10.set(stored.q10);
  forecast.q50.set(stored.q50);
  forecast.q90.set(stored.q90);
  return {
    forecast,
    roundTripBps: Float64Array.from(stored.round_trip_bps),
    features: {
      ready: Float64Array.from(stored.features_ready),
      sigma: Float64Array.from(stored.sigma),
      averageNotional: Float64Array.from(stored.average_notional),
      relativeVolume: Float64Array.from(stored.relative_volume),
      relativeMove: Float64Array.from(stored.relative_move),
    },
    level: stored.fusion_level,
    policyPUp: stored.votes.policy,
    driftCounts: stored.drift_counts,
  };
}
