import type { Json } from '../kernel/canonical.ts';
import type { Bars } from '../market-data/bars.ts';
import { decodeBlocks } from '../market-data/window.ts';
import type { ArtifactStore } from '../stores/ports.ts';
import {
  dataSchema,
  executionSchema,
  positionSchema,
  stateSchema,
  windowSchema,
  type Execution,
  type StoredState,
} from './artifacts.ts';
import { decisionKey } from './keys.ts';
import type { Latch, StoredSwitch, TickRecord } from './records.ts';
import { addEvents, checkFigures, checkState } from './verify-book.ts';
import { instant, type Chain } from './verify-chain.ts';
import { flaw, located, same, type Place } from './verify-flaw.ts';
import { checkPostings } from './verify-postings.ts';
import { checkWorking, placeOrders, settleOrders } from './verify-orders.ts';
import { isText, parseCanonical, readAll } from './verify-reading.ts';
import type { Standing } from './verify-release.ts';
import type { SeenGates } from './verify-recovery.ts';
import { checkSwitch } from './verify-switch.ts';
import { lastCloseMs, verifyWindow } from './verify-window.ts';

/** A decision packet as far as the chain can be held against it. */
export interface PacketView {
  readonly header: Readonly<Record<string, Json>>;
  /** Instruments of its rows, and the signed steps that each row wants to trade. */
  readonly symbols: readonly string[];
  readonly deltas: readonly number[];
  /** What its gates sum up to, were its bar the newest one due. */
  readonly levels: SeenGates['levels'];
  /** The kill switch as the gate read it. */
  readonly switch: StoredSwitch;
  /** The packet encoded again from what was parsed. */
  readonly text: string;
}

/** Readers of the artifacts that belong to a room above this one. @throws IntegrityError */
export interface UpperReaders {
  packet(bytes: Uint8Array, what: string): PacketView;
  forecast(bytes: Uint8Array, what: string): { readonly instruments: number };
  /** What a risk state has tripped and a latch has not answered. */
  trips(risk: StoredState['risk'], latch: Latch): readonly string[];
}

/**
 * Verifies one tick: every artifact it names, the decision against the record and the chain it was taken on, fills
 * against orders and bars, and money and quantities as nothing but the sum of fills.
 * @param chain the chain before this record, with the close of its bar: what the tick may have seen.
 * @throws IntegrityError naming the first bad field.
 */
export async function verifyTick(
  place: Place,
  artifacts: ArtifactStore,
  readers: UpperReaders,
  standing: Standing,
  record: TickRecord,
  { tickMs, heads, latches }: Pick<Chain, 'tickMs' | 'heads' | 'latches'>,
): Promise<Standing> {
  const { symbols, orders } = standing;
  const read = await readAll(place, artifacts, {
    window: { reference: record.window, kind: 'window' },
    data: { reference: record.data, kind: 'data' },
    forecast: { reference: record.forecast, kind: 'forecast' },
    decision: { reference: record.decision, kind: 'decision' },
    execution: { reference: record.execution, kind: 'execution' },
    position: { reference: record.position, kind: 'position' },
    state: { reference: record.state, kind: 'state' },
  });
  const frozenAtMs = checkMoments(place, record, tickMs);
  const manifest = parseCanonical(place, 'window', read.window, windowSchema, record.window.key);
  const window = await verifyWindow(place, artifacts, manifest, standing.window, symbols, record.ordinal);
  same(place, 'window', lastCloseMs(window, record.ordinal), tickMs, 'tick_utc (close of the last bar)');
  checkData(place, read.data, record, symbols.length);
  const forecast = await located(place, 'forecast', () =>
    readers.forecast(read.forecast, record.forecast.key),
  );
  same(place, 'forecast.instruments', forecast.instruments, symbols.length, 'the release');
  const packet = await located(place, 'decision', () => readers.packet(read.decision, record.decision.key));
  checkPacket(place, packet, read.decision, record, heads, symbols, tickMs);
  const execution = parseCanonical(place, 'execution', read.execution, executionSchema, record.execution.key);
  checkExecution(place, execution, record);
  const finer = await readExecutionBars(place, artifacts, record, symbols);
  const { units } = standing;
  const settled = { after: standing.settledOrdinal, to: record.ordinal, window, finer, units };
  checkPostings(place, execution, settled, standing.tally, symbols, units);
  settleOrders(place, orders, execution, symbols, settled);
  const { deltas } = packet;
  placeOrders(place, orders, execution, symbols, { tickMs, ordinal: record.ordinal, frozenAtMs, deltas });
  const tally = addEvents(place, standing.tally, execution, symbols);
  const wanted = new Map(symbols.map((symbol, i) => [symbol, deltas[i]!]));
  const { risk } = standing;
  const trips = (latch: Latch) => (risk === undefined ? [] : readers.trips(risk, latch));
  checkSwitch(place, latches, execution, packet.switch, wanted, tally.quantities, trips);
  const state = parseCanonical(place, 'state', read.state, stateSchema, record.state.key);
  checkState(place, state, tally);
  checkWorking(place, orders, state, symbols);
  const report = parseCanonical(place, 'position', read.position, positionSchema, record.position.key);
  checkFigures(place, record, report, state);
  const seen = { ordinal: record.ordinal, rows: packet.header.gates ?? null, levels: packet.levels };
  const { check_age_bars_max: age } = standing.rules.recovery;
  const recent = [...standing.recent, seen].slice(-age - 1);
  return { ...standing, window, tally, settledOrdinal: record.ordinal, recent, risk: state.risk };
}

