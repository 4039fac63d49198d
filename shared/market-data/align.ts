import { bit } from '../kernel/codes.ts';
import type { Bars } from './bars.ts';
import type { RawBars } from './provider.ts';

/** The expected bars that a matrix is cut to: rows of the calendar's trading index. */
export interface Grid {
  readonly firstOrdinal: number;
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  readonly sessionDay: Float64Array;
}

/** A bar where the calendar expects none, per instrument and start. */
export interface Misaligned {
  readonly symbol: string;
  readonly startMs: number;
}

/** An empty matrix on the grid: every cell absent. */
export function emptyBars(instruments: readonly string[], grid: Grid): Bars {
  const cells = grid.startMs.length * instruments.length;
  const column = (): Float64Array => new Float64Array(cells).fill(NaN);
  return {
    instruments,
    ...grid,
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
    turnover: column(),
    spread: column(),
    flags: new Float64Array(cells).fill(bit.DATA_MISSING),
    actions: [],
  };
}

/**
 * Puts what a source gave on the calendar's grid. The first bar of a start stands; a second is flagged as a
 * duplicate, or as a conflict where its values differ. Bars off the grid are returned, never moved or dropped in
 * silence. Nothing is filled or repaired.
 */
export function alignBars(
  instruments: readonly string[],
  grid: Grid,
  raw: readonly RawBars[],
): { bars: Bars; misaligned: Misaligned[] } {
  const bars = emptyBars(instruments, grid);
  const misaligned: Misaligned[] = [];
  instruments.forEach((symbol, i) => {
    const source = raw[i]!;
    let row = 0;
    for (let k = 0; k < source.startMs.length; k++) {
      const startMs = source.startMs[k]!;
      row = rowOf(grid.startMs, startMs, row);
      if (row < 0) {
        misaligned.push({ symbol, startMs });
        row = 0;
      } else place(bars, row * instruments.length + i, source, k);
    }
  });
  return { bars, misaligned };
}

/** The row of the start, or -1; `hint` is where the last bar lay, since sources mostly come in order. */
function rowOf(starts: Float64Array, startMs: number, hint: number): number {
  if (starts[hint] === startMs) return hint;
  if (starts[hint + 1] === startMs) return hint + 1;
  let low = 0;
  let high = starts.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (starts[middle] === startMs) return middle;
    if (starts[middle]! < startMs) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

function place(bars: Bars, cell: number, source: RawBars, k: number): void {
  const spread = source.spread?.[k] ?? NaN;
  if (bars.flags[cell] !== bit.DATA_MISSING) {
    const same =
      bars.open[cell] === source.open[k] &&
      bars.high[cell] === source.high[k] &&
      bars.low[cell] === source.low[k] &&
      bars.close[cell] === source.close[k] &&
      bars.volume[cell] === source.volume[k] &&
      Object.is(bars.turnover[cell], source.turnover[k]) &&
      Object.is(bars.spread[cell], spread);
    bars.flags[cell]! |= same ? bit.DATA_DUPLICATE : bit.DATA_CONFLICT;
    return;
  }
  bars.open[cell] = source.open[k]!;
  bars.high[cell] = source.high[k]!;
  bars.low[cell] = source.low[k]!;
  bars.close[cell] = source.close[k]!;
  bars.volume[cell] = source.volume[k]!;
  bars.turnover[cell] = source.turnover[k]!;
  bars.spread[cell] = spread;
  bars.flags[cell] = 0;
}
