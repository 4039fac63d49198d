import { driftCounts } from '../../shared/forecast/drift.ts';
import type { Json } from '../../shared/kernel/canonical.ts';
import { loadWindow } from '../../shared/ledger/window-store.ts';
import { cutBars, spanOf, type Shard } from '../../shared/market-data/shards.ts';
import { encodeForecast } from '../../shared/tick/forecast-codec.ts';
import { cutForecastRules, forecastWindow } from '../../shared/tick/forecast-step.ts';
import type { Tick } from '../envelope.ts';
import { requireHead } from '../runtime/context.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** The forecast of a tick's window in its stored form: of every instrument, or of those of one slice. */
export async function forecastOf(
  tick: Pick<Tick, 'market' | 'ordinal' | 'window'>,
  runtime: Runtime,
  shard?: Shard,
): Promise<Json> {
  const market = runtime.market(tick.market);
  const { rules, release } = market;
  // Another release would forecast otherwise, and the gate could not tell.
  await requireHead(runtime, market);
  const { symbols } = rules.instruments;
  const { bars } = await loadWindow(
    runtime.stores.artifacts,
    symbols,
    tick.window,
    tick.ordinal - rules.windowRows + 1,
  );
  const span = shard === undefined ? undefined : spanOf(symbols.length, shard);
  const made =
    span === undefined
      ? forecastWindow(rules, bars)
      : forecastWindow(cutForecastRules(rules, ...span), cutBars(bars, ...span));
  return encodeForecast(made, driftCounts(made.features, release.drift_reference));
}
