import { CsvError, parse } from 'csv-parse/sync';
import { ProviderError } from '../../kernel/errors.ts';
import { parseIsoUtc } from '../../kernel/time.ts';
import type { RawBars } from '../provider.ts';

/** The header of a file of bars; `turnover` may follow as a seventh column. */
export const BAR_CSV_HEADER = 'ts_utc,open,high,low,close,volume';

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NOT_A_NUMBER = /^[+-]?(?:nan|inf|infinity)$/i;
/** Seven fields of at most some twenty digits: a longer row is not a row of bars. */
const ROW_BYTES_MAX = 1_024;

/**
 * Parses a file of bars, `ts_utc,open,high,low,close,volume[,turnover]`, into columns in the file's own order,
 * duplicates and all. `ts_utc` is the start of the bar, `2026-11-22T10:00:00Z`.
 *
 * A number is decimal text such as `12`, `0.5`, `1e-8`. The texts `nan` and `inf` (any case or sign), and values
 * beyond float64, become NaN, so that the quality check sees and flags the row; an empty turnover is NaN, too.
 * Anything else is refused: half a file of bars looks like a whole one.
 * @throws ProviderError naming file and line: another header, a ragged row, an unreadable stamp or number.
 */
export function parseBarCsv(bytes: Uint8Array, file: string): RawBars {
  const rows = parseRows(bytes, file);
  const width = headerWidth(rows[0], file);
  const count = rows.length - 1;
  const bars = emptyBars(count);
  const values = [bars.open, bars.high, bars.low, bars.close, bars.volume, bars.turnover];
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
      values[field - 1]![row] = field === 6 && text === '' ? NaN : decimal(text, file, line, field);
    }
  }
  return bars;
}

/** Columns of `count` rows: prices zero, turnover absent. */
function emptyBars(count: number): RawBars {
  const column = (): Float64Array => new Float64Array(count);
  return {
    startMs: column(),
    open: column(),
    high: column(),
    low: column(),
    close: column(),
    volume: column(),
    turnover: column().fill(NaN),
  };
}

function parseRows(bytes: Uint8Array, file: string): string[][] {
  try {
    // Without quoting, a record is a line: the line numbers in the errors hold, and a quote is an unreadable number.
    return parse(bytes, {
      bom: true,
      quote: null,
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
      max_record_size: ROW_BYTES_MAX,
    });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new ProviderError(`${file}: ${cause.message}`, { file, code: cause.code }, { cause });
  }
}

function headerWidth(header: readonly string[] | undefined, file: string): number {
  const text = header?.join(',');
  if (text === BAR_CSV_HEADER) return 6;
  if (text === `${BAR_CSV_HEADER},turnover`) return 7;
  throw unreadable(file, 1, `header ${JSON.stringify(text ?? '')}, expected ${BAR_CSV_HEADER}[,turnover]`);
}

function decimal(text: string, file: string, line: number, field: number): number {
  if (DECIMAL.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : NaN;
  }
  if (NOT_A_NUMBER.test(text)) return NaN;
  const column = `${BAR_CSV_HEADER},turnover`.split(',')[field];
  throw unreadable(file, line, `${column} ${JSON.stringify(text)}, expected a decimal number`);
}

function unreadable(file: string, line: number, problem: string): ProviderError {
  return new ProviderError(`${file}, line ${line}: ${problem}`, { file, line });
}
