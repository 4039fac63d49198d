import type { MarketConfig } from '../config/market-schema.ts';
import { bit } from '../kernel/codes.ts';
import type { Bars } from './bars.ts';
import { afterEffect, type Effect } from './effects.ts';

/**
 * The farthest an instrument may open from its last close on a day, as shares of that close; Infinity where no rule
 * says so. `dayNumber` is days since 1970-01-01 of the session.
 */
export type MaxGap = (i: number, dayNumber: number) => { readonly up: number; readonly down: number };

/** Flags of a bar whose close says nothing. */
export const VOID_FLAGS =
  bit.DATA_MISSING |
  bit.DATA_NON_FINITE |
  bit.DATA_NON_POSITIVE |
  bit.DATA_HIGH_BELOW_LOW |
  bit.DATA_OUTSIDE_RANGE;

/** Shares for one old share, or old ones for a new one, that companies choose. */
const SPLIT_RATIOS = [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 40, 50];
/** Three shares for two are common, two for three are not. */
const DOWN_RATIOS = [1.5, ...SPLIT_RATIOS];
/** How far from the exact ratio the market may move over the night, as a share. */
const RATIO_TOLERANCE = 0.03;
/**
 * How far beyond the maximum gap an open may lie, as a share of the last close: rounding, and a close that is not
 * quite the official one.
 */
const GAP_TOLERANCE = 0.01;

/**
 * Rows without any close after which nobody can say what was split meanwhile: as many as may be looked at. A name that
 * comes back after them waits until its source says that the move was real.
 */
const LOOKBACK_WHOLE = 48;

/**
 * Whether an instrument's first bar of a session opens a split away from its last close, or farther than its rules
 * allow, though the actions in between are taken into account.
 * @param fromRow the oldest row that may be looked at.
 * @param effects the instrument's effects by row.
 */
export function isSplitSuspect(
  bars: Bars,
  row: number,
  i: number,
  fromRow: number,
  splitGapMin: MarketConfig['quality']['split_gap_min'],
  effects: ReadonlyMap<number, Effect> | undefined,
  maxGap: MaxGap | undefined,
): boolean {
  const n = bars.instruments.length;
  const day = bars.sessionDay[row]!;
  let last = row - 1;
  while (last >= fromRow && (bars.flags[last * n + i]! & VOID_FLAGS) !== 0) last--;
  if (last < fromRow) return row - fromRow >= LOOKBACK_WHOLE && effects?.get(row)?.realMove !== true;
  if (bars.sessionDay[last] === day) return false;
  let reference = bars.close[last * n + i]!;
  for (let at = last + 1; at <= row && effects !== undefined; at++) {
    const effect = effects.get(at);
    if (effect?.realMove === true) return false;
    reference = afterEffect(reference, effect);
  }
  // A dividend of the whole price or more: nothing is left to compare with.
  if (!(reference > 0)) return true;
  const times = bars.open[row * n + i]! / reference;
  if (isSplitLike(times, splitGapMin)) return true;
  // Where bars are absent in between, the last close in sight is not the one that the rules refer to.
  const adjoining = last === row - 1 || bars.sessionDay[last + 1] === day;
  if (maxGap === undefined || !adjoining) return false;
  const { up, down } = maxGap(i, day);
  return times - 1 > up + GAP_TOLERANCE || 1 - times > down + GAP_TOLERANCE;
}

/** Whether a price that is so many times the one before looks like a split or a reverse split. */
function isSplitLike(times: number, splitGapMin: number): boolean {
  if (1 - Math.min(times, 1 / times) < splitGapMin) return false;
  return times < 1
    ? DOWN_RATIOS.some((ratio) => Math.abs(times * ratio - 1) <= RATIO_TOLERANCE)
    : SPLIT_RATIOS.some((ratio) => Math.abs(times / ratio - 1) <= RATIO_TOLERANCE);
}
