import { ORDER_COLUMNS } from '../execution/orders.ts';
import type { Json } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import type { StoredState } from '../ledger/artifacts.ts';
import { bookColumns, imbalance, type Book } from '../portfolio/book.ts';
import type { MarketRules } from './rules.ts';
import { parsedRisk } from '../risk/risk-state.ts';
import { openState, type TickState } from './state.ts';

/** Encodes a state. @throws IntegrityError where the book does not balance: nothing unbalanced is ever stored. */
export function encodeState(rules: MarketRules, state: TickState): Json {
  const { book, orders } = state;
  assertBalanced(state, 'before it is stored');
  const { symbols } = rules.instruments;
  const positions = symbols.flatMap((symbol, i) => {
    const row = bookColumns.map((column) => book[column][i]!);
    return row.some((value) => value !== 0) ? [[symbol, row, book.lots[i]!]] : [];
  });
  const working = symbols.flatMap((symbol, i) => {
    if (orders.quantity[i] === 0) return [];
    const row = ORDER_COLUMNS.map((column) => orders[column][i]!);
    return [[symbol, row, [orders.cancelCode[i]!, orders.lastCode[i]!, orders.intent[i]!]]];
  });
  return {
    v: 3,
    capital: book.capital,
    cash: book.cash,
    fees: book.fees,
    realised: book.realised,
    dividends: book.dividends,
    holding: book.holding,
    session_day: book.sessionDay,
    last_end_ms: book.lastEndMs,
    dues: dueRows(book, symbols),
    positions,
    orders: working,
    performance: state.performance as unknown as Json,
    drift: state.drift as unknown as Json,
    risk: state.risk as unknown as Json,
  };
}

/** Decodes a stored state into columns that share nothing with it. @throws IntegrityError for an unknown symbol or an unbalanced book. */
export function decodeState(rules: MarketRules, stored: StoredState): TickState {
  const state = openState(rules);
  const { book, orders } = state;
  const place = new Map(rules.instruments.symbols.map((symbol, i) => [symbol, i]));
  const indexOf = (symbol: string): number => {
    const i = place.get(symbol);
    if (i === undefined)
      throw new IntegrityError(`the stored state names ${symbol}, which is not in the universe`);
    return i;
  };
  Object.assign(book, {
    capital: stored.capital,
    cash: stored.cash,
    fees: stored.fees,
    realised: stored.realised,
    dividends: stored.dividends,
    holding: stored.holding,
    sessionDay: stored.session_day,
    lastEndMs: stored.last_end_ms,
    dues: stored.dues.flatMap(([symbol, payDay, amount]) => [indexOf(symbol), payDay, amount]),
  });
  for (const [symbol, row, lots] of stored.positions) {
    const i = indexOf(symbol);
    bookColumns.forEach((column, k) => (book[column][i] = row[k]!));
    book.lots[i] = [...lots];
  }
  for (const [symbol, row, [cancelCode, lastCode, intent]] of stored.orders) {
    const i = indexOf(symbol);
    ORDER_COLUMNS.forEach((column, k) => (orders[column][i] = row[k]!));
    orders.cancelCode[i] = cancelCode;
    orders.lastCode[i] = lastCode;
    orders.intent[i] = intent;
  }
  Object.assign(state.performance, structuredClone(stored.performance));
  Object.assign(state.drift, structuredClone(stored.drift));
  state.risk = parsedRisk(stored.risk);
  assertBalanced(state, 'after it was read');
  return state;
}

/** Dividends due as rows of symbol, day of payment and minor units. */
function dueRows({ dues }: Book, symbols: readonly string[]): Json {
  const rows: Json[] = [];
  for (let k = 0; k < dues.length; k += 3) rows.push([symbols[dues[k]!]!, dues[k + 1]!, dues[k + 2]!]);
  return rows;
}

function assertBalanced(state: TickState, when: string): void {
  const difference = imbalance(state.book);
  if (difference !== 0)
    throw new IntegrityError(`the book does not balance ${when}: ${difference} minor units are over`);
}
