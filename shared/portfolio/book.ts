import { safeInteger } from '../kernel/money.ts';

/** A FIFO lot as four numbers: signed steps, signed cost and the fee paid, both in minor units, and the session's day. */
export const LOT = 4;

/**
 * One market's book in its currency. Money in minor units, quantities in steps, both whole; per instrument in
 * columns. `cost` is what the open position was bought for (negative for a short), without fees.
 */
export interface Book {
  readonly capital: number;
  cash: number;
  /** Fees paid so far. */
  fees: number;
  /** Gains and losses realised so far, before fees. */
  realised: number;
  /** Dividends booked so far, net of what was withheld; those that a short owed are negative. */
  dividends: number;
  /** Borrow and funding so far: negative where they cost. */
  holding: number;
  /** The session that the book stands in, in days since 1970-01-01, and the end of the last bar it saw. -1: none. */
  sessionDay: number;
  lastEndMs: number;
  /** Dividends booked and not paid yet, flat triples: instrument, day of payment, signed minor units. */
  dues: number[];
  readonly quantity: Float64Array;
  readonly cost: Float64Array;
  readonly realisedBy: Float64Array;
  /** Ordinal at which the position's direction was last confirmed, and the close that would refute it (0: none). */
  readonly confirmedOrdinal: Float64Array;
  readonly invalidation: Float64Array;
  /** The last valid close, and how many sessions in a row had none since. */
  readonly lastClose: Float64Array;
  /** Last valid close before this session, after ex-rights: what price limits are reckoned from. 0: none known. */
  readonly priorClose: Float64Array;
  /** The valid close before the last one: what a price collar is laid around. 0: none known. */
  readonly closeBefore: Float64Array;
  /** Days of both closes, and 1 where the newest bar was void. */
  readonly closeDay: Float64Array;
  readonly priorDay: Float64Array;
  readonly lastVoid: Float64Array;
  readonly absentDay: Float64Array;
  readonly absentSessions: Float64Array;
  /** Day of the last trade that was counted: at most one an instrument and day. */
  readonly lastTradeDay: Float64Array;
  /** FIFO lots per instrument, flat, four numbers each. */
  readonly lots: number[][];
}

const BOOK_COLUMNS = [
  'quantity',
  'cost',
  'realisedBy',
  'confirmedOrdinal',
  'invalidation',
  'lastClose',
  'priorClose',
  'closeBefore',
  'closeDay',
  'priorDay',
  'lastVoid',
  'absentDay',
  'absentSessions',
  'lastTradeDay',
] as const;
export const bookColumns: readonly (typeof BOOK_COLUMNS)[number][] = BOOK_COLUMNS;

export function openBook(instruments: number, capitalMinor: number): Book {
  const columns = Object.fromEntries(BOOK_COLUMNS.map((column) => [column, new Float64Array(instruments)]));
  return {
    ...(columns as { [column in (typeof BOOK_COLUMNS)[number]]: Float64Array }),
    capital: capitalMinor,
    cash: capitalMinor,
    fees: 0,
    realised: 0,
    dividends: 0,
    holding: 0,
    sessionDay: -1,
    lastEndMs: -1,
    dues: [],
    lots: Array.from({ length: instruments }, () => []),
  };
}

/** A copy that shares nothing with the original. */
export function copyBook(book: Book): Book {
  const columns = Object.fromEntries(BOOK_COLUMNS.map((column) => [column, book[column].slice()]));
  return {
    ...book,
    ...(columns as { [column in (typeof BOOK_COLUMNS)[number]]: Float64Array }),
    dues: [...book.dues],
    lots: book.lots.map((lots) => [...lots]),
  };
}

/** What a posting did: gain before fees, the cost closed (unsigned) and the fees of the closed lots' entry. */
export interface Posted {
  readonly realised: number;
  readonly closedCost: number;
  readonly entryFees: number;
}

/**
 * Posts one fill: cash against position, realised gain and fees. FIFO: what the fill closes is taken from the oldest
 * lots, what remains opens a new one.
 * @param side +1 buy, -1 sell; `quantity` steps and `notional`, `fee` minor units, all positive (a fee may be a rebate).
 */
