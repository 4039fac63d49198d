import type { EventSink } from '../execution/events.ts';
import { halfSpreadBps, holdingRates, impactBps, latencyBps } from '../execution/costs.ts';
import { participationSteps, rawFillPrice, type Fill } from '../execution/fills.ts';
import { feeAmount, feesCovered } from '../execution/fees.ts';
import { priceLimits, wholeFillSteps, type DayRules } from '../execution/trading-rules.ts';
import { bit, type Code } from '../kernel/codes.ts';
import { log } from '../kernel/math.ts';
import { toMinor } from '../kernel/money.ts';
import type { Bars } from '../market-data/bars.ts';
import { boughtOn, post } from '../portfolio/book.ts';
import type { MarketRules } from './rules.ts';
import type { TickState } from './state.ts';

/** 1 / (2 sqrt(ln 2)): turns a bar's log range into the standard deviation of a driftless walk. */
const RANGE_TO_SIGMA = 0.6005612043932249;

/** The execution bar in which orders are tried: its row, its decision bar's ordinal, minutes since the session's open. */
export interface At {
  readonly bars: Bars;
  readonly row: number;
  readonly ordinal: number;
  /** Flags of the decision bar's instruments: what voids it voids the finer bars within it, too. */
  readonly flags: Float64Array;
  readonly minutes: number;
}

/** What a fill costs beside fees, in bps of the decision price. */
interface Friction {
  readonly slippage: number;
  readonly impact: number;
  readonly latency: number;
}

/**
 * Fills what the market's rules and the bar allow of one order; returns why it was not more, or an empty text.
 * Everything that refuses comes before anything is posted.
 */
export function fillOrder(
  rules: MarketRules,
  state: TickState,
  at: At,
  i: number,
  struckBeforeFreeze: boolean,
  events: EventSink,
): Code | '' {
  const { orders } = state;
  const dayNumber = at.bars.sessionDay[at.row]!;
  const day = rules.trading.on(i, dayNumber);
  if (day === undefined || !feesCovered(rules.costs.fees, dayNumber)) return 'RULES_UNCOVERED';
  const unheld = whyNotHeld(rules, state, i, dayNumber);
  if (unheld !== '') return unheld;
  const closed = whyNoTrade(rules, state, at, i);
  if (closed !== '') return closed;
  const raw = rawPrice(rules, at, i, orders.side[i]!);
  const friction = frictionOf(rules, state, at, i, struckBeforeFreeze);
  const price = withFriction(orders.side[i]!, raw, orders.referencePrice[i]!, friction);
  // Costs can eat the whole price of what hardly trades: no price lies below zero.
  if (!(price > 0)) return 'LIMIT_DOWN';
  const locked = lockedAtLimit(rules, state, i, day, raw, price);
  if (locked !== '') return locked;
  const allowed = allowedSteps(rules, state, at, i, day);
  if (allowed.steps <= 0) return allowed.code;
  const spends = orders.increases[i] === 1 && !rules.config.shorting;
  const quantity = spends ? affordable(rules, state, i, day, allowed.steps, price, dayNumber) : allowed.steps;
  if (quantity <= 0) return 'INSUFFICIENT_CASH';
  const money = charge(rules, state, i, quantity, price, dayNumber);
  const after = state.book.cash - orders.side[i]! * money.notionalMinor - money.feeMinor;
  // A sale may bring less than the minimum fee: without margin, cash never turns negative.
  if (!rules.config.shorting && after < 0 && after < state.book.cash) return 'INSUFFICIENT_CASH';
  const fill = fillOf(rules, state, at, i, { quantity, price, raw, friction, struckBeforeFreeze, ...money });
  events.fills.push(fill);
  applyFill(rules, state, fill);
  return quantity < allowed.steps ? 'INSUFFICIENT_CASH' : allowed.code;
}

/** Why an order may not open what it would: what holding it costs has no row for the day. A short needs a borrow. */
function whyNotHeld(rules: MarketRules, { orders }: TickState, i: number, dayNumber: number): Code | '' {
  if (orders.increases[i] === 0) return '';
  const side = orders.side[i]! > 0 ? 1 : -1;
  const rates = holdingRates(rules.costs, side, rules.instruments.symbols[i]!, dayNumber);
  if (side === 1) return rates === undefined ? 'RULES_UNCOVERED' : '';
  return rates === undefined || rates.length === 0 ? 'NO_BORROW' : '';
}

