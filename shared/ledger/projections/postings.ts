import type { BookPosting } from '../../execution/events.ts';
import { DAY_MS, utcDay } from '../../kernel/time.ts';
import { rounded, type Cell } from './csv.ts';
import { moneyText, quantityText, type RowContext } from './context.ts';

/** Columns of paper_postings.csv: what changed the book without a trade. */
export const POSTINGS = [
  'tick_utc',
  'market',
  'instrument',
  'kind',
  'quantity_before',
  'quantity_after',
  'ratio',
  'rate',
  'cash',
  'due',
  'income',
  'withheld',
  'pay_date',
  'source',
  'trace_id',
] as const;
export type PostingRow = Readonly<Record<(typeof POSTINGS)[number], Cell>>;

/** The row of one posting, by the tick that booked it; money in the currency, what the book gains positive. */
export function postingRow(
  context: RowContext,
  posting: BookPosting,
  tickUtc: string,
  traceId: string,
): PostingRow {
  const { instrument: i, kind, ratio, rate, payDay, source } = posting;
  return {
    tick_utc: tickUtc,
    market: context.market,
    instrument: context.symbols[i]!,
    kind,
    quantity_before: quantityText(context, i, posting.quantityBefore),
    quantity_after: quantityText(context, i, posting.quantityAfter),
    ratio,
    rate: rounded(rate),
    cash: moneyText(context, posting.cash),
    due: moneyText(context, posting.due),
    income: moneyText(context, posting.income),
    withheld: moneyText(context, posting.withheld),
    pay_date: payDay < 0 ? '' : utcDay(payDay * DAY_MS),
    source,
    trace_id: traceId,
  };
}
