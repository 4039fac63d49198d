import type { PortfolioConfig } from '../config/portfolio-schema.ts';
import type { DataReport } from '../ledger/artifacts.ts';
import { minorPerUnit } from '../kernel/money.ts';
import { DAY_MS, parseIsoUtc } from '../kernel/time.ts';

/** What the books of all members rest on, as one tick saw it. */
export type Books = NonNullable<DataReport['books']>;
/** An exchange rate into the base currency, and another market's book as its head shows it. */
export type Rate = Books['rates'][number];
export type OtherBook = Books['others'][number];

/** Equity over all books in minor units of the base currency, and its gross exposure as a share of it. */
export interface Total {
  readonly equity: number;
  readonly gross: number;
}

/** One book's equity and gross exposure in minor units of its currency. */
export interface OwnBook {
  readonly currency: string;
  readonly equity: number;
  readonly gross: number;
}

/**
 * Adds the books of all members up, each converted at the last rate stamped at or before the tick (definition 25). A
 * market that is no member is its own total, in its own currency.
 * @returns NaN where a head is absent, lies behind its calendar or after the tick, or a rate is absent or too old.
 */
export function totalOf(own: OwnBook, books: Books | null, config: PortfolioConfig, tickMs: number): Total {
  if (books === null) return { equity: own.equity, gross: own.equity > 0 ? own.gross / own.equity : NaN };
  const into = (currency: string, minor: number): number =>
    (minor / minorPerUnit(currency)) *
    rateOf(currency, books, config, tickMs) *
    minorPerUnit(books.base_currency);
  let equity = into(own.currency, own.equity);
  let gross = into(own.currency, own.gross);
  for (const other of books.others) {
    const stale = !isCurrent(other, config, tickMs);
    equity += stale ? NaN : into(other.currency, other.equity);
    gross += stale ? NaN : into(other.currency, other.gross);
  }
  return { equity: Math.round(equity), gross: equity > 0 ? gross / equity : NaN };
}

/** A head after the tick would be the future. */
const isCurrent = (
  { head, behind_bars: behind }: OtherBook,
  config: PortfolioConfig,
  tickMs: number,
): boolean => head !== null && parseIsoUtc(head.tick_utc) <= tickMs && behind <= config.head_behind_bars_max;

function rateOf(currency: string, books: Books, config: PortfolioConfig, tickMs: number): number {
  if (currency === books.base_currency) return 1;
  const found = books.rates.find((rate) => rate.currency === currency);
  if (found === undefined) return NaN;
  const ageMs = tickMs - parseIsoUtc(found.at_utc);
  return ageMs >= 0 && ageMs <= config.rate_age_days_max * DAY_MS && found.rate > 0 ? found.rate : NaN;
}
