import { rowClosingAt, type Timeline } from '../../shared/calendar/timeline.ts';
import { canonicalJson, type Json } from '../../shared/kernel/canonical.ts';
import { IntegrityError } from '../../shared/kernel/errors.ts';
import { isoUtc, parseIsoUtc } from '../../shared/kernel/time.ts';
import { commit, parseStored } from '../../shared/ledger/chain.ts';
import { failureSort, ledgerPartition } from '../../shared/ledger/keys.ts';
import type { Head } from '../../shared/ledger/records.ts';
import { failureSchema } from '../record-failure/failures.ts';
import type { MarketRuntime, Runtime } from '../runtime/runtime.ts';

interface At {
  readonly head: Head;
  readonly body: string;
}

/**
 * Records every tick between the head and row `row` that has no record: failed where its run left a failure, missed
 * otherwise. Such a tick is never computed afterwards. One commit each, so a killed run goes on where it stopped.
 */
export async function recordGaps(
  runtime: Runtime,
  market: MarketRuntime,
  from: At,
  line: Timeline,
  row: number,
): Promise<At> {
  const name = market.rules.config.market;
  let at = from;
  let next = rowClosingAt(line, parseIsoUtc(at.head.tick_utc)) + 1;
  if (next === 0)
    throw new IntegrityError(
      `the head of ${name} names ${at.head.tick_utc}, which the calendar does not know as a bar's close`,
    );
  for (; next < row; next++) {
    const tickMs = line.endMs[next]!;
    const failure = await runtime.stores.state.get(ledgerPartition(name), failureSort(tickMs));
    const known =
      failure === undefined
        ? undefined
        : parseStored(failure.body, failureSchema, `failure of ${name} at ${isoUtc(tickMs)}`);
    const { head } = at;
    const ordinal = head.ordinal + 1;
    const committed = await commit(runtime.stores, {
      atMs: tickMs,
      previousHead: at.body,
      also: [],
      head: {
        tick_utc: isoUtc(tickMs),
        ordinal,
        window: head.window,
        state: head.state,
        settled_ordinal: head.settled_ordinal,
      },
      record: {
        v: 1,
        kind: known === undefined ? 'missed' : 'failed',
        market: name,
        mode: head.mode,
        n: head.n + 1,
        prev: head.sha256,
        release_sha256: head.release_sha256,
        tick_utc: isoUtc(tickMs),
        ordinal,
        recorded_at_utc: isoUtc(runtime.clock.now()),
        step: known?.step ?? '',
        error: known?.error ?? '',
      },
    });
    // The head as this commit left it, not as it stands now: another run may have moved it on meanwhile, and the next
    // commit must then lose.
    at = { head: committed, body: canonicalJson(committed as unknown as Json) };
  }
  return at;
}
