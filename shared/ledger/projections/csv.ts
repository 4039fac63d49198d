/** A cell's value: numbers print in their shortest exact form, null as nothing. */
export type Cell = string | number | null;

const FORMULA = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

/** One cell. Texts that a spreadsheet would run as a formula get an apostrophe before them; numbers never do. */
function cellText(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError(`a CSV cell cannot hold ${value}`);
    return String(value);
  }
  const safe = FORMULA.test(value) && !isDecimal(value) ? `'${value}` : value;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Exact decimals, such as amounts of money, arrive as text and may begin with a minus. */
const isDecimal = (text: string): boolean => /^-?\d+(\.\d+)?$/.test(text);

/** A CSV file: header, one line a row, line feeds, nothing else. Every row must have exactly the columns. */
export function csvText<Column extends string>(
  columns: readonly Column[],
  rows: readonly Readonly<Record<Column, Cell>>[],
): string {
  const lines = rows.map((row) => columns.map((column) => cellText(row[column])).join(','));
  return `${[columns.join(','), ...lines].join('\n')}\n`;
}

/** Rounds a figure for reading: bps and shares to 1e-6. The exact value stays in the artifact. */
export const rounded = (value: number): number => {
  const result = Math.round(value * 1e6) / 1e6;
  return result === 0 ? 0 : result;
};
