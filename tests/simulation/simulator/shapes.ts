/** Fields of a configuration file as it is written. */
export type Fields = Readonly<Record<string, unknown>>;

/** What is particular about the days of a layout. */
export const KINDS = ['dst_day', 'half_day', 'lunch_break', 'midnight', 'finer_bars'] as const;
export type CalendarKind = (typeof KINDS)[number];

/** Days of a market, and what is turned in its shipped files. */
export interface Shape {
  readonly name: string;
  readonly market: 'us_equities' | 'ashares' | 'crypto';
  readonly from: string;
  readonly to: string;
  /** Bars of the first day that lie before the first tick. */
  readonly skip: number;
  readonly ticks: number;
  readonly kinds: readonly CalendarKind[];
  readonly turned: Fields;
  readonly fillSpec: Fields;
  /** Limits and triggers of the market file, where the market is to halt itself; of all books; of the health record. */
  readonly limits?: Fields;
  readonly triggers?: Fields;
  readonly books?: Fields;
  readonly health?: Fields;
}

const daily = { bar_size: '1d', bar_anchor: 'session_open' };

/** Every layout's days, chosen for what happens to the clock or to the session in them. */
export const SHAPES: readonly Shape[] = [
  // New York's clocks go forward on 10 March 2024.
  {
    name: 'us_daily_dst',
    market: 'us_equities',
    from: '2024-03-06',
    to: '2024-03-20',
    skip: 0,
    ticks: 7,
    kinds: ['dst_day'],
    turned: daily,
    fillSpec: {},
  },
  // Thanksgiving, and the half day after it.
  {
    name: 'us_daily_half',
    market: 'us_equities',
    from: '2024-11-26',
    to: '2024-12-12',
    skip: 0,
    ticks: 7,
    kinds: ['half_day'],
    turned: daily,
    fillSpec: { participation_cap: 0.002 },
  },
  // Friday's last bars, then Monday's, an hour earlier by UTC.
  {
    name: 'us_60m_dst',
    market: 'us_equities',
    from: '2024-03-08',
    to: '2024-03-13',
    skip: 4,
    ticks: 7,
    kinds: ['dst_day'],
    turned: { shorting: true },
    fillSpec: {},
  },
  // Clocks go back on 3 November 2024.
  {
    name: 'us_60m_back',
    market: 'us_equities',
    from: '2024-11-01',
    to: '2024-11-06',
    skip: 4,
    ticks: 7,
    kinds: ['dst_day'],
    turned: {},
    fillSpec: { participation_cap: 0.0005 },
    // A single tick of its first five that fails is one of too many.
    triggers: { execution_fail_rate: { above: 0.05, sessions: 5, ticks_min: 5, orders_min: 20 } },
  },
  // Four bars of a half day, the last of half an hour.
  {
    name: 'us_60m_half',
    market: 'us_equities',
    from: '2024-11-29',
    to: '2024-12-04',
    skip: 0,
    ticks: 7,
    kinds: ['half_day'],
    turned: {},
    fillSpec: {},
  },
  // Two days with their breaks: what is bought on the first may be sold on the second.
  {
    name: 'ashares_60m',
    market: 'ashares',
    from: '2024-07-15',
    to: '2024-07-19',
    skip: 1,
    ticks: 8,
    kinds: ['lunch_break'],
    turned: {},
    fillSpec: {},
  },
  {
    name: 'crypto_midnight',
    market: 'crypto',
    from: '2024-06-10',
    to: '2024-06-12',
    skip: 20,
    ticks: 7,
    kinds: ['midnight'],
    turned: {},
    fillSpec: {},
  },
  {
    name: 'crypto_finer',
    market: 'crypto',
    from: '2024-06-10',
    to: '2024-06-12',
    skip: 21,
    ticks: 6,
    kinds: ['midnight', 'finer_bars'],
    turned: { execution_bar_size: '5m' },
    fillSpec: { open_struck_before_freeze: false },
  },
];

const friday = {
  market: 'us_equities',
  from: '2024-03-08',
  to: '2024-03-13',
  skip: 2,
  ticks: 8,
  kinds: [],
  turned: { shorting: true },
  fillSpec: {},
} as const;

/** Markets that a small loss halts, a few orders, or a model that is not worth its name. */
export const TIGHT_SHAPES: readonly Shape[] = [
  { ...friday, name: 'us_60m_drawdown', limits: { drawdown_min: -0.004 } },
  { ...friday, name: 'us_60m_daily_loss', limits: { daily_loss_min: -0.004 } },
  { ...friday, name: 'us_60m_books_drawdown', books: { drawdown_min: -0.004 } },
  { ...friday, name: 'us_60m_books_daily_loss', books: { daily_loss_min: -0.004 } },
  { ...friday, name: 'us_60m_orders', limits: { orders_per_day_max: 5 } },
  { ...friday, name: 'us_60m_ill', health: { brier_yellow: 0.01, brier_red: 0.02 } },
];
