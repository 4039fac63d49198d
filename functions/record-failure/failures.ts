import * as z from 'zod';
import { canonicalJson } from '../../shared/kernel/canonical.ts';
import { isoUtc, parseIsoUtc } from '../../shared/kernel/time.ts';
import { parseStored, rewriteItem } from '../../shared/ledger/chain.ts';
import { FAILING, failureSort, ledgerPartition } from '../../shared/ledger/keys.ts';
import { isOfIntegrity, type Failure } from '../../shared/risk/switch-machine.ts';
import type { Item, Stores } from '../../shared/stores/ports.ts';

/** What a failed run leaves behind until the next ingest closes it. */
export const failureSchema = z.strictObject({ step: z.string(), error: z.string() });

const failingSchema = z.strictObject({
  runs: z.array(
    z.strictObject({ tick_utc: z.string(), step: z.string(), error: z.string(), at_utc: z.string() }),
  ),
});

/** Runs that are remembered: as many as a trigger can ask for. */
const RUNS_KEPT = 100;
const ERROR_CHARS_MAX = 1_000;
const ERROR_CHARS_KEPT = 200;

const cut = (text: string, most: number): string => text.slice(0, most).toWellFormed();

/** Notes a failed run of a tick: for the next ingest, and among the latest failures that may turn the switch. */
export async function noteFailure(
  stores: Stores,
  market: string,
  tickMs: number,
  { step, error, atMs }: Failure,
): Promise<void> {
  const partition = ledgerPartition(market);
  const note: Item = {
    partition,
    sort: failureSort(tickMs),
    body: canonicalJson({ step, error: cut(error, ERROR_CHARS_MAX) }),
  };
  const run = { tick_utc: isoUtc(tickMs), step, error: cut(error, ERROR_CHARS_KEPT), at_utc: isoUtc(atMs) };
  const withRun = (body: string | undefined): string => {
    // The same run told twice is one failure; what was damaged stays told.
    const others = runsOf(body, market).filter((one) => one.tick_utc !== run.tick_utc || isOfIntegrity(one));
    return canonicalJson({ runs: [...others, run].slice(-RUNS_KEPT) });
  };
  await rewriteItem(stores, { partition, sort: FAILING }, withRun, [{ item: note, expect: 'any' }]);
}

const runsOf = (body: string | undefined, market: string): z.infer<typeof failingSchema>['runs'] =>
  body === undefined ? [] : parseStored(body, failingSchema, `failed runs of ${market}`).runs;

/**
 * Failed runs since the latch last turned, oldest first: those of ticks after the newest committed one, and those that
 * met damaged bytes, which a redrive that commits the tick does not mend.
 * @param settledMs close of the newest bar that a committed tick settled.
 */
export async function readFailures(
  { state }: Stores,
  market: string,
  settledMs: number,
  sinceMs: number,
): Promise<Failure[]> {
  const item = await state.get(ledgerPartition(market), FAILING);
  return runsOf(item?.body, market)
    .filter((one) => parseIsoUtc(one.tick_utc) > settledMs || isOfIntegrity(one))
    .filter(({ at_utc }) => parseIsoUtc(at_utc) > sinceMs)
    .map(({ step, error, at_utc }) => ({ step, error, atMs: parseIsoUtc(at_utc) }));
}
