import { describe, expect, it } from 'vitest';
import { driftCounts, type DriftReference } from '../../shared/forecast/drift.ts';
import { canonicalJson } from '../../shared/kernel/canonical.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import { cutBars, shardsOf, spanOf, type Shard } from '../../shared/market-data/shards.ts';
import { encodeForecast, forecastSchema, type StoredForecast } from '../../shared/tick/forecast-codec.ts';
import { joinForecasts } from '../../shared/tick/forecast-parts.ts';
import { cutForecastRules, forecastWindow, type ForecastRules } from '../../shared/tick/forecast-step.ts';
import { withSpreads } from '../../shared/tick/rules.ts';
import { marketOf } from '../support/market.ts';
import { action } from '../support/paper.ts';
import { rulesOf } from '../support/rules.ts';

/** Seven shares that differ in everything that a forecast may know of an instrument. */
const PRICE_TICKS = [0.01, 0.05, 0.5, 0.01, 1, 0.02, 0.25];
const instruments = PRICE_TICKS.map((price_tick, k) => ({
  ...{ symbol: `S${k}`, board: 'listed', quantity_digits: 0, price_tick },
}));
const rules = withSpreads(
  rulesOf('us_equities', { instruments }),
  Float64Array.from(PRICE_TICKS, (_, k) => (k === 3 ? NaN : 1 + 3 * k)),
);
const reference: DriftReference = [0, 1, 2, 3, 4].map((feature) => ({
  edges: [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2].map((edge) => edge + feature / 10),
  shares: new Array<number>(10).fill(0.1),
}));

function forecastOf(by: ForecastRules, bars: Bars): StoredForecast {
  const made = forecastWindow(by, bars);
  return forecastSchema.parse(encodeForecast(made, driftCounts(made.features, reference)));
}

const partOf = ({ shard, of }: Shard, symbols: string[]) => ({
  ...{ market: 'us_equities', release_sha256: '', tick_utc: '', shard, of, symbols },
  window: { key: 'window', sha256: `sha256:${'0'.repeat(64)}` as const },
});

describe('a forecast in slices', () => {
  it.each([2, 3, 5, 7])('is the forecast of the whole, to the byte: %i slices', async (shards) => {
    const { bars: made } = await marketOf(rules, {
      ...{ from: '2023-01-03', to: '2024-06-28', seed: 'slices', gaps: 0.004 },
    });
    const last = made.firstOrdinal + made.startMs.length - 1;
    const bars: Bars = {
      ...made,
      actions: [1, 4].map((instrument) => ({
        ...action({ kind: 'dividend', ordinal: last - 5, amount: 2 + instrument }, '2024-06-20'),
        instrument,
      })),
    };
    const whole = forecastOf(rules, bars);
    // A forecast of nothing would say nothing.
    expect(whole.ready.filter((one) => one === 1).length).toBeGreaterThanOrEqual(4);
    expect(new Set(whole.round_trip_bps).size).toBeGreaterThanOrEqual(4);
    const { symbols } = rules.instruments;
    const parts = shardsOf(7, { instruments_above: 1, shards }).map((shard) => {
      const [from, to] = spanOf(7, shard);
      const forecast = forecastOf(cutForecastRules(rules, from, to), cutBars(bars, from, to));
      return { v: 1 as const, part: partOf(shard, symbols.slice(from, to)), forecast };
    });
    expect(canonicalJson(joinForecasts(parts))).toBe(canonicalJson(whole));
  });
});
