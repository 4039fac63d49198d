import type { ExchangeCalendar } from '../calendar/types.ts';
import type { MarketConfig } from '../config/market-schema.ts';
import { DAY_MS, utcDay } from '../kernel/time.ts';
import type { RawAction } from './actions.ts';
import { alignBars, type Grid, type Misaligned } from './align.ts';
import type { Bars } from './bars.ts';
import { effectsOf } from './effects.ts';
import { placeActions } from './place-actions.ts';
import type { RawBars } from './provider.ts';
import { assessQuality } from './quality.ts';
import type { MaxGap } from './split-suspect.ts';
import { joinBars, tail } from './window.ts';

/** Why a bar lies where the calendar expects none. */
export type MisalignedKind =
  'unreadable_time' | 'in_break' | 'phantom_at_close' | 'outside_session' | 'off_grid';

/** What else the flags of new bars rest on. */
export interface IngestFacts {
  /** Corporate actions whose ex-dates lie in `actionDates`; none unless told. */
  readonly actions?: readonly RawAction[];
  /** How far an instrument may open from its last close; no bound unless told. */
  readonly maxGap?: MaxGap;
}

/**
 * Puts new raw bars and actions on the calendar's grid and flags the bars in the light of those before.
 * @param past bars that end where the grid begins; undefined for the first bars of a ledger.
 * @returns the new rows alone, and what lay off the grid.
 * @throws ProviderError on an action that is none.
 */
export function ingestBars(
  instruments: readonly string[],
  grid: Grid,
  raw: readonly RawBars[],
  past: Bars | undefined,
  config: MarketConfig['quality'],
  { actions = [], maxGap }: IngestFacts = {},
): { bars: Bars; misaligned: Misaligned[] } {
  const { bars: aligned, misaligned } = alignBars(instruments, grid, raw);
  const bars = { ...aligned, actions: placeActions(instruments, grid, actions, past) };
  const all = past === undefined ? bars : joinBars(past, bars);
  const effects = effectsOf(all);
  const first = grid.firstOrdinal - all.firstOrdinal;
  for (let row = first; row < all.startMs.length; row++) assessQuality(all, row, config, effects, maxGap);
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
