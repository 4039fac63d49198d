/**
 * Money is a whole number of the currency's minor unit (fen, cent, 1e-8 coin), always a safe integer;
 * quantities are whole numbers of the instrument's step. Prices and statistics stay float64.
 */
const MINOR_DIGITS: Readonly<Record<string, number>> = { CNY: 2, USD: 2, USDT: 8 };

export const currencies = Object.keys(MINOR_DIGITS);

/** Minor units in one unit of the currency: 100 for USD, 100,000,000 for USDT. */
export function minorPerUnit(currency: string): number {
  const digits = MINOR_DIGITS[currency];
  if (digits === undefined) {
    throw new RangeError(`currency ${currency} is unknown; expected one of ${currencies.join(', ')}`);
  }
  return powerOfTen(digits);
}

/** 10^digits, exact for 0..15. */
export function powerOfTen(digits: number): number {
  let power = 1;
  for (let i = 0; i < digits; i++) power *= 10;
  return power;
}

/**
 * Rounds half away from zero to a whole number of minor units.
 * @throws RangeError where the amount is not finite or beyond 2^53 - 1.
 */
export function toMinor(amount: number, minorPerUnit: number): number {
  const scaled = amount * minorPerUnit;
  const rounded = scaled < 0 ? -Math.round(-scaled) : Math.round(scaled);
  return safeInteger(rounded === 0 ? 0 : rounded, 'amount of money');
}

/** Passes a safe integer on. @throws RangeError with what it was for. */
export function safeInteger(value: number, what: string): number {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${what}: ${value} is not a safe integer`);
  return value;
}

/** A whole number of 10^-digits as exact decimal text: (-12345, 2) is `-123.45`. */
export function decimalText(whole: number, digits: number): string {
  const sign = whole < 0 ? '-' : '';
  const text = String(Math.abs(safeInteger(whole, 'decimal'))).padStart(digits + 1, '0');
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

export const minorDigits = (currency: string): number => {
  minorPerUnit(currency);
  return MINOR_DIGITS[currency]!;
};
