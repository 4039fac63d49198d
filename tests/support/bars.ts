import { alignBars } from '../../shared/market-data/align.ts';
import { BAR_FIELDS, type Bars } from '../../shared/market-data/bars.ts';
import type { RawBars } from '../../shared/market-data/provider.ts';
import { bit, type InstrumentCode } from '../../shared/kernel/codes.ts';
import { DAY_MS, HOUR_MS } from '../../shared/kernel/time.ts';

/** One instrument's bar: open, high, low, close, volume and, where there is one, the turnover. */
export type Cell = readonly [number, number, number, number, number, number?];

/** A bar that trades at one price. */
export const flat = (price: number, volume = 1000): Cell => [price, price, price, price, volume];

export interface BarsOptions {
  readonly symbols?: readonly string[];
  /** Start of the first bar. */
  readonly start?: string;
  readonly barMs?: number;
  readonly firstOrdinal?: number;
  readonly flags?: Readonly<Record<number, InstrumentCode>>;
}

/**
 * Consecutive bars of a universe, row by row: one cell an instrument, null where its bar is absent. One symbol's
 * cells may stand without the inner list. `flags` sets a flag on a cell by its index, row by row.
 */
export function barsOf(rows: readonly (readonly (Cell | null)[])[], options: BarsOptions = {}): Bars {
  const symbols = options.symbols ?? rows[0]!.map((_, i) => `S${i}`);
  const from = Date.parse(options.start ?? '2024-01-01T00:00:00Z');
  const barMs = options.barMs ?? HOUR_MS;
  const startMs = Float64Array.from(rows, (_, row) => from + row * barMs);
  const grid = {
    firstOrdinal: options.firstOrdinal ?? 0,
    startMs,
    endMs: startMs.map((start) => start + barMs),
    sessionDay: startMs.map((start) => Math.floor(start / DAY_MS)),
  };
  const raw = symbols.map((_, i) => rawOf(rows.map((row, k) => [startMs[k]!, row[i] ?? null] as const)));
  const { bars } = alignBars(symbols, grid, raw);
  for (const [cell, code] of Object.entries(options.flags ?? {})) bars.flags[Number(cell)]! |= bit[code];
  return bars;
}

/** A source's answer for one instrument, in the order given; null bars are left out. */
export function rawOf(rows: readonly (readonly [startMs: number, cell: Cell | null])[]): RawBars {
  const given = rows.flatMap(([startMs, cell]) => (cell === null ? [] : [{ startMs, cell }]));
  const column = (k: number): Float64Array => Float64Array.from(given, ({ cell }) => cell[k] ?? NaN);
  return {
    startMs: Float64Array.from(given, ({ startMs }) => startMs),
    open: column(0),
    high: column(1),
    low: column(2),
    close: column(3),
    volume: column(4),
    turnover: column(5),
  };
}

/** Rows [from, to) as bars of their own: what a shorter window would hold. */
export function cut(bars: Bars, from: number, to: number): Bars {
  const n = bars.instruments.length;
  const fields = Object.fromEntries(BAR_FIELDS.map((field) => [field, bars[field].slice(from * n, to * n)]));
  return {
    ...bars,
    ...(fields as Pick<Bars, (typeof BAR_FIELDS)[number]>),
    firstOrdinal: bars.firstOrdinal + from,
    startMs: bars.startMs.slice(from, to),
    endMs: bars.endMs.slice(from, to),
    sessionDay: bars.sessionDay.slice(from, to),
  };
}