/** Why nothing trades in the bar at all: absent, stale, suspended or without volume. */
function whyNoTrade(rules: MarketRules, { book }: TickState, at: At, i: number): Code | '' {
  const { bars, row } = at;
  const cell = row * bars.instruments.length + i;
  const flags = bars.flags[cell]! | at.flags[i]!;
  if ((flags & bit.DATA_STALE_RUN) !== 0) return 'STALE_BAR';
  // The first of two bars that contradict each other stands for the features; nothing fills on it.
  if ((flags & (rules.unusable | bit.DATA_CONFLICT)) !== 0) {
    // Bars absent since this session's open may be an outage: a suspension has lasted a session before it.
    const today = book.absentDay[i] === book.sessionDay ? 1 : 0;
    return book.absentSessions[i]! > today ? 'SUSPENDED' : 'NO_BAR';
  }
  return bars.volume[cell]! > 0 ? '' : 'NO_VOLUME';
}

function rawPrice(rules: MarketRules, { bars, row }: At, i: number, side: number): number {
  const cell = row * bars.instruments.length + i;
  const { open, high, low, close, volume, turnover } = bars;
  const [first, highest, lowest, last] = [open[cell]!, high[cell]!, low[cell]!, close[cell]!];
  return rawFillPrice(rules.fillSpec, side, first, highest, lowest, last, volume[cell]!, turnover[cell]!);
}

const withFriction = (side: number, raw: number, reference: number, friction: Friction): number =>
  raw + (side * reference * (friction.slippage + friction.impact + friction.latency)) / 1e4;

/**
 * Whether the price stands at the day's limit on the order's side, or would pass it with its costs. Judged by the
 * price that is struck and the close before the session, after ex-rights: never by a later close.
 */
function lockedAtLimit(
  rules: MarketRules,
  { orders, book }: TickState,
  i: number,
  day: DayRules,
  raw: number,
  price: number,
): Code | '' {
  const buys = orders.side[i]! > 0;
  if ((buys ? day.upBps : day.downBps) === Infinity) return '';
  const tick = rules.instruments.priceTick[i]!;
  const before = book.priorClose[i]!;
  // Without a close before the session the limit cannot be told, so nothing may fill.
  const { up, down } = before > 0 ? priceLimits(day, before, tick) : { up: 0, down: Infinity };
  if (buys) return raw > up - tick / 2 || price > up ? 'LIMIT_UP' : '';
  return raw < down + tick / 2 || price < down ? 'LIMIT_DOWN' : '';
}

/** What may trade of the order's remainder under T+1 and the participation cap, and the code of what cut it. */
function allowedSteps(
  rules: MarketRules,
  { orders, book }: TickState,
  { bars, row }: At,
  i: number,
  day: DayRules,
): { steps: number; code: Code | '' } {
  const left = orders.quantity[i]! - orders.filled[i]!;
  const sellsHeld = orders.side[i]! < 0 && book.quantity[i]! > 0 && day.sellAfterSessions > 0;
  const free = sellsHeld ? book.quantity[i]! - boughtOn(book, i, bars.sessionDay[row]!) : Infinity;
  if (free <= 0) return { steps: 0, code: 'T1_LOCKED' };
  const volume = bars.volume[row * bars.instruments.length + i]!;
  const cap = participationSteps(rules.fillSpec, volume, rules.instruments.stepsPerUnit[i]!);
  // Only what is sold off may end in an odd lot: a split can leave one in a purchase, and nobody buys it.
  const odd = orders.increases[i] === 1 ? Infinity : left;
  const steps = wholeFillSteps(day, Math.min(left, free, cap), odd);
  if (steps === left) return { steps, code: '' };
  return { steps, code: cap <= free ? 'PARTICIPATION_CAP' : 'T1_LOCKED' };
}

/**
 * What a fill costs in minor units. Fees with a minimum or a cap hold once an order: a part pays what the order owes
 * more with it than without, both at the rates of the part's own day.
 */
function charge(
  rules: MarketRules,
  { orders }: TickState,
  i: number,
  quantity: number,
  price: number,
  dayNumber: number,
): { notionalMinor: number; feeMinor: number } {
  const steps = rules.instruments.stepsPerUnit[i]!;
  const notional = (quantity / steps) * price;
  const [filled, before] = [orders.filled[i]!, orders.notional[i]!];
  const owed = (units: number, traded: number): number =>
    feeAmount(rules.costs.fees, orders.side[i] as 1 | -1, units, traded, dayNumber);
  const paid = filled > 0 ? owed(filled / steps, before) : 0;
  return {
    notionalMinor: toMinor(notional, rules.minorPerUnit),
    feeMinor: owed((filled + quantity) / steps, before + notional) - paid,
  };
}

