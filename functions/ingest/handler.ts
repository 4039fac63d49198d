import { rowClosingAt, slice, type Timeline } from '../../shared/calendar/timeline.ts';
import { canonicalJson, hashJson, type Json } from '../../shared/kernel/canonical.ts';
import { DAY_MS, isoUtc, parseIsoUtc, SECOND_MS, utcDay } from '../../shared/kernel/time.ts';
import type { DataReport } from '../../shared/ledger/artifacts.ts';
import { isConflict, putJson } from '../../shared/ledger/chain.ts';
import { storeExecutionBars } from '../../shared/ledger/execution-bars.ts';
import { claimSort, ledgerPartition } from '../../shared/ledger/keys.ts';
import type { Head } from '../../shared/ledger/records.ts';
import { appendWindow, loadManifest, windowBars } from '../../shared/ledger/window-store.ts';
import type { CorporateAction } from '../../shared/market-data/actions.ts';
import { misalignedKind } from '../../shared/market-data/ingest.ts';
import { isLate } from '../../shared/market-data/place-actions.ts';
import { qualityReport, QUALITY_LOOKBACK } from '../../shared/market-data/quality.ts';
import { shardsOf } from '../../shared/market-data/shards.ts';
import { BLOCK_ROWS, blockOf } from '../../shared/market-data/window.ts';
import type { Books } from '../../shared/risk/books.ts';
import type { Reference } from '../../shared/stores/ports.ts';
import {
  callOf,
  fetchedSchema,
  fetchShardSchema,
  parseInput,
  scheduleSchema,
  type FetchedParts,
  type OpenTick,
  type Part,
  type Schedule,
  type Sharded,
  type Tick,
} from '../envelope.ts';
import { isCommitted, requireHead } from '../runtime/context.ts';
import { askOf, fetchBars, fetchExecutionBars, type FetchedBars } from '../runtime/fetch-bars.ts';
import type { MarketRuntime, Runtime } from '../runtime/runtime.ts';
import { readBooks } from './books.ts';
import { recordGaps } from './gaps.ts';
import { fetchShard, joinedMarket } from './shards.ts';

/** What ends a run before its second step. */
export interface NoTick {
  readonly status: 'closed' | 'done';
  readonly market: string;
  readonly scheduled_at_utc: string;
}

/**
 * Claims the tick and freezes its bars. The calendar, not the schedule, decides whether there is one; a tick that the
 * chain already holds is done; ticks between the head and this one are recorded as missed or failed first. The bars of
 * a large universe are fetched in slices by further calls, the last of which goes on here with what they left.
 */
export async function ingest(input: unknown, runtime: Runtime): Promise<OpenTick | Sharded | Part | NoTick> {
  const call = callOf(input);
  if (call === 'shard') return fetchShard(parseInput('ingest', input, fetchShardSchema), runtime);
  if (call === 'join') return joinShards(parseInput('ingest', input, fetchedSchema), runtime);
  const event = parseInput('ingest', input, scheduleSchema);
  const begun = await begin(event, runtime);
  if ('status' in begun) return begun;
  const { market, tickMs } = begun;
  const nowMs = runtime.clock.now();
  await claim(runtime, event.market, tickMs, traceOf(market, tickMs));
  const shards = shardsOf(market.rules.instruments.symbols.length, market.rules.config.fan_out);
  if (shards.length === 0) return open(event, runtime, begun, nowMs);
  const finer =
    market.executionProvider === undefined ? undefined : { fromMs: unsettledFrom(begun), toMs: tickMs };
  const { grid, past } = await newRows(runtime, begun);
  return {
    ...event,
    status: 'sharded',
    tick_utc: isoUtc(tickMs),
    trace_id: traceOf(market, tickMs),
    ask: askOf(market.rules, grid, past, finer, nowMs),
    shards,
  };
}

