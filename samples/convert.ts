import { DateTime } from 'luxon';
import { decimalText } from '../shared/kernel/money.ts';
import { HOUR_MS, isoUtc, parseIsoDate, parseIsoUtc } from '../shared/kernel/time.ts';

/** A bar of a sample file. `startMs` in UTC; volume and turnover are decimal text, exact. */
export interface SampleBar {
  readonly startMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: string;
  readonly turnover?: string;
}

/** A part of a bar: volume and amount are whole numbers of their smallest unit, so that sums are exact. */
interface Part {
  readonly startMs: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly amount: number;
}

/** A row of an A-share minute file: date 20240614, previous close, open, high, low, close, shares, yuan, time 931. */
export type AShareMinute = readonly [number, number, number, number, number, number, number, number, number];

const FIVE_MINUTES_IN_HOUR = 12;
const MINUTES_IN_BAR = 60;
const SATOSHI = 100_000_000;

/**
 * Hours from five-minute rows in any order, for hours with fromMs <= start < toMs. A stamp such as
 * `2016-01-02 00:05:00` is UTC and the START of its five minutes (README.md says how that is known). Volume in
 * coins to 8 digits; prices to the cent, which takes the float dust off a few (394.57999999999998).
 * @throws RangeError where an hour does not have its twelve rows.
 */
export function hoursOfFiveMinutes(
  rows: readonly Readonly<Record<string, string>>[],
  fromMs: number,
  toMs: number,
): SampleBar[] {
  const parts: Part[] = [];
  for (const row of rows) {
    const startMs = parseIsoUtc(`${row['date']?.replace(' ', 'T')}Z`);
    if (Number.isNaN(startMs)) throw new RangeError(`date ${row['date']}, expected 2016-01-02 00:05:00`);
    if (startMs < fromMs || startMs >= toMs) continue;
    const [open, high, low, close] = pricesOf(row).map((price) => Math.round(price * 100) / 100) as Prices;
    const volume = Math.round(numberOf(row, 'volume') * SATOSHI);
    parts.push({ startMs, open, high, low, close, volume, amount: 0 });
  }
  parts.sort((a, b) => a.startMs - b.startMs);
  return grouped(parts, FIVE_MINUTES_IN_HOUR, (part) => part.startMs - (part.startMs % HOUR_MS)).map(
    (bar) => ({
      ...bar,
      volume: trimmed(decimalText(bar.volume, 8)),
    }),
  );
}

/**
 * The four 60-minute bars of each A-share session (09:30, 10:30, 13:00, 14:00 in Shanghai) from its 240 minutes,
 * ascending. A minute's time is its END: 931 is the first and holds the opening auction, 1130 ends the morning,
 * 1500 holds the closing auction. Volume in shares, turnover in yuan, summed in fen.
 * @throws RangeError where a bar does not have its sixty minutes.
 */
export function barsOfAShareMinutes(minutes: readonly AShareMinute[]): SampleBar[] {
  const parts = minutes.map(([date, , open, high, low, close, volume, amount, time]) => ({
    startMs: aShareBarStart(date, time),
    open,
    high,
    low,
    close,
    volume,
    amount: Math.round(amount * 100),
  }));
  return grouped(parts, MINUTES_IN_BAR, (part) => part.startMs).map((bar) => ({
    ...bar,
    volume: String(bar.volume),
    turnover: trimmed(decimalText(bar.amount, 2)),
  }));
}

/** The start, UTC, of the 60-minute bar that holds the minute which ends at `time` (931 is 09:31) in Shanghai. */
export function aShareBarStart(date: number, time: number): number {
  const minute = Math.floor(time / 100) * 60 + (time % 100) - 1;
  const start = [14 * 60, 13 * 60, 10 * 60 + 30, 9 * 60 + 30].find((first) => minute >= first);
  if (start === undefined || minute >= start + 60) throw new RangeError(`${date} ${time} lies in no session`);
  const day = `${date}`.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
  // Shanghai has kept +08:00 without summer time since 1991.
  return parseIsoDate(day) + start * 60_000 - 8 * HOUR_MS;
}

/** Daily rows of one share, by date and ascending, between two dates; a bar starts at the session's open. */
export function daysOfUsRows(
  rows: readonly Readonly<Record<string, string>>[],
  from: string,
  to: string,
): SampleBar[] {
  const bars: SampleBar[] = [];
  for (const row of rows) {
    const date = row['date'] ?? row['Date'] ?? '';
    if (Number.isNaN(parseIsoDate(date))) throw new RangeError(`date ${date}, expected 2013-05-13`);
    if (date < from || date > to) continue;
    const [open, high, low, close] = pricesOf(row);
    const volume = String(numberOf(row, 'volume'));
    bars.push({ startMs: newYorkOpen(date), open, high, low, close, volume });
  }
  return bars.sort((a, b) => a.startMs - b.startMs);
}

/** 09:30 in New York on a date, UTC milliseconds. */
export function newYorkOpen(date: string): number {
  return DateTime.fromISO(`${date}T09:30:00`, { zone: 'America/New_York' }).toMillis();
}

/** A sample file: `ts_utc,open,high,low,close,volume`, and `turnover` where the bars have it. */
export function barsToCsv(bars: readonly SampleBar[]): string {
  const withTurnover = bars[0]?.turnover !== undefined;
  const lines = [`ts_utc,open,high,low,close,volume${withTurnover ? ',turnover' : ''}`];
  for (const bar of bars) {
    const fields = [isoUtc(bar.startMs), bar.open, bar.high, bar.low, bar.close, bar.volume];
    lines.push((withTurnover ? [...fields, bar.turnover] : fields).join(','));
  }
  return `${lines.join('\n')}\n`;
}

type Prices = [number, number, number, number];

function grouped(parts: readonly Part[], size: number, startOf: (part: Part) => number): Part[] {
  const bars: Part[] = [];
  for (let first = 0; first < parts.length; first += size) {
    const group = parts.slice(first, first + size);
    const startMs = startOf(group[0]!);
    if (group.length !== size || group.some((part) => startOf(part) !== startMs)) {
      throw new RangeError(`the bar at ${isoUtc(startMs)} does not have its ${size} parts`);
    }
    bars.push({
      startMs,
      open: group[0]!.open,
      high: Math.max(...group.map((part) => part.high)),
      low: Math.min(...group.map((part) => part.low)),
      close: group.at(-1)!.close,
      volume: group.reduce((sum, part) => sum + part.volume, 0),
      amount: group.reduce((sum, part) => sum + part.amount, 0),
    });
  }
  return bars;
}

function pricesOf(row: Readonly<Record<string, string>>): Prices {
  return [numberOf(row, 'open'), numberOf(row, 'high'), numberOf(row, 'low'), numberOf(row, 'close')];
}

/** A field whose header may be `open` or `Open`. */
function numberOf(row: Readonly<Record<string, string>>, name: string): number {
  const text = row[name] ?? row[name.charAt(0).toUpperCase() + name.slice(1)];
  const value = text === undefined || text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value)) throw new RangeError(`${name} ${JSON.stringify(text)}, expected a number`);
  return value;
}

/** `156.39532100` is `156.395321`, `12.00` is `12`. */
const trimmed = (text: string): string => text.replace(/\.?0+$/, '');
