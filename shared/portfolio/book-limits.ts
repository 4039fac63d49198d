import { wholeOrderSteps } from '../execution/trading-rules.ts';
import { limitBit } from '../kernel/codes.ts';
import type { Sizing, SizingInputs } from './sizing-columns.ts';

/** Room kept in cash for costs and for a price that opens higher. */
const CASH_MARGIN = 1.01;

/** A group of instruments that share one limit, in whole units of the currency. */
interface Group {
  readonly members: readonly number[];
  readonly limit: number;
  readonly code: number;
}

/**
 * Cuts the changes of a universe to the limits of orders and of the book, one after the other, each in the light of those
 * before: order value, clusters, themes, gross, cash, turnover, order count, trial, net. Reductions pass them all but the
 * largest order value, which comes first: what it leaves of an exit takes up room. Net comes last, since every other
 * limit may take away what offsets the heavier side.
 */
export function cutToBook(inputs: SizingInputs, out: Sizing): void {
  const { limits } = inputs.config;
  const { equity, instruments } = inputs;
  cutValues(inputs, out);
  // Only increases are cut from here on: what is kept of every position stays as it is.
  const rising: number[] = [];
  for (let i = 0; i < out.delta.length; i++) if (increaseOf(inputs, out, i) > 0) rising.push(i);
  if (rising.length === 0) return;
  const nameLimit = limits.name_max * equity;
  const themeLimit = limits.theme_max * equity;
  for (const members of inputs.clusters)
    cutGroup(inputs, out, { members, limit: nameLimit, code: limitBit.MAX_CLUSTER });
  for (const [, members] of instruments.themes)
    cutGroup(inputs, out, { members, limit: themeLimit, code: limitBit.MAX_THEME });
  const kept = keptOfAll(inputs, out);
  scaleTo(inputs, out, rising, limits.gross_max * equity - kept.gross, limitBit.MAX_GROSS);
  if (!inputs.config.shorting)
    scaleTo(inputs, out, rising, inputs.cash / CASH_MARGIN - kept.promised, limitBit.CASH);
  const turnover = limits.turnover_max * equity - inputs.traded - kept.promised;
  scaleTo(inputs, out, rising, turnover, limitBit.MAX_TURNOVER);
  cutCount(inputs, out, rising);
  if (inputs.increaseScale < 1)
    scaleIncreases(inputs, out, rising, inputs.increaseScale, limitBit.TRIAL_SCALED);
  cutNet(inputs, out, rising, kept.net);
}

/** Value of a step of instrument i. */
const stepValue = ({ price, instruments }: SizingInputs, i: number): number =>
  price[i]! / instruments.stepsPerUnit[i]!;

/** What a change adds to the exposure in instrument i; 0 where it reduces. */
function increaseOf(inputs: SizingInputs, out: Sizing, i: number): number {
  const delta = out.delta[i]!;
  return delta === 0 || inputs.quantity[i]! * delta < 0 ? 0 : Math.abs(delta) * stepValue(inputs, i);
}

/** What is left of a position after a reduction, and what its order may still add (definition 8). */
function keptOf(inputs: SizingInputs, out: Sizing, i: number): number {
  const held = inputs.quantity[i]!;
  const pending = inputs.pending[i]!;
  // What is held but has no price is worth NaN only where nothing is held.
  if (held === 0 && pending === 0) return 0;
  const after = held * out.delta[i]! < 0 ? held + out.delta[i]! : held;
  return (Math.abs(after) + Math.abs(pending)) * stepValue(inputs, i);
}

/** What is kept of the whole book: absolute, signed, and what working orders may still spend. */
function keptOfAll(inputs: SizingInputs, out: Sizing): { gross: number; net: number; promised: number } {
  let [gross, net, promised] = [0, 0, 0];
  for (let i = 0; i < out.delta.length; i++) {
    const kept = keptOf(inputs, out, i);
    if (kept === 0) continue;
    gross += kept;
    net += kept * Math.sign(inputs.quantity[i]! || inputs.pending[i]!);
    if (inputs.pending[i] !== 0) promised += Math.abs(inputs.pending[i]!) * stepValue(inputs, i);
  }
  return { gross, net, promised };
}

