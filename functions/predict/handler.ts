import type { Json } from '../../shared/kernel/canonical.ts';
import { parseIsoUtc } from '../../shared/kernel/time.ts';
import { putJson } from '../../shared/ledger/chain.ts';
import {
  callOf,
  forecastPartsSchema,
  forecastShardSchema,
  parseInput,
  tickSchema,
  type Part,
  type Predicted,
  type Tick,
} from '../envelope.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { forecastOf } from './forecast-of.ts';
import { forecastShard, joinedForecast } from './shards.ts';

/**
 * Forecasts every instrument from the frozen window. The same window gives the same bytes, whoever runs it, and whether
 * a large universe is forecast at once or in slices by further calls, the last of which puts them together here.
 */
export async function predict(input: unknown, runtime: Runtime): Promise<Predicted | Part> {
  const call = callOf(input);
  if (call === 'shard') return forecastShard(parseInput('predict', input, forecastShardSchema), runtime);
  if (call === 'join') {
    const { shards, parts, ...tick } = parseInput('predict', input, forecastPartsSchema);
    return stored(tick, await joinedForecast(tick, shards, parts, runtime), runtime);
  }
  const tick = parseInput('predict', input, tickSchema);
  return stored(tick, await forecastOf(tick, runtime), runtime);
}

async function stored(tick: Tick, forecast: Json, { stores }: Runtime): Promise<Predicted> {
  const tickMs = parseIsoUtc(tick.tick_utc);
  return { ...tick, forecast: await putJson(stores.artifacts, tick.market, 'forecast', tickMs, forecast) };
}
