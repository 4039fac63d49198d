import { canonicalJson, type Json } from '../../shared/kernel/canonical.ts';
import { IntegrityError } from '../../shared/kernel/errors.ts';
import { isoUtc, parseIsoUtc } from '../../shared/kernel/time.ts';
import { dataSchema, executionSchema } from '../../shared/ledger/artifacts.ts';
import { commit, getJson, isConflict, parseStored, putJson } from '../../shared/ledger/chain.ts';
import { claimSort, ledgerPartition, recordSort } from '../../shared/ledger/keys.ts';
import { referenceSchema, type Head } from '../../shared/ledger/records.ts';
import { assertSameExecution, encodeExecution } from '../../shared/tick/execution-codec.ts';
import { closeTick } from '../../shared/tick/close-tick.ts';
import { execute } from '../../shared/tick/execute.ts';
import { readingOf } from '../../shared/risk/kill-switch.ts';
import { forecastSchema } from '../../shared/tick/forecast-codec.ts';
import { tickRecord } from '../../shared/tick/record.ts';
import { encodeState } from '../../shared/tick/state-codec.ts';
import type { Write } from '../../shared/stores/ports.ts';
import { executedSchema, parseInput, type Committed, type Executed } from '../envelope.ts';
import { isCommitted, loadExecution, recordOfTick, requireHead } from '../runtime/context.ts';
import { reconcile } from '../runtime/reconcile.ts';
import type { MarketRuntime, Runtime } from '../runtime/runtime.ts';

/** Attempts against turns of the switch that come in between; after them the state machine tries again. */
const TRIES = 5;

/**
 * Posts the fills, marks the book to market and appends the tick's record: the only commit of a tick. Whoever loses
 * the race reads the winner's record.
 */
export async function ledger(input: unknown, runtime: Runtime): Promise<Committed> {
  const tick = parseInput('ledger', input, executedSchema);
  const market = runtime.market(tick.market);
  const tickMs = parseIsoUtc(tick.tick_utc);
  for (let left = TRIES; ; left--) {
    const at = await requireHead(runtime, market);
    if (isCommitted(at.head, tickMs)) break;
    try {
      await post(runtime, market, tick, at);
      break;
    } catch (error) {
      // Where a turn of the switch moved the head meanwhile, the tick follows it.
      if (!isConflict(error) || left <= 1) throw error;
    }
  }
  const done = await committed(runtime, tick, tickMs);
  // What the tick tripped, and a trial that it ended, turn the switch at once.
  await reconcile(runtime, market);
  return done;
}

/** The tick with the record that stands in the chain. */
async function committed(runtime: Runtime, tick: Executed, tickMs: number): Promise<Committed> {
  const n = await recordOfTick(runtime, tick.market, tickMs);
  const item = await runtime.stores.state.get(ledgerPartition(tick.market), recordSort(n));
  return { ...tick, record: parseStored(item?.body ?? '', referenceSchema, `record ${n} of ${tick.market}`) };
}

async function post(
  runtime: Runtime,
  market: MarketRuntime,
  tick: Executed,
  at: { head: Head; body: string },
): Promise<void> {
  const { rules } = market;
  const { artifacts } = runtime.stores;
  const { head } = at;
  const tickMs = parseIsoUtc(tick.tick_utc);
  if (tick.execution === undefined) {
    throw new IntegrityError(`${tick.market} at ${tick.tick_utc} has no execution to post`);
  }
  const [stored, data, forecast] = await Promise.all([
    getJson(artifacts, tick.execution, executionSchema),
    getJson(artifacts, tick.data, dataSchema),
    getJson(artifacts, tick.forecast, forecastSchema),
  ]);
  const reading = readingOf(stored.switch);
  const found = { reading, late: stored.late, mismatched: stored.release_mismatch };
  const inputs = await loadExecution(runtime, market, head, tick, found);
  const { state, bars, decision } = inputs;
  const executed = execute(inputs);
  assertSameExecution(stored, encodeExecution(rules, tick.tick_utc, found, executed));
  const late = tick.lateness_s > rules.config.sla.late_after_s;
  const { valuation, report } = closeTick({
    rules,
    state,
    bars,
    row: executed.row,
    decision,
    placed: executed.placed.length,
    misaligned: data.misaligned.length,
    late,
    driftCounts: forecast.drift_counts,
    driftReference: market.release.drift_reference,
  });
  const [stateReference, position] = await Promise.all([
    putJson(artifacts, tick.market, 'state', tickMs, encodeState(rules, state)),
    putJson(artifacts, tick.market, 'position', tickMs, report as unknown as Json),
  ]);
  const { lateness_s: _, status: __, execution, ...named } = tick;
  // Another process may have frozen the decision, by a clock that is ahead of this one's.
  const finished = isoUtc(Math.max(runtime.clock.now(), decision.frozenAtMs));
  const facts = {
    ...named,
    execution: execution!,
    finished_at_utc: finished,
    state: stateReference,
    position,
  };
  const record = tickRecord(head, facts, decision, late, reading, state, valuation);
  await commit(runtime.stores, {
    atMs: tickMs,
    record,
    previousHead: at.body,
    head: {
      tick_utc: tick.tick_utc,
      ordinal: tick.ordinal,
      window: tick.window,
      state: stateReference,
      settled_ordinal: tick.ordinal,
    },
    also: [closedClaim(tick, record.n)],
  });
}

/** The claim with the record that closed it: only a claim that is still open can be. */
function closedClaim(tick: Executed, n: number): Write {
  const body = (value: Json): string => canonicalJson(value);
  const item = {
    partition: ledgerPartition(tick.market),
    sort: claimSort(parseIsoUtc(tick.tick_utc)),
    body: body({ trace_id: tick.trace_id, n }),
  };
  return { item, expect: 'equals', body: body({ trace_id: tick.trace_id }) };
}