/** What a list of instruments adds to the exposure. */
function increasesOf(inputs: SizingInputs, out: Sizing, members: readonly number[]): number {
  let sum = 0;
  for (const i of members) sum += increaseOf(inputs, out, i);
  return sum;
}

/** Scales the increases of a list so that they come to at most the room. */
function scaleTo(
  inputs: SizingInputs,
  out: Sizing,
  members: readonly number[],
  room: number,
  code: number,
): void {
  const increases = increasesOf(inputs, out, members);
  if (increases > room) scaleIncreases(inputs, out, members, Math.max(0, room) / increases, code);
}

/** Scales the increases of a group so that it comes to at most its limit. */
function cutGroup(inputs: SizingInputs, out: Sizing, { members, limit, code }: Group): void {
  const own = members.filter((i) => increaseOf(inputs, out, i) > 0);
  if (own.length === 0) return;
  let kept = 0;
  for (const i of members) kept += keptOf(inputs, out, i);
  scaleTo(inputs, out, own, limit - kept, code);
}

/** Scales the increases on the heavier side so that longs and shorts differ by at most the limit. */
function cutNet(inputs: SizingInputs, out: Sizing, rising: readonly number[], kept: number): void {
  let net = kept;
  for (const i of rising) net += increaseOf(inputs, out, i) * Math.sign(out.delta[i]!);
  const excess = Math.abs(net) - inputs.config.limits.net_max * inputs.equity;
  if (!(excess > 0)) return;
  const heavier = rising.filter((i) => out.delta[i]! * net > 0);
  scaleTo(inputs, out, heavier, increasesOf(inputs, out, heavier) - excess, limitBit.MAX_NET);
}

/** Cuts single orders to the largest value: what is left of an exit goes on a later bar. */
function cutValues(inputs: SizingInputs, out: Sizing): void {
  const { order_notional_max: most } = inputs.config.limits;
  for (let i = 0; i < out.delta.length; i++) {
    const steps = Math.abs(out.delta[i]!);
    if (steps === 0) continue;
    const value = steps * stepValue(inputs, i);
    if (value > most) setSteps(inputs, out, i, Math.floor((steps * most) / value), limitBit.ORDER_VALUE);
  }
}

/** Leaves out the last increases that are too many: exits always pass. */
function cutCount(inputs: SizingInputs, out: Sizing, rising: readonly number[]): void {
  const { orders_per_tick_max: perTick } = inputs.config.limits;
  const increasing = rising.filter((i) => out.delta[i] !== 0);
  let exits = 0;
  for (let i = 0; i < out.delta.length; i++) if (inputs.quantity[i]! * out.delta[i]! < 0) exits++;
  const allowed = Math.max(0, Math.min(perTick, inputs.ordersLeft) - exits);
  for (const i of increasing.slice(allowed)) setSteps(inputs, out, i, 0, limitBit.ORDER_COUNT);
}

/** Scales every change of the members that increases exposure, rounded down to what may be ordered. */
function scaleIncreases(
  inputs: SizingInputs,
  out: Sizing,
  members: readonly number[],
  factor: number,
  code: number,
): void {
  for (const i of members) {
    const delta = out.delta[i]!;
    if (delta === 0 || inputs.quantity[i]! * delta < 0) continue;
    setSteps(inputs, out, i, Math.floor(Math.abs(delta) * factor), code);
  }
}

/** Cuts a change to at most so many steps, as the day's rules allow; below the smallest order to none. */
function setSteps(inputs: SizingInputs, out: Sizing, i: number, most: number, code: number): void {
  const delta = out.delta[i]!;
  const held = Math.abs(inputs.quantity[i]!);
  const day = inputs.dayRules(i);
  const reduces = inputs.quantity[i]! * delta < 0;
  const least = Math.max(reduces ? 0 : inputs.config.limits.order_notional_min, day?.notionalMin ?? Infinity);
  const steps = day === undefined ? 0 : wholeOrderSteps(day, reduces ? -1 : 1, most, reduces ? held : 0);
  const small = steps === 0 || steps * stepValue(inputs, i) < least;
  out.limits[i]! |= small && most > 0 ? code | limitBit.BELOW_MINIMUM : code;
  out.delta[i] = small ? 0 : Math.sign(delta) * steps;
  out.target[i] = inputs.quantity[i]! + out.delta[i]!;
}
