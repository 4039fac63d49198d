import { DAY_MS, MINUTE_MS } from '../../../../shared/kernel/time.ts';
import type { RawBars } from '../../../../shared/market-data/provider.ts';

export const PRICES = ['open', 'high', 'low', 'close'] as const;
export type Column = (typeof PRICES)[number] | 'volume' | 'startMs';

/** Changes one instrument's newest bar in one column. */
export const withCell = (bars: RawBars, column: Column, change: (value: number) => number): RawBars => {
  if (bars.startMs.length === 0) return bars;
  const values = bars[column].slice();
  values[values.length - 1] = change(values.at(-1)!);
  return { ...bars, [column]: values };
};

const rowsOf = (bars: RawBars, rows: readonly number[]): RawBars => {
  const cut = (column: Float64Array): Float64Array => Float64Array.from(rows, (row) => column[row]!);
  const { startMs, open, high, low, close, volume, turnover } = bars;
  return {
    startMs: cut(startMs),
    open: cut(open),
    high: cut(high),
    low: cut(low),
    close: cut(close),
    volume: cut(volume),
    turnover: cut(turnover),
  };
};
const allRows = (bars: RawBars): number[] => [...bars.startMs.keys()];

/** How a source lies about one instrument. */
export const LIES: Readonly<Record<string, (bars: RawBars) => RawBars>> = {
  absent: (bars) => rowsOf(bars, allRows(bars).slice(0, -1)),
  twice: (bars) => rowsOf(bars, [...allRows(bars), ...allRows(bars)]),
  conflicting: (bars) => {
    const again = withCell(bars, 'close', (close) => close * 1.01);
    return joinRows(bars, again);
  },
  off_grid: (bars) => withCell(bars, 'startMs', (start) => start + 7 * MINUTE_MS),
  from_tomorrow: (bars) =>
    joinRows(
      bars,
      withCell(bars, 'startMs', (start) => start + DAY_MS),
    ),
  unreadable_time: (bars) => withCell(bars, 'startMs', () => NaN),
  negative: (bars) => withCell(bars, 'low', (low) => -low),
  upside_down: (bars) =>
    withCell(
      withCell(bars, 'high', (high) => high * 0.5),
      'close',
      (close) => close,
    ),
  tenfold: (bars) => PRICES.reduce((now, column) => withCell(now, column, (price) => price * 10), bars),
  without_volume: (bars) => withCell(bars, 'volume', () => 0),
};

const joinRows = (a: RawBars, b: RawBars): RawBars => {
  const join = (x: Float64Array, y: Float64Array): Float64Array => Float64Array.from([...x, ...y]);
  return {
    startMs: join(a.startMs, b.startMs),
    open: join(a.open, b.open),
    high: join(a.high, b.high),
    low: join(a.low, b.low),
    close: join(a.close, b.close),
    volume: join(a.volume, b.volume),
    turnover: join(a.turnover, b.turnover),
  };
};
