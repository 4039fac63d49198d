import type { Json } from '../../shared/kernel/canonical.ts';
import { parseIsoUtc } from '../../shared/kernel/time.ts';
import { putJson } from '../../shared/ledger/chain.ts';
import { loadParts } from '../../shared/ledger/parts.ts';
import type { Shard } from '../../shared/market-data/shards.ts';
import { forecastPartSchema, joinForecasts, type ForecastPartOf } from '../../shared/tick/forecast-parts.ts';
import type { ForecastShard, Part, Tick } from '../envelope.ts';
import { requireHead } from '../runtime/context.ts';
import { partOf } from '../runtime/part-of.ts';
import type { MarketRuntime, Runtime } from '../runtime/runtime.ts';
import { forecastOf } from './forecast-of.ts';

/** What the part of a slice is of, the window it was forecast from included. */
const forecastPartOf = (
  market: MarketRuntime,
  { tick_utc, window }: Pick<Tick, 'tick_utc' | 'window'>,
  shard: Shard,
): ForecastPartOf => ({ ...partOf(market, tick_utc, shard), window });

/** Forecasts one slice from the window of the whole universe, and stores its part. */
export async function forecastShard({ shard, ...tick }: ForecastShard, runtime: Runtime): Promise<Part> {
  const market = runtime.market(tick.market);
  const part = forecastPartOf(market, tick, shard);
  const stored = { v: 1, part, forecast: await forecastOf(tick, runtime, shard) } as unknown as Json;
  const { artifacts } = runtime.stores;
  const tickMs = parseIsoUtc(tick.tick_utc);
  return {
    shard: shard.shard,
    part: await putJson(artifacts, tick.market, 'forecast_part', tickMs, stored),
  };
}

/**
 * The forecast of the universe from the parts of its slices.
 * @throws IntegrityError where a slice has no part or several, or a part is of something else.
 */
export async function joinedForecast(
  tick: Tick,
  shards: readonly Shard[],
  parts: readonly Part[],
  runtime: Runtime,
): Promise<Json> {
  const market = runtime.market(tick.market);
  await requireHead(runtime, market);
  const wanted = shards.map((shard) => forecastPartOf(market, tick, shard));
  return joinForecasts(await loadParts(runtime.stores.artifacts, parts, wanted, forecastPartSchema));
}
