import type { Code } from '../kernel/codes.ts';
import type { Fill } from './fills.ts';
import type { OrderColumn, OrderStatus } from './orders.ts';

/** An order that has ended, with all it was and did; numbers as in the working orders' columns. */
export type EndedOrder = { readonly [column in OrderColumn]: number } & {
  readonly instrument: number;
  readonly endedOrdinal: number;
  readonly status: OrderStatus;
  readonly reason: Code;
  readonly intent: string;
};

/** Why a book changed without a trade. */
export const POSTING_KINDS = ['dividend', 'split', 'payment', 'holding'] as const;
export type PostingKind = (typeof POSTING_KINDS)[number];

/**
 * A change of the book without a trade. Quantities in signed steps, money in minor units, what the book gains
 * positive. `cash`, `due`, `cost` and `income` are changes: cash, dividends not paid yet, positions at cost, and what
 * was earned (for a split: realised by the fraction that was paid out).
 */
export interface BookPosting {
  readonly kind: PostingKind;
  readonly instrument: number;
  readonly ordinal: number;
  readonly quantityBefore: number;
  readonly quantityAfter: number;
  readonly cash: number;
  readonly due: number;
  readonly cost: number;
  readonly income: number;
  readonly withheld: number;
  /** New shares per old; 1 where the quantity stands. */
  readonly ratio: number;
  /** Currency per share of a dividend before withholding, price of a fraction paid out, or bps of a holding charge. */
  readonly rate: number;
  /** Day of payment of a dividend, in days since 1970-01-01; -1 elsewhere. */
  readonly payDay: number;
  /** Who says so: the source of the corporate action, or of the rate. */
  readonly source: string;
}

/** What happened in a tick, in the order in which it happened within each list. */
export interface TickEvents {
  readonly fills: Fill[];
  readonly ended: EndedOrder[];
  readonly postings: BookPosting[];
}

/** What takes a tick's events: its lists, or a log of many ticks. */
export interface EventSink {
  readonly fills: { push(fill: Fill): unknown };
  readonly ended: { push(order: EndedOrder): unknown };
  readonly postings: { push(posting: BookPosting): unknown };
}

export const noEvents = (): TickEvents => ({ fills: [], ended: [], postings: [] });