/** The part of the quantity that the cash covers with its fee, in whole lots. */
function affordable(
  rules: MarketRules,
  state: TickState,
  i: number,
  day: DayRules,
  quantity: number,
  price: number,
  dayNumber: number,
): number {
  const money = charge(rules, state, i, quantity, price, dayNumber);
  const needed = money.notionalMinor + money.feeMinor;
  if (needed <= state.book.cash) return quantity;
  // A thousandth is left: a smaller order may owe a larger share in minimum fees.
  const share = (Math.max(0, state.book.cash) / needed) * 0.999;
  return wholeFillSteps(day, Math.floor(quantity * share), quantity);
}

/**
 * What a fill costs beside fees, in bps. Impact is that of the whole order, also for its parts: a remainder does not
 * forget what went before, and the average never falls with size.
 */
function frictionOf(
  rules: MarketRules,
  state: TickState,
  at: At,
  i: number,
  struckBeforeFreeze: boolean,
): Friction {
  const { orders } = state;
  const notional = (orders.quantity[i]! / rules.instruments.stepsPerUnit[i]!) * orders.referencePrice[i]!;
  const delayMs = orders.frozenAtMs[i]! + rules.fillSpec.latency_ms_min - at.bars.startMs[at.row]!;
  const { sigma, averageNotional } = trailing(rules, state, at, i);
  const [move, volume] = [orders.relativeMove[i]!, orders.relativeVolume[i]!];
  return {
    slippage: halfSpreadBps(rules.costs, orders.spreadBps[i]!, move, volume, at.minutes),
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
  { bars, row }: At,
  i: number,
): { sigma: number; averageNotional: number } {
  const sigma = state.orders.sigma[i]!;
  const averageNotional = state.orders.averageNotional[i]!;
  if (sigma > 0 && averageNotional > 0) return { sigma, averageNotional };
  const cell = row * bars.instruments.length + i;
  const range = log(bars.high[cell]! / bars.low[cell]!);
  // A bar that stands still moves a tick as soon as somebody trades.
  const least = rules.instruments.priceTick[i]! / bars.close[cell]!;
  return {
    sigma: Math.max(range * RANGE_TO_SIGMA, least),
    averageNotional: bars.volume[cell]! * bars.close[cell]!,
  };
}

/** What a fill is made of, before it is written down. */
interface Struck {
  readonly quantity: number;
  readonly price: number;
  readonly raw: number;
  readonly friction: Friction;
  readonly notionalMinor: number;
  readonly feeMinor: number;
  readonly struckBeforeFreeze: boolean;
}

function fillOf(rules: MarketRules, { orders }: TickState, at: At, i: number, struck: Struck): Fill {
  const { quantity, raw, friction, notionalMinor, feeMinor } = struck;
  const side = orders.side[i]!;
  const reference = orders.referencePrice[i]!;
  const units = quantity / rules.instruments.stepsPerUnit[i]!;
  const feeBps = (feeMinor / (rules.minorPerUnit * units * reference)) * 1e4;
  // Written this way round so that a sale at its reference price is 0 and not -0, which no log can hold.
  const moveBps = ((side > 0 ? raw - reference : reference - raw) / reference) * 1e4;
  return {
    instrument: i,
    ordinal: at.ordinal,
    decidedOrdinal: orders.decidedOrdinal[i]!,
    decidedAtMs: orders.decidedAtMs[i]!,
    barStartMs: at.bars.startMs[at.row]!,
    side,
    quantity,
    price: struck.price,
    rawPrice: raw,
    referencePrice: reference,
    notionalMinor,
    feeMinor,
    feeBps,
    slippageBps: friction.slippage,
    impactBps: friction.impact,
    latencyBps: friction.latency,
    moveBps,
    totalBps: feeBps + friction.slippage + friction.impact + friction.latency + moveBps,
    delayBars: at.ordinal - orders.decidedOrdinal[i]!,
    struckBeforeFreeze: struck.struckBeforeFreeze ? 1 : 0,
  };
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
