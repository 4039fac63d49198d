import type { MarketConfig } from '../config/market-schema.ts';
import type { Instruments } from '../execution/instruments.ts';
import { bit } from '../kernel/codes.ts';

/** What the sizing of a universe needs, in columns; money in whole currency units here, not minor ones. */
export interface SizingInputs {
  readonly config: MarketConfig;
  readonly instruments: Instruments;
  readonly barsPerDay: number;
  readonly barsPerYear: number;
  readonly equity: number;
  readonly cash: number;
  /** +1, -1: take that side; 0: close; NaN: hold what is there. */
  readonly direction: Float64Array;
  readonly quantity: Float64Array;
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

/**
 * Turns directions into targets: volatility-scaled, then cut to the limits of name, capacity, gross exposure and
 * cash. Limits cut a target and say so; gross and cash scale increases only and never sell what is held. A change of side closes first and opens on a later bar.
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
  if (direction === 0 || held * direction < 0) {
    out.uncut[i] = 0;
    out.target[i] = 0;
    out.delta[i] = held === 0 ? 0 : -held;
    return;
  }
  const { limits, sizing } = inputs.config;
  const lot = inputs.instruments.lotSteps[i]!;
  const stepsPerMoney = inputs.instruments.stepsPerUnit[i]! / inputs.price[i]!;
  const yearly = inputs.sigma[i]! * Math.sqrt(inputs.barsPerYear * inputs.direction.length);
  const wish = (sizing.volatility_target / yearly) * inputs.equity;
  const capacity = limits.capacity_adv_max * inputs.averageNotional[i]! * inputs.barsPerDay;
  let money = wish;
  if (money > limits.name_max * inputs.equity) {
    money = limits.name_max * inputs.equity;
    out.reasons[i]! |= bit.MAX_NAME;
  }
  if (money > capacity) {
    money = capacity;
    out.reasons[i]! |= bit.CAPACITY_ADV;
  }
  const wholeLots = (amount: number): number => Math.floor((amount * stepsPerMoney) / lot) * lot;
  const target = wholeLots(money);
  const change = target - Math.abs(held);
  out.uncut[i] = direction * wholeLots(wish);
  out.target[i] = direction * target;
  if (held !== 0 && Math.abs(change) < sizing.rebalance_band * target) out.reasons[i]! |= bit.BELOW_BAND;
  else {
    const lots = Math.trunc(change / lot) * lot;
    if (lots === 0 || Math.abs(lots) / stepsPerMoney < limits.order_notional_min)
      out.reasons[i]! |= bit.BELOW_MINIMUM;
    else out.delta[i] = direction * lots;
  }
}

/** Scales every change that increases exposure, rounded down to lots. */
function scaleIncreases(inputs: SizingInputs, out: Sizing, factor: number, code: number): void {
  for (let i = 0; i < inputs.direction.length; i++) {
    const delta = out.delta[i]!;
    if (delta === 0 || inputs.quantity[i]! * delta < 0) continue;
    const lot = inputs.instruments.lotSteps[i]!;
    const steps = Math.floor((Math.abs(delta) * factor) / lot) * lot;
    const worth = (steps * inputs.price[i]!) / inputs.instruments.stepsPerUnit[i]!;
    const small = steps === 0 || worth < inputs.config.limits.order_notional_min;
    out.reasons[i]! |= small ? code | bit.BELOW_MINIMUM : code;
    out.delta[i] = small ? 0 : Math.sign(delta) * steps;
    out.target[i] = inputs.quantity[i]! + out.delta[i]!;
  }
}
