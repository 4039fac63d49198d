import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import { parseConfig, type Config } from '../../shared/config/config.ts';
import type { CostOptions } from '../../shared/execution/costs.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { getJson, readHead } from '../../shared/ledger/chain.ts';
import { ledgerMarkets } from '../../shared/ledger/verify.ts';
import { stateSchema, type Release } from '../../shared/ledger/artifacts.ts';
import { cutUniverse, frozenSpreads } from '../../shared/release/release.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { compileMarket, withSpreads, type MarketRules } from '../../shared/tick/rules.ts';
import type { MarketReview } from '../../shared/tick/sign-off.ts';
import { decodeState } from '../../shared/tick/state-codec.ts';
import { readRelease } from './open-ledger.ts';

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
  throw new ConfigError('there is no ledger here: expected the folder that was given to --out');
}

/** Reads one market from its ledger alone: release, configuration, head and state. */
export async function readLedgerMarket(stores: Stores, market: string): Promise<LedgerMarket> {
  const at = await readHead(stores, market);
  if (at === undefined) throw new ConfigError(`there is no ledger of ${market} here`);
  const { release, sha256, configTexts } = await readRelease(stores, market);
  const config = parseConfig(configTexts);
  const rules = frozenRules(config, release);
  const state = decodeState(rules, await getJson(stores.artifacts, at.head.state, stateSchema));
  return { rules, release, releaseSha256: sha256, head: at.head, state, config, configTexts };
}

/** The rules that a release froze, or the same under other costs. */
export function frozenRules(config: Config, release: Release, costs?: CostOptions): MarketRules {
  const files = cutUniverse(config.markets.get(release.market)!, release.symbols);
  const calendar = exchangeCalendar(config.calendars.get(files.config.exchange)!);
  const compiled = compileMarket(files, calendar, costs === undefined ? {} : { costs });
  return withSpreads(compiled, frozenSpreads(release));
}
