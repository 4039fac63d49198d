import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseIsoUtc } from '../../kernel/time.ts';
import type { ExchangeRate, RateProvider } from '../provider.ts';
import { parseCsvRows, parseDecimal, unreadable } from './csv-rows.ts';

/**
 * Exchange rates from `FX_{CURRENCY}{BASE}.csv` of a folder, header `ts_utc,rate`: units of the base for one of the
 * currency, oldest first. A file that is absent has no rates.
 */
export function rateFiles(folder: string): RateProvider {
  return {
    async rate(currency, base, atMs) {
      const file = `FX_${currency}${base}.csv`;
      // Read anew each time: a row may be added while a ledger runs.
      return ratesOf(folder, file).findLast((one) => one.atMs <= atMs);
    },
  };
}

function ratesOf(folder: string, file: string): ExchangeRate[] {
  const path = join(folder, file);
  if (!existsSync(path)) return [];
  const [head = [], ...rows] = parseCsvRows(readFileSync(path), file);
  if (head.join(',') !== 'ts_utc,rate') throw unreadable(file, 1, 'expected the header ts_utc,rate');
  const rates: ExchangeRate[] = [];
  rows.forEach((fields, k) => {
    if (fields.length !== 2) throw unreadable(file, k + 2, `${fields.length} fields, expected 2`);
    const [stamp, text] = fields as [string, string];
    const [atMs, rate] = [parseIsoUtc(stamp), parseDecimal(text)];
    if (Number.isNaN(atMs)) throw unreadable(file, k + 2, `ts_utc ${stamp}: expected a UTC instant`);
    if (rate === undefined || !(rate > 0))
      throw unreadable(file, k + 2, `rate ${text}: expected a number above 0`);
    const before = rates.at(-1);
    if (before !== undefined && before.atMs >= atMs)
      throw unreadable(file, k + 2, `ts_utc ${stamp}: expected later than the row before`);
    rates.push({ atMs, rate, source: file });
  });
  return rates;
}
