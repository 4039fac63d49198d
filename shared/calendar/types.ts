/** A trading day in the vocabulary of exchange_calendars. Instants in UTC milliseconds, dates `YYYY-MM-DD`. */
export interface Session {
  /** The local calendar date that names the session. */
  readonly session: string;
  readonly openMs: number;
  readonly closeMs: number;
  /** null where the session has no break. */
  readonly breakStartMs: number | null;
  readonly breakEndMs: number | null;
  /** The session closes before the regular time of its date. A late open does not set it. */
  readonly earlyClose: boolean;
}

/** How bars are cut: from the session's open, or at the full hours of the local clock. */
export type BarAnchor = 'session_open' | 'clock_hour';

/** Bar sizes: a market decides on hours or days, and may fill in minutes. */
export type BarSize = '1m' | '5m' | '60m' | '1d';

/** Expected bars in columns: `start[k] <= t < end[k]`, ascending; `session[k]` indexes `sessions`. */
export interface TradingIndex {
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  readonly session: Int32Array;
  readonly sessions: readonly Session[];
}

/** One exchange's sessions. Dates before `boundMin` or after `boundMax` throw UncoveredError: never guessed. */
export interface ExchangeCalendar {
  readonly exchange: string;
  readonly timeZone: string;
  /** Sessions in a year, for annualising: 365, 243 or 252. */
  readonly sessionsPerYear: number;
  readonly boundMin: string;
  readonly boundMax: string;
  /** Sessions with from <= session <= to, ascending. */
  sessionsIn(from: string, to: string): Session[];
  /** The session whose trading minutes hold the instant (open <= t < close, not in the break), else undefined. */
  minuteToSession(instantMs: number): Session | undefined;
  /**
   * Expected bars of the sessions from..to, cut at breaks and closes. `1d` is one bar from open to close.
   * A bar cut short keeps its true end.
   */
  tradingIndex(from: string, to: string, period: BarSize, anchor: BarAnchor): TradingIndex;
}
