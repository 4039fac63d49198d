import type { MarketConfig } from '../config/market-schema.ts';
import type { Instruments } from '../execution/instruments.ts';
import { wholeOrderSteps, type DayRules } from '../execution/trading-rules.ts';
import { bit } from '../kernel/codes.ts';

/** What the sizing of a universe needs, in columns; money in whole currency units here, not minor ones. */
export interface SizingInputs {
  readonly config: MarketConfig;
  readonly instruments: Instruments;
  /** The trading rules of instrument i in the session in which an order may first fill; undefined where uncovered. */
  dayRules(i: number): DayRules | undefined;
  readonly barsPerDay: number;
  readonly barsPerYear: number;
  readonly equity: number;
  readonly cash: number;
  /** +1, -1: take that side; 0: close; NaN: hold what is there. */
  readonly direction: Float64Array;
  readonly quantity: Float64Array;
  /** Steps of a holding that cannot be sold in that session yet. */
  readonly locked: Float64Array;
  /** What working orders may still add to the position, signed steps: counted as if it had filled. */
  readonly pending: Float64Array;
  readonly price: Float64Array;
  readonly sigma: Float64Array;
  readonly averageNotional: Float64Array;
}

/** Targets and changes in signed steps, and the codes of what cut them. */
export interface Sizing {
  readonly uncut: Float64Array;
  readonly target: Float64Array;
  readonly delta: Float64Array;
  readonly reasons: Float64Array;
}

/** Room kept in cash for costs and for a price that opens higher. */
const CASH_MARGIN = 1.01;

/** Largest position notional by capacity: the market's share of the value traded on average in a day or in a bar. */
export const capacityNotional = (
  { capacity_adv_max: share, capacity_basis: basis }: MarketConfig['limits'],
  barsPerDay: number,
  averageNotional: number,
): number => share * averageNotional * (basis === 'day' ? barsPerDay : 1);

/**
 * Turns directions into targets: volatility-scaled, then cut to the limits of name, capacity, gross exposure and
 * cash. Limits cut a target and say so; gross and cash scale increases only and never sell what is held. A change of
 * side closes first and opens on a later bar.
 */
export function size(inputs: SizingInputs, out: Sizing): void {
  let increases = 0;
  let kept = 0;
  let promised = 0;
  for (let i = 0; i < inputs.direction.length; i++) {
    sizeOne(inputs, out, i);
    const value = inputs.price[i]! / inputs.instruments.stepsPerUnit[i]!;
    const held = Math.abs(inputs.quantity[i]!) * value;
    const after = Math.abs(inputs.quantity[i]! + out.delta[i]!) * value;
    if (after > held) increases += after - held;
    // What is held but has no price is at least not forgotten: its value is NaN only where nothing is held.
    if (held > 0) kept += Math.min(held, after);
    if (inputs.pending[i] !== 0) promised += Math.abs(inputs.pending[i]!) * value;
  }
  const gross = inputs.config.limits.gross_max * inputs.equity - kept - promised;
  if (increases > gross) scaleIncreases(inputs, out, Math.max(0, gross) / increases, bit.MAX_GROSS);
  const cash = inputs.cash / CASH_MARGIN - promised;
  const wanted = Math.min(increases, Math.max(0, gross));
  if (!inputs.config.shorting && wanted > cash)
    scaleIncreases(inputs, out, Math.max(0, cash) / wanted, bit.CASH);
}

/** The target of one instrument under its own limits, before those of the book. */
function sizeOne(inputs: SizingInputs, out: Sizing, i: number): void {
  const held = inputs.quantity[i]!;
  const direction = inputs.direction[i]!;
  out.reasons[i] = 0;
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
  if (day === undefined) out.reasons[i] = bit.RULES_UNCOVERED;
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
    out.reasons[i]! |= bit.MAX_NAME;
  }
  if (money > capacity) {
    money = capacity;
    out.reasons[i]! |= bit.CAPACITY_ADV;
  }
  const whole = (amount: number): number => wholeOrderSteps(day, 1, Math.floor(amount * stepsPerMoney), 0);
  const target = whole(money);
  const change = target - held;
  out.uncut[i] = direction * whole(wish);
  out.target[i] = direction * target;
  if (held !== 0 && Math.abs(change) < sizing.rebalance_band * target) out.reasons[i]! |= bit.BELOW_BAND;
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
  if (wanted < Math.abs(change)) out.reasons[i]! |= bit.T1_LOCKED;
  // Only a sale of all that is held may be an odd lot.
  const steps = wholeOrderSteps(day, reduces ? -1 : 1, wanted, reduces ? Math.abs(held) : 0);
  const notional = (steps * inputs.price[i]!) / inputs.instruments.stepsPerUnit[i]!;
  if (steps > 0 && notional >= least) out.delta[i] = Math.sign(change) * steps;
  else if (wanted > 0 || change === 0) out.reasons[i]! |= bit.BELOW_MINIMUM;
}

/** Scales every change that increases exposure, rounded down to what may be ordered. */
function scaleIncreases(inputs: SizingInputs, out: Sizing, factor: number, code: number): void {
  const { order_notional_min: least } = inputs.config.limits;
  for (let i = 0; i < inputs.direction.length; i++) {
    const delta = out.delta[i]!;
    const day = inputs.dayRules(i);
    if (delta === 0 || day === undefined || inputs.quantity[i]! * delta < 0) continue;
    const steps = wholeOrderSteps(day, 1, Math.floor(Math.abs(delta) * factor), 0);
    const worth = (steps * inputs.price[i]!) / inputs.instruments.stepsPerUnit[i]!;
    const small = steps === 0 || worth < Math.max(least, day.notionalMin);
    out.reasons[i]! |= small ? code | bit.BELOW_MINIMUM : code;
    out.delta[i] = small ? 0 : Math.sign(delta) * steps;
    out.target[i] = inputs.quantity[i]! + out.delta[i]!;
  }
}
