import { copyOrders, noOrders, type OrderColumn, type OrderStatus, type WorkingOrders } from '../execution/orders.ts';
import type { Fill } from '../execution/fills.ts';
import { copyDrift, openDrift, type Drift } from '../forecast/drift.ts';
import type { Code } from '../kernel/codes.ts';
import { copyBook, openBook, type Book } from '../portfolio/book.ts';
import { copyPerformance, openPerformance, type Performance } from '../portfolio/performance.ts';
import type { MarketRules } from './rules.ts';

/** All that one tick hands to the next. Its size depends on the universe, never on the length of the ledger. */
export interface TickState {
  readonly book: Book;
  readonly orders: WorkingOrders;
  readonly performance: Performance;
  readonly drift: Drift;
}

/** An order that has ended, with all it was and did. */
export type EndedOrder = { readonly [column in OrderColumn]: number } & {
  readonly instrument: number;
  readonly endedOrdinal: number;
  readonly status: OrderStatus;
  readonly reason: Code;
  readonly intent: string;
};

/** What happened to orders in a tick, in the order in which it happened. */
export interface TickEvents {
  readonly fills: Fill[];
  readonly ended: EndedOrder[];
}

export const noEvents = (): TickEvents => ({ fills: [], ended: [] });

export function openState(rules: MarketRules): TickState {
  const n = rules.instruments.symbols.length;
  return {
    book: openBook(n, rules.capitalMinor),
    orders: noOrders(n),
    performance: openPerformance(rules.capitalMinor),
    drift: openDrift(),
  };
}

/** A copy that shares nothing with the original. */
export const copyState = (state: TickState): TickState => ({
  book: copyBook(state.book),
  orders: copyOrders(state.orders),
  performance: copyPerformance(state.performance),
  drift: copyDrift(state.drift),
});
