import type { MarketConfig } from '../config/market-schema.ts';
import { wholeOrderSteps, type DayRules } from '../execution/trading-rules.ts';
import { limitBit } from '../kernel/codes.ts';
import { cutToBook } from './book-limits.ts';
import type { Sizing, SizingInputs } from './sizing-columns.ts';

/** Largest position notional by capacity: the market's share of the value traded on average in a day or in a bar. */
export const capacityNotional = (
  { capacity_adv_max: share, capacity_basis: basis }: MarketConfig['limits'],
  barsPerDay: number,
  averageNotional: number,
): number => share * averageNotional * (basis === 'day' ? barsPerDay : 1);

/**
 * Turns directions into targets: volatility-scaled, cut to the limits of name and capacity, then to those of the book.
 * Limits cut a target and say so; those of the book scale increases only and never sell what is held. A change of side
 * closes first and opens on a later bar.
 */
export function size(inputs: SizingInputs, out: Sizing): void {
  let orders = 0;
  for (let i = 0; i < inputs.direction.length; i++) {
    sizeOne(inputs, out, i);
    if (out.delta[i] !== 0) orders++;
  }
  if (orders > 0) cutToBook(inputs, out);
}

/** The target of one instrument under its own limits, before those of the book. */
function sizeOne(inputs: SizingInputs, out: Sizing, i: number): void {
  const held = inputs.quantity[i]!;
  const direction = inputs.direction[i]!;
  out.limits[i] = 0;
  out.uncovered[i] = 0;
  out.uncut[i] = held;
  out.target[i] = held;
  out.delta[i] = 0;
  if (direction !== direction) return;
  const leaves = direction === 0 || held * direction < 0;
  if (leaves) {
    out.uncut[i] = 0;
    out.target[i] = 0;
    if (held === 0) return;
  }
  const day = inputs.dayRules(i);
  if (day === undefined) out.uncovered[i] = 1;
  else if (leaves) order(inputs, out, i, day, -held, day.notionalMin);
  else aim(inputs, out, i, day);
}

/** Sizes a position on the side asked for: the wish, what the limits leave of it, and the change that is worth an order. */
function aim(inputs: SizingInputs, out: Sizing, i: number, day: DayRules): void {
  const { limits, sizing } = inputs.config;
  const held = Math.abs(inputs.quantity[i]!);
  const direction = inputs.direction[i]!;
  const stepsPerMoney = inputs.instruments.stepsPerUnit[i]! / inputs.price[i]!;
  const yearly = inputs.sigma[i]! * Math.sqrt(inputs.barsPerYear * inputs.direction.length);
  const wish = (sizing.volatility_target / yearly) * inputs.equity;
  const capacity = capacityNotional(limits, inputs.barsPerDay, inputs.averageNotional[i]!);
  let money = wish;
  if (money > limits.name_max * inputs.equity) {
    money = limits.name_max * inputs.equity;
    out.limits[i]! |= limitBit.MAX_NAME;
  }
  if (money > capacity) {
    money = capacity;
    out.limits[i]! |= limitBit.CAPACITY_ADV;
  }
  const whole = (amount: number): number => wholeOrderSteps(day, 1, Math.floor(amount * stepsPerMoney), 0);
  const target = whole(money);
  const change = target - held;
  out.uncut[i] = direction * whole(wish);
  out.target[i] = direction * target;
  if (held !== 0 && Math.abs(change) < sizing.rebalance_band * target) out.limits[i]! |= limitBit.BELOW_BAND;
  else order(inputs, out, i, day, direction * change, Math.max(limits.order_notional_min, day.notionalMin));
}

/** The largest order of at most this signed change that the day's rules allow, less what T+1 locks; none below `least`. */
function order(
  inputs: SizingInputs,
  out: Sizing,
  i: number,
  day: DayRules,
  change: number,
  least: number,
): void {
  const held = inputs.quantity[i]!;
  const reduces = held * change < 0;
  const free = reduces ? Math.max(0, Math.abs(held) - inputs.locked[i]!) : Infinity;
  const wanted = Math.min(Math.abs(change), free);
  if (wanted < Math.abs(change)) out.limits[i]! |= limitBit.T1_LOCKED;
  // Only a sale of all that is held may be an odd lot.
  const steps = wholeOrderSteps(day, reduces ? -1 : 1, wanted, reduces ? Math.abs(held) : 0);
  const notional = (steps * inputs.price[i]!) / inputs.instruments.stepsPerUnit[i]!;
  if (steps > 0 && notional >= least) out.delta[i] = Math.sign(change) * steps;
  else if (wanted > 0 || change === 0) out.limits[i]! |= limitBit.BELOW_MINIMUM;
}
