import { CsvError, parse } from 'csv-parse/sync';
import { ProviderError } from '../../kernel/errors.ts';

/** No field of these files is long: a longer row is not one of theirs. */
const ROW_BYTES_MAX = 1_024;

/**
 * Parses comma-separated text into rows of fields, header included, whatever their widths. Without quoting, a record
 * is a line: the line numbers in the errors hold, and a quote is part of its field.
 * @throws ProviderError where a row has no end.
 */
export function parseCsvRows(bytes: Uint8Array, file: string): string[][] {
  try {
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

/** An error that names file and line. */
export const unreadable = (file: string, line: number, problem: string): ProviderError =>
  new ProviderError(`${file}, line ${line}: ${problem}`, { file, line });

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A decimal text such as `12`, `0.5`, `1e-8` as a number; undefined where it is no such text. */
export const parseDecimal = (text: string): number | undefined =>
  DECIMAL.test(text) ? Number(text) : undefined;
