import { noEvents, type TickEvents } from '../../shared/execution/events.ts';
import { NEVER_MS } from '../../shared/execution/orders.ts';
import type { InstrumentCode } from '../../shared/kernel/codes.ts';
import { DAY_MS, HOUR_MS } from '../../shared/kernel/time.ts';
import type { CorporateAction } from '../../shared/market-data/actions.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import type { TickState } from '../../shared/tick/state.ts';
import { advance } from '../../shared/tick/tick.ts';
import { barsOf, flat, type Cell } from './bars.ts';
import { plainCosts, rulesOf, whole, type Instrument, type Overrides } from './rules.ts';

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
export const lateBuy = { ...buy, frozen: FROZEN, spreadBps: 2 };
export const sell = { ...buy, side: -1 } as const;

export function run(
  rules: MarketRules,
  state: TickState,
  bars: Bars,
  rows = bars.startMs.length,
): TickEvents & { state: TickState } {
  const events = noEvents();
  for (let row = 0; row < rows; row++) advance(rules, state, bars, row, NEVER_MS, events);
  return { ...events, state };
}
export const prices = (...cells: (Cell | null)[]): Bars => barsOf(cells.map((cell) => [cell]));
export const plenty = (price: number): Cell => flat(price, 1_000_000);

/** Bars an hour long, or of the length told, at the starts given; each belongs to the session of its UTC date. */
export function barsAt(
  starts: readonly string[],
  rows: readonly (readonly (Cell | null)[])[],
  { barMs = HOUR_MS, actions = [], flags = {} }: BarsAtOptions = {},
): Bars {
  const bars = barsOf(rows, { barMs, flags });
  starts.forEach((start, row) => {
    bars.startMs[row] = Date.parse(`${start}:00Z`);
    bars.endMs[row] = bars.startMs[row]! + barMs;
    bars.sessionDay[row] = Math.floor(bars.startMs[row]! / DAY_MS);
  });
  return { ...bars, actions };
}
interface BarsAtOptions {
  readonly barMs?: number;
  readonly actions?: readonly CorporateAction[];
  readonly flags?: Readonly<Record<number, InstrumentCode>>;
}

/** A corporate action of instrument 0 that takes effect at a row; dates `YYYY-MM-DD`. */
export const action = (
  given: Partial<CorporateAction> & Pick<CorporateAction, 'kind' | 'ordinal'>,
  exDate: string,
  payDate: string | null = null,
): CorporateAction => ({
  instrument: 0,
  ratio: 1,
  amount: 0,
  source: 'made up for a worked example',
  ...given,
  exDay: dayOf(exDate),
  payDay: payDate === null ? null : dayOf(payDate),
});

/** Days since 1970-01-01 of a date. */
export const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY_MS;

/** The four hours of a Shanghai session in UTC. */
export const shanghai = (date: string): string[] =>
  ['01:30', '02:30', '05:00', '06:00'].map((time) => `${date}T${time}`);

/** A-shares by the shipped rules, without costs: 5 % of a bar's volume, fills at the open after the freeze. */
export const ashares = (overrides: Overrides = {}): MarketRules =>
  rulesOf('ashares', {
    instruments: [share('600000')],
    costProfile: plainCosts(0, 0, 0),
    ...overrides,
    config: { starting_capital: 1_000_000, ...overrides.config },
    fillSpec: {
      ...{ latency_ms_min: 0, price_mode: 'next_open', delay_bars: 1, open_struck_before_freeze: false },
      ...{ participation_cap: 0.05, deadline_bars: 2 },
      ...overrides.fillSpec,
    },
  });

/** A share of a board that the shipped rules know. */
export const share = (symbol: string, board = 'main'): Instrument => ({
  symbol,
  board,
  quantity_digits: 0,
  price_tick: 0.01,
});
