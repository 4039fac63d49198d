import type { ThresholdKey } from '../config/threshold-schema.ts';
import type { Drift } from '../forecast/drift.ts';
import type { DaysPerYear } from '../kernel/statistics.ts';
import type { Certificates } from '../ledger/certificates.ts';
import type { Performance } from '../portfolio/performance.ts';

/** Where one market's ledger stands at a committed head: all that the sign-off reads of it. */
export interface MarketStanding {
  readonly market: string;
  readonly thresholdKey: ThresholdKey;
  readonly mode: 'forward' | 'replay';
  /** Whether the data source can see the present: false for recorded, simulated and folder sources. */
  readonly live: boolean;
  readonly currency: string;
  /** The book's starting capital in minor units. */
  readonly capitalMinor: number;
  readonly sessionsPerYear: DaysPerYear;
  /** Carried forward by the ledger. The bars of missed and failed ticks count as expected and not as good. */
  readonly performance: Performance;
  readonly drift: Drift;
  /** Ticks that the calendar made due over the span that `performance` counts, committed or not. */
  readonly scheduledTicks: number;
  /** Net P&L of each open position at exit value, fees of both sides taken off, in minor units. */
  readonly openTrades: readonly number[];
  /** The session of the head, in days since 1970-01-01. */
  readonly lastDay: number;
  /** The latest drill of the kill switch and its age in days at the head; undefined where none is recorded. */
  readonly killSwitchDrill: { readonly passed: boolean; readonly ageDays: number } | undefined;
  /** What is proven of the very head that is reviewed. */
  readonly certificates: Certificates;
}

/**
 * Length of the window in calendar days, both ends included: from the first day that was allowed to trade to the
 * head's, less the days that were halted from end to end (definition 20). `review_at` and `forward_window_days` are held against it; samples of returns are counted in
 * `performance.days`, the finished sessions. 0 where the market was never allowed to trade.
 */
export function windowDays({ performance, lastDay }: MarketStanding): number {
  return performance.firstActiveDay < 0
    ? 0
    : Math.max(0, lastDay - performance.firstActiveDay + 1 - performance.daysHalted);
}

/**
 * Refuses a standing that contradicts itself, since a ratio of wrong counts could pass.
 * @throws RangeError naming the market, the rule and the figures.
 */
export function assertStanding(standing: MarketStanding): void {
  const { market, performance: p } = standing;
  const must = (holds: boolean, rule: string, ...figures: number[]): void => {
    if (!holds) throw new RangeError(`standing of ${market}: ${rule}; got ${figures.join(', ')}`);
  };
  const within = (part: number, whole: number, rule: string): void =>
    must(part >= 0 && part <= whole && Number.isFinite(whole), rule, part, whole);
  must(
    Number.isSafeInteger(standing.capitalMinor) && standing.capitalMinor > 0,
    'capital is a whole number above 0',
    standing.capitalMinor,
  );
  must(
    Number.isSafeInteger(standing.scheduledTicks) && standing.scheduledTicks >= 0,
    'scheduled ticks are a whole number from 0',
    standing.scheduledTicks,
  );
  must(
    standing.openTrades.every(Number.isFinite),
    'the P&L of open positions is finite',
    ...standing.openTrades,
  );
  must(
    p.grossWin >= 0 && p.grossLoss >= 0,
    'gross win and gross loss are not negative',
    p.grossWin,
    p.grossLoss,
  );
  must(
    p.ticksFailed >= 0 && p.ticksLate >= 0,
    'counts of ticks are not negative',
    p.ticksFailed,
    p.ticksLate,
  );
  within(p.barsGood, p.barsExpected, 'good bars are among the expected');
  within(p.wins, p.trades, 'wins are among the trades');
  within(p.ordersFailed, p.ordersEnded, 'failed orders are among the ended');
}
