import type { Timeline } from '../calendar/timeline.ts';
import { noEvents, type EventSink, type TickEvents } from '../execution/events.ts';
import { feesCovered } from '../execution/fees.ts';
import { NEVER_MS, requestCancel } from '../execution/orders.ts';
import { addDrift } from '../forecast/drift.ts';
import type { HealthRecord } from '../forecast/health.ts';
import { bit } from '../kernel/codes.ts';
import { IntegrityError } from '../kernel/errors.ts';
import { SECOND_MS } from '../kernel/time.ts';
import type { Bars } from '../market-data/bars.ts';
import { observeCloses, value, type Valuation } from '../portfolio/mark.ts';
import { observeEquity, rollDay } from '../portfolio/performance.ts';
import type { GateInputs, Verdict } from '../risk/gates.ts';
import type { MarketRules } from './rules.ts';
import { settle } from './settle.ts';
import type { TickState } from './state.ts';

/** The moment from which a decision stands in a replay or backtest: the bar's close and the contract's delay. */
export const frozenAt = (rules: MarketRules, tickMs: number): number =>
  tickMs + rules.fillSpec.decision_delay_s * SECOND_MS;

/**
 * Takes the state over one bar: begins the session's day, honours a halt, fills and ends orders, notes closes.
 * @param haltAtMs moment from which trading was disabled, NEVER_MS where it is not.
 */
export function advance(
  rules: MarketRules,
  state: TickState,
  bars: Bars,
  row: number,
  haltAtMs: number,
  events: EventSink,
): void {
  rollDay(state.performance, bars.sessionDay[row]!);
  if (haltAtMs < NEVER_MS) {
    for (let i = 0; i < rules.instruments.symbols.length; i++) {
      const keeps = state.orders.increases[i] === 0 && rules.config.reduce_under_red;
      if (!keeps) requestCancel(state.orders, i, haltAtMs, 'KILL_SWITCH');
    }
  }
  settle(rules, state, bars, row, events);
  observeCloses(state.book, bars, row, rules.marking);
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
): { row: number; events: TickEvents } {
  const events = noEvents();
  if (fromOrdinal < bars.firstOrdinal) {
    throw new IntegrityError(
      `the window begins at ordinal ${bars.firstOrdinal}, but the book is settled only before ${fromOrdinal}`,
    );
  }
  for (let ordinal = fromOrdinal; ordinal <= toOrdinal; ordinal++) {
    const missed = ordinal < toOrdinal;
    advance(rules, state, bars, ordinal - bars.firstOrdinal, haltAtMs ?? NEVER_MS, events);
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
  const lastDay = circumstances.upcoming?.sessionDay.at(-1) ?? NaN;
  return {
    valuation,
    inputs: {
      instruments: n,
      instrumentsRed: countRed(bars, row, rules.unusable),
      instrumentsSeen: countPresent(bars, row),
      misaligned: circumstances.misaligned,
      lateness_s: circumstances.lateness_s,
      calendarCovered: circumstances.upcoming !== undefined,
      rulesCovered:
        feesCovered(rules.costs.fees, day) &&
        (Number.isNaN(lastDay) || feesCovered(rules.costs.fees, lastDay)),
      health: circumstances.health,
      tradingEnabled: circumstances.tradingEnabled,
      drawdown: equity / Math.max(performance.peak, equity) - 1,
      dailyReturn: equity / performance.today.equityOpen - 1,
      gross: equity > 0 ? gross / equity : NaN,
      name: equity > 0 ? largest / equity : NaN,
    },
  };
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
