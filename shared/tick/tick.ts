import { noEvents, type EventSink, type TickEvents } from '../execution/events.ts';
import { NEVER_MS, requestCancel } from '../execution/orders.ts';
import { addDrift } from '../forecast/drift.ts';
import { IntegrityError } from '../kernel/errors.ts';
import { isoUtc, SECOND_MS } from '../kernel/time.ts';
import type { Bars } from '../market-data/bars.ts';
import { rowsStartingIn } from '../market-data/window.ts';
import { observeCloses, type Valuation } from '../portfolio/mark.ts';
import { observeEquity, rollDay } from '../portfolio/performance.ts';
import { addTick } from '../risk/failure-window.ts';
import { switchCount } from '../risk/kill-switch.ts';
import { beginTick, endTick } from '../risk/risk-state.ts';
import type { Decision } from './decision.ts';
import type { MarketRules } from './rules.ts';
import { chargePositions, openBar } from './open-bar.ts';
import { settle, type ExecutionRows } from './settle.ts';
import { openState, type TickState } from './state.ts';

/** The moment from which a decision stands in a replay or backtest: the bar's close and the contract's delay. */
export const frozenAt = (rules: MarketRules, tickMs: number): number =>
  tickMs + rules.fillSpec.decision_delay_s * SECOND_MS;

/** Bars finer than the decision bars, in which orders fill; undefined where they fill in the decision bars. */
export type FinerBars = Bars | undefined;

/**
 * Takes the state over one bar: begins the session's day, posts corporate actions, honours a halt, fills and ends
 * orders, charges what holding costs, notes closes.
 * @param haltAtMs moment from which trading was disabled, NEVER_MS where it is not.
 */
export function advance(
  rules: MarketRules,
  state: TickState,
  bars: Bars,
  row: number,
  haltAtMs: number,
  events: EventSink,
  finer?: FinerBars,
): void {
  const { book, orders } = state;
  rollDay(state.performance, bars.sessionDay[row]!);
  openBar(rules, state, bars, row, events);
  if (haltAtMs < NEVER_MS) {
    for (let i = 0; i < rules.instruments.symbols.length; i++) {
      const keeps = orders.increases[i] === 0 && rules.config.reduce_under_red;
      if (!keeps) requestCancel(orders, i, haltAtMs, 'KILL_SWITCH');
    }
  }
  const rows = executionRows(rules, bars, row, finer);
  let chargedToMs = book.lastEndMs;
  for (let at = rows.from; at < rows.to; at++) {
    const [startMs, endMs] = [rows.bars.startMs[at]!, rows.bars.endMs[at]!];
    // What is held when a charge falls due pays it: before the row's fills up to its start, after them up to its end.
    chargePositions(rules, state, rows.ordinal, chargedToMs, startMs, events);
    settle(rules, state, rows, at, events);
    chargePositions(rules, state, rows.ordinal, startMs, endMs, events);
    chargedToMs = endMs;
  }
  observeCloses(book, bars, row, rules.marking);
  book.lastEndMs = bars.endMs[row]!;
}

/**
 * The state a ledger opens with: nothing traded yet, but the closes of the bars before its first tick known, since
 * the first session's price limits are reckoned from them.
 * @param rows how many rows of the bars come before the first tick.
 */
export function warmState(rules: MarketRules, bars: Bars, rows: number): TickState {
  const state = openState(rules);
  const events = noEvents();
  for (let row = 0; row < rows; row++) {
    openBar(rules, state, bars, row, events);
    observeCloses(state.book, bars, row, rules.marking);
    state.book.lastEndMs = bars.endMs[row]!;
  }
  return state;
}

