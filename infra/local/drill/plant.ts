import { parseInput, predictedSchema } from '../../../functions/envelope.ts';
import type { Runtime } from '../../../functions/runtime/runtime.ts';
import type { Json } from '../../../shared/kernel/canonical.ts';
import { parseIsoUtc } from '../../../shared/kernel/time.ts';
import { getJson, putJson } from '../../../shared/ledger/chain.ts';
import { forecastSchema } from '../../../shared/tick/forecast-codec.ts';

/** What a drill makes every instrument forecast: a strong rise, or nothing at all. */
export type Plant = 'long' | 'flat';

const PLANTS = {
  long: { logit: 2.1972, p_up: 0.9, p_launch: 0.9, q10: -0.01, q50: 0.05, q90: 0.1 },
  flat: { logit: 0, p_up: 0.5, p_launch: 0, q10: -0.01, q50: 0, q90: 0.01 },
} as const;

/**
 * The answer of `predict` with another forecast in place of the model's: a drill is of the switch, so it must not wait
 * for a model to want something. Features, and with them sizes, stay the window's own.
 */
export async function planted(answer: unknown, runtime: Runtime, plant: Plant): Promise<unknown> {
  // A slice answers with its part: what is planted is the forecast that the parts are put together to.
  if (typeof answer === 'object' && answer !== null && 'part' in answer) return answer;
  const tick = parseInput('gate', answer, predictedSchema);
  const { artifacts } = runtime.stores;
  const stored = await getJson(artifacts, tick.forecast, forecastSchema);
  const { p_launch: launch, ...values } = PLANTS[plant];
  const ready = stored.features_ready;
  const column = (value: number): number[] => ready.map((one) => one * value);
  const columns = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, column(value)]));
  const changed = {
    ...{ ...stored, ...columns, ready },
    fusion_level: ready.map((one) => (one === 1 ? 2 : 3)),
    p_launch: [column(launch), column(launch), column(launch)],
    votes: { policy: column(values.p_up) },
  };
  const atMs = parseIsoUtc(tick.tick_utc);
  return { ...tick, forecast: await putJson(artifacts, tick.market, 'forecast', atMs, changed as Json) };
}
