import { holdingRates } from '../execution/costs.ts';
import { exRightsReference } from '../execution/trading-rules.ts';
import type { HoldingRate } from '../execution/holding.ts';
import type { EventSink } from '../execution/events.ts';
import { splitOrder } from '../execution/orders.ts';
import { actionsWithin, type CorporateAction } from '../market-data/actions.ts';
import { DAY_MS } from '../kernel/time.ts';
import type { Bars } from '../market-data/bars.ts';
import type { Book } from '../portfolio/book.ts';
import { exPrice, payDues, postAction } from '../portfolio/corporate-actions.ts';
import { chargeHolding } from '../portfolio/holding.ts';
import { endOrder } from './settle.ts';
import type { MarketRules } from './rules.ts';
import type { TickState } from './state.ts';

/**
 * Begins a bar: at a session's first bar the last closes become the ones that price limits are reckoned from; then
 * corporate actions change book and working orders, and what is due is paid. Before anything trades.
 */
export function openBar(
  rules: MarketRules,
  state: TickState,
  bars: Bars,
  row: number,
  events: EventSink,
): void {
  const { book } = state;
  const day = bars.sessionDay[row]!;
  const ordinal = bars.firstOrdinal + row;
  const opens = day !== book.sessionDay;
  if (opens) {
    book.sessionDay = day;
    takeReferences(book);
  }
  const actions = actionsWithin(bars.actions, ordinal, ordinal + 1);
  if (actions.length > 0) restateReferences(rules, book, actions, day);
  for (const action of actions) takeAction(rules, state, action, events);
  if (opens && book.dues.length > 0)
    for (const posting of payDues(book, ordinal, day)) events.postings.push(posting);
}

/**
 * The last closes become the ones that price limits are reckoned from. Where a session ended without an instrument's
 * last bar its close is not known, and neither is the limit; one that was absent for a whole session was suspended, and
 * its close before still stands.
 */
function takeReferences(book: Book): void {
  for (let i = 0; i < book.lastClose.length; i++) {
    const unknown = book.lastVoid[i] === 1 && book.absentSessions[i] === 0;
    book.priorClose[i] = unknown ? 0 : book.lastClose[i]!;
    book.priorDay[i] = book.closeDay[i]!;
  }
}

/** The closes that price limits are reckoned from, after ex-rights: all actions of an instrument at once, then rounded. */
function restateReferences(
  rules: MarketRules,
  book: Book,
  actions: readonly CorporateAction[],
  day: number,
): void {
  for (const i of new Set(actions.map(({ instrument }) => instrument))) {
    const own = actions.filter(({ instrument, kind }) => instrument === i && kind !== 'real_move');
    const limited = (rules.trading.on(i, day)?.upBps ?? Infinity) < Infinity;
    // Without a limit nothing is reckoned from it, and a price need not lie on a grid that integers can hold.
    if (own.length === 0 || book.priorClose[i] === 0 || !limited) continue;
    // Seen late: the close is of after the ex-date and has left the action behind it.
    if (own.some(({ exDay }) => book.priorDay[i]! >= exDay)) continue;
    // Dividends of a row come before its splits, each per share held before.
    const dividend = own.reduce((sum, { amount }) => sum + amount, 0);
    const ratio = own.reduce((product, action) => product * action.ratio, 1);
    const tick = rules.instruments.priceTick[i]!;
    book.priorClose[i] = exRightsReference(book.priorClose[i]!, dividend, ratio, tick);
  }
}

function takeAction(rules: MarketRules, state: TickState, action: CorporateAction, events: EventSink): void {
  const { instrument: i, exDay } = action;
  const posting = postAction(state.book, action, {
    stepsPerUnit: rules.instruments.stepsPerUnit[i]!,
    minorPerUnit: rules.minorPerUnit,
    // On a day whose withholding nobody knows nothing is credited.
    withholdingBps: (heldDays) => rules.trading.withholdingBps(i, exDay, heldDays) ?? 10_000,
  });
  // An order that is adjusted needs its split on record, also where nothing is held yet.
  const works = state.orders.quantity[i] !== 0 && action.kind === 'split';
  if (posting !== undefined && (posting.quantityBefore !== 0 || works)) events.postings.push(posting);
  adjustOrder(state, action, events);
}

