import { DAY_MS, HOUR_MS, parseIsoDate, parseIsoUtc, SECOND_MS } from '../../shared/kernel/time.ts';
import { lastCertified } from '../../shared/ledger/certificates.ts';
import { getJson, parseStored } from '../../shared/ledger/chain.ts';
import { ledgerPartition, recordSort } from '../../shared/ledger/keys.ts';
import { recordSchema, referenceSchema, type Head } from '../../shared/ledger/records.ts';
import { momentOf, walkBack } from '../../shared/ledger/walk.ts';
import { RANK, worst } from '../../shared/risk/gate-row.ts';
import type { HealthCheck } from '../../shared/risk/health-check.ts';
import { isOfIntegrity } from '../../shared/risk/switch-machine.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { readFailures } from '../record-failure/failures.ts';
import { currentSwitch, requireHead } from '../runtime/context.ts';
import { barsBehind } from '../runtime/reconcile.ts';
import type { MarketRuntime, Runtime } from '../runtime/runtime.ts';

/** Figures of each market. */
export const MARKET_FIGURES = ['BarsBehind', 'Level', 'TradingDisabled'] as const;
/** Figures of a whole stage: the worst market's. */
export const STAGE_FIGURES = [
  'RecoveriesRefused',
  'IntegrityErrors',
  'CalendarDaysLeft',
  'CertificateAgeDays',
] as const;

/** How a market stands, in the numbers that alarms are set on. */
export type Figures = Readonly<
  Record<(typeof MARKET_FIGURES)[number] | (typeof STAGE_FIGURES)[number], number>
>;

/** How far back events count: a little more than the hour between two checks, so that none falls between them. */
const EVENTS_MS = HOUR_MS + 5 * 60 * SECOND_MS;

/**
 * The figures of a market right after a health check. `BarsBehind` counts bars that closed longer ago than a tick may
 * take and are not committed; `Level` is 0 GREEN, 1 YELLOW, 2 RED; the rest is named by its unit.
 */
export async function healthFigures(
  runtime: Runtime,
  market: MarketRuntime,
  check: HealthCheck,
): Promise<Figures> {
  const { stores, clock } = runtime;
  const name = market.rules.config.market;
  const nowMs = clock.now();
  const { head } = await requireHead(runtime, market);
  const [reading, failures, certifiedMs, refusals] = await Promise.all([
    currentSwitch(runtime, name),
    readFailures(stores, name, Infinity, nowMs - EVENTS_MS),
    certifiedAt(stores, name),
    refusedSince(stores, head, nowMs - EVENTS_MS),
  ]);
  return {
    BarsBehind: barsBehind(market, head, nowMs),
    Level: RANK[worst([check.data, check.model, check.risk])],
    TradingDisabled: reading.enabled ? 0 : 1,
    RecoveriesRefused: refusals,
    IntegrityErrors: failures.filter(isOfIntegrity).length,
    CalendarDaysLeft: Math.floor((parseIsoDate(market.rules.calendar.boundMax) - nowMs) / DAY_MS) + 1,
    CertificateAgeDays: Math.max(0, Math.floor((nowMs - certifiedMs) / DAY_MS)),
  };
}

/** Close of the newest bar that a certificate covers; the ledger's opening where there is none yet. */
async function certifiedAt(stores: Stores, market: string): Promise<number> {
  const last = await lastCertified(stores.state, market);
  if (last !== undefined) return parseIsoUtc(last.tick_utc);
  const item = await stores.state.get(ledgerPartition(market), recordSort(0));
  const reference = parseStored(item?.body ?? '', referenceSchema, `record 0 of ${market}`);
  const record = await getJson(stores.artifacts, reference, recordSchema);
  return record.kind === 'release' ? parseIsoUtc(record.at_utc) : 0;
}

/** Requests to start again that were refused since a moment. Only records at the end of the chain are looked at. */
async function refusedSince(stores: Stores, head: Head, sinceMs: number): Promise<number> {
  let refusals = 0;
  await walkBack(stores, head, (record) => {
    if (parseIsoUtc(momentOf(record)) < sinceMs) return true;
    if (record.kind === 'switch' && record.cause === 'refusal') refusals++;
    return false;
  });
  return refusals;
}
