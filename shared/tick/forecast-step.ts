import { baseHalfSpreadBps, roundTripBps } from '../execution/costs.ts';
import { feesCovered } from '../execution/fees.ts';
import { FeatureStream, type Features } from '../forecast/features.ts';
import { emptyForecast, type Forecast } from '../forecast/forecast.ts';
import { fuse } from '../forecast/fusion.ts';
import { forecastPolicy } from '../forecast/policy.ts';
import type { Bars } from '../market-data/bars.ts';
import { minutesSinceOpen, type MarketRules } from './rules.ts';

/** Features and forecasts of a universe, fed bar by bar. A tick feeds one window, a backtest the whole past. */
export interface Forecaster {
  readonly features: Features;
  readonly policy: Forecast;
  readonly forecast: Forecast;
  /** What entering and leaving would cost. */
  readonly roundTripBps: Float64Array;
  /** Index into FUSION_LEVELS per instrument. */
  readonly level: Float64Array;
  /** Takes one row into the features. */
  push(bars: Bars, row: number): void;
  /** Forecasts from the rows pushed so far; `row` is the newest. */
  predict(bars: Bars, row: number): void;
}

/**
 * What a forecast rests on. Every value of an instrument comes of that instrument's own bars and of these rules: a slice
 * of the universe is forecast as the whole is.
 */
export type ForecastRules = Pick<
  MarketRules,
  'calendar' | 'costs' | 'policy' | 'spreads' | 'typicalNotional' | 'unusable' | 'windowRows'
> & { readonly instruments: Pick<MarketRules['instruments'], 'symbols' | 'priceTick'> };

/** The rules for instruments [from, to) alone. */
export const cutForecastRules = (rules: ForecastRules, from: number, to: number): ForecastRules => ({
  ...rules,
  spreads: rules.spreads.subarray(from, to),
  instruments: {
    symbols: rules.instruments.symbols.slice(from, to),
    priceTick: rules.instruments.priceTick.subarray(from, to),
  },
});

export function forecaster(rules: ForecastRules): Forecaster {
  const n = rules.instruments.symbols.length;
  const stream = new FeatureStream(n, rules.policy);
  const policy = emptyForecast(n);
  const forecast = emptyForecast(n);
  const level = new Float64Array(n);
  const costs = new Float64Array(n);
  const baseBps = new Float64Array(n);
  return {
    features: stream.features,
    policy,
    forecast,
    roundTripBps: costs,
    level,
    push: (bars, row) => stream.push(bars, row, rules.unusable),
    predict: (bars, row) => {
      roundTripCosts(rules, stream.features, bars, row, baseBps, costs);
      forecastPolicy(stream.features, costs, rules.policy, policy);
      fuse([{ family: 'policy', weight: 1, forecast: policy }], forecast, level);
      // A bar that is void now is no ground for a forecast, however good the bars before it were.
      for (let i = 0; i < n; i++) {
        if ((bars.flags[row * n + i]! & rules.unusable) !== 0) forecast.ready[i] = 0;
      }
    },
  };
}

/** The forecast of a window's last bar, from exactly the rows that the rules ask for. */
export function forecastWindow(rules: ForecastRules, bars: Bars): Forecaster {
  const made = forecaster(rules);
  const last = bars.startMs.length - 1;
  for (let row = Math.max(0, last - rules.windowRows + 1); row <= last; row++) made.push(bars, row);
  made.predict(bars, last);
  return made;
}

/** What entering and leaving each instrument would cost, as the bar shows it. */
function roundTripCosts(
  rules: ForecastRules,
  features: Features,
  bars: Bars,
  row: number,
  baseBps: Float64Array,
  out: Float64Array,
): void {
  const dayNumber = bars.sessionDay[row]!;
  // Without a fee row the gate blocks the tick (RULES_UNCOVERED); nothing acts on these forecasts.
  if (!feesCovered(rules.costs.fees, dayNumber)) return void out.fill(0);
  const { ready, relativeMove, relativeVolume } = features;
  const offset = row * out.length;
  const minutes = minutesSinceOpen(rules, bars.startMs[row]!);
  const notional = rules.typicalNotional;
  const { costs, spreads } = rules;
  const { priceTick } = rules.instruments;
  for (let i = 0; i < out.length; i++) {
    if (ready[i] === 0) continue;
    const cell = offset + i;
    const quoted = bars.spread[cell]!;
    baseBps[i] = baseHalfSpreadBps(costs, quoted, spreads[i]!, bars.close[cell]!, priceTick[i]!);
  }
  const shape = {
    ready,
    relativeMove,
    relativeVolume,
    prices: bars.close,
    baseBps,
    offset,
    dayNumber,
    notional,
  };
  roundTripBps(rules.costs, { ...shape, minutesSinceOpen: minutes }, out);
}