export function post(
  book: Book,
  i: number,
  side: number,
  quantity: number,
  notional: number,
  fee: number,
): Posted {
  const held = book.quantity[i]!;
  const closing = held * side < 0 ? Math.min(quantity, Math.abs(held)) : 0;
  const closingNotional = closing === quantity ? notional : Math.round((notional * closing) / quantity);
  const closed = closeLots(book, i, closing);
  // A long is sold for more than it cost, a short is bought back for less than it brought in.
  const realised = closing === 0 ? 0 : -side * closingNotional - closed.cost;
  const openingNotional = notional - closingNotional;
  const openingFee = closing === 0 ? fee : Math.round((fee * (quantity - closing)) / quantity);
  if (quantity > closing)
    book.lots[i]!.push(side * (quantity - closing), side * openingNotional, openingFee, book.sessionDay);
  book.quantity[i] = held + side * quantity;
  book.cost[i]! += side * openingNotional - closed.cost;
  book.cash = safeInteger(book.cash - side * notional - fee, 'cash');
  book.fees += fee;
  book.realised += realised;
  book.realisedBy[i]! += realised;
  return { realised, closedCost: Math.abs(closed.cost), entryFees: closed.fees };
}

/** Takes steps from the oldest lots and returns their signed cost and entry fees; exact, the rest stays whole. */
function closeLots(book: Book, i: number, steps: number): { cost: number; fees: number } {
  const lots = book.lots[i]!;
  let left = steps;
  let cost = 0;
  let fees = 0;
  while (left > 0) {
    const size = Math.abs(lots[0]!);
    const taken = Math.min(left, size);
    const takenCost = taken === size ? lots[1]! : Math.round((lots[1]! * taken) / size);
    const takenFee = taken === size ? lots[2]! : Math.round((lots[2]! * taken) / size);
    cost += takenCost;
    fees += takenFee;
    left -= taken;
    if (taken === size) lots.splice(0, LOT);
    else {
      lots[0] = lots[0]! - Math.sign(lots[0]!) * taken;
      lots[1]! -= takenCost;
      lots[2]! -= takenFee;
    }
  }
  return { cost, fees };
}

/** Steps of a long that were bought in the session of the day: what T+1 locks. */
export function boughtOn(book: Book, i: number, day: number): number {
  const lots = book.lots[i]!;
  let steps = 0;
  for (let k = 0; k < lots.length; k += LOT) if (lots[k + 3] === day) steps += Math.max(0, lots[k]!);
  return steps;
}

/** Dividends that are booked and not paid: negative where shorts owe more than longs are due. */
export function receivable({ dues }: Book): number {
  let sum = 0;
  for (let k = 2; k < dues.length; k += 3) sum += dues[k]!;
  return sum;
}

/** One line of double entry; positions are held at cost. */
export interface Posting {
  readonly account: string;
  readonly debit: number;
  readonly credit: number;
}

/** The lines of a fill, balanced: the position at cost, fees, the realised gain, and cash. */
export function postingLines(
  symbol: string,
  cashChange: number,
  costChange: number,
  fee: number,
  realised: number,
): Posting[] {
  const line = (account: string, amount: number): Posting =>
    amount >= 0 ? { account, debit: amount, credit: 0 } : { account, debit: 0, credit: -amount };
  return [
    line('cash', cashChange),
    line(`position:${symbol}`, costChange),
    line('fees', fee),
    line('realised', -realised),
  ].filter(({ debit, credit }) => debit !== credit);
}

/**
 * The law of the book: cash, dividends due and positions at cost are the capital, what was realised, paid in dividends
 * and charged for holding, less fees.
 * @returns the difference in minor units, 0 where the book is whole.
 */
export function imbalance(book: Book): number {
  let positions = 0;
  for (const cost of book.cost) positions += cost;
  const earned = book.realised + book.dividends + book.holding - book.fees;
  return book.cash + receivable(book) + positions - (book.capital + earned);
}
