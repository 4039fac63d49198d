import { describe, expect, it } from 'vitest';
import { totalOf, type Books, type OtherBook } from '../../shared/risk/books.ts';
import { shippedConfig } from '../support/rules.ts';

const NOW = '2024-06-10T20:00:00Z';
const at = (time: string): number => Date.parse(time);
/** Rates at most three days old; a head at most two bars behind its calendar; the base is the US dollar. */
const config = { ...shippedConfig().portfolio, head_behind_bars_max: 2, rate_age_days_max: 3 };

/** 1,000.00 USD, of which 400.00 are exposed. */
const own = { currency: 'USD', equity: 100_000, gross: 40_000 };
/** 7,200.00 CNY, of which 3,600.00 are exposed. */
const shares: OtherBook = {
  ...{ market: 'ashares', currency: 'CNY', equity: 720_000, gross: 360_000, behind_bars: 0 },
  head: { n: 9, sha256: 'sha256:a', tick_utc: '2024-06-10T07:00:00Z' },
};
const rate = (currency: string, value: number, time = NOW) => ({
  ...{ currency, rate: value, at_utc: time, source: 'made up for a test' },
});
const books = (others: OtherBook[], ...rates: ReturnType<typeof rate>[]): Books => ({
  ...{ base_currency: 'USD', others, rates },
});
const total = (given: Books | null, from = own) => totalOf(from, given, config, at(NOW));
const UNKNOWN = { equity: NaN, gross: NaN };

describe('the books of all members', () => {
  it('of a market that counts alone are its own, in its own currency', () => {
    expect(total(null)).toEqual({ equity: 100_000, gross: 0.4 });
    expect(total(null, { ...own, currency: 'CNY', equity: 0 })).toEqual({ equity: 0, gross: NaN });
  });

  it('are added up in the base currency: 7,200 CNY at 0.125 are 900 USD', () => {
    // 1,900.00 in all; 400 and 450 of them are exposed.
    expect(total(books([shares], rate('CNY', 0.125)))).toEqual({ equity: 190_000, gross: 850 / 1900 });
  });

  it('whatever the smallest unit of each: 2 USDT are 200,000,000 parts', () => {
    const coins: OtherBook = { ...shares, market: 'crypto', currency: 'USDT', equity: 2e8, gross: 1e8 };
    const both = books([coins, shares], rate('CNY', 0.125), rate('USDT', 0.5));
    // 1,000 + 1 + 900 USD; 400 + 0.5 + 450.
    expect(total(both)).toEqual({ equity: 190_100, gross: 850.5 / 1901 });
  });

  it('the own book is converted too', () => {
    const dollars: OtherBook = {
      ...shares,
      market: 'us_equities',
      currency: 'USD',
      equity: 100_000,
      gross: 0,
    };
    expect(total(books([dollars], rate('CNY', 0.125)), { ...own, currency: 'CNY' })).toEqual({
      ...{ equity: 112_500, gross: 50 / 1125 },
    });
  });

  it('are whole minor units', () => {
    expect(total(books([{ ...shares, equity: 1 }], rate('CNY', 0.125))).equity).toBe(100_000);
    expect(total(books([{ ...shares, equity: 5 }], rate('CNY', 0.125))).equity).toBe(100_001);
  });

  it('that come to nothing have no gross that could be told', () => {
    expect(total(books([{ ...shares, equity: -900_000 }], rate('CNY', 0.125))).gross).toBeNaN();
  });
});

describe('an exchange rate (definition 25)', () => {
  it.each([
    ['stamped at the tick', '2024-06-10T20:00:00Z', true],
    ['three days old to the millisecond', '2024-06-07T20:00:00Z', true],
    ['a millisecond older', '2024-06-07T19:59:59.999Z', false],
    ['a millisecond after the tick', '2024-06-10T20:00:00.001Z', false],
  ])('%s', (_, time, known) => {
    const made = total(books([shares], rate('CNY', 0.125, time)));
    expect(made).toEqual(known ? { equity: 190_000, gross: 850 / 1900 } : UNKNOWN);
  });

  it('that is missing, or of another currency: USDT is not USD', () => {
    expect(total(books([shares]))).toEqual(UNKNOWN);
    expect(total(books([shares], rate('JPY', 0.125)))).toEqual(UNKNOWN);
    const tether: OtherBook = { ...shares, currency: 'USDT' };
    expect(total(books([tether], rate('USD', 1)))).toEqual(UNKNOWN);
    expect(total(books([], rate('USD', 1)), { ...own, currency: 'USDT' })).toEqual(UNKNOWN);
  });

  it.each([0, -0.125, NaN])('that is %d', (value) => {
    expect(total(books([shares], rate('CNY', value)))).toEqual(UNKNOWN);
  });
});

describe("another member's head", () => {
  const given = (more: Partial<OtherBook>): object =>
    total(books([{ ...shares, ...more }], rate('CNY', 0.125)));
  const head = (time: string) => ({ n: 9, sha256: 'sha256:a', tick_utc: time });

  it('behind its calendar as far as allowed', () => {
    expect(given({ behind_bars: 2 })).toEqual({ equity: 190_000, gross: 850 / 1900 });
    expect(given({ behind_bars: 3 })).toEqual(UNKNOWN);
  });

  it('of the same moment, and of the future', () => {
    expect(given({ head: head(NOW) })).toEqual({ equity: 190_000, gross: 850 / 1900 });
    expect(given({ head: head('2024-06-10T20:00:00.001Z') })).toEqual(UNKNOWN);
  });

  it('that is not there', () => {
    expect(given({ head: null, equity: 0, gross: 0 })).toEqual(UNKNOWN);
  });

  it('one that cannot be told is enough', () => {
    const lost: OtherBook = { ...shares, market: 'other', head: null };
    expect(total(books([shares, lost], rate('CNY', 0.125)))).toEqual(UNKNOWN);
  });
});
