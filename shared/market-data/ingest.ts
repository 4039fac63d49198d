import type { ExchangeCalendar } from '../calendar/types.ts';
import type { MarketConfig } from '../config/market-schema.ts';
import { DAY_MS, utcDay } from '../kernel/time.ts';
import { alignBars, type Grid, type Misaligned } from './align.ts';
import type { Bars } from './bars.ts';
import type { RawBars } from './provider.ts';
import { assessQuality } from './quality.ts';
import { joinBars, tail } from './window.ts';

/** Why a bar lies where the calendar expects none. */
export type MisalignedKind =
  'unreadable_time' | 'in_break' | 'phantom_at_close' | 'outside_session' | 'off_grid';

/**
 * Puts new raw bars on the calendar's grid and flags them in the light of the bars before.
 * @param past bars that end where the grid begins; undefined for the first bars of a ledger.
 * @returns the new rows alone, and what lay off the grid.
 */
export function ingestBars(
  instruments: readonly string[],
  grid: Grid,
  raw: readonly RawBars[],
  past: Bars | undefined,
  config: MarketConfig['quality'],
): { bars: Bars; misaligned: Misaligned[] } {
  const { bars, misaligned } = alignBars(instruments, grid, raw);
  const all = past === undefined ? bars : joinBars(past, bars);
  const first = grid.firstOrdinal - all.firstOrdinal;
  for (let row = first; row < all.startMs.length; row++) assessQuality(all, row, config);
  return { bars: tail(all, grid.firstOrdinal), misaligned };
}

/** Names what is wrong with a bar's place. */
export function misalignedKind(calendar: ExchangeCalendar, startMs: number): MisalignedKind {
  if (Number.isNaN(startMs)) return 'unreadable_time';
  if (calendar.minuteToSession(startMs) !== undefined) return 'off_grid';
  // A session's local date can differ from the UTC date of its bars by a day.
  const sessions = calendar.sessionsIn(utcDay(startMs - DAY_MS), utcDay(startMs + DAY_MS));
  for (const session of sessions) {
    if (startMs === session.closeMs) return 'phantom_at_close';
    if (session.breakStartMs !== null && startMs >= session.breakStartMs && startMs < session.breakEndMs!)
      return 'in_break';
  }
  return 'outside_session';
}
