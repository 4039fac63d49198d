import { canonicalJson, type Json } from '../../shared/kernel/canonical.ts';
import { parseStored, rewriteItem } from '../../shared/ledger/chain.ts';
import { CHECKS, ledgerPartition } from '../../shared/ledger/keys.ts';
import { checksSchema, withCheck, type HealthCheck } from '../../shared/risk/health-check.ts';
import type { Stores } from '../../shared/stores/ports.ts';

const checksOf = (body: string | undefined, market: string): HealthCheck[] =>
  body === undefined ? [] : parseStored(body, checksSchema, `health checks of ${market}`).checks;

/** The latest health checks of a market, oldest first. */
export async function readChecks({ state }: Stores, market: string): Promise<HealthCheck[]> {
  return checksOf((await state.get(ledgerPartition(market), CHECKS))?.body, market);
}

/** Adds a health check to the latest ones of its market. */
export const addCheck = (stores: Stores, market: string, made: HealthCheck): Promise<void> =>
  rewriteItem(stores, { partition: ledgerPartition(market), sort: CHECKS }, (body) =>
    canonicalJson({ checks: withCheck(checksOf(body, market), made) } as unknown as Json),
  );
