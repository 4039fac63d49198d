import { canonicalJson, type Json } from '../../kernel/canonical.ts';
import { parseIsoUtc } from '../../kernel/time.ts';
import type { Stores } from '../../stores/ports.ts';
import {
  dataSchema,
  executionSchema,
  positionSchema,
  stateSchema,
  type Execution,
  type PositionReport,
} from '../artifacts.ts';
import { getJson } from '../chain.ts';
import type { TickRecord } from '../records.ts';
import { walkChain } from '../walk.ts';
import type { RowContext } from './context.ts';
import { fillRow, type FillRow } from './fills.ts';
import { postingRow, type PostingRow } from './postings.ts';
import {
  absentLine,
  addAlignment,
  gateLines,
  isRecoveryStep,
  runLine,
  switchLine,
  type SessionAlignment,
} from './logs.ts';
import { endedOrderRow, workingOrderRows, type Origin, type OrderRow } from './orders.ts';
import { dailyRow, driftRows, positionRows } from './positions.ts';

/** What reads a frozen packet: its gates, and the orders it wanted. Given by the room that knows packets. */
export type PacketReader = (record: TickRecord) => Promise<{
  readonly gates: readonly {
    gate: string;
    check: string;
    subject: string;
    level: string;
    code: string | null;
    value: number;
    limit: number;
  }[];
  /** Instruments by action. */
  readonly actions: Readonly<Record<string, number>>;
  /** The row of an order that the switch or the time refused. */
  refusedRow(symbol: string, reason: string, origin: Origin): OrderRow;
}>;

/** Every projection of one market, in the order of its chain. */
export interface MarketRows {
  readonly orders: OrderRow[];
  readonly fills: FillRow[];
  readonly postings: PostingRow[];
  readonly positions: ReturnType<typeof positionRows>;
  readonly daily: ReturnType<typeof dailyRow>[];
  readonly drift: ReturnType<typeof driftRows>;
  readonly runs: string[];
  readonly gates: string[];
  readonly switches: string[];
  /** Of those, requests to start again and how their trials ended. */
  readonly recoveries: string[];
  readonly sessions: SessionAlignment[];
  /** Instruments of all ticks by action, and ticks by the codes that blocked them. */
  readonly actions: Record<string, number>;
  readonly blocked: Record<string, number>;
  ticks: number;
}

/** Walks a market's chain once and builds every row from it and from nothing else. */
export async function projectMarket(
  stores: Stores,
  context: RowContext,
  readPacket: PacketReader,
  psiRed: number,
): Promise<MarketRows> {
  const rows: MarketRows = {
    orders: [],
    fills: [],
    postings: [],
    positions: [],
    daily: [],
    drift: [],
    runs: [],
    gates: [],
    switches: [],
    recoveries: [],
    sessions: [],
    actions: {},
    blocked: {},
    ticks: 0,
  };
  const origins = new Map<number, Origin>();
  const sessions = new Map<string, SessionAlignment>();
  const line = (value: Json): string => `${canonicalJson(value)}\n`;
  let day: PositionReport | undefined;
  let last: TickRecord | undefined;
  const endDay = (report: PositionReport): void => {
    rows.daily.push(dailyRow(context, report));
    rows.drift.push(...driftRows(context, report, psiRed));
  };
  for await (const { record, sha256 } of walkChain(stores, context.market)) {
    if (record.kind === 'switch') {
      const text = line(switchLine(record, sha256));
      rows.switches.push(text);
      if (isRecoveryStep(record)) rows.recoveries.push(text);
    }
    if (record.kind === 'missed' || record.kind === 'failed')
      rows.runs.push(line(absentLine(record, sha256)));
    if (record.kind !== 'tick') continue;
    const [execution, report, data, packet] = await Promise.all([
      getJson(stores.artifacts, record.execution, executionSchema),
      getJson(stores.artifacts, record.position, positionSchema),
      getJson(stores.artifacts, record.data, dataSchema),
      readPacket(record),
    ]);
    const origin: Origin = { decisionSha256: record.decision.sha256, traceId: record.trace_id };
    origins.set(parseIsoUtc(record.tick_utc), origin);
    addExecution(rows, context, execution, origins, record.trace_id);
    for (const symbol of execution.refused)
      rows.orders.push(packet.refusedRow(symbol, execution.placing_refused ?? '', origin));
    rows.runs.push(line(runLine(record, sha256)));
    rows.ticks++;
    for (const [action, count] of Object.entries(packet.actions))
      rows.actions[action] = (rows.actions[action] ?? 0) + count;
    for (const code of record.blocked_reason) rows.blocked[code] = (rows.blocked[code] ?? 0) + 1;
    for (const gate of gateLines(record, sha256, packet.gates)) rows.gates.push(line(gate));
    rows.positions.push(...positionRows(context, report));
    addAlignment(sessions, report.day.date, data);
    if (day !== undefined && day.day.date !== report.day.date) endDay(day);
    day = report;
    last = record;
  }
  if (day !== undefined) endDay(day);
  if (last !== undefined) {
    const state = await getJson(stores.artifacts, last.state, stateSchema);
    rows.orders.push(...workingOrderRows(context, state, (decidedAtMs) => origins.get(decidedAtMs)!));
  }
  rows.sessions.push(...sessions.values());
  return rows;
}

function addExecution(
  rows: MarketRows,
  context: RowContext,
  execution: Execution,
  origins: Map<number, Origin>,
  traceId: string,
): void {
  for (const posting of execution.postings)
    rows.postings.push(postingRow(context, posting, execution.tick_utc, traceId));
  for (const fill of execution.fills) rows.fills.push(fillRow(context, fill, traceId));
  for (const order of execution.ended)
    rows.orders.push(endedOrderRow(context, order, origins.get(order.decidedAtMs)!));
}
