import { DAY_MS, parseIsoDate, utcDay } from '../../kernel/time.ts';
import type { RawAction } from '../actions.ts';
import { parseCsvRows, parseDecimal, unreadable } from './csv-rows.ts';

/** One row: the factors that hold up to and with its date, and the raw close on it. */
interface FactorRow {
  readonly text: string;
  readonly exDate: string;
  readonly priceFactor: number;
  readonly splitFactor: number;
  readonly close: number;
}

/** Split ratios are quotients of factors of few digits: the simplest fraction this near is what was meant. */
const RATIO_TOLERANCE = 1e-5;
const DENOMINATOR_MAX = 100;
/** Factors of seven decimals bear four on an amount, as many as the reference price has. */
const AMOUNT_STEPS = 1e4;

/**
 * Reads the dividends and splits out of a factor file of QuantConnect's LEAN: rows of
 * `date,price factor,split factor,reference price`, oldest first, each valid up to and with its date. What changes
 * between two rows takes effect after the first one's date, so the ex-date given is the next day; where that is no
 * session, the first one after it is meant. Dividend = reference price * (1 - price factor / next price factor);
 * ratio = next split factor / split factor. No pay dates.
 * Source: QuantConnect, LEAN, Common/Data/Auxiliary/CorporateFactorRow.cs.
 * @throws ProviderError naming file and line: a ragged row, an unreadable date or number, dates that do not ascend.
 */
export function parseLeanFactors(bytes: Uint8Array, file: string, symbol: string): RawAction[] {
  const rows = parseCsvRows(bytes, file).map((fields, row) => parseRow(fields, file, row + 1));
  return rows.slice(1).flatMap((next, k) => {
    const row = rows[k]!;
    if (!(next.exDate > row.exDate))
      throw unreadable(file, k + 2, `${next.text} does not follow ${row.text}`);
    const common = { symbol, exDate: row.exDate, payDate: null, source: `${file}, ${row.text}` };
    const paid = 1 - row.priceFactor / next.priceFactor;
    const amount = Math.round(row.close * paid * AMOUNT_STEPS) / AMOUNT_STEPS;
    if (row.priceFactor !== next.priceFactor && !(amount > 0)) {
      throw unreadable(
        file,
        k + 1,
        `price factors and reference price give a dividend of ${amount}, expected more than 0`,
      );
    }
    const ratio = simplest(next.splitFactor / row.splitFactor);
    return [
      ...(amount > 0 ? [{ ...common, kind: 'dividend' as const, ratio: 1, amount }] : []),
      ...(ratio !== 1 ? [{ ...common, kind: 'split' as const, ratio, amount: 0 }] : []),
    ];
  });
}

function parseRow(fields: readonly string[], file: string, line: number): FactorRow {
  if (fields.length !== 4) throw unreadable(file, line, `${fields.length} fields, expected 4`);
  const text = fields[0]!;
  const dayMs = parseIsoDate(text.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3'));
  if (Number.isNaN(dayMs) || text.length !== 8) {
    throw unreadable(file, line, `date ${JSON.stringify(text)}, expected 20240607`);
  }
  const [priceFactor, splitFactor, close] = fields.slice(1).map((value) => parseDecimal(value) ?? NaN);
  if (!(priceFactor! > 0 && splitFactor! > 0 && close! >= 0)) {
    throw unreadable(file, line, `${fields.slice(1).join(',')}, expected two factors above 0 and a price`);
  }
  return {
    text,
    exDate: utcDay(dayMs + DAY_MS),
    priceFactor: priceFactor!,
    splitFactor: splitFactor!,
    close: close!,
  };
}

/** The fraction with the smallest denominator within the tolerance; the quotient itself where there is none. */
function simplest(quotient: number): number {
  for (let denominator = 1; denominator <= DENOMINATOR_MAX; denominator++) {
    const fraction = Math.round(quotient * denominator) / denominator;
    if (Math.abs(fraction / quotient - 1) <= RATIO_TOLERANCE) return fraction;
  }
  return quotient;
}
