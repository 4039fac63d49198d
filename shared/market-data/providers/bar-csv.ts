import { parseIsoUtc } from '../../kernel/time.ts';
import type { RawBars } from '../provider.ts';
import { parseCsvRows, parseDecimal, unreadable } from './csv-rows.ts';

/** The header of a file of bars; `turnover`, and after it `spread`, may follow. */
export const BAR_CSV_HEADER = 'ts_utc,open,high,low,close,volume';

const COLUMNS = [...BAR_CSV_HEADER.split(','), 'turnover', 'spread'];
/** Columns of the header alone; those from here on may be empty. */
const NEEDED = 6;
const NOT_A_NUMBER = /^[+-]?(?:nan|inf|infinity)$/i;

/**
 * Parses a file of bars, `ts_utc,open,high,low,close,volume[,turnover[,spread]]`, into columns in the file's own
 * order, duplicates and all. `ts_utc` is the start of the bar, `2026-11-22T10:00:00Z`; `spread` is the quoted one.
 *
 * A number is decimal text such as `12`, `0.5`, `1e-8`. The texts `nan` and `inf` (any case or sign), and values
 * beyond float64, become NaN, so that the quality check sees and flags the row; an empty turnover or spread is NaN,
 * too. Anything else is refused: half a file of bars looks like a whole one.
 * @throws ProviderError naming file and line: another header, a ragged row, an unreadable stamp or number.
 */
export function parseBarCsv(bytes: Uint8Array, file: string): RawBars {
  const rows = parseCsvRows(bytes, file);
  const width = headerWidth(rows[0], file);
  const count = rows.length - 1;
  const bars = emptyBars(count, width === COLUMNS.length);
  const values = [bars.open, bars.high, bars.low, bars.close, bars.volume, bars.turnover, bars.spread];
  for (let row = 0; row < count; row++) {
    const fields = rows[row + 1]!;
    const line = row + 2;
    if (fields.length !== width) {
      throw unreadable(file, line, `${fields.length} fields, expected ${width}`);
    }
    const start = parseIsoUtc(fields[0]!);
    if (Number.isNaN(start)) {
      throw unreadable(file, line, `ts_utc ${JSON.stringify(fields[0])}, expected 2026-11-22T10:00:00Z`);
    }
    bars.startMs[row] = start;
    for (let field = 1; field < width; field++) {
      const text = fields[field]!;
      values[field - 1]![row] = field >= NEEDED && text === '' ? NaN : decimal(text, file, line, field);
    }
  }
  return bars;
}

/** Columns of `count` rows: prices zero, turnover absent. */
function emptyBars(count: number, quoted: boolean): RawBars {
  const column = (): Float64Array => new Float64Array(count);
  return {
    startMs: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
    turnover: column().fill(NaN),
    ...(quoted ? { spread: column() } : {}),
  };
}

function headerWidth(header: readonly string[] | undefined, file: string): number {
  const text = header?.join(',') ?? '';
  for (let width = NEEDED; width <= COLUMNS.length; width++) {
    if (text === COLUMNS.slice(0, width).join(',')) return width;
  }
  throw unreadable(file, 1, `header ${JSON.stringify(text)}, expected ${BAR_CSV_HEADER}[,turnover[,spread]]`);
}

function decimal(text: string, file: string, line: number, field: number): number {
  const value = parseDecimal(text);
  if (value !== undefined) return Number.isFinite(value) ? value : NaN;
  if (NOT_A_NUMBER.test(text)) return NaN;
  throw unreadable(file, line, `${COLUMNS[field]} ${JSON.stringify(text)}, expected a decimal number`);
}
