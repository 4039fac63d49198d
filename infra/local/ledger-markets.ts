import { readFrozenMarket } from '../../functions/runtime/frozen-market.ts';
import type { Config } from '../../shared/config/config.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { getJson, readHead } from '../../shared/ledger/chain.ts';
import { ledgerMarkets } from '../../shared/ledger/verify.ts';
import { stateSchema } from '../../shared/ledger/artifacts.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import type { MarketReview } from '../../shared/tick/sign-off.ts';
import { decodeState } from '../../shared/tick/state-codec.ts';

/** A market as its own ledger describes it, with the configuration it was frozen with. */
export interface LedgerMarket extends MarketReview {
  readonly config: Config;
  readonly configTexts: ReadonlyMap<string, string>;
}

/**
 * The markets that have a ledger in the stores, ascending, or the one of them that was asked for.
 * @throws ConfigError where there is none, or not that one.
 */
export async function marketsIn(stores: Stores, asked?: string): Promise<string[]> {
  const markets = await ledgerMarkets(stores);
  if (markets.length > 0 && asked === undefined) return markets;
  if (asked !== undefined && markets.includes(asked)) return [asked];
  if (markets.length > 0)
    throw new ConfigError(`--market: ${asked} has no ledger here; it has ${markets.join(', ')}`);
  throw new ConfigError(
    'there is no ledger here: expected the folder that was given to --out, or a stage after papergate aws bootstrap',
  );
}

/** Reads one market from its ledger alone: release, configuration, head and state. */
export async function readLedgerMarket(stores: Stores, market: string): Promise<LedgerMarket> {
  const at = await readHead(stores, market);
  if (at === undefined) throw new ConfigError(`there is no ledger of ${market} here`);
  const frozen = await readFrozenMarket(stores, market);
  const state = decodeState(frozen.rules, await getJson(stores.artifacts, at.head.state, stateSchema));
  return { ...frozen, head: at.head, state };
}
