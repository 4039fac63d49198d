import { roleOfSession } from '../../../shared/ledger/session-roles.ts';
import { cutUniverse } from '../../../shared/release/release.ts';
import type { Stores } from '../../../shared/stores/ports.ts';
import { readFrozenMarket } from '../frozen-market.ts';
import { marketRuntimeOf } from '../market-runtime.ts';
import { buildProvider, noBars } from '../providers.ts';
import type { MarketRuntime } from '../runtime.ts';
import { codeOfBundle } from './own-bundle.ts';

/** Whose sessions may be operators, and whether bars are fetched here. */
export interface Deployment {
  readonly account: string;
  readonly stage: string;
  readonly fetches: boolean;
}

/**
 * A deployed market as its ledger froze it: nothing of it comes from the bundle but the code, so that what runs is what
 * was released, whatever lies in the repository meanwhile.
 */
export async function deployedMarket(
  stores: Stores,
  name: string,
  { account, stage, fetches }: Deployment,
): Promise<MarketRuntime> {
  const { config, release, releaseSha256, rules } = await readFrozenMarket(stores, name);
  const files = cutUniverse(config.markets.get(name)!, release.symbols);
  const { execution_bar_size: finer } = rules.config;
  return marketRuntimeOf({
    ...{ config, files, rules, codeSha256: codeOfBundle() },
    opened: { release, sha256: releaseSha256 },
    provider: fetches ? buildProvider(rules, undefined) : noBars(release.data_source.name),
    executionProvider: fetches && finer !== undefined ? buildProvider(rules, undefined, finer) : undefined,
    rates: undefined,
    roleOfSession: roleOfSession(account, stage),
  });
}
