import { log } from '../kernel/math.ts';
import type { Bars } from '../market-data/bars.ts';

/** What the estimator sees of every bar that has a predecessor: log differences, m being the middle of high and low. */
interface Pairs {
  count: number;
  /** 1 where the price moved at all since the last close, else 0. */
  readonly moved: Float64Array;
  readonly middleOverOpen: Float64Array;
  readonly openOverLastMiddle: Float64Array;
  readonly middleOverLastClose: Float64Array;
  readonly lastCloseOverLastMiddle: Float64Array;
  readonly openOverLastClose: Float64Array;
  /** Bars that moved and whose open was not the high, and not the low; the same of the last close in its own bar. */
  openOffExtremes: number;
  lastCloseOffExtremes: number;
}

/**
 * Half the bid-ask spread of one instrument in bps of its price, estimated from its bars by EDGE. Signed: noise makes
 * the estimate of a narrow spread negative now and then, and a floor put here would bias a mean of estimates upwards.
 * NaN where it is undefined: fewer than two bars that moved, or no open or close off its extremes.
 *
 * Within a day, a step over a break or a night is left out: the gap is a move of the market, not a bounce between bid
 * and ask, and on hourly bars of large US shares it alone reads as 5 to 30 bps where the rest shows none. Daily bars
 * have no other steps and keep them, as the authors do.
 *
 * A bar with one of the `unusable` flags is left out, and what its successor shows against it. The step over an
 * ex-date is left out as well: what a split or dividend does to the price is no spread.
 * @see Ardia, Guidotti and Kroencke 2024, Efficient estimation of bid-ask spreads from open, high, low, and close
 *   prices, Journal of Financial Economics 161, 103916.
 */
export function edgeHalfSpreadBps(bars: Bars, i: number, unusable: number): number {
  const pairs = pairsOf(bars, i, unusable);
  const squared = squaredSpread(pairs);
  return (Math.sign(squared) * Math.sqrt(Math.abs(squared)) * 1e4) / 2;
}

function pairsOf(bars: Bars, i: number, unusable: number): Pairs {
  const n = bars.instruments.length;
  const rows = bars.startMs.length;
  const pairs = emptyPairs(rows);
  const exDays = bars.actions
    .filter(({ instrument, kind }) => instrument === i && kind !== 'real_move')
    .map(({ exDay }) => exDay);
  const joins = (row: number): boolean => bars.startMs[row] === bars.endMs[row - 1];
  const isIntraday = bars.startMs.some((_, row) => row > 0 && joins(row));
  for (let row = 1; row < rows; row++) {
    if (isIntraday && !joins(row)) continue;
    const cell = row * n + i;
    const last = cell - n;
    const isAcrossExDate = exDays.some(
      (day) => bars.sessionDay[row - 1]! < day && day <= bars.sessionDay[row]!,
    );
    if (isAcrossExDate || !isUsable(bars, cell, unusable) || !isUsable(bars, last, unusable)) continue;
    addPair(pairs, bars, cell, last);
  }
  return pairs;
}

const emptyPairs = (rows: number): Pairs => ({
  count: 0,
  moved: new Float64Array(rows),
  middleOverOpen: new Float64Array(rows),
  openOverLastMiddle: new Float64Array(rows),
  middleOverLastClose: new Float64Array(rows),
  lastCloseOverLastMiddle: new Float64Array(rows),
  openOverLastClose: new Float64Array(rows),
  openOffExtremes: 0,
  lastCloseOffExtremes: 0,
});

const isUsable = (bars: Bars, cell: number, unusable: number): boolean =>
  (bars.flags[cell]! & unusable) === 0 &&
  bars.open[cell]! > 0 &&
  bars.high[cell]! > 0 &&
  bars.low[cell]! > 0 &&
  bars.close[cell]! > 0;

function addPair(pairs: Pairs, bars: Bars, cell: number, last: number): void {
  const open = bars.open[cell]!;
  const high = bars.high[cell]!;
  const low = bars.low[cell]!;
  const lastClose = bars.close[last]!;
  const lastHigh = bars.high[last]!;
  const lastLow = bars.low[last]!;
  const logOpen = log(open);
  const logClose = log(lastClose);
  const middle = (log(high) + log(low)) / 2;
  const lastMiddle = (log(lastHigh) + log(lastLow)) / 2;
  const k = pairs.count++;
  pairs.middleOverOpen[k] = middle - logOpen;
  pairs.openOverLastMiddle[k] = logOpen - lastMiddle;
  pairs.middleOverLastClose[k] = middle - logClose;
  pairs.lastCloseOverLastMiddle[k] = logClose - lastMiddle;
  pairs.openOverLastClose[k] = logOpen - logClose;
  if (high === low && low === lastClose) return;
  pairs.moved[k] = 1;
  pairs.openOffExtremes += Number(open !== high) + Number(open !== low);
  pairs.lastCloseOffExtremes += Number(lastClose !== lastHigh) + Number(lastClose !== lastLow);
}

/**
 * The squared spread: two moment estimates of it, each weighted by the other's variance. Returns over bars that moved
 * are taken from their mean, so that a drift is not mistaken for a spread.
 */
function squaredSpread(pairs: Pairs): number {
  const { count, moved } = pairs;
  let movedBars = 0;
  for (let k = 0; k < count; k++) movedBars += moved[k]!;
  if (movedBars < 2 || pairs.openOffExtremes === 0 || pairs.lastCloseOffExtremes === 0) return NaN;
  const meanOf = (column: Float64Array): number => {
    let sum = 0;
    for (let k = 0; k < count; k++) sum += column[k]!;
    return sum / movedBars;
  };
  const openMean = meanOf(pairs.middleOverOpen);
  const closeMean = meanOf(pairs.middleOverLastClose);
  const gapMean = meanOf(pairs.openOverLastClose);
  const byOpen = (-4 * count) / pairs.openOffExtremes;
  const byClose = (-4 * count) / pairs.lastCloseOffExtremes;
  let sum1 = 0;
  let sum2 = 0;
  let squares1 = 0;
  let squares2 = 0;
  for (let k = 0; k < count; k++) {
    const fromOpen = pairs.middleOverOpen[k]! - moved[k]! * openMean;
    const fromClose = pairs.middleOverLastClose[k]! - moved[k]! * closeMean;
    const gap = pairs.openOverLastClose[k]! - moved[k]! * gapMean;
    const lag = pairs.lastCloseOverLastMiddle[k]!;
    const x1 = byOpen * fromOpen * pairs.openOverLastMiddle[k]! + byClose * fromClose * lag;
    const x2 = byOpen * fromOpen * pairs.openOverLastClose[k]! + byClose * gap * lag;
    sum1 += x1;
    sum2 += x2;
    squares1 += x1 * x1;
    squares2 += x2 * x2;
  }
  const mean1 = sum1 / count;
  const mean2 = sum2 / count;
  const variance1 = squares1 / count - mean1 * mean1;
  const variance2 = squares2 / count - mean2 * mean2;
  const variance = variance1 + variance2;
  return variance > 0 ? (variance2 * mean1 + variance1 * mean2) / variance : (mean1 + mean2) / 2;
}
