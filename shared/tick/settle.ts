import type { EndedOrder, EventSink } from '../execution/events.ts';
import { halfSpreadBps, impactBps, latencyBps } from '../execution/costs.ts';
import { fillMoment, participationSteps, rawFillPrice, type Fill } from '../execution/fills.ts';
import { feeAmount } from '../execution/fees.ts';
import { clearOrder, orderFigures, type OrderStatus } from '../execution/orders.ts';
import { toMinor } from '../kernel/money.ts';
import { bit, type Code } from '../kernel/codes.ts';
import { log } from '../kernel/math.ts';
import type { Bars } from '../market-data/bars.ts';
import { post } from '../portfolio/book.ts';
import { observeTrade, TRADE_SHARE_MIN } from '../portfolio/performance.ts';
import { minutesSinceOpen, type MarketRules } from './rules.ts';
import type { TickState } from './state.ts';

/** A bar with either flag fills nothing, whatever level the market file gives them. */
const NEVER_FILLS = bit.DATA_STALE_RUN | bit.DATA_CONFLICT;
/** 1 / (2 sqrt(ln 2)): turns a bar's log range into the standard deviation of a driftless walk. */
const RANGE_TO_SIGMA = 0.6005612043932249;

/**
 * Fills the working orders that are due on one bar, posts the fills and ends orders that are complete, past their
 * deadline or cancelled. Orders that reduce come first, since what they free must not depend on the file's order.
 * An order whose cancellation lies after the bar's start still fills: a halt is no free option.
 */
export function settle(
  rules: MarketRules,
  state: TickState,
  bars: Bars,
  row: number,
  events: EventSink,
): void {
  const { quantity, increases } = state.orders;
  const open: number[] = [];
  for (let i = 0; i < quantity.length; i++) if (quantity[i] !== 0) open.push(i);
  if (open.length === 0) return;
  const at: At = { bars, row, minutes: minutesSinceOpen(rules, bars.startMs[row]!) };
  for (const i of open) if (increases[i] === 0) settleOrder(rules, state, at, i, events);
  for (const i of open) if (increases[i] === 1) settleOrder(rules, state, at, i, events);
}

/** The bar on which orders are settled, and how long its session had been open when it began. */
interface At {
  readonly bars: Bars;
  readonly row: number;
  readonly minutes: number;
}

function settleOrder(rules: MarketRules, state: TickState, at: At, i: number, events: EventSink): void {
  const { orders } = state;
  const { bars, row } = at;
  const ordinal = bars.firstOrdinal + row;
  if (ordinal < orders.decidedOrdinal[i]! + rules.fillSpec.delay_bars) return;
  const barStartMs = bars.startMs[row]!;
  if (orders.cancelAtMs[i]! <= barStartMs) {
    const status = orders.filled[i]! > 0 ? 'partially_filled' : 'cancelled';
    return endOrder(state, at, i, status, orders.cancelCode[i] as Code, events);
  }
  const moment = fillMoment(rules.fillSpec, orders.frozenAtMs[i]!, barStartMs);
  if (moment === 'too_early') return;
  orders.lastCode[i] = tryFill(rules, state, at, i, moment === 'struck_before_freeze', events);
  if (orders.filled[i] === orders.quantity[i]) {
    endOrder(state, at, i, 'filled', 'FILLED', events);
  } else if (ordinal >= orders.deadlineOrdinal[i]!) {
    const partly = orders.filled[i]! > 0;
    const reason = partly ? 'DEADLINE' : ((orders.lastCode[i] || 'DEADLINE') as Code);
    endOrder(state, at, i, partly ? 'partially_filled' : 'expired', reason, events);
  }
}

