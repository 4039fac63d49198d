import { marketRuntimeOf } from '../../functions/runtime/market-runtime.ts';
import { noBars } from '../../functions/runtime/no-bars.ts';
import { runtimeOf, type MarketRuntime, type Runtime } from '../../functions/runtime/runtime.ts';
import { sourceHash } from '../../functions/runtime/source-hash.ts';
import type { Sha256 } from '../../shared/kernel/canonical.ts';
import { parseIsoUtc, SimulatedClock, systemClock, type Clock } from '../../shared/kernel/time.ts';
import { getJson, readHead } from '../../shared/ledger/chain.ts';
import { recordSchema } from '../../shared/ledger/records.ts';
import { momentOf } from '../../shared/ledger/walk.ts';
import { cutUniverse } from '../../shared/release/release.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { readLedgerMarket } from './ledger-markets.ts';

/** A market of a ledger as operations on it need it: halt, resume, health checks, drills. */
export async function ledgerMarket(
  stores: Stores,
  name: string,
): Promise<MarketRuntime & { readonly codeSha256: Sha256 }> {
  const { config, release, releaseSha256, rules } = await readLedgerMarket(stores, name);
  const files = cutUniverse(config.markets.get(name)!, release.symbols);
  const codeSha256 = sourceHash();
  return {
    ...marketRuntimeOf({
      ...{ config, files, rules, codeSha256 },
      opened: { release, sha256: releaseSha256 },
      ...{ provider: noBars(release.data_source.name), executionProvider: undefined, rates: undefined },
    }),
    codeSha256,
  };
}

/**
 * The clock of a ledger: a forward one lives in the present; in a replay it is the moment after the newest record, since
 * what is turned there is turned between two of its ticks.
 */
export async function ledgerClock(stores: Stores, name: string, now: Clock = systemClock): Promise<Clock> {
  const { head } = (await readHead(stores, name))!;
  if (head.mode === 'forward') return now;
  const moment = momentOf(await getJson(stores.artifacts, head, recordSchema));
  return new SimulatedClock(Math.max(parseIsoUtc(moment), parseIsoUtc(head.tick_utc)));
}

/** A runtime over one market of a ledger. */
export const operationRuntime = (
  stores: Stores,
  clock: Clock,
  market: MarketRuntime,
  alert?: Runtime['alert'],
): Runtime => runtimeOf(stores, clock, new Map([[market.rules.config.market, market]]), alert);