/** The finer bars in which the tick's orders filled, each block held against its hash; undefined where there are none. */
async function readExecutionBars(
  place: Place,
  artifacts: ArtifactStore,
  { execution_bars: reference }: TickRecord,
  symbols: readonly string[],
): Promise<Bars | undefined> {
  if (reference === null) return undefined;
  const field = 'execution_bars';
  const read = await readAll(place, artifacts, { [field]: { reference, kind: field } });
  const manifest = parseCanonical(place, field, read[field]!, windowSchema, reference.key);
  same(place, `${field}.market`, manifest.market, place.market, 'the record');
  same(place, `${field}.instruments`, manifest.instruments, symbols.length, 'the release');
  const wanted = manifest.blocks.map(
    (block, k) => [`${field}.${k}`, { reference: block, kind: 'block' }] as const,
  );
  const blocks = await readAll(place, artifacts, Object.fromEntries(wanted), field);
  return located(place, field, () =>
    decodeBlocks(
      symbols,
      0,
      wanted.map(([name]) => blocks[name]!),
    ),
  );
}

/** The decision was frozen at or after the bar's close and before the record was made. */
function checkMoments(place: Place, record: TickRecord, tickMs: number): number {
  const frozenAtMs = instant(place, 'frozen_at_utc', record.frozen_at_utc);
  const finishedAtMs = instant(place, 'finished_at_utc', record.finished_at_utc);
  if (frozenAtMs < tickMs)
    throw flaw(place, 'frozen_at_utc', `${record.frozen_at_utc} is before the bar's close`);
  if (frozenAtMs > finishedAtMs) {
    throw flaw(place, 'frozen_at_utc', `${record.frozen_at_utc} is after the tick was finished`);
  }
  return frozenAtMs;
}

function checkData(place: Place, bytes: Uint8Array, record: TickRecord, instruments: number): void {
  const data = parseCanonical(place, 'data', bytes, dataSchema, record.data.key);
  same(place, 'data.market', data.market, record.market, 'the record');
  same(place, 'data.tick_utc', data.tick_utc, record.tick_utc, 'the record');
  same(place, 'data.instruments', data.instruments, instruments, 'the release');
}

/** What the header of a packet and the record of its tick both say. */
const SHARED = [
  ...[
    'market',
    'mode',
    'release_sha256',
    'tick_utc',
    'frozen_at_utc',
    'ordinal',
    'window',
    'data',
    'execution_bars',
    'forecast',
  ],
  ...['gate_status', 'blocked_reason', 'health_grade', 'risk_budget_left'],
] as readonly (keyof TickRecord)[];

function checkPacket(
  place: Place,
  packet: PacketView,
  bytes: Uint8Array,
  record: TickRecord,
  heads: readonly string[],
  symbols: readonly string[],
  tickMs: number,
): void {
  same(place, 'decision.key', record.decision.key, decisionKey(place.market, tickMs), 'its tick');
  if (!isText(bytes, packet.text)) throw flaw(place, 'decision', `${record.decision.key} is not canonical`);
  for (const field of SHARED) {
    same(place, `decision.${field}`, packet.header[field] ?? null, record[field] as Json, 'the record');
  }
  // A switch may be recorded between freeze and commit: the decision then saw the head before it.
  const { prev } = packet.header;
  if (!heads.some((head) => head === prev)) {
    throw flaw(
      place,
      'decision.prev',
      `is ${String(prev)}, expected the hash of record ${record.n - 1}, ${record.prev}`,
    );
  }
  same(place, 'decision.instruments', packet.symbols, symbols, 'the release');
}

function checkExecution(place: Place, execution: Execution, record: TickRecord): void {
  same(place, 'execution.market', execution.market, record.market, 'the record');
  same(place, 'execution.tick_utc', execution.tick_utc, record.tick_utc, 'the record');
  same(place, 'execution.switch', execution.switch, record.switch, 'the record');
}
