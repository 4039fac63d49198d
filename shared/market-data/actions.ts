import { parseIsoDate } from '../kernel/time.ts';

/** No split was ever larger: what is beyond is a slip of the pen. */
const RATIO_MAX = 10_000;

/** Kinds in the order in which those of one ex-date take effect. */
export const ACTION_KINDS = ['dividend', 'split', 'real_move'] as const;
/**
 * What happened: cash per share, new shares for old ones, or `real_move`, which says that a gap that looked like a
 * split was none.
 */
export type ActionKind = (typeof ACTION_KINDS)[number];

/** A corporate action as a source gives it. */
export interface RawAction {
  readonly symbol: string;
  /** The first date on which the share trades without what was paid or split, `YYYY-MM-DD`. */
  readonly exDate: string;
  readonly kind: ActionKind;
  /** New shares for one old share; 1 where the kind is no split. */
  readonly ratio: number;
  /** Gross cash for each share held before the ex-date, in the quote currency; 0 where the kind is no dividend. */
  readonly amount: number;
  /** When the cash is spendable; null where the source does not say. */
  readonly payDate: string | null;
  /** Who published it. */
  readonly source: string;
}

/** A corporate action on the bars of a ledger: it takes effect before the open of its row. */
export interface CorporateAction {
  /** Index in the instruments of the bars. */
  readonly instrument: number;
  /** The ledger's bar ordinal at which it was first seen: the first bar on or after the ex-date, or later. */
  readonly ordinal: number;
  /** Days since 1970-01-01 of the ex-date and the pay date. */
  readonly exDay: number;
  readonly kind: ActionKind;
  readonly ratio: number;
  readonly amount: number;
  readonly payDay: number | null;
  readonly source: string;
}

/** Order of actions: by row, then instrument, then ex-date, then kind, so that a dividend comes before a split. */
export const byPlace = (a: CorporateAction, b: CorporateAction): number =>
  a.ordinal - b.ordinal ||
  a.instrument - b.instrument ||
  a.exDay - b.exDay ||
  ACTION_KINDS.indexOf(a.kind) - ACTION_KINDS.indexOf(b.kind);

/** The actions of rows from one ordinal to another, the last excluded. */
export const actionsWithin = (
  actions: readonly CorporateAction[],
  fromOrdinal: number,
  toOrdinal: number,
): readonly CorporateAction[] =>
  actions.length === 0
    ? actions
    : actions.filter(({ ordinal }) => ordinal >= fromOrdinal && ordinal < toOrdinal);

/** What is wrong with an action as a source gave it, in words; undefined where nothing is. */
export function actionProblem(action: RawAction): string | undefined {
  const { exDate, kind, ratio, amount, payDate, source } = action;
  const exMs = parseIsoDate(exDate);
  const given = (name: string, value: unknown, expected: string): string =>
    `${name} ${JSON.stringify(value)}, expected ${expected}`;
  if (Number.isNaN(exMs)) return given('ex_date', exDate, 'a date such as 2024-06-10');
  if (!ACTION_KINDS.includes(kind)) return given('kind', kind, ACTION_KINDS.join(', '));
  if (kind !== 'split' && ratio !== 1) return given('ratio', ratio, `1 with a ${kind}`);
  if (kind === 'split' && !(ratio >= 1 / RATIO_MAX && ratio <= RATIO_MAX && ratio !== 1))
    return given(
      'ratio',
      ratio,
      `new shares for one old share, from 1/${RATIO_MAX} to ${RATIO_MAX} and not 1`,
    );
  if (kind !== 'dividend' && amount !== 0) return given('amount', amount, `0 with a ${kind}`);
  if (kind === 'dividend' && !(amount > 0 && amount < Infinity))
    return given('amount', amount, 'cash per share above 0');
  if (payDate !== null && !(parseIsoDate(payDate) >= exMs))
    return given('pay_date', payDate, `a date from the ex-date ${exDate} on, or none`);
  if (source.trim() === '') return given('source', source, 'who published it');
  return undefined;
}
