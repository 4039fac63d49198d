import { HANDLERS } from '../functions/handlers.ts';
import { healthCheck } from '../functions/health-check/handler.ts';
import { runtimeOf } from '../functions/runtime/runtime.ts';
import { STEPS, type StepName } from '../functions/steps.ts';
import { planMarket } from '../infra/local/market-plan.ts';
import { marketRuntimeOf } from '../functions/runtime/market-runtime.ts';
import { openLedger } from '../infra/local/open-ledger.ts';
import { sha256 } from '../shared/kernel/canonical.ts';
import { isoUtc, SECOND_MS, SimulatedClock } from '../shared/kernel/time.ts';
import { memoryStores } from '../shared/stores/memory.ts';
import { countingStores, noOperations, type StoreOperations } from './counting-stores.ts';
import { cpuSeconds, simulatedConfig } from './market.ts';

/** What a Lambda is invoked for, by name. */
export type Invocation = StepName | 'health-check';

/** The mean of one invocation. */
export interface Measured extends StoreOperations {
  /** Processor time within the handler, of one core, stores in memory. */
  cpuMs: number;
}

export interface OperationFigures {
  readonly instruments: number;
  readonly ticks: number;
  readonly of: Readonly<Record<Invocation, Measured>>;
  /** Bytes of code and data that the process holds after the last tick, simulated source included. */
  readonly residentBytes: number;
}

/** Ticks that warm the process up and are not counted. */
const WARM_TICKS = 8;
/** Block of a window: over so many ticks its open block grows from one row to full once. */
const COUNTED_TICKS = 32;

/** Counts what each invocation of a tick asks of its stores, and how long it computes, over the deployed handlers. */
export async function operationFigures(instruments: number): Promise<OperationFigures> {
  const { config, texts } = simulatedConfig(instruments);
  const days = { from: '2025-02-01', to: '2025-02-03' };
  const plan = planMarket({ config, market: 'crypto', symbols: undefined, barsFolder: undefined, ...days });
  const below = memoryStores();
  const codeSha256 = sha256('bench');
  const opened = await openLedger(below, plan, config, texts, codeSha256);
  let current = noOperations();
  const stores = countingStores(below, () => current);
  const { files, rules, provider, executionProvider, rates, line, firstRow } = plan;
  const market = marketRuntimeOf({
    ...{ config, files, rules, opened, codeSha256, provider, executionProvider, rates },
  });
  const clock = new SimulatedClock(line.startMs[firstRow]!);
  const runtime = runtimeOf(stores, clock, new Map([['crypto', market]]));
  const sums = Object.fromEntries(
    [...STEPS, 'health-check' as const].map((name) => [name, { cpuMs: 0, ...noOperations() }]),
  ) as Record<Invocation, Measured>;

  async function counted(name: Invocation, count: boolean, call: () => Promise<unknown>): Promise<unknown> {
    current = noOperations();
    const since = process.cpuUsage();
    const answer = await call();
    const cpuMs = 1000 * cpuSeconds(since);
    if (count)
      for (const [what, amount] of Object.entries({ ...current, cpuMs })) {
        sums[name][what as keyof Measured] += amount / COUNTED_TICKS;
      }
    return answer;
  }

  for (let k = 0; k < WARM_TICKS + COUNTED_TICKS; k++) {
    const tickMs = line.endMs[firstRow + k]!;
    const count = k >= WARM_TICKS;
    const scheduledMs = tickMs + rules.config.schedule_offset_s * SECOND_MS;
    let state: unknown = { market: 'crypto', scheduled_at_utc: isoUtc(scheduledMs) };
    for (const step of STEPS) {
      const after = step === 'ingest' || step === 'predict' ? 60 : 180 + 10 * STEPS.indexOf(step);
      clock.advanceTo(tickMs + after * SECOND_MS);
      state = await counted(step, count, () => HANDLERS[step](state, runtime));
    }
    clock.advanceTo(tickMs + 1_200 * SECOND_MS);
    await counted('health-check', count, () => healthCheck({ market: 'crypto' }, runtime));
  }
  return { instruments, ticks: COUNTED_TICKS, of: sums, residentBytes: process.memoryUsage().rss };
}
