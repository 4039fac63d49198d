import { timeline, type Timeline } from '../../shared/calendar/timeline.ts';
import { bit } from '../../shared/kernel/codes.ts';
import { seededRandom } from '../../shared/kernel/random.ts';
import { alignBars } from '../../shared/market-data/align.ts';
import { BAR_FIELDS, type Bars } from '../../shared/market-data/bars.ts';
import { simulatedProvider } from '../../shared/market-data/providers/simulated.ts';
import { assessQuality } from '../../shared/market-data/quality.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';

export interface Market {
  readonly bars: Bars;
  readonly line: Timeline;
}

export interface MarketOptions {
  readonly from: string;
  readonly to: string;
  readonly seed: string;
  /** Share of bars that are absent, and as many that traded nothing. */
  readonly gaps?: number;
}

/** Bars of the line past the last one of the matrix. */
const SPARE = 10;

/** Simulated bars of the rules' universe on its calendar, assessed. */
export async function marketOf(
  rules: MarketRules,
  { from, to, seed, gaps = 0 }: MarketOptions,
): Promise<Market> {
  const { bar_size, bar_anchor, quality } = rules.config;
  const { symbols } = rules.instruments;
  const line = timeline(rules.calendar, bar_size, bar_anchor, from, to);
  const rows = line.startMs.length - SPARE;
  const provider = simulatedProvider({
    seed,
    index: rules.calendar.tradingIndex(from, to, bar_size, bar_anchor),
    instruments: symbols,
    trendStrength: 0.6,
    volumePerBar: 20_000,
  });
  const raw = await provider.fetch(symbols, -Infinity, Infinity, Infinity);
  const grid = {
    firstOrdinal: 1000,
    startMs: line.startMs.slice(0, rows),
    endMs: line.endMs.slice(0, rows),
    sessionDay: line.sessionDay.slice(0, rows),
  };
  const { bars } = alignBars(symbols, grid, raw);
  const random = seededRandom(`${seed}/gaps`);
  for (let cell = 0; cell < bars.flags.length; cell++) {
    const draw = random.uniform();
    if (draw < gaps) {
      for (const field of BAR_FIELDS) bars[field][cell] = NaN;
      bars.flags[cell] = bit.DATA_MISSING;
    } else if (draw < 2 * gaps) bars.volume[cell] = 0;
  }
  for (let row = 0; row < rows; row++) assessQuality(bars, row, quality);
  return { bars, line };
}
