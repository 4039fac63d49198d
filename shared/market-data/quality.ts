import type { Level, MarketConfig } from '../config/market-schema.ts';
import { bit, codesOf, type InstrumentCode } from '../kernel/codes.ts';
import type { Bars } from './bars.ts';
import { afterEffect, effectsOf, type Effect, type Effects } from './effects.ts';
import { isSplitSuspect, type MaxGap } from './split-suspect.ts';

type QualityConfig = MarketConfig['quality'];

/** Rows before a bar that its quality may look at; fixed, so that every window gives the same flags. */
export const QUALITY_LOOKBACK = 48;
/** Rows of the cheap test, and how many mean moves flag a return for the robust one. */
const CHEAP_ROWS = 20;
const CHEAP_MULTIPLE = 5;
/** Turns a median absolute deviation into a standard deviation under a normal distribution. */
const MAD_TO_SIGMA = 1.4826;

const levelKeys: Readonly<Partial<Record<InstrumentCode, keyof QualityConfig>>> = {
  DATA_MISSING: 'missing',
  DATA_DUPLICATE: 'duplicate',
  DATA_CONFLICT: 'conflicting_duplicate',
  DATA_NON_FINITE: 'non_finite',
  DATA_NON_POSITIVE: 'non_positive',
  DATA_HIGH_BELOW_LOW: 'high_below_low',
  DATA_OUTSIDE_RANGE: 'outside_range',
  DATA_ZERO_VOLUME: 'zero_volume',
  DATA_STALE_RUN: 'stale_run',
  DATA_OUTLIER: 'outlier',
  DATA_SPLIT_SUSPECT: 'split_suspect',
};

/** The mask of flags that the configuration gives the level. A bar whose values cannot be used is always RED. */
export function maskOfLevel(config: QualityConfig, level: Level): number {
  let mask = level === 'RED' ? bit.DATA_MISSING | bit.DATA_NON_FINITE | bit.DATA_NON_POSITIVE : 0;
  for (const [code, key] of Object.entries(levelKeys)) {
    if (config[key] === level) mask |= bit[code as InstrumentCode];
  }
  return mask;
}

/** An instrument's effects by row; undefined where no action of it is in sight. */
type RowEffects = ReadonlyMap<number, Effect> | undefined;

/**
 * Flags one row of every instrument in place. Nothing is deleted: an outlier stays an outlier with its price, since
 * real crashes exist. Looks at this row, at most QUALITY_LOOKBACK rows before it, and their actions. A suspected split
 * stays one from row to row, absent bars included, until an action explains it.
 * @param effects of the matrix's actions; worked out anew where not given.
 */
export function assessQuality(
  bars: Bars,
  row: number,
  config: QualityConfig,
  effects: Effects = effectsOf(bars),
  maxGap?: MaxGap,
): void {
  const n = bars.instruments.length;
  const fromRow = Math.max(0, row - QUALITY_LOOKBACK);
  for (let i = 0; i < n; i++) {
    const cell = row * n + i;
    const suspected = row > 0 && (bars.flags[cell - n]! & bit.DATA_SPLIT_SUSPECT) !== 0;
    if (suspected && !effects.explained.has(cell)) bars.flags[cell]! |= bit.DATA_SPLIT_SUSPECT;
    if ((bars.flags[cell]! & bit.DATA_MISSING) !== 0) continue;
    const flags = valueFlags(bars, cell);
    bars.flags[cell]! |= flags;
    if (flags !== 0 && flags !== bit.DATA_ZERO_VOLUME) continue;
    const own = effects.onPrice.get(i);
    if (isStale(bars, row, i, config.stale_run_bars)) bars.flags[cell]! |= bit.DATA_STALE_RUN;
    if (isOutlier(bars, row, i, config.outlier_z, own)) bars.flags[cell]! |= bit.DATA_OUTLIER;
    if (isSplitSuspect(bars, row, i, fromRow, config.split_gap_min, own, maxGap))
      bars.flags[cell]! |= bit.DATA_SPLIT_SUSPECT;
  }
}

/** Flags one row of every instrument by its own values alone: the same whatever bars come before it. */
export function assessValues(bars: Bars, row: number): void {
  const n = bars.instruments.length;
  for (let cell = row * n; cell < (row + 1) * n; cell++)
    if ((bars.flags[cell]! & bit.DATA_MISSING) === 0) bars.flags[cell]! |= valueFlags(bars, cell);
}

