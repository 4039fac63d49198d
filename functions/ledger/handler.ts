import { canonicalJson, type Json } from '../../shared/kernel/canonical.ts';
import { IntegrityError } from '../../shared/kernel/errors.ts';
import { isoUtc, parseIsoUtc } from '../../shared/kernel/time.ts';
import { dataSchema, executionSchema, type Execution } from '../../shared/ledger/artifacts.ts';
import { commit, getJson, isConflict, parseStored, putJson, readHead } from '../../shared/ledger/chain.ts';
import { claimSort, ledgerPartition, recordSort } from '../../shared/ledger/keys.ts';
import { referenceSchema, type Head, type TickRecord } from '../../shared/ledger/records.ts';
import { assertSameExecution, encodeExecution } from '../../shared/tick/execution-codec.ts';
import { closeTick } from '../../shared/tick/close-tick.ts';
import { execute } from '../../shared/tick/execute.ts';
import { forecastSchema } from '../../shared/tick/forecast-codec.ts';
import { encodeState } from '../../shared/tick/state-codec.ts';
import { executedSchema, parseInput, type Committed, type Executed } from '../envelope.ts';
import { isCommitted, loadExecution, requireHead } from '../runtime/context.ts';
import type { MarketRuntime, Runtime } from '../runtime/runtime.ts';

/**
 * Posts the fills, marks the book to market and appends the tick's record: the only commit of a tick. Whoever loses
 * the race reads the winner's record.
 */
export async function ledger(input: unknown, runtime: Runtime): Promise<Committed> {
  const tick = parseInput('ledger', input, executedSchema);
  const market = runtime.market(tick.market);
  const at = await requireHead(runtime, market);
  if (isCommitted(at.head, parseIsoUtc(tick.tick_utc))) return committed(runtime, tick);
  try {
    await post(runtime, market, tick, at);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  return committed(runtime, tick);
}

/** The tick with the record that stands in the chain. */
async function committed(runtime: Runtime, tick: Executed): Promise<Committed> {
  const at = await readHead(runtime.stores, tick.market);
  const claim = await runtime.stores.state.get(ledgerPartition(tick.market), claimSort(parseIsoUtc(tick.tick_utc)));
  const n = (JSON.parse(claim?.body ?? '{}') as { n?: number }).n;
  if (at === undefined || n === undefined) {
    throw new IntegrityError(`${tick.market} at ${tick.tick_utc} was not committed, and another record took its place`);
  }
  const item = await runtime.stores.state.get(ledgerPartition(tick.market), recordSort(n));
  return { ...tick, record: parseStored(item?.body ?? '', referenceSchema, `record ${n} of ${tick.market}`) };
}

async function post(runtime: Runtime, market: MarketRuntime, tick: Executed, at: { head: Head; body: string }): Promise<void> {
  const { rules } = market;
  const { artifacts } = runtime.stores;
  const { head } = at;
  const tickMs = parseIsoUtc(tick.tick_utc);
  if (tick.execution === undefined) throw new IntegrityError(`${tick.market} at ${tick.tick_utc} has no execution to post`);
  const [stored, data, forecast] = await Promise.all([
    getJson(artifacts, tick.execution, executionSchema),
    getJson(artifacts, tick.data, dataSchema),
    getJson(artifacts, tick.forecast, forecastSchema),
  ]);
  const reading = switchOf(stored);
  const inputs = await loadExecution(runtime, market, head, tick, { haltAtMs: reading.haltAtMs, late: stored.late });
  const { state, bars, decision } = inputs;
  const executed = execute(inputs);
  assertSameExecution(stored, encodeExecution(rules, tick.tick_utc, reading, stored.late, executed));
  const late = tick.lateness_s > rules.config.sla.late_after_s;
  const { valuation, report } = closeTick({
    rules,
    state,
    bars,
    row: executed.row,
    verdict: decision.verdict,
    misaligned: data.misaligned.length,
    late,
    driftCounts: forecast.drift_counts,
    driftReference: market.release.drift_reference,
  });
  const [stateReference, position] = await Promise.all([
    putJson(artifacts, tick.market, 'state', tickMs, encodeState(rules, state)),
    putJson(artifacts, tick.market, 'position', tickMs, report as unknown as Json),
  ]);
  const { verdict } = decision;
  const record: TickRecord = {
    v: 1,
    kind: 'tick',
    market: tick.market,
    mode: head.mode,
    n: head.n + 1,
    prev: head.sha256,
    release_sha256: head.release_sha256,
    tick_utc: tick.tick_utc,
    ordinal: tick.ordinal,
    trace_id: tick.trace_id,
    scheduled_at_utc: tick.scheduled_at_utc,
    started_at_utc: tick.started_at_utc,
    frozen_at_utc: isoUtc(decision.frozenAtMs),
    finished_at_utc: isoUtc(runtime.clock.now()),
    status: late ? 'late' : verdict.status === 'RED' ? 'blocked' : 'ok',
    gate_status: verdict.status,
    blocked_reason: [...verdict.blocked],
    health_grade: verdict.healthGrade,
    risk_budget_left: verdict.riskBudgetLeft,
    switch: { enabled: reading.enabled, version: reading.version },
    window: tick.window,
    data: tick.data,
    forecast: tick.forecast,
    decision: tick.decision,
    execution: tick.execution,
    position,
    state: stateReference,
    equity: valuation.equity,
    cash: state.book.cash,
    positions_value: valuation.equity - state.book.cash,
    fees: state.book.fees,
    realised: state.book.realised,
  };
  const claim = { partition: ledgerPartition(tick.market), sort: claimSort(tickMs), body: canonicalJson({ trace_id: tick.trace_id, n: record.n }) };
  await commit(runtime.stores, {
    atMs: tickMs,
    record,
    previousHead: at.body,
    head: { tick_utc: tick.tick_utc, ordinal: tick.ordinal, window: tick.window, state: stateReference, settled_ordinal: tick.ordinal },
    also: [{ item: claim, expect: 'equals', body: canonicalJson({ trace_id: tick.trace_id }) }],
  });
}

const switchOf = ({ switch: read }: Execution): { enabled: boolean; version: number; haltAtMs: number | null } => ({
  enabled: read.enabled,
  version: read.version,
  haltAtMs: read.halt_at_utc === null ? null : parseIsoUtc(read.halt_at_utc),
});
