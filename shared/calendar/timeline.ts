import { DAY_MS, parseIsoDate, utcDay } from '../kernel/time.ts';
import type { BarAnchor, BarSize, ExchangeCalendar } from './types.ts';

/** Expected bars in columns, ascending, with the day of their session: days since 1970-01-01 of its date. */
export interface Timeline {
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  readonly sessionDay: Float64Array;
}

/**
 * The expected bars of all sessions from one date to another, clipped to what the calendar covers.
 * @param from,to dates `YYYY-MM-DD`, both included.
 */
export function timeline(
  calendar: ExchangeCalendar,
  period: BarSize,
  anchor: BarAnchor,
  from: string,
  to: string,
): Timeline {
  const first = from < calendar.boundMin ? calendar.boundMin : from;
  const last = to > calendar.boundMax ? calendar.boundMax : to;
  if (first > last)
    return { startMs: new Float64Array(0), endMs: new Float64Array(0), sessionDay: new Float64Array(0) };
  const index = calendar.tradingIndex(first, last, period, anchor);
  const days = index.sessions.map((session) => parseIsoDate(session.session) / DAY_MS);
  return {
    startMs: index.startMs,
    endMs: index.endMs,
    sessionDay: Float64Array.from(index.session, (k) => days[k]!),
  };
}

/** The date so many days from the UTC day of an instant. */
export const dateAround = (instantMs: number, days: number): string => utcDay(instantMs + days * DAY_MS);

/** The first row whose bar ends at or after the instant; the number of rows where none does. */
export function firstEndingFrom(line: Timeline, instantMs: number): number {
  let low = 0;
  let high = line.endMs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (line.endMs[middle]! < instantMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The row of the bar that closes at exactly this instant, or -1: the calendar decides whether there is a tick. */
export function rowClosingAt(line: Timeline, instantMs: number): number {
  const row = firstEndingFrom(line, instantMs);
  return line.endMs[row] === instantMs ? row : -1;
}

/** Rows [from, to) as views. */
export const slice = (line: Timeline, from: number, to: number): Timeline => ({
  startMs: line.startMs.subarray(from, to),
  endMs: line.endMs.subarray(from, to),
  sessionDay: line.sessionDay.subarray(from, to),
});