/** The rows in which the orders of one decision bar fill. @throws IntegrityError where finer bars are due and absent. */
function executionRows(rules: MarketRules, bars: Bars, row: number, finer: FinerBars): ExecutionRows {
  const ordinal = bars.firstOrdinal + row;
  const n = bars.instruments.length;
  const flags = bars.flags.subarray(row * n, (row + 1) * n);
  if (rules.config.execution_bar_size === undefined)
    return { bars, from: row, to: row + 1, ordinal, finer: false, flags };
  const [from, to] =
    finer === undefined ? [0, 0] : rowsStartingIn(finer, bars.startMs[row]!, bars.endMs[row]!);
  if (finer === undefined || from === to)
    throw new IntegrityError(
      `no ${rules.config.execution_bar_size} bars were frozen for the bar that closes at ${isoUtc(bars.endMs[row]!)}`,
    );
  return { bars: finer, from, to, ordinal, finer: true, flags };
}

/**
 * Takes the state over all bars from one ordinal to another: the newest, and before it those of missed ticks, whose
 * orders settle in order at their own moments.
 * @returns the row of the newest bar, and what happened to orders.
 */
export function advanceTo(
  rules: MarketRules,
  state: TickState,
  bars: Bars,
  fromOrdinal: number,
  toOrdinal: number,
  haltAtMs: number | null,
  finer?: FinerBars,
): { row: number; events: TickEvents } {
  const events = noEvents();
  if (fromOrdinal < bars.firstOrdinal) {
    throw new IntegrityError(
      `the window begins at ordinal ${bars.firstOrdinal}, but the book is settled only before ${fromOrdinal}`,
    );
  }
  for (let ordinal = fromOrdinal; ordinal <= toOrdinal; ordinal++) {
    const missed = ordinal < toOrdinal;
    advance(rules, state, bars, ordinal - bars.firstOrdinal, haltAtMs ?? NEVER_MS, events, finer);
    if (missed) {
      state.risk.failures = addTick(state.risk.failures, bars.sessionDay[ordinal - bars.firstOrdinal]!, true);
      if (state.performance.firstActiveDay < 0) continue;
      state.performance.ticksFailed++;
      state.performance.barsExpected += rules.instruments.symbols.length;
    }
  }
  return { row: toOrdinal - bars.firstOrdinal, events };
}

/** What closing a tick adds to the performance beside the equity. */
export interface Closing {
  readonly decision: Decision;
  readonly valuation: Valuation;
  readonly placed: number;
  readonly instrumentsRed: number;
  readonly misaligned: number;
  readonly late: boolean;
  /** Rows per feature of this bar's drift counts; empty in a backtest, which does not watch drift. */
  readonly driftCounts: readonly (readonly number[])[];
}

/** Closes a tick: equity, exposure, data counts and drift enter what the sign-off will read. */
export function close(rules: MarketRules, state: TickState, bars: Bars, row: number, closing: Closing): void {
  const { performance, orders } = state;
  const { decision } = closing;
  const { verdict } = decision;
  if (performance.firstActiveDay < 0 && verdict.status !== 'RED') {
    performance.firstActiveDay = bars.sessionDay[row]!;
  }
  observeEquity(performance, closing.valuation.equity, closing.valuation.gross);
  if (decision.switch.enabled) performance.today.enabled++;
  const begun = beginTick(state.risk, bars.sessionDay[row]!, switchCount(decision.switch), rules.config);
  const { ordersEnded, ordersFailed } = performance;
  state.risk = endTick(
    begun,
    {
      ...{ ordinal: decision.ordinal, decidedAtMs: decision.frozenAtMs, verdict },
      ...{ equity: closing.valuation.equity, equityOfAll: decision.equityOfAll },
      clusters: decision.clusters,
      ...{ late: closing.late, placed: closing.placed, ordersEnded, ordersFailed },
      working: (ordinal) => orders.quantity.some((q, i) => q !== 0 && orders.decidedOrdinal[i] === ordinal),
    },
    rules.config,
  );
  if (performance.firstActiveDay < 0) return;
  performance.barsExpected += rules.instruments.symbols.length;
  performance.barsGood += rules.instruments.symbols.length - closing.instrumentsRed;
  if (closing.misaligned > 0) performance.misalignedTicks++;
  if (closing.late) performance.ticksLate++;
  addDrift(state.drift, closing.driftCounts);
}
