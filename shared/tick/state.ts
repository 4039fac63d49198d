import { copyOrders, noOrders, type WorkingOrders } from '../execution/orders.ts';
import { copyDrift, openDrift, type Drift } from '../forecast/drift.ts';
import { copyBook, openBook, type Book } from '../portfolio/book.ts';
import { copyPerformance, openPerformance, type Performance } from '../portfolio/performance.ts';
import { copyRisk, openRisk, type RiskState } from '../risk/risk-state.ts';
import type { MarketRules } from './rules.ts';

/** All that one tick hands to the next. Its size depends on the universe, never on the length of the ledger. */
export interface TickState {
  readonly book: Book;
  readonly orders: WorkingOrders;
  readonly performance: Performance;
  readonly drift: Drift;
  /** Replaced as a whole by each tick. */
  risk: RiskState;
}

export function openState(rules: MarketRules): TickState {
  const n = rules.instruments.symbols.length;
  return {
    book: openBook(n, rules.capitalMinor),
    orders: noOrders(n),
    performance: openPerformance(rules.capitalMinor),
    drift: openDrift(),
    risk: openRisk(rules.capitalMinor),
  };
}

/** A copy that shares nothing with the original. */
export const copyState = (state: TickState): TickState => ({
  book: copyBook(state.book),
  orders: copyOrders(state.orders),
  performance: copyPerformance(state.performance),
  drift: copyDrift(state.drift),
  risk: copyRisk(state.risk),
});