/** Freezes the bars that were fetched in slices, as if one call had fetched them all at the moment the first began. */
async function joinShards(given: FetchedParts, runtime: Runtime): Promise<OpenTick | NoTick> {
  const { market: name, scheduled_at_utc, shards } = given;
  const begun = await begin({ market: name, scheduled_at_utc }, runtime);
  if ('status' in begun) return begun;
  const market = await joinedMarket(given, runtime, begun.market, begun.tickMs);
  const nowMs = parseIsoUtc(given.ask.now_utc);
  const tick = await open({ market: name, scheduled_at_utc }, runtime, { ...begun, market }, nowMs);
  return { ...tick, shards };
}

/** A bar that the chain does not hold yet, and the head that its tick follows. */
interface Begun {
  readonly market: MarketRuntime;
  readonly head: Head;
  readonly line: Timeline;
  readonly row: number;
  readonly ordinal: number;
  readonly tickMs: number;
}

/** Finds the bar that a schedule is for, and records what lies between it and the head. */
async function begin(event: Schedule, runtime: Runtime): Promise<Begun | NoTick> {
  const market = runtime.market(event.market);
  const { rules } = market;
  const tickMs = parseIsoUtc(event.scheduled_at_utc) - rules.config.schedule_offset_s * SECOND_MS;
  // Past the calendar's end this throws: whether there is a session is then unknown, and nothing may be guessed.
  // A bar that closes at midnight belongs to the day before.
  rules.calendar.sessionsIn(utcDay(tickMs - 1), utcDay(tickMs - 1));
  const before = await requireHead(runtime, market);
  const line = market.line(Math.min(tickMs, parseIsoUtc(before.head.tick_utc)), tickMs);
  const row = rowClosingAt(line, tickMs);
  if (row < 0) return { status: 'closed', market: event.market, scheduled_at_utc: event.scheduled_at_utc };
  if (isCommitted(before.head, tickMs))
    return { status: 'done', market: event.market, scheduled_at_utc: event.scheduled_at_utc };
  const { head } = await recordGaps(runtime, market, before, line, row);
  return { market, head, line, row, ordinal: head.ordinal + 1, tickMs };
}

/** Freezes the bars as the source shows them at `nowMs`, and tells what they are like. */
async function open(event: Schedule, runtime: Runtime, begun: Begun, nowMs: number): Promise<Tick> {
  const { market, tickMs, ordinal } = begun;
  const frozen = await freezeWindow(runtime, begun, nowMs);
  const lateness_s = (nowMs - tickMs) / SECOND_MS;
  const books = await readBooks(runtime, market, tickMs);
  const report = dataReport(market, tickMs, frozen, lateness_s, books);
  return {
    ...event,
    status: 'open',
    tick_utc: isoUtc(tickMs),
    trace_id: traceOf(market, tickMs),
    ordinal,
    started_at_utc: isoUtc(nowMs),
    lateness_s,
    window: frozen.window,
    execution_bars: await freezeExecutionBars(runtime, begun, nowMs),
    data: await putJson(runtime.stores.artifacts, event.market, 'data', tickMs, report as unknown as Json),
  };
}

/** One id for all runs of a tick: whoever looks for it in logs finds every attempt. */
export const traceOf = (market: MarketRuntime, tickMs: number): string =>
  hashJson([market.releaseSha256, market.rules.config.market, isoUtc(tickMs)]).slice(
    'sha256:'.length,
    'sha256:'.length + 16,
  );

