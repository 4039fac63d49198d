import { dateAround, timeline } from '../../../shared/calendar/timeline.ts';
import type { BarSize } from '../../../shared/calendar/types.ts';
import type { BarProvider, RawBars } from '../../../shared/market-data/provider.ts';
import type { MarketRules } from '../../../shared/tick/rules.ts';
import type { TickState } from '../../../shared/tick/state.ts';

/** Days that a drill may reach past its head: calendars with weeks of holidays included. */
const DAYS_AHEAD = 60;
/** Move of every second bar, and change of volume: nothing stands still, nothing is an outlier. */
const MOVE = 0.001;
const VOLUME_STEP = 0.01;

/** What a drill makes of its bars while it runs. */
export interface Weather {
  /** The source has no bars at all. */
  dark: boolean;
  /** Bars have prices, but nothing is traded: what is due stays pending. */
  still: boolean;
}

/**
 * Bars that go on calmly from the last closes of a ledger: for a drill alone, on a scratch copy. Volume lets every
 * order within the capacity of its market fill.
 * @param volume volume of a bar of the size, by instrument, in units.
 */
export function drillSource(
  rules: MarketRules,
  { book }: TickState,
  fromMs: number,
  size: BarSize,
  volume: (i: number) => number,
  weather: Weather,
): BarProvider {
  const { symbols, priceTick } = rules.instruments;
  const [from, to] = [dateAround(fromMs, -5), dateAround(fromMs, DAYS_AHEAD)];
  const line = timeline(rules.calendar, size, rules.config.bar_anchor, from, to);
  const barsOf = (symbol: string, rows: readonly number[]): RawBars => {
    const i = symbols.indexOf(symbol);
    const known = book.lastClose[i]! > 0 ? rows : [];
    const tick = priceTick[i]!;
    const price = (row: number): number =>
      Math.max(tick, Math.round((book.lastClose[i]! * (1 + MOVE * (row % 2))) / tick) * tick);
    const column = (value: (row: number) => number): Float64Array => Float64Array.from(known, value);
    return {
      startMs: column((row) => line.startMs[row]!),
      ...{ open: column(price), high: column(price), low: column(price), close: column(price) },
      volume: column((row) => (weather.still ? 0 : volume(i) * (1 + VOLUME_STEP * (row % 7)))),
      turnover: column(() => NaN),
    };
  };
  return {
    name: 'drill',
    live: false,
    async fetch(instruments, since, until, nowMs) {
      const rows: number[] = [];
      for (let row = 0; row < line.startMs.length; row++) {
        const start = line.startMs[row]!;
        if (!weather.dark && start >= since && start < until && line.endMs[row]! <= nowMs) rows.push(row);
      }
      return instruments.map((symbol) => barsOf(symbol, rows));
    },
    fetchActions: async () => [],
    fingerprint: async () => ({ drill: 'calm bars after the last closes' }),
  };
}
