import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import { configFromValues } from '../../shared/config/assemble.ts';
import type { Config } from '../../shared/config/config.ts';
import type { CostOptions } from '../../shared/execution/costs.ts';
import { hashJson, sha256, type Json, type Sha256 } from '../../shared/kernel/canonical.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { configSchema, releaseSchema, type Release } from '../../shared/ledger/artifacts.ts';
import { getJson, parseStored } from '../../shared/ledger/chain.ts';
import { ledgerPartition, recordSort } from '../../shared/ledger/keys.ts';
import { recordSchema, referenceSchema } from '../../shared/ledger/records.ts';
import { cutUniverse, frozenSpreads } from '../../shared/release/release.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { compileMarket, withSpreads, type MarketRules } from '../../shared/tick/rules.ts';

/** A market's release as it is frozen in its ledger. */
export interface FrozenRelease {
  readonly release: Release;
  readonly sha256: Sha256;
}

/** A market as its ledger froze it: release, configuration and the rules that follow from both. */
export interface FrozenMarket {
  readonly config: Config;
  readonly configTexts: ReadonlyMap<string, string>;
  readonly release: Release;
  readonly releaseSha256: Sha256;
  readonly rules: MarketRules;
}

/** The release and configuration texts that a ledger was opened with, from its first record. */
export async function readRelease(
  stores: Stores,
  market: string,
): Promise<FrozenRelease & Pick<FrozenMarket, 'config' | 'configTexts'>> {
  const item = await stores.state.get(ledgerPartition(market), recordSort(0));
  if (item === undefined) throw new ConfigError(`there is no ledger of ${market} here`);
  const record = await getJson(
    stores.artifacts,
    parseStored(item.body, referenceSchema, `record 0 of ${market}`),
    recordSchema,
  );
  if (record.kind !== 'release')
    throw new ConfigError(`the ledger of ${market} does not begin with a release`);
  const release = await getJson(stores.artifacts, record.release, releaseSchema);
  const { files, values } = await getJson(stores.artifacts, record.config, configSchema);
  return {
    release,
    sha256: hashJson(release as unknown as Json),
    configTexts: new Map(Object.entries(files)),
    config: configFromValues(
      values,
      Object.fromEntries(Object.entries(files).map(([path, text]) => [path, sha256(text)])),
    ),
  };
}

/** Reads what a market's ledger froze. @throws ConfigError where there is no ledger of it. */
export async function readFrozenMarket(stores: Stores, market: string): Promise<FrozenMarket> {
  const { release, sha256: releaseSha256, config, configTexts } = await readRelease(stores, market);
  return { config, configTexts, release, releaseSha256, rules: frozenRules(config, release) };
}

/** The rules that a release froze, or the same under other costs. */
export function frozenRules(config: Config, release: Release, costs?: CostOptions): MarketRules {
  const files = cutUniverse(config.markets.get(release.market)!, release.symbols);
  const calendar = exchangeCalendar(config.calendars.get(files.config.exchange)!);
  const compiled = compileMarket(files, calendar, costs === undefined ? {} : { costs });
  return withSpreads(compiled, frozenSpreads(release));
}
