import { isoUtc } from '../kernel/time.ts';
import type { Head, TickRecord } from '../ledger/records.ts';
import { receivable } from '../portfolio/book.ts';
import type { Valuation } from '../portfolio/mark.ts';
import { storedSwitch, type SwitchReading } from '../risk/kill-switch.ts';
import type { Decision } from './decision.ts';
import type { TickState } from './state.ts';

/** What a tick's record says that neither the decision nor the book knows: names, times and references. */
export type TickFacts = Pick<
  TickRecord,
  | 'market'
  | 'tick_utc'
  | 'ordinal'
  | 'trace_id'
  | 'scheduled_at_utc'
  | 'started_at_utc'
  | 'finished_at_utc'
  | 'window'
  | 'data'
  | 'execution_bars'
  | 'forecast'
  | 'decision'
  | 'execution'
  | 'position'
  | 'state'
>;

/** The record of a tick that follows the head: what it read and wrote, and what the book is worth after it. */
export function tickRecord(
  head: Head,
  facts: TickFacts,
  decision: Decision,
  late: boolean,
  reading: SwitchReading,
  state: TickState,
  valuation: Valuation,
): TickRecord {
  const { verdict } = decision;
  const due = receivable(state.book);
  return {
    v: 1,
    kind: 'tick',
    mode: head.mode,
    n: head.n + 1,
    prev: head.sha256,
    release_sha256: head.release_sha256,
    ...facts,
    frozen_at_utc: isoUtc(decision.frozenAtMs),
    status: late ? 'late' : verdict.status === 'RED' ? 'blocked' : 'ok',
    gate_status: verdict.status,
    blocked_reason: [...verdict.blocked],
    health_grade: verdict.healthGrade,
    risk_budget_left: verdict.riskBudgetLeft,
    switch: storedSwitch(reading),
    equity: valuation.equity,
    cash: state.book.cash,
    receivable: due,
    positions_value: valuation.equity - state.book.cash - due,
    fees: state.book.fees,
    realised: state.book.realised,
    dividends: state.book.dividends,
    holding: state.book.holding,
  };
}
