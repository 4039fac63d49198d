import { noEvents, type TickEvents } from '../../shared/execution/events.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { settle } from '../../shared/tick/settle.ts';
import type { TickState } from '../../shared/tick/state.ts';
import { barsOf, flat, type Cell } from './bars.ts';
import { plainCosts, rulesOf, whole, type Overrides } from './rules.ts';

/**
 * Row 0 is the bar of the decision, 00:00 to 01:00. The decision is frozen 144 s after its close, a 25th of an hour;
 * sigma is 1 % a bar, so the latency charge of a bar struck at 01:00 is 100 bps * sqrt(144 / 3600) = 20 bps.
 * 500,000 are traded a bar: impact of 5,000 is 100 bps * sqrt(5,000 / 500,000) = 10 bps. Half spread 2, fee 10 bps.
 */
export const paper = (overrides: Overrides = {}): MarketRules =>
  rulesOf('crypto', {
    instruments: [whole('AAA')],
    costProfile: plainCosts(10, 2, 1),
    ...overrides,
    config: { starting_capital: 100_000, ...overrides.config },
    fillSpec: {
      latency_ms_min: 0,
      price_mode: 'next_open',
      delay_bars: 1,
      open_struck_before_freeze: true,
      open_struck_within_s_max: 300,
      participation_cap: 0.05,
      ...overrides.fillSpec,
    },
  });
export const free = { costProfile: plainCosts(0, 0, 0) };
export const FROZEN = '2024-01-01T01:02:24Z';
/** An order that was in the market before 01:00, and one that was not. */
export const buy = { side: 1, quantity: 50, reference: 100, frozen: '2024-01-01T00:59:59Z' } as const;
export const lateBuy = { ...buy, frozen: FROZEN };
export const sell = { ...buy, side: -1 } as const;

export function run(
  rules: MarketRules,
  state: TickState,
  bars: Bars,
  rows = bars.startMs.length,
): TickEvents & { state: TickState } {
  const events = noEvents();
  for (let row = 0; row < rows; row++) settle(rules, state, bars, row, events);
  return { ...events, state };
}
export const prices = (...cells: (Cell | null)[]): Bars => barsOf(cells.map((cell) => [cell]));
export const plenty = (price: number): Cell => flat(price, 1_000_000);
