import { rowClosingAt } from '../../shared/calendar/timeline.ts';
import { sha256 } from '../../shared/kernel/canonical.ts';
import { IntegrityError, RefusedError } from '../../shared/kernel/errors.ts';
import { isoUtc, parseIsoUtc } from '../../shared/kernel/time.ts';
import { getJson } from '../../shared/ledger/chain.ts';
import { dataSchema } from '../../shared/ledger/artifacts.ts';
import { loadExecutionBars } from '../../shared/ledger/execution-bars.ts';
import { decisionKey } from '../../shared/ledger/keys.ts';
import { loadWindow } from '../../shared/ledger/window-store.ts';
import { decodeForecast, forecastSchema } from '../../shared/tick/forecast-codec.ts';
import { assertOwnPacket, encodePacket, parsePacket } from '../../shared/tick/packet.ts';
import { upcomingAt } from '../../shared/tick/apply.ts';
import { firstForClusters } from '../../shared/tick/measure.ts';
import { decideOn } from '../../shared/tick/run-tick.ts';
import { advanceTo } from '../../shared/tick/tick.ts';
import { parseInput, predictedSchema, type Decided, type Predicted } from '../envelope.ts';
import { currentSwitch, isCommitted, loadState, recordOfTick, requireHead } from '../runtime/context.ts';
import { reconcile } from '../runtime/reconcile.ts';
import type { Runtime } from '../runtime/runtime.ts';

/**
 * Freezes the decision of the tick. A packet that exists is the decision, whoever wrote it and whatever this run
 * would have decided: it is returned, never computed again.
 */
export async function gate(input: unknown, runtime: Runtime): Promise<Decided> {
  const tick = parseInput('gate', input, predictedSchema);
  const frozen = await frozenDecision(tick, runtime);
  if (frozen !== undefined) return frozen;
  const tickMs = parseIsoUtc(tick.tick_utc);
  const bytes = await decideTick(tick, runtime);
  if (bytes === undefined) await recordOfTick(runtime, tick.market, tickMs);
  else await freeze(runtime, decisionKey(tick.market, tickMs), bytes);
  const decided = await frozenDecision(tick, runtime);
  if (decided === undefined)
    throw new IntegrityError(`the decision of ${tick.market} at ${tick.tick_utc} is not in the store`);
  return decided;
}

/** Writes a packet, unless another run of the tick froze its own first: that one stands. */
async function freeze({ stores }: Runtime, key: string, bytes: Uint8Array): Promise<void> {
  try {
    await stores.artifacts.putIfAbsent(key, bytes);
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
  }
}

/**
 * The tick with the packet that stands, and with the inputs that packet rests on; undefined where there is none.
 * @throws IntegrityError where what lies under the tick's key was decided for another tick, market or release.
 */
async function frozenDecision(tick: Predicted, runtime: Runtime): Promise<Decided | undefined> {
  const key = decisionKey(tick.market, parseIsoUtc(tick.tick_utc));
  const bytes = await runtime.stores.artifacts.find(key);
  if (bytes === undefined) return undefined;
  const { header } = parsePacket(bytes, key);
  const { market, tick_utc, ordinal, trace_id } = tick;
  assertOwnPacket(header, key, {
    market,
    tick_utc,
    ordinal,
    release_sha256: runtime.market(market).releaseSha256,
  });
  runtime.log({
    ...{ message: 'decided', market, tick_utc, trace_id, level: header.gate_status },
    codes: header.gates.filter(({ level }) => level !== 'GREEN').map(({ code }) => code),
  });
  return {
    ...tick,
    window: header.window,
    data: header.data,
    execution_bars: header.execution_bars,
    forecast: header.forecast,
    decision: { key, sha256: sha256(bytes) },
  };
}

/** The packet of the tick; undefined where the chain holds a record of it by now. */
async function decideTick(tick: Predicted, runtime: Runtime): Promise<Uint8Array | undefined> {
  const market = runtime.market(tick.market);
  const { rules } = market;
  const { artifacts } = runtime.stores;
  const tickMs = parseIsoUtc(tick.tick_utc);
  await reconcile(runtime, market);
  const { head } = await requireHead(runtime, market);
  if (isCommitted(head, tickMs)) return undefined;
  const [state, view, data, reading] = await Promise.all([
    loadState(runtime, rules, head),
    getJson(artifacts, tick.forecast, forecastSchema).then((stored) => decodeForecast(rules, stored)),
    getJson(artifacts, tick.data, dataSchema),
    currentSwitch(runtime, tick.market),
  ]);
  const since = Math.min(
    head.settled_ordinal + 1,
    tick.ordinal,
    firstForClusters(rules, state, tick.ordinal),
  );
  const { bars } = await loadWindow(artifacts, rules.instruments.symbols, tick.window, since);
  const finer = await loadExecutionBars(artifacts, rules.instruments.symbols, tick.execution_bars);
  const from = head.settled_ordinal + 1;
  const { row } = advanceTo(rules, state, bars, from, tick.ordinal, reading.haltAtMs, finer);
  const line = market.line(tickMs, tickMs);
  const frozenAtMs = runtime.clock.now();
  assertClock(tick, frozenAtMs);
  const { fallbacks, disagreements, books } = data;
  const now = {
    ...{ misaligned: data.misaligned.length, fallbacks, disagreements, books },
    ...{ lateness_s: tick.lateness_s, gate: reading, mismatched: market.mismatched },
    frozenAtMs,
  };
  const upcoming = upcomingAt(rules, line, rowClosingAt(line, tickMs));
  const { health } = market.release;
  const { decision } = decideOn({ rules, bars, row, view, now, upcoming, health }, state);
  return encodePacket(decision, {
    rules,
    mode: head.mode,
    releaseSha256: market.releaseSha256,
    prev: head.sha256,
    window: tick.window,
    data: tick.data,
    executionBars: tick.execution_bars,
    forecast: tick.forecast,
    view,
    mismatched: market.mismatched,
  });
}

/**
 * A clock that lies behind the bar's close or the tick's own start would date the decision before what it rests on, and
 * let it fill at prices that formed before it stood.
 * @throws RefusedError: the run fails, and may be redriven by a process whose clock is right.
 */
function assertClock({ tick_utc: closed, started_at_utc: started }: Predicted, nowMs: number): void {
  const earliest = Math.max(parseIsoUtc(closed), parseIsoUtc(started));
  if (nowMs >= earliest) return;
  throw new RefusedError(
    `the clock says ${isoUtc(nowMs)}, but the tick of ${closed} began at ${started}: nothing is decided by a clock that is behind`,
    { now: isoUtc(nowMs), closed, started },
  );
}
