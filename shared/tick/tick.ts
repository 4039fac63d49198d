import type { Timeline } from '../calendar/timeline.ts';
import { noEvents, type EventSink, type TickEvents } from '../execution/events.ts';
import { holdingRates } from '../execution/costs.ts';
import { feesCovered } from '../execution/fees.ts';
import { NEVER_MS, requestCancel } from '../execution/orders.ts';
import { addDrift } from '../forecast/drift.ts';
import type { HealthRecord } from '../forecast/health.ts';
import { bit } from '../kernel/codes.ts';
import { IntegrityError } from '../kernel/errors.ts';
import { isoUtc, SECOND_MS } from '../kernel/time.ts';
import type { Bars } from '../market-data/bars.ts';
import { rowsStartingIn } from '../market-data/window.ts';
import { observeCloses, value, type Valuation } from '../portfolio/mark.ts';
import { observeEquity, rollDay } from '../portfolio/performance.ts';
import type { GateInputs, Verdict } from '../risk/gates.ts';
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
    if (missed && state.performance.firstActiveDay >= 0) {
      state.performance.ticksFailed++;
      state.performance.barsExpected += rules.instruments.symbols.length;
    }
  }
  return { row: toOrdinal - bars.firstOrdinal, events };
}

/** What the gates need that the book and the bar do not tell. */
export interface Circumstances {
  readonly misaligned: number;
  readonly lateness_s: number;
  readonly tradingEnabled: boolean;
  readonly health: HealthRecord;
  /** Bars after this one that the calendar knows; undefined where it ends too soon. */
  readonly upcoming: Timeline | undefined;
}

/** Values the settled book and measures everything that the gates judge. */
export function measure(
  rules: MarketRules,
  state: TickState,
  bars: Bars,
  row: number,
  circumstances: Circumstances,
): { inputs: GateInputs; valuation: Valuation } {
  const n = rules.instruments.symbols.length;
  const day = bars.sessionDay[row]!;
  const valuation = value(state.book, day, rules.marking);
  const { equity, gross, largest } = valuation;
  const { performance } = state;
  const daysAhead = new Set(circumstances.upcoming?.sessionDay);
  return {
    valuation,
    inputs: {
      instruments: n,
      instrumentsRed: countRed(bars, row, rules.unusable),
      instrumentsSeen: countPresent(bars, row),
      misaligned: circumstances.misaligned,
      lateness_s: circumstances.lateness_s,
      calendarCovered: circumstances.upcoming !== undefined,
      rulesCovered: [day, ...daysAhead].every((one) => costsCovered(rules, state, one)),
      health: circumstances.health,
      tradingEnabled: circumstances.tradingEnabled,
      drawdown: equity / Math.max(performance.peak, equity) - 1,
      dailyReturn: equity / performance.today.equityOpen - 1,
      gross: equity > 0 ? gross / equity : NaN,
      name: equity > 0 ? largest / equity : NaN,
    },
  };
}

/** Whether fees, and what every open position is charged for being held, have a row for the day. */
function costsCovered(rules: MarketRules, { book }: TickState, day: number): boolean {
  if (!feesCovered(rules.costs.fees, day)) return false;
  if (rules.costs.profile.holding.length === 0) return true;
  return rules.instruments.symbols.every((symbol, i) => {
    const held = book.quantity[i]!;
    return held === 0 || holdingRates(rules.costs, held > 0 ? 1 : -1, symbol, day) !== undefined;
  });
}

/** Instruments of a row whose bar is void for this market. */
export function countRed(bars: Bars, row: number, unusable: number): number {
  const n = bars.instruments.length;
  let red = 0;
  for (let i = 0; i < n; i++) if ((bars.flags[row * n + i]! & unusable) !== 0) red++;
  return red;
}

function countPresent(bars: Bars, row: number): number {
  const n = bars.instruments.length;
  let present = 0;
  for (let i = 0; i < n; i++) if ((bars.flags[row * n + i]! & bit.DATA_MISSING) === 0) present++;
  return present;
}

/** What closing a tick adds to the performance beside the equity. */
export interface Closing {
  readonly verdict: Verdict;
  readonly valuation: Valuation;
  readonly instrumentsRed: number;
  readonly misaligned: number;
  readonly late: boolean;
  /** Rows per feature of this bar's drift counts; empty in a backtest, which does not watch drift. */
  readonly driftCounts: readonly (readonly number[])[];
}

/** Closes a tick: equity, exposure, data counts and drift enter what the sign-off will read. */
export function close(rules: MarketRules, state: TickState, bars: Bars, row: number, closing: Closing): void {
  const { performance } = state;
  if (performance.firstActiveDay < 0 && closing.verdict.status !== 'RED') {
    performance.firstActiveDay = bars.sessionDay[row]!;
  }
  observeEquity(performance, closing.valuation.equity, closing.valuation.gross);
  if (performance.firstActiveDay < 0) return;
  performance.barsExpected += rules.instruments.symbols.length;
  performance.barsGood += rules.instruments.symbols.length - closing.instrumentsRed;
  if (closing.misaligned > 0) performance.misalignedTicks++;
  if (closing.late) performance.ticksLate++;
  addDrift(state.drift, closing.driftCounts);
}
