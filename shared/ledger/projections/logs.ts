import type { Json } from '../../kernel/canonical.ts';
import type { DataReport } from '../artifacts.ts';
import type { AbsentRecord, SwitchRecord, TickRecord } from '../records.ts';

/** One gate's finding as the packet holds it. */
interface GateFinding {
  readonly gate: string;
  readonly check: string;
  readonly subject: string;
  readonly level: string;
  readonly code: string | null;
  readonly value: number;
  readonly limit: number;
}

/** The run log's line of a tick that has a record: what it did, when, and where its artifacts lie. */
export const runLine = (record: TickRecord, sha256: string): Json => ({
  trace_id: record.trace_id,
  market: record.market,
  tick_utc: record.tick_utc,
  scheduled_at_utc: record.scheduled_at_utc,
  started_at_utc: record.started_at_utc,
  finished_at_utc: record.finished_at_utc,
  status: record.status,
  gate_status: record.gate_status,
  blocked_reason: record.blocked_reason,
  steps: ['ingest', 'predict', 'gate', 'fill', 'ledger'],
  decision: record.decision.key,
  execution: record.execution.key,
  position: record.position.key,
  release: record.release_sha256,
  record_sha256: sha256,
});

/** The run log's line of a tick that was missed or failed: nothing was decided. */
export const absentLine = (record: AbsentRecord, sha256: string): Json => ({
  trace_id: null,
  market: record.market,
  tick_utc: record.tick_utc,
  scheduled_at_utc: null,
  started_at_utc: null,
  finished_at_utc: record.recorded_at_utc,
  status: record.kind,
  gate_status: null,
  blocked_reason: [],
  steps: record.step === '' ? [] : [record.step],
  error: record.error,
  release: record.release_sha256,
  record_sha256: sha256,
});

/** One line a gate and tick, bound to the record that committed the decision. */
export const gateLines = (record: TickRecord, sha256: string, gates: readonly GateFinding[]): Json[] =>
  gates.map((gate) => ({ market: record.market, tick_utc: record.tick_utc, ...gate, record_sha256: sha256 }));

/** A line a change of the switch, a refusal or an acknowledgement: who, when, from, to, why and on what evidence. */
export const switchLine = (record: SwitchRecord, sha256: string): Json => ({
  market: record.market,
  at_utc: record.at_utc,
  from: record.from,
  to: record.to,
  cause: record.cause,
  trigger: record.trigger,
  actor: record.actor,
  role: record.role,
  reason: record.reason,
  missing: record.missing,
  evidence: record.evidence,
  parameter_version: record.parameter_version,
  market_version: record.market_version,
  record_sha256: sha256,
});

const RECOVERY_CAUSES: ReadonlySet<SwitchRecord['cause']> = new Set([
  'recovery',
  'refusal',
  'trial_passed',
  'trial_failed',
]);

/** Whether a change belongs to the log of recoveries: requests, granted or refused, and how their trials ended. */
export const isRecoveryStep = ({ cause }: SwitchRecord): boolean => RECOVERY_CAUSES.has(cause);

/** Expected and seen bars of one session, and what lay off the calendar's grid. */
export interface SessionAlignment {
  readonly market: string;
  readonly session: string;
  expected: number;
  seen: number;
  missing: Record<string, number>;
  misaligned: { symbol: string; start_utc: string | null; kind: string }[];
}

/** Adds what one tick saw to its session. */
export function addAlignment(
  sessions: Map<string, SessionAlignment>,
  session: string,
  report: DataReport,
): void {
  const entry = sessions.get(session) ?? {
    market: report.market,
    session,
    expected: 0,
    seen: 0,
    missing: {},
    misaligned: [],
  };
  sessions.set(session, entry);
  entry.expected += report.instruments;
  entry.seen += report.seen;
  for (const { symbol, codes } of report.quality) {
    if (codes.includes('DATA_MISSING')) entry.missing[symbol] = (entry.missing[symbol] ?? 0) + 1;
  }
  entry.misaligned.push(...report.misaligned);
}
