import { roleOfSession } from '../../../shared/ledger/session-roles.ts';
import { cutUniverse } from '../../../shared/release/release.ts';
import type { BarSize } from '../../../shared/calendar/types.ts';
import type { BarProvider } from '../../../shared/market-data/provider.ts';
import type { Stores } from '../../../shared/stores/ports.ts';
import type { MarketRules } from '../../../shared/tick/rules.ts';
import { readFrozenMarket } from '../frozen-market.ts';
import { marketRuntimeOf } from '../market-runtime.ts';
import { noBars } from '../no-bars.ts';
import type { MarketRuntime } from '../runtime.ts';
import { codeOfBundle } from './own-bundle.ts';

/** Builds the source of a market's bars, or of its finer ones. */
export type SourceOf = (rules: MarketRules, size: BarSize) => BarProvider;

/** Whose sessions may be operators, and where bars come from. */
export interface Deployment {
  readonly account: string;
  readonly stage: string;
  /** Undefined for a function that fetches none. */
  readonly sourceOf: SourceOf | undefined;
}

/**
 * A deployed market as its ledger froze it: nothing of it comes from the bundle but the code, so that what runs is what
 * was released, whatever lies in the repository meanwhile.
 */
export async function deployedMarket(
  stores: Stores,
  name: string,
  { account, stage, sourceOf = () => noBars(name) }: Deployment,
): Promise<MarketRuntime> {
  const { config, release, releaseSha256, rules } = await readFrozenMarket(stores, name);
  const files = cutUniverse(config.markets.get(name)!, release.symbols);
  const { bar_size: size, execution_bar_size: finer } = rules.config;
  return marketRuntimeOf({
    ...{ config, files, rules, codeSha256: codeOfBundle() },
    opened: { release, sha256: releaseSha256 },
    provider: sourceOf(rules, size),
    executionProvider: finer === undefined ? undefined : sourceOf(rules, finer),
    rates: undefined,
    roleOfSession: roleOfSession(account, stage),
  });
}