/** Marks the tick as begun. Another run that claimed it before is this one's equal: the commit decides. */
async function claim(runtime: Runtime, market: string, tickMs: number, traceId: string): Promise<void> {
  const item = {
    partition: ledgerPartition(market),
    sort: claimSort(tickMs),
    body: canonicalJson({ trace_id: traceId }),
  };
  try {
    await runtime.stores.state.transact([{ item, expect: 'absent' }]);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}

/** What a tick newly saw: bars, what lay off the grid, actions that came after their session had begun. */
interface Frozen extends FetchedBars {
  readonly late: readonly CorporateAction[];
  readonly window: Reference;
}

/** The rows since the window ended, and as much of it before them as they are judged by and stored with. */
async function newRows({ stores }: Runtime, { market, head, line, row, ordinal }: Begun) {
  const known = await loadManifest(stores.artifacts, head.window);
  const firstNew = known.last_ordinal + 1;
  const openStart = blockOf(firstNew) * BLOCK_ROWS;
  const reach = Math.min(openStart, firstNew - QUALITY_LOOKBACK - 1);
  const { symbols } = market.rules.instruments;
  const past = await windowBars(stores.artifacts, symbols, head.window, known, reach);
  const firstRow = row - (ordinal - firstNew);
  return { known, past, grid: { firstOrdinal: firstNew, ...slice(line, firstRow, row + 1) } };
}

/** Fetches the bars and corporate actions since the window ended, flags them and writes the window that holds them. */
async function freezeWindow(runtime: Runtime, begun: Begun, nowMs: number): Promise<Frozen> {
  const { market, head, ordinal, tickMs } = begun;
  const { rules, provider } = market;
  const { artifacts } = runtime.stores;
  const { known, past, grid } = await newRows(runtime, begun);
  const fetched = await fetchBars(rules, provider, grid, past, nowMs);
  const { bars } = fetched;
  const keepFrom = Math.min(head.settled_ordinal + 1, ordinal - rules.windowRows + 1);
  const window = await appendWindow(artifacts, rules.config.market, tickMs, known, past, bars, keepFrom);
  const late = bars.actions.filter((action) => isLate(action, past));
  return { ...fetched, late, window };
}

/** The start of the first bar since the book was last settled. */
const unsettledFrom = ({ head, line, row }: Begun): number =>
  line.startMs[row - (head.ordinal - head.settled_ordinal)]!;

/**
 * Fetches and writes the finer bars since the book was last settled, in which the orders that are due fill; null where
 * the market fills in its decision bars.
 */
async function freezeExecutionBars(runtime: Runtime, begun: Begun, nowMs: number): Promise<Reference | null> {
  const { rules, executionProvider } = begun.market;
  const { tickMs } = begun;
  const bars = await fetchExecutionBars(rules, executionProvider, unsettledFrom(begun), tickMs, nowMs);
  if (bars === undefined) return null;
  return storeExecutionBars(runtime.stores.artifacts, rules.config.market, tickMs, bars);
}

function dataReport(
  market: MarketRuntime,
  tickMs: number,
  { bars, misaligned, fallbacks, disagreements, late }: Frozen,
  lateness_s: number,
  books: Books | null,
): DataReport {
  const { rules, provider } = market;
  const last = bars.startMs.length - 1;
  const n = bars.instruments.length;
  let seen = 0;
  for (let i = 0; i < n; i++) if (!Number.isNaN(bars.close[last * n + i]!)) seen++;
  return {
    v: 2,
    market: rules.config.market,
    tick_utc: isoUtc(tickMs),
    provider: provider.name,
    live: provider.live,
    lateness_s,
    instruments: n,
    ...{ seen, fallbacks, disagreements },
    books,
    quality: qualityReport(bars, last, rules.config.quality).map((row) => ({
      ...row,
      codes: [...row.codes],
    })),
    misaligned: misaligned.map(({ symbol, startMs }) => ({
      symbol,
      start_utc: Number.isNaN(startMs) ? null : isoUtc(startMs),
      kind: misalignedKind(rules.calendar, startMs),
    })),
    actions: bars.actions.map((action) => ({
      symbol: bars.instruments[action.instrument]!,
      kind: action.kind,
      ex_date: utcDay(action.exDay * DAY_MS),
      ratio: action.ratio,
      amount: action.amount,
      pay_date: action.payDay === null ? null : utcDay(action.payDay * DAY_MS),
      source: action.source,
      late: late.includes(action),
    })),
  };
}