/** Fills what the bar allows of one order; returns why it was not more, or an empty text. */
function tryFill(
  rules: MarketRules,
  state: TickState,
  at: At,
  i: number,
  struckBeforeFreeze: boolean,
  events: EventSink,
): Code | '' {
  const { orders, book } = state;
  const { bars, row } = at;
  const cell = row * rules.instruments.symbols.length + i;
  if ((bars.flags[cell]! & (rules.unusable | NEVER_FILLS)) !== 0) return 'NO_BAR';
  const volume = bars.volume[cell]!;
  if (!(volume > 0)) return 'NO_VOLUME';
  const side = orders.side[i]!;
  const steps = rules.instruments.stepsPerUnit[i]!;
  const left = orders.quantity[i]! - orders.filled[i]!;
  const reference = orders.referencePrice[i]!;
  const raw = rawFillPrice(
    rules.fillSpec,
    side,
    bars.open[cell]!,
    bars.high[cell]!,
    bars.low[cell]!,
    bars.close[cell]!,
    volume,
    bars.turnover[cell]!,
  );
  const costs = costsOf(rules, state, at, i, struckBeforeFreeze);
  const price = raw + (side * reference * (costs.slippage + costs.impact + costs.latency)) / 1e4;
  if (!(price > 0)) return 'NO_BAR';
  const dayNumber = bars.sessionDay[row]!;
  const allowed = Math.min(
    left,
    participationSteps(rules.fillSpec, volume, steps, roundLot(rules, state, i, left)),
  );
  if (allowed <= 0) return 'NO_VOLUME';
  const spends = orders.increases[i] === 1 && !rules.config.shorting;
  const quantity = spends ? affordable(rules, state, i, allowed, price, dayNumber) : allowed;
  if (quantity <= 0) return 'INSUFFICIENT_CASH';
  const money = charge(rules, state, i, quantity, price, dayNumber);
  if (spends && money.notionalMinor + money.feeMinor > book.cash) return 'INSUFFICIENT_CASH';
  const fill: Fill = {
    instrument: i,
    ordinal: bars.firstOrdinal + row,
    decidedOrdinal: orders.decidedOrdinal[i]!,
    decidedAtMs: orders.decidedAtMs[i]!,
    barStartMs: bars.startMs[row]!,
    side,
    quantity,
    price,
    rawPrice: raw,
    referencePrice: reference,
    ...money,
    feeBps: (money.feeMinor / (rules.minorPerUnit * (quantity / steps) * reference)) * 1e4,
    slippageBps: costs.slippage,
    impactBps: costs.impact,
    latencyBps: costs.latency,
    // Written this way round so that a sale at its reference price is 0 and not -0, which no log can hold.
    moveBps: ((side > 0 ? raw - reference : reference - raw) / reference) * 1e4,
    delayBars: bars.firstOrdinal + row - orders.decidedOrdinal[i]!,
    struckBeforeFreeze: struckBeforeFreeze ? 1 : 0,
  };
  events.fills.push(fill);
  applyFill(rules, state, fill);
  if (quantity < allowed) return 'INSUFFICIENT_CASH';
  return allowed < left ? 'NO_VOLUME' : '';
}

/** What a fill costs in minor units. Fees with a minimum an order: each fill pays what the order owes more than before. */
function charge(
  rules: MarketRules,
  state: TickState,
  i: number,
  quantity: number,
  price: number,
  dayNumber: number,
): { notionalMinor: number; feeMinor: number } {
  const { orders } = state;
  const steps = rules.instruments.stepsPerUnit[i]!;
  const notional = (quantity / steps) * price;
  const units = (orders.filled[i]! + quantity) / steps;
  const owed = feeAmount(
    rules.costs.fees,
    orders.side[i] as 1 | -1,
    units,
    orders.notional[i]! + notional,
    dayNumber,
  );
  return {
    notionalMinor: toMinor(notional, rules.minorPerUnit),
    feeMinor: Math.max(0, owed - orders.feeMinor[i]!),
  };
}

/** The part of the quantity that the cash covers with its fee, in whole lots. */
function affordable(
  rules: MarketRules,
  state: TickState,
  i: number,
  quantity: number,
  price: number,
  dayNumber: number,
): number {
  const money = charge(rules, state, i, quantity, price, dayNumber);
  const needed = money.notionalMinor + money.feeMinor;
  if (needed <= state.book.cash) return quantity;
  const lot = rules.instruments.lotSteps[i]!;
  // A thousandth is left: a smaller order may owe a larger share in minimum fees.
  return Math.floor((quantity * (Math.max(0, state.book.cash) / needed) * 0.999) / lot) * lot;
}

/** An exit of the whole position may take odd lots; everything else moves in board lots. */
const roundLot = (rules: MarketRules, state: TickState, i: number, left: number): number =>
  left === Math.abs(state.book.quantity[i]!) && state.orders.increases[i] === 0
    ? 1
    : rules.instruments.lotSteps[i]!;

/**
 * What a fill costs beside fees, in bps. Impact is that of the whole order, also for its parts: a remainder does not
 * forget what went before, and the average never falls with size.
 */