/** Flags that a bar's own values earn. */
function valueFlags(bars: Bars, cell: number): number {
  const open = bars.open[cell]!;
  const high = bars.high[cell]!;
  const low = bars.low[cell]!;
  const close = bars.close[cell]!;
  const volume = bars.volume[cell]!;
  if (!Number.isFinite(open + high + low + close + volume)) return bit.DATA_NON_FINITE;
  let flags = 0;
  if (!(open > 0 && high > 0 && low > 0 && close > 0 && volume >= 0)) flags |= bit.DATA_NON_POSITIVE;
  if (high < low) flags |= bit.DATA_HIGH_BELOW_LOW;
  else if (open > high || open < low || close > high || close < low) flags |= bit.DATA_OUTSIDE_RANGE;
  if (volume === 0) flags |= bit.DATA_ZERO_VOLUME;
  return flags;
}

/** Whether this bar and those before it, `run` in all, are the same to the last digit: a source that stands still. */
function isStale(bars: Bars, row: number, i: number, run: number): boolean {
  if (row + 1 < run) return false;
  const n = bars.instruments.length;
  const cell = row * n + i;
  const { open, high, low, close, volume } = bars;
  for (let back = 1; back < run; back++) {
    const past = cell - back * n;
    const same =
      close[past] === close[cell] &&
      volume[past] === volume[cell] &&
      open[past] === open[cell] &&
      high[past] === high[cell] &&
      low[past] === low[cell];
    if (!same) return false;
  }
  return true;
}

/**
 * A move far beyond the recent mean one is held against the median absolute deviation of the past returns. The move is
 * the bar's farthest from the last close, by close, high or low: bad ticks often show in an extreme alone. Closes
 * before an action are read as they stand after it.
 */
function isOutlier(bars: Bars, row: number, i: number, zMax: number, own: RowEffects): boolean {
  const n = bars.instruments.length;
  const cell = row * n + i;
  const previous = row > 0 ? afterEffect(bars.close[cell - n]!, own?.get(row)) : NaN;
  if (!(previous > 0)) return false;
  const move = farthest(bars, cell, previous);
  let sum = 0;
  let count = 0;
  for (let back = 1; back <= CHEAP_ROWS && row - back > 0; back++) {
    const past = closeReturn(bars, row - back, i, own);
    if (past !== past) continue;
    sum += Math.abs(past);
    count++;
  }
  if (count < CHEAP_ROWS / 2 || Math.abs(move) <= (CHEAP_MULTIPLE * sum) / count) return false;
  const returns: number[] = [];
  for (let back = 1; back <= QUALITY_LOOKBACK - 1 && row - back > 0; back++) {
    const past = closeReturn(bars, row - back, i, own);
    if (past === past) returns.push(past);
  }
  const centre = median(returns);
  const scale = MAD_TO_SIGMA * median(returns.map((past) => Math.abs(past - centre)));
  return Math.abs(move - centre) > zMax * scale;
}

/** The largest move of close, high and low from the last close, with its sign. */
function farthest(bars: Bars, cell: number, previous: number): number {
  let move = bars.close[cell]! / previous - 1;
  const up = bars.high[cell]! / previous - 1;
  const down = bars.low[cell]! / previous - 1;
  if (Math.abs(up) > Math.abs(move)) move = up;
  if (Math.abs(down) > Math.abs(move)) move = down;
  return move;
}

/** A row's return by closes, over the actions that take effect at it. */
function closeReturn(bars: Bars, row: number, i: number, own: RowEffects): number {
  const n = bars.instruments.length;
  const cell = row * n + i;
  const before = afterEffect(bars.close[cell - n]!, own?.get(row));
  return before > 0 ? bars.close[cell]! / before - 1 : NaN;
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** What the data report of a tick says of one instrument. */
export interface InstrumentQuality {
  readonly symbol: string;
  readonly level: Level;
  readonly codes: readonly InstrumentCode[];
}

/** The worst level of every instrument at the row, with the codes that set it; GREEN ones without codes are left out. */
export function qualityReport(bars: Bars, row: number, config: QualityConfig): InstrumentQuality[] {
  const red = maskOfLevel(config, 'RED');
  const yellow = maskOfLevel(config, 'YELLOW');
  const n = bars.instruments.length;
  return bars.instruments.flatMap((symbol, i) => {
    const mask = bars.flags[row * n + i]!;
    if (mask === 0) return [];
    const level: Level = (mask & red) !== 0 ? 'RED' : (mask & yellow) !== 0 ? 'YELLOW' : 'GREEN';
    return [{ symbol, level, codes: codesOf(mask) }];
  });
}
