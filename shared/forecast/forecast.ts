/**
 * What one model family, or the fusion of all, says of every instrument at one bar. `pUp` is rounded to 1e-4 and
 * the quantiles to 1e-5 (0.1 bps) before anything uses them, so that a record of them holds exactly what decided.
 */
export interface Forecast {
  /** 1 where the family has an answer. */
  readonly ready: Float64Array;
  /** Log-odds that the price is higher at the horizon. */
  readonly logit: Float64Array;
  readonly pUp: Float64Array;
  /** Probability of a launch within the first, second and third bucket edge, cumulative. */
  readonly pLaunch: readonly [Float64Array, Float64Array, Float64Array];
  /** Quantiles of log(close[t+H] / close[t]). */
  readonly q10: Float64Array;
  readonly q50: Float64Array;
  readonly q90: Float64Array;
}

export function emptyForecast(instruments: number): Forecast {
  const column = (): Float64Array => new Float64Array(instruments);
  return {
    ready: column(),
    logit: column(),
    pUp: column(),
    pLaunch: [column(), column(), column()],
    q10: column(),
    q50: column(),
    q90: column(),
  };
}

/** The families of the design, in the order in which packets list their votes. */
export const FAMILIES = ['policy', 'session_forecast', 'lux_ms'] as const;
export type Family = (typeof FAMILIES)[number];

/** The bucket a launch most likely falls in: the first edge with at least even odds, else `none`. */
export function launchWindow(
  forecast: Forecast,
  i: number,
  edges: readonly [number, number, number],
): string {
  if (forecast.pLaunch[0][i]! >= 0.5) return `1-${edges[0]}`;
  if (forecast.pLaunch[1][i]! >= 0.5) return `${edges[0] + 1}-${edges[1]}`;
  if (forecast.pLaunch[2][i]! >= 0.5) return `${edges[1] + 1}-${edges[2]}`;
  return 'none';
}
