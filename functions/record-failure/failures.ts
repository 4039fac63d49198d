import * as z from 'zod';
import { canonicalJson } from '../../shared/kernel/canonical.ts';
import { isoUtc, parseIsoUtc } from '../../shared/kernel/time.ts';
import { isConflict, parseStored } from '../../shared/ledger/chain.ts';
import { FAILING, failureSort, ledgerPartition } from '../../shared/ledger/keys.ts';
import { isOfIntegrity, type Failure } from '../../shared/risk/switch-machine.ts';
import type { Item, Stores, Write } from '../../shared/stores/ports.ts';

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
const TRIES = 5;

const cut = (text: string, most: number): string => text.slice(0, most).toWellFormed();

/** Notes a failed run of a tick: for the next ingest, and among the latest failures that may turn the switch. */
export async function noteFailure(
  { state }: Stores,
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
  for (let left = TRIES; ; left--) {
    const before = await state.get(partition, FAILING);
    const { runs } = parsed(before, market);
    const run = { tick_utc: isoUtc(tickMs), step, error: cut(error, ERROR_CHARS_KEPT), at_utc: isoUtc(atMs) };
    // The same run told twice is one failure; what was damaged stays told.
    const others = runs.filter((one) => one.tick_utc !== run.tick_utc || isOfIntegrity(one));
    const item: Item = {
      partition,
      sort: FAILING,
      body: canonicalJson({ runs: [...others, run].slice(-RUNS_KEPT) }),
    };
    const moved: Write =
      before === undefined ? { item, expect: 'absent' } : { item, expect: 'equals', body: before.body };
    try {
      return await state.transact([{ item: note, expect: 'any' }, moved]);
    } catch (failure) {
      if (!isConflict(failure) || left <= 1) throw failure;
    }
  }
}

const parsed = (item: Item | undefined, market: string): z.infer<typeof failingSchema> =>
  item === undefined ? { runs: [] } : parseStored(item.body, failingSchema, `failed runs of ${market}`);

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
  const { runs } = parsed(await state.get(ledgerPartition(market), FAILING), market);
  return runs
    .filter((one) => parseIsoUtc(one.tick_utc) > settledMs || isOfIntegrity(one))
    .filter(({ at_utc }) => parseIsoUtc(at_utc) > sinceMs)
    .map(({ step, error, at_utc }) => ({ step, error, atMs: parseIsoUtc(at_utc) }));
}
