import { toMinor } from '../kernel/money.ts';
import type { Bars } from '../market-data/bars.ts';
import { receivable, type Book } from './book.ts';

/** What the book is worth and how it leans, in minor units. */
export interface Valuation {
  readonly equity: number;
  /** Sum of absolute position values. */
  readonly gross: number;
  /** The largest absolute position value. */
  readonly largest: number;
}

/** How to value one position: its exit price per unit, and the units in a step. */
export interface Marking {
  readonly stepsPerUnit: Float64Array;
  readonly minorPerUnit: number;
  readonly unusable: number;
  /** Sessions without a valid close after which a position is cut by the haircut. */
  readonly suspendedSessionsMax: number;
  readonly suspensionHaircut: number;
  /** Cost of leaving a position of instrument i in bps, given its side, close and value. */
  exitBps(i: number, side: 1 | -1, dayNumber: number, close: number, notional: number): number;
}

/** Takes the bar's valid closes as the last ones known, and counts sessions without one. */
export function observeCloses(book: Book, bars: Bars, row: number, marking: Marking): void {
  const n = bars.instruments.length;
  const day = bars.sessionDay[row]!;
  for (let i = 0; i < n; i++) {
    const cell = row * n + i;
    if ((bars.flags[cell]! & marking.unusable) === 0) {
      book.closeBefore[i] = book.lastClose[i]!;
      book.lastClose[i] = bars.close[cell]!;
      // Most bars follow a good one of their own session: what would not change is not written.
      if (book.lastVoid[i] === 0 && book.closeDay[i] === day) continue;
      book.closeDay[i] = day;
      book.lastVoid[i] = 0;
      book.absentSessions[i] = 0;
      book.absentDay[i] = day;
      continue;
    }
    book.lastVoid[i] = 1;
    if (book.absentDay[i] === day) continue;
    book.absentSessions[i]!++;
    book.absentDay[i] = day;
  }
}

/** Price per unit at which a position would be left: the last valid close less the cost of leaving. */
export function markPrice(book: Book, i: number, dayNumber: number, marking: Marking): number {
  const close = book.lastClose[i]!;
  const side = book.quantity[i]! < 0 ? -1 : 1;
  const units = Math.abs(book.quantity[i]!) / marking.stepsPerUnit[i]!;
  const leave = close * (1 - (side * marking.exitBps(i, side, dayNumber, close, units * close)) / 1e4);
  if (book.absentSessions[i]! <= marking.suspendedSessionsMax) return leave;
  return leave * (1 - side * marking.suspensionHaircut);
}

/** Value of one position in minor units, negative for a short. */
export const positionValue = (book: Book, i: number, dayNumber: number, marking: Marking): number =>
  toMinor(
    (book.quantity[i]! / marking.stepsPerUnit[i]!) * markPrice(book, i, dayNumber, marking),
    marking.minorPerUnit,
  );

/** Values the whole book at exit prices; dividends that are due count before they are paid. */
export function value(book: Book, dayNumber: number, marking: Marking): Valuation {
  let equity = book.cash + receivable(book);
  let gross = 0;
  let largest = 0;
  for (let i = 0; i < book.quantity.length; i++) {
    if (book.quantity[i] === 0) continue;
    const worth = positionValue(book, i, dayNumber, marking);
    equity += worth;
    gross += Math.abs(worth);
    largest = Math.max(largest, Math.abs(worth));
  }
  return { equity, gross, largest };
}
