import { driftCounts } from '../../shared/forecast/drift.ts';
import { parseIsoUtc } from '../../shared/kernel/time.ts';
import { putJson } from '../../shared/ledger/chain.ts';
import { loadWindow } from '../../shared/ledger/window-store.ts';
import { encodeForecast } from '../../shared/tick/forecast-codec.ts';
import { forecastWindow } from '../../shared/tick/forecast-step.ts';
import { parseInput, tickSchema, type Predicted } from '../envelope.ts';
import { requireHead } from '../runtime/context.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** Forecasts every instrument from the frozen window. The same window gives the same bytes, whoever runs it. */
export async function predict(input: unknown, runtime: Runtime): Promise<Predicted> {
  const tick = parseInput('predict', input, tickSchema);
  const market = runtime.market(tick.market);
  const { rules, release } = market;
  // Another release would forecast otherwise, and the gate could not tell.
  await requireHead(runtime, market);
  const { artifacts } = runtime.stores;
  const { bars } = await loadWindow(
    artifacts,
    rules.instruments.symbols,
    tick.window,
    tick.ordinal - rules.windowRows + 1,
  );
  const made = forecastWindow(rules, bars);
  const stored = encodeForecast(made, driftCounts(made.features, release.drift_reference));
  return {
    ...tick,
    forecast: await putJson(artifacts, tick.market, 'forecast', parseIsoUtc(tick.tick_utc), stored),
  };
}
