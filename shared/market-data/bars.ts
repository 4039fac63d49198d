import type { CorporateAction } from './actions.ts';

/**
 * Bars of a whole universe in columns, bar-major: the value of bar `t` and instrument `i` lies at
 * `t * instruments.length + i`. Prices in the quote currency, volume in units of the instrument, turnover in the
 * quote currency. An absent bar is NaN in every column and has the flag MISSING; absent turnover and an absent
 * quoted spread are NaN.
 */
export interface Bars {
  readonly instruments: readonly string[];
  /** The ledger's own bar ordinal of row 0. */
  readonly firstOrdinal: number;
  /** Start and end of each row, UTC milliseconds, from the calendar. */
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  /** Ordinal of the session each row belongs to, counted from 1970-01-01 in days of its date. */
  readonly sessionDay: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  readonly turnover: Float64Array;
  /** Quoted spread, ask less bid, in the quote currency. */
  readonly spread: Float64Array;
  /** Quality flags as a bit mask, see quality.ts. */
  readonly flags: Float64Array;
  /** Corporate actions that take effect at these rows, ordered by ordinal, instrument and kind. */
  readonly actions: readonly CorporateAction[];
}

/** The columns that are stored, in the order in which they are stored. */
export const BAR_FIELDS = ['open', 'high', 'low', 'close', 'volume', 'turnover', 'spread', 'flags'] as const;
export type BarField = (typeof BAR_FIELDS)[number];
