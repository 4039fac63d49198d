import type { BookPosting } from '../execution/events.ts';
import { toMinor } from '../kernel/money.ts';
import type { CorporateAction } from '../market-data/actions.ts';
import { LOT, type Book } from './book.ts';

/** Days from the ex-date after which a dividend is paid where the source names no day: later than any market's custom. */
const PAY_DAYS_ASSUMED = 45;

/** What posting a corporate action needs to know of its instrument. */
export interface Holder {
  readonly stepsPerUnit: number;
  readonly minorPerUnit: number;
  /** Share of a dividend that is withheld from a lot held so many days, in bps. */
  withholdingBps(heldDays: number): number;
}

/**
 * Books one corporate action at the start of its ex-date's first bar, before anything trades. Closes that the book
 * remembers go with it, so that equity is continuous: position at the adjusted close and what is due are worth what
 * the position was, less what is withheld.
 * @returns what was posted: nothing but the ratio where nothing was held; undefined for a move that was no action.
 */
export function postAction(book: Book, action: CorporateAction, holder: Holder): BookPosting | undefined {
  const i = action.instrument;
  if (action.kind === 'real_move') return undefined;
  const posting =
    book.quantity[i] === 0
      ? nothing(book, action)
      : action.kind === 'dividend'
        ? postDividend(book, action, holder)
        : postSplit(book, action, holder);
  // An action that was seen late finds closes of after its ex-date, which have left it behind them.
  if (book.closeDay[i]! < action.exDay) {
    for (const column of [book.lastClose, book.invalidation])
      if (column[i]! > 0) column[i] = exPrice(column[i]!, action);
  }
  return posting;
}

/** A price of before the ex-date as it reads after it; never below zero. */
export const exPrice = (
  price: number,
  { amount, ratio }: Pick<CorporateAction, 'amount' | 'ratio'>,
): number => Math.max(0, price - amount) / ratio;

/** Lots opened before the ex-date have a share in the action; those of the ex-date and after have none. */
const entitled = (lots: readonly number[], { exDay }: CorporateAction): number => {
  let k = 0;
  while (k < lots.length && lots[k + 3]! < exDay) k += LOT;
  return k;
};

/** Sum of a column of lots: 0 steps, 1 cost. */
const sumOf = (lots: readonly number[], column: number): number => {
  let sum = 0;
  for (let k = column; k < lots.length; k += LOT) sum += lots[k]!;
  return sum;
};

/** Long lots are due their share net of withholding by how long each was held; shorts owe the whole. */
function postDividend(book: Book, action: CorporateAction, holder: Holder): BookPosting {
  const i = action.instrument;
  const { stepsPerUnit, minorPerUnit } = holder;
  const lots = book.lots[i]!.slice(0, entitled(book.lots[i]!, action));
  let withheld = 0;
  for (let k = 0; k < lots.length; k += LOT) {
    if (lots[k]! <= 0) continue;
    const share = holder.withholdingBps(action.exDay - lots[k + 3]!) / 1e4;
    withheld += (lots[k]! / stepsPerUnit) * action.amount * share;
  }
  const gross = toMinor((sumOf(lots, 0) / stepsPerUnit) * action.amount, minorPerUnit);
  const kept = toMinor(withheld, minorPerUnit);
  const due = gross - kept;
  const payDay = Math.max(action.payDay ?? action.exDay + PAY_DAYS_ASSUMED, action.exDay);
  if (due !== 0) book.dues.push(i, payDay, due);
  book.dividends += due;
  return { ...nothing(book, action), due, income: due, withheld: kept, rate: action.amount, payDay };
}

/** Quantity times ratio, its cost unchanged; the fraction of a step that is left over is paid out at the ex price. */
function postSplit(book: Book, action: CorporateAction, holder: Holder): BookPosting {
  const i = action.instrument;
  const before = nothing(book, action);
  const split = entitled(book.lots[i]!, action);
  const [older, newer] = [book.lots[i]!.slice(0, split), book.lots[i]!.slice(split)];
  const held = sumOf(older, 0);
  if (held === 0) return before;
  const side = Math.sign(held);
  const exact = Math.abs(held) * action.ratio;
  // Ratios such as 1.3 are not exact in binary: what is a hair below a whole number is that number.
  const whole = Math.floor(exact + 1e-6);
  const fraction = Math.max(0, exact - whole);
  const price = book.closeDay[i]! < action.exDay ? exPrice(book.lastClose[i]!, action) : book.lastClose[i]!;
  const cash = toMinor(((side * fraction) / holder.stepsPerUnit) * price, holder.minorPerUnit);
  const cost = sumOf(older, 1);
  const paidOut = whole === 0 ? cost : Math.round((cost * fraction) / exact);
  const after = side * whole + sumOf(newer, 0);
  book.lots[i] = [...splitLots(older, action.ratio, side * whole, paidOut), ...newer];
  book.quantity[i] = after;
  book.cost[i]! -= paidOut;
  book.cash += cash;
  const income = cash - paidOut;
  book.realised += income;
  book.realisedBy[i]! += income;
  return { ...before, quantityAfter: after, cash, cost: 0 - paidOut, income, rate: price };
}

/** Lots after a split: steps by running sums, so that they add up to the whole; cost and fees of a vanished lot move on. */
function splitLots(lots: readonly number[], ratio: number, total: number, paidOut: number): number[] {
  const split: number[] = [];
  let [running, given, cost, fee] = [0, 0, 0, 0];
  for (let k = 0; k < lots.length; k += LOT) {
    const last = k + LOT === lots.length;
    running += Math.abs(lots[k]!);
    const until = last ? Math.abs(total) : Math.floor(running * ratio + 1e-6);
    cost += lots[k + 1]!;
    fee += lots[k + 2]!;
    if (until === given) continue;
    split.push(Math.sign(lots[k]!) * (until - given), cost, fee, lots[k + 3]!);
    [given, cost, fee] = [until, 0, 0];
  }
  if (split.length === 0) return split;
  split[split.length - 3]! += cost - paidOut;
  split[split.length - 2]! += fee;
  return split;
}

/** Pays what has come due by the day. */
export function payDues(book: Book, ordinal: number, day: number): BookPosting[] {
  const paid: BookPosting[] = [];
  const left: number[] = [];
  for (let k = 0; k < book.dues.length; k += 3) {
    const [i, payDay, amount] = [book.dues[k]!, book.dues[k + 1]!, book.dues[k + 2]!];
    if (payDay > day) {
      left.push(i, payDay, amount);
      continue;
    }
    book.cash += amount;
    const held = book.quantity[i]!;
    paid.push({
      ...{ kind: 'payment', instrument: i, ordinal, quantityBefore: held, quantityAfter: held, cash: amount },
      ...{ due: -amount, cost: 0, income: 0, withheld: 0, ratio: 1, rate: 0, payDay, source: '' },
    });
  }
  book.dues = left;
  return paid;
}

/** A posting of the action that changes nothing yet. */
function nothing(book: Book, action: CorporateAction): BookPosting {
  const held = book.quantity[action.instrument]!;
  const { kind, instrument, ordinal, ratio, source } = action;
  return {
    ...{ kind: kind === 'split' ? 'split' : 'dividend', instrument, ordinal, ratio, source },
    ...{ quantityBefore: held, quantityAfter: held, cash: 0, due: 0, cost: 0, income: 0, withheld: 0 },
    ...{ rate: 0, payDay: -1 },
  };
}
