import type { TradingIndex } from '../../calendar/types.ts';
import { byCodeUnit } from '../../kernel/canonical.ts';
import { parseIsoDate } from '../../kernel/time.ts';
import { ACTION_KINDS, type RawAction } from '../actions.ts';
import type { RawBars } from '../provider.ts';

/** The columns that all RawBars have, in the order in which they are written to a file. */
export const RAW_FIELDS = ['startMs', 'open', 'high', 'low', 'close', 'volume', 'turnover'] as const;

/** Raw bars with the end of each, so that a bar can be kept back until it has closed. */
export interface TimedBars {
  readonly bars: RawBars;
  /** UTC milliseconds, one a row. */
  readonly endMs: Float64Array;
  /** Both starts and ends never go down: ranges are found by bisection. */
  readonly ascending: boolean;
}

/** Pairs bars with their ends and notes whether both columns ascend. */
export function timedBars(bars: RawBars, endMs: Float64Array): TimedBars {
  return { bars, endMs, ascending: isAscending(bars.startMs) && isAscending(endMs) };
}

/**
 * Copies of the rows with fromMs <= start < toMs whose end is at or before nowMs, in the source's own order.
 * @throws RangeError where a bound is NaN: a comparison with it would quietly select nothing.
 */
export function reveal(source: TimedBars, fromMs: number, toMs: number, nowMs: number): RawBars {
  for (const [name, bound] of Object.entries({ fromMs, toMs, nowMs })) {
    if (Number.isNaN(bound)) throw new RangeError(`${name} is NaN; expected UTC milliseconds`);
  }
  const { bars, endMs } = source;
  if (source.ascending) {
    const first = lowerBound(bars.startMs, fromMs);
    const last = Math.min(lowerBound(bars.startMs, toMs), upperBound(endMs, nowMs));
    return mapColumns(bars, (column) => column.slice(first, Math.max(first, last)));
  }
  const rows: number[] = [];
  for (let row = 0; row < endMs.length; row++) {
    const start = bars.startMs[row]!;
    if (start >= fromMs && start < toMs && endMs[row]! <= nowMs) rows.push(row);
  }
  return mapColumns(bars, (column) => Float64Array.from(rows, (row) => column[row]!));
}

/**
 * The actions with fromDate <= ex-date <= toDate that were known at nowMs, oldest first. One counts as known from the
 * start of its ex-date in UTC: it was announced days before, so this peeks at nothing, and it is early enough for the
 * first bar of that date in every market.
 * @throws RangeError where a bound is no date or NaN: a comparison with it would quietly select nothing.
 */
export function revealActions(
  actions: readonly RawAction[],
  fromDate: string,
  toDate: string,
  nowMs: number,
): RawAction[] {
  for (const [name, bound] of Object.entries({ fromDate, toDate })) {
    if (Number.isNaN(parseIsoDate(bound))) throw new RangeError(`${name} is ${bound}; expected YYYY-MM-DD`);
  }
  if (Number.isNaN(nowMs)) throw new RangeError('nowMs is NaN; expected UTC milliseconds');
  return actions
    .filter(({ exDate }) => exDate >= fromDate && exDate <= toDate && parseIsoDate(exDate) <= nowMs)
    .sort(
      (a, b) => byCodeUnit(a.exDate, b.exDate) || ACTION_KINDS.indexOf(a.kind) - ACTION_KINDS.indexOf(b.kind),
    );
}

/** The end of each bar of an index by its start; undefined for a start that the index does not hold. */
export function barEndsOf(index: TradingIndex): (startMs: number) => number | undefined {
  const { startMs, endMs } = index;
  return (start) => {
    const row = lowerBound(startMs, start);
    return startMs[row] === start ? endMs[row] : undefined;
  };
}

/** Whether no value is lower than the one before it; false where there is a NaN. */
export function isAscending(column: Float64Array): boolean {
  for (let row = 1; row < column.length; row++) {
    if (!(column[row]! >= column[row - 1]!)) return false;
  }
  return true;
}

function mapColumns(bars: RawBars, copy: (column: Float64Array) => Float64Array): RawBars {
  return {
    startMs: copy(bars.startMs),
    open: copy(bars.open),
    high: copy(bars.high),
    low: copy(bars.low),
    close: copy(bars.close),
    volume: copy(bars.volume),
    turnover: copy(bars.turnover),
    ...(bars.spread && { spread: copy(bars.spread) }),
  };
}

/** The first row whose value is at or above the bound. */
function lowerBound(column: Float64Array, bound: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle]! < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first row whose value is above the bound. */
function upperBound(column: Float64Array, bound: number): number {
  let low = 0;
  let high = column.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (column[middle]! <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
