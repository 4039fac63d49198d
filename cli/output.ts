import Table from 'cli-table3';

/** Columns set apart by two spaces, without rules: the same text reads well on a terminal and in a pipe. */
const NO_RULES = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
};

const NUMBER = /^[-+]?[\d,]*\.?\d+ ?%?$/;

/**
 * A table as text, ending with a line feed. Columns of numbers only are set flush right.
 * @param color the head is bold; pass `mayColor(io)`.
 */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { color }: { color: boolean },
): string {
  const table = new Table({
    head: head.map((title) => (color ? `\u001b[1m${title}\u001b[22m` : title)),
    colAligns: head.map((_, column) =>
      rows.length > 0 && rows.every((row) => NUMBER.test(row[column] ?? '')) ? 'right' : 'left',
    ),
    chars: NO_RULES,
    // The library's own colours would be chosen by the process's terminal, not by the caller.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  table.push(...rows.map((row) => [...row]));
  return `${table.toString().replaceAll(/ +$/gm, '')}\n`;
}
