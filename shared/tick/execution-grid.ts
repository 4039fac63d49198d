import { dateAround, timeline, type Timeline } from '../calendar/timeline.ts';
import { alignBars, type Grid } from '../market-data/align.ts';
import type { Bars } from '../market-data/bars.ts';
import type { RawBars } from '../market-data/provider.ts';
import { assessValues } from '../market-data/quality.ts';
import type { MarketRules } from './rules.ts';

/**
 * The finer bars in which orders fill, between two instants: those that start at or after the one and end by the other.
 * @throws RangeError where the market fills in its decision bars.
 */
export function executionGrid(rules: MarketRules, fromMs: number, toMs: number): Grid {
  const { execution_bar_size: size, bar_anchor: anchor } = rules.config;
  if (size === undefined) throw new RangeError(`market ${rules.config.market} fills in its decision bars`);
  const line: Timeline = timeline(rules.calendar, size, anchor, dateAround(fromMs, -2), dateAround(toMs, 2));
  const from = line.startMs.findIndex((startMs) => startMs >= fromMs);
  const to = line.endMs.findLastIndex((endMs) => endMs <= toMs) + 1;
  return {
    firstOrdinal: 0,
    startMs: line.startMs.slice(from, to),
    endMs: line.endMs.slice(from, to),
    sessionDay: line.sessionDay.slice(from, to),
  };
}

/**
 * Finer bars on their grid. They are flagged by their own values alone, since a tick freezes those of its own bar and
 * must find in them what a backtest finds that sees all: runs, outliers and splits are judged on the decision bars.
 */
export function executionBars(rules: MarketRules, grid: Grid, raw: readonly RawBars[]): Bars {
  const { bars } = alignBars(rules.instruments.symbols, grid, raw);
  for (let row = 0; row < bars.startMs.length; row++) assessValues(bars, row);
  return bars;
}
