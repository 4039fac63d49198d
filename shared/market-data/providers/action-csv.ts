import { actionProblem, type ActionKind, type RawAction } from '../actions.ts';
import { parseCsvRows, parseDecimal, unreadable } from './csv-rows.ts';

/** The header of a file of one instrument's corporate actions. */
export const ACTION_CSV_HEADER = 'ex_date,kind,ratio,amount,pay_date,source';

/**
 * Parses a file of corporate actions, in any order of rows. Dates are `2024-06-10`; `pay_date` may be empty; `ratio`
 * is 1 and `amount` 0 where the kind has none; `source` says who published it, without a comma.
 * @throws ProviderError naming file and line: another header, a ragged row, a value out of its bounds, a second row of
 * one kind and ex-date.
 */
export function parseActionCsv(bytes: Uint8Array, file: string, symbol: string): RawAction[] {
  const rows = parseCsvRows(bytes, file);
  const header = rows[0]?.join(',') ?? '';
  if (header !== ACTION_CSV_HEADER) {
    throw unreadable(file, 1, `header ${JSON.stringify(header)}, expected ${ACTION_CSV_HEADER}`);
  }
  const seen = new Set<string>();
  return rows.slice(1).map((fields, row) => {
    const line = row + 2;
    if (fields.length !== 6) throw unreadable(file, line, `${fields.length} fields, expected 6`);
    const [exDate, kind, ratio, amount, payDate, source] = fields as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const action: RawAction = {
      symbol,
      exDate,
      kind: kind as ActionKind,
      ratio: decimal(ratio, file, line, 'ratio'),
      amount: decimal(amount, file, line, 'amount'),
      payDate: payDate === '' ? null : payDate,
      source,
    };
    const problem = actionProblem(action);
    if (problem !== undefined) throw unreadable(file, line, problem);
    const name = `${kind} on ${exDate}`;
    if (seen.has(name))
      throw unreadable(file, line, `a second ${name}; write one row with what both come to`);
    seen.add(name);
    return action;
  });
}

function decimal(text: string, file: string, line: number, column: string): number {
  const value = parseDecimal(text);
  if (value !== undefined) return value;
  throw unreadable(file, line, `${column} ${JSON.stringify(text)}, expected a decimal number`);
}
