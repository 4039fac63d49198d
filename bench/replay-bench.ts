import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synthesiseDefinition } from '../infra/local/definition.ts';
import { planMarket } from '../infra/local/market-plan.ts';
import { replayMarket } from '../infra/local/replay.ts';
import { sha256 } from '../shared/kernel/canonical.ts';
import { embeddedStores } from '../shared/stores/embedded.ts';
import { median, simulatedConfig } from './market.ts';

/** Milliseconds a tick through the whole chain on embedded stores with fsync: the first tick, and the median after 20. */
export interface ReplayFigures {
  readonly instruments: number;
  readonly ticks: number;
  readonly cold: number;
  readonly warm: number;
}

/** Times a replay of three days. Run in a fresh process, since `cold` is its first tick. */
export async function replayFigures(instruments: number): Promise<ReplayFigures> {
  const { config, texts } = simulatedConfig(instruments);
  const request = {
    config,
    market: 'crypto',
    symbols: undefined,
    barsFolder: undefined,
    from: '2025-02-01',
    to: '2025-02-03',
  };
  const plan = planMarket(request);
  const definition = await synthesiseDefinition();
  const folder = mkdtempSync(join(tmpdir(), 'papergate-bench-'));
  const stores = embeddedStores(folder);
  const times: number[] = [];
  try {
    let since = NaN;
    // The first tick is timed from the end of the opening, which a ledger does once.
    const onOpen = (): void => void (since = performance.now());
    const onTick = async (): Promise<void> => {
      times.push(performance.now() - since);
      since = performance.now();
    };
    await replayMarket({
      stores,
      definition,
      plan,
      config,
      configTexts: texts,
      codeSha256: sha256('bench'),
      onOpen,
      onTick,
    });
  } finally {
    stores.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return { instruments, ticks: times.length, cold: times[0]!, warm: median(times.slice(20)) };
}