/** A working order after a corporate action: the price it was decided at, and the quantity that is left. */
function adjustOrder(state: TickState, action: CorporateAction, events: EventSink): void {
  const { orders } = state;
  const { instrument: i, ratio } = action;
  if (orders.quantity[i] === 0 || action.kind === 'real_move') return;
  // What was decided on a close of the ex-date or after knew its price. A bar may close at the ex-date's midnight.
  if (Math.floor((orders.decidedAtMs[i]! - 1) / DAY_MS) >= action.exDay) return;
  orders.referencePrice[i] = exPrice(orders.referencePrice[i]!, action);
  if (orders.referencePrice[i] === 0) {
    // What pays out its whole price leaves nothing that the order was decided on.
    const partly = orders.filled[i]! > 0;
    return endOrder(
      state,
      { ordinal: action.ordinal },
      i,
      partly ? 'partially_filled' : 'cancelled',
      'BELOW_MINIMUM',
      events,
    );
  }
  if (action.kind !== 'split') return;
  const { filled, quantity } = splitOrder(orders.filled[i]!, orders.quantity[i]!, ratio);
  for (const sum of [orders.slippageSum, orders.impactSum, orders.latencySum]) {
    sum[i] = orders.filled[i] === 0 ? 0 : (sum[i]! / orders.filled[i]!) * filled;
  }
  [orders.filled[i], orders.quantity[i]] = [filled, quantity];
  if (quantity > filled) return;
  // A reverse split can leave less than a step to trade.
  const status = filled > 0 ? 'partially_filled' : 'cancelled';
  endOrder(state, { ordinal: action.ordinal }, i, status, 'BELOW_MINIMUM', events);
}

/**
 * Charges every position for having been held from one instant to another: borrow and funding, each multiple of its
 * interval at the rate of its own UTC date.
 */
export function chargePositions(
  rules: MarketRules,
  state: TickState,
  ordinal: number,
  fromMs: number,
  toMs: number,
  events: EventSink,
): void {
  if (rules.costs.profile.holding.length === 0 || fromMs < 0) return;
  for (let day = Math.floor(fromMs / DAY_MS); day * DAY_MS <= toMs; day++) {
    // Multiples in (from, to]: midnight belongs to the day that it begins.
    const span = {
      fromMs: Math.max(fromMs, day * DAY_MS - 1),
      toMs: Math.min(toMs, (day + 1) * DAY_MS - 1),
    };
    if (span.fromMs < span.toMs) chargeSpan(rules, state, ordinal, day, span, events);
  }
}

function chargeSpan(
  rules: MarketRules,
  { book, performance }: TickState,
  ordinal: number,
  day: number,
  span: { readonly fromMs: number; readonly toMs: number },
  events: EventSink,
): void {
  const { symbols, stepsPerUnit } = rules.instruments;
  for (let i = 0; i < symbols.length; i++) {
    if (book.quantity[i] === 0) continue;
    const charges = chargesOf(rules, book.quantity[i]! > 0 ? 1 : -1, symbols[i]!, day);
    const units = { stepsPerUnit: stepsPerUnit[i]!, minorPerUnit: rules.minorPerUnit };
    for (const posting of chargeHolding(book, i, ordinal, charges, span, units)) {
      events.postings.push(posting);
      performance.costs -= posting.cash;
      performance.today.costs -= posting.cash;
    }
  }
}

/**
 * What holding costs on the day. Past the last row the gate blocks the market and nothing new is opened; what is still
 * held goes on paying the rate that was known last, since to charge nothing would flatter. Nothing goes on being paid
 * to it.
 */
function chargesOf(
  { costs }: MarketRules,
  side: 1 | -1,
  symbol: string,
  dayNumber: number,
): readonly HoldingRate[] {
  const known = holdingRates(costs, side, symbol, dayNumber);
  if (known !== undefined) return known;
  // A position was opened on a day with a row: the search goes back as far as the rows have ended, no further.
  for (let day = dayNumber - 1; day > 0; day--) {
    const rates = holdingRates(costs, side, symbol, day);
    if (rates !== undefined) return rates.filter(({ bps }) => bps > 0);
  }
  return [];
}
