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
 * Cuts the changes of a universe to the limits of the book, one after the other, each in the light of those before:
 * order value, clusters, themes, gross, net, cash, turnover, order count, trial. Reductions pass them all but the
 * largest order value, which comes first: what it leaves of an exit takes up room.
 */
export function cutToBook(inputs: SizingInputs, out: Sizing): void {
  const { limits } = inputs.config;
  const { equity, instruments } = inputs;
  const everyone = Array.from(inputs.direction.keys());
  cutValues(inputs, out);
  const nameLimit = limits.name_max * equity;
  const groups: Group[] = [
    ...inputs.clusters.map((members) => ({ members, limit: nameLimit, code: limitBit.MAX_CLUSTER })),
    ...instruments.themes.map(([, members]) => ({
      ...{ members, limit: limits.theme_max * equity, code: limitBit.MAX_THEME },
    })),
    { members: everyone, limit: limits.gross_max * equity, code: limitBit.MAX_GROSS },
  ];
  for (const group of groups) cutGroup(inputs, out, group);
  cutNet(inputs, out, everyone);
  cutSpending(inputs, out, everyone);
  cutCount(inputs, out);
  if (inputs.increaseScale < 1)
    scaleIncreases(inputs, out, everyone, inputs.increaseScale, limitBit.TRIAL_SCALED);
}

/** Value of a step of instrument i. */
const stepValue = ({ price, instruments }: SizingInputs, i: number): number =>
  price[i]! / instruments.stepsPerUnit[i]!;

/** What a change adds to the exposure in instrument i; 0 where it reduces. */
function increaseOf(inputs: SizingInputs, out: Sizing, i: number): number {
  const delta = out.delta[i]!;
  const held = inputs.quantity[i]!;
  return delta === 0 || held * delta < 0 ? 0 : Math.abs(delta) * stepValue(inputs, i);
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

const sumOf = (members: readonly number[], value: (i: number) => number): number =>
  members.reduce((sum, i) => sum + value(i), 0);

/** Scales the increases of a group so that it comes to at most its limit. */
function cutGroup(inputs: SizingInputs, out: Sizing, { members, limit, code }: Group): void {
  const increases = sumOf(members, (i) => increaseOf(inputs, out, i));
  if (increases === 0) return;
  const room = limit - sumOf(members, (i) => keptOf(inputs, out, i));
  if (increases > room) scaleIncreases(inputs, out, members, Math.max(0, room) / increases, code);
}

/** Scales the increases on the heavier side so that longs and shorts differ by at most the limit. */
function cutNet(inputs: SizingInputs, out: Sizing, everyone: readonly number[]): void {
  const limit = inputs.config.limits.net_max * inputs.equity;
  const signed = (i: number): number =>
    keptOf(inputs, out, i) * Math.sign(inputs.quantity[i]! || inputs.pending[i]!) +
    increaseOf(inputs, out, i) * Math.sign(out.delta[i]!);
  const net = sumOf(everyone, signed);
  const excess = Math.abs(net) - limit;
  if (!(excess > 0)) return;
  const side = Math.sign(net);
  const heavier = everyone.filter((i) => out.delta[i]! * side > 0);
  const increases = sumOf(heavier, (i) => increaseOf(inputs, out, i));
  if (increases > 0)
    scaleIncreases(inputs, out, heavier, Math.max(0, increases - excess) / increases, limitBit.MAX_NET);
}

/** Cash, where there is no margin, and what the turnover of the session has left. */
function cutSpending(inputs: SizingInputs, out: Sizing, everyone: readonly number[]): void {
  const spend = (room: number, code: number): void => {
    const wanted = sumOf(everyone, (i) => increaseOf(inputs, out, i));
    if (wanted > room) scaleIncreases(inputs, out, everyone, Math.max(0, room) / wanted, code);
  };
  const promised = sumOf(everyone, (i) =>
    inputs.pending[i] === 0 ? 0 : Math.abs(inputs.pending[i]!) * stepValue(inputs, i),
  );
  if (!inputs.config.shorting) spend(inputs.cash / CASH_MARGIN - promised, limitBit.CASH);
  const turnover = inputs.config.limits.turnover_max * inputs.equity;
  spend(turnover - inputs.traded - promised, limitBit.MAX_TURNOVER);
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
function cutCount(inputs: SizingInputs, out: Sizing): void {
  const { orders_per_tick_max: perTick } = inputs.config.limits;
  const increasing: number[] = [];
  let exits = 0;
  for (let i = 0; i < out.delta.length; i++) {
    const delta = out.delta[i]!;
    if (delta === 0) continue;
    if (inputs.quantity[i]! * delta < 0) exits++;
    else increasing.push(i);
  }
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