function costsOf(
  rules: MarketRules,
  state: TickState,
  at: At,
  i: number,
  struckBeforeFreeze: boolean,
): { slippage: number; impact: number; latency: number } {
  const { orders } = state;
  const barStartMs = at.bars.startMs[at.row]!;
  const notional = (orders.quantity[i]! / rules.instruments.stepsPerUnit[i]!) * orders.referencePrice[i]!;
  const delayMs = orders.frozenAtMs[i]! + rules.fillSpec.latency_ms_min - barStartMs;
  const { sigma, averageNotional } = trailing(rules, state, at, i);
  return {
    slippage: halfSpreadBps(rules.costs, orders.relativeMove[i]!, orders.relativeVolume[i]!, at.minutes),
    impact: impactBps(rules.costs, sigma, notional, averageNotional),
    latency: struckBeforeFreeze ? latencyBps(rules.costs, sigma, delayMs) : 0,
  };
}

/**
 * The trailing volatility and traded value the order was decided on. An exit may be decided while the features are
 * not ready (0): then the execution bar's own stand in, its volatility by its range (Parkinson 1980).
 */
function trailing(
  rules: MarketRules,
  state: TickState,
  at: At,
  i: number,
): { sigma: number; averageNotional: number } {
  const sigma = state.orders.sigma[i]!;
  const averageNotional = state.orders.averageNotional[i]!;
  if (sigma > 0 && averageNotional > 0) return { sigma, averageNotional };
  const { bars, row } = at;
  const cell = row * rules.instruments.symbols.length + i;
  const range = log(bars.high[cell]! / bars.low[cell]!);
  return { sigma: range * RANGE_TO_SIGMA, averageNotional: bars.volume[cell]! * bars.close[cell]! };
}

/** Posts a fill into book, order and performance. */
function applyFill(rules: MarketRules, state: TickState, fill: Fill): void {
  const { orders, book, performance } = state;
  const i = fill.instrument;
  const posted = post(book, i, fill.side, fill.quantity, fill.notionalMinor, fill.feeMinor);
  orders.filled[i]! += fill.quantity;
  orders.notional[i]! += (fill.quantity / rules.instruments.stepsPerUnit[i]!) * fill.price;
  orders.feeMinor[i]! += fill.feeMinor;
  orders.slippageSum[i]! += fill.slippageBps * fill.quantity;
  orders.impactSum[i]! += fill.impactBps * fill.quantity;
  orders.latencySum[i]! += fill.latencyBps * fill.quantity;
  orders.realisedMinor[i]! +=
    posted.realised - posted.entryFees - (orders.increases[i] === 0 ? fill.feeMinor : 0);
  orders.closedMinor[i]! += posted.closedCost;
  const frictionBps = fill.slippageBps + fill.impactBps + fill.latencyBps;
  const atReference =
    (fill.quantity / rules.instruments.stepsPerUnit[i]!) * fill.referencePrice * rules.minorPerUnit;
  const costs = fill.feeMinor + Math.round((atReference * frictionBps) / 1e4);
  performance.fills++;
  performance.fillsStruckBeforeFreeze += fill.struckBeforeFreeze;
  performance.traded += fill.notionalMinor;
  performance.costs += costs;
  performance.today.traded += fill.notionalMinor;
  performance.today.costs += costs;
}

/** Ends an order, counts it as a trade where it reduced exposure by enough, and frees its place. */
function endOrder(
  state: TickState,
  at: At,
  i: number,
  status: OrderStatus,
  reason: Code,
  events: EventSink,
): void {
  const { orders, book, performance } = state;
  events.ended.push({
    ...orderFigures(orders, i),
    instrument: i,
    endedOrdinal: at.bars.firstOrdinal + at.row,
    status,
    reason,
    intent: orders.intent[i]!,
  } satisfies EndedOrder);
  performance.ordersEnded++;
  if (reason === 'NO_BAR' || reason === 'DEADLINE_PASSED') performance.ordersFailed++;
  const day = at.bars.sessionDay[at.row]!;
  const counts = orders.closedMinor[i]! >= TRADE_SHARE_MIN * performance.today.equityClose;
  if (orders.increases[i] === 0 && orders.filled[i]! > 0 && counts && book.lastTradeDay[i] !== day) {
    book.lastTradeDay[i] = day;
    observeTrade(performance, orders.realisedMinor[i]!);
  }
  clearOrder(orders, i);
}
