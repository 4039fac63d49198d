import { ConfigError } from '../../shared/kernel/errors.ts';
import { getChecked } from '../../shared/ledger/chain.ts';
import { walkChain } from '../../shared/ledger/walk.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { CapacityTally, type CapacityReport } from '../../shared/tick/capacity-report.ts';
import { parsePacket } from '../../shared/tick/packet.ts';
import { marketsIn, readLedgerMarket } from './ledger-markets.ts';

/**
 * Sizes that the forecasts of a ledger carry, market by market, from its packets and frozen configuration alone.
 * @param asked only this market; undefined for every one.
 * @throws ConfigError where there is no ledger, not the market asked for, or no tick in it.
 */
export async function ledgerCapacity(stores: Stores, asked: string | undefined): Promise<CapacityReport[]> {
  const reports: CapacityReport[] = [];
  for (const market of await marketsIn(stores, asked)) reports.push(await marketCapacity(stores, market));
  return reports;
}

async function marketCapacity(stores: Stores, market: string): Promise<CapacityReport> {
  const { rules, state } = await readLedgerMarket(stores, market);
  const tally = new CapacityTally();
  let ticks = 0;
  for await (const { record } of walkChain(stores, market)) {
    if (record.kind !== 'tick') continue;
    const bytes = await getChecked(stores.artifacts, record.decision);
    tally.add(record.tick_utc, parsePacket(bytes, record.decision.key).rows);
    ticks++;
  }
  if (ticks === 0)
    throw new ConfigError(`the ledger of ${market} has no tick yet: run some, then ask what they carry`);
  return tally.report(rules, state.performance.today.equityClose / rules.minorPerUnit);
}
