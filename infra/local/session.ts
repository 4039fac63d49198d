import { sourceHash } from '../../functions/runtime/source-hash.ts';
import { openConfig } from '../../functions/runtime/config-files.ts';
import { CERTIFICATES } from '../../shared/ledger/keys.ts';
import { embeddedStores } from '../../shared/stores/embedded.ts';
import { certifyLedger } from './certify.ts';
import { exportLedger, type Exported } from './export.ts';
import { synthesiseDefinition } from './definition.ts';
import { holdDrill } from './drill/drill.ts';
import type { Evidence } from './manifest.ts';
import { planMarket, type MarketPlan } from './market-plan.ts';
import { replayMarket } from './replay.ts';

/** One market of a session. Dates `YYYY-MM-DD`, both included. */
export interface SessionMarket {
  readonly market: string;
  readonly symbols: readonly string[] | undefined;
  readonly from: string;
  readonly to: string;
}

export interface SessionInputs {
  readonly configFolder: string;
  readonly barsFolder: string | undefined;
  readonly out: string;
  readonly markets: readonly SessionMarket[];
  readonly evidence: Evidence;
  /** Called before a market's first tick with the number due; what it returns is called once a tick. */
  readonly onMarket: (market: string, ticksDue: number) => () => Promise<void>;
}

export interface Session extends Exported {
  /** Ticks that this session ran; the rest were in the ledger already. */
  readonly ticksRun: number;
}

/**
 * Replays markets into one folder, one after the other, certifies their heads from what was stored, then rebuilds every
 * projection.
 * @throws IntegrityError where a ledger differs from its backtest, or used what it could not know.
 */
export async function runSession(inputs: SessionInputs): Promise<Session> {
  const { config, texts } = openConfig(inputs.configFolder);
  // Everything that can be refused is refused before the folder is touched.
  const plans = inputs.markets.map((market) =>
    planMarket({ ...market, config, barsFolder: inputs.barsFolder }),
  );
  for (const plan of plans) await plan.provider.fingerprint(plan.rules.instruments.symbols);
  const definition = await synthesiseDefinition();
  const codeSha256 = sourceHash();
  const stores = embeddedStores(inputs.out);
  try {
    let ticksRun = 0;
    for (const plan of plans) {
      const onTick = inputs.onMarket(plan.rules.config.market, dueTicks(plan));
      ticksRun += (
        await replayMarket({ stores, definition, plan, config, configTexts: texts, codeSha256, onTick })
      ).ticksRun;
    }
    const { failure } = await certifyLedger(stores, { kinds: CERTIFICATES });
    for (const plan of plans) await holdDrill(stores, plan.rules.config.market, definition);
    const exported = await exportLedger(stores, inputs.evidence);
    // The files say what failed; they are written before anything is thrown.
    if (failure !== undefined) throw failure;
    return { ...exported, ticksRun };
  } finally {
    stores.close();
  }
}

const dueTicks = (plan: MarketPlan): number => plan.lastRow - plan.firstRow + 1;
