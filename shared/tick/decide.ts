import { baseHalfSpreadBps, holdingRates } from '../execution/costs.ts';
import { pendingIncrease } from '../execution/orders.ts';
import type { Features } from '../forecast/features.ts';
import type { Forecast } from '../forecast/forecast.ts';
import { bit } from '../kernel/codes.ts';
import { roundProbability } from '../kernel/math.ts';
import type { Bars } from '../market-data/bars.ts';
import { boughtOn } from '../portfolio/book.ts';
import { size } from '../portfolio/sizing.ts';
import type { Clusters } from '../risk/clusters.ts';
import { worstSteps } from '../risk/exposure.ts';
import type { Verdict } from '../risk/gates.ts';
import type { SwitchReading } from '../risk/kill-switch.ts';
import type { RiskState } from '../risk/risk-state.ts';
import {
  emptyDecision,
  FLAT,
  LONG,
  SHORT,
  WAIT,
  workspace,
  type Decision,
  type Workspace,
} from './decision.ts';
import type { MarketRules } from './rules.ts';
import type { TickState } from './state.ts';

/** What the forecast step hands on, per instrument: the fused forecast, the costs it was held against, the sizes. */
export interface View {
  readonly forecast: Forecast;
  readonly roundTripBps: Float64Array;
  readonly features: Pick<
    Features,
    'ready' | 'sigma' | 'averageNotional' | 'relativeVolume' | 'relativeMove'
  >;
}

/** What a decision rests on: the settled state after this bar's fills, the bar, its forecast and the gates' answer. */
export interface DecideInputs {
  readonly rules: MarketRules;
  readonly state: TickState;
  readonly bars: Bars;
  readonly row: number;
  readonly view: View;
  readonly verdict: Verdict;
  /** The risk state as the tick begins, and the names that count as one. */
  readonly risk: RiskState;
  readonly clusters: Clusters;
  readonly switch: SwitchReading;
  /** Equity over all books in minor units of the base currency; NaN where it could not be told. */
  readonly equityOfAll: number;
  /** Equity in minor units, valued at exit prices. */
  readonly equity: number;
  readonly frozenAtMs: number;
  /** The session in which an order placed now may first fill, in days since 1970-01-01; NaN where nobody knows. */
  readonly nextDay: number;
  /** Columns to work in; the decision then holds only until the next one is made in them. */
  readonly workspace?: Workspace;
}

/** Decides one bar for a whole universe: action, reason, target and order of every instrument. Changes nothing. */
export function decide(inputs: DecideInputs): Decision {
  const { rules, bars, row, state } = inputs;
  const { features } = inputs.view;
  const n = rules.instruments.symbols.length;
  const work = inputs.workspace ?? workspace(n);
  const { verdict, frozenAtMs, equity, equityOfAll, clusters } = inputs;
  const moment = { ordinal: bars.firstOrdinal + row, tickMs: bars.endMs[row]!, frozenAtMs };
  const head = { ...moment, verdict, switch: inputs.switch, equity, equityOfAll, clusters };
  const decision = emptyDecision(n, head, work);
  const blocked = inputs.verdict.status === 'RED';
  for (let i = 0; i < n; i++) {
    const cell = row * n + i;
    const usable = (bars.flags[cell]! & rules.unusable) === 0;
    decision.reasons[i] = bars.flags[cell]!;
    decision.referencePrice[i] = usable ? bars.close[cell]! : state.book.lastClose[i]!;
    if (features.ready[i] === 1) {
      decision.sigma[i] = features.sigma[i]!;
      decision.averageNotional[i] = features.averageNotional[i]!;
      decision.relativeMove[i] = features.relativeMove[i]!;
      decision.relativeVolume[i] = features.relativeVolume[i]!;
    }
    decision.worst[i] = worstSteps(state.book, state.orders, i);
    decision.move[i] = moveOf(decision.referencePrice[i]!, state.book.closeBefore[i]!);
    const vetoed = usable ? vetoOf(inputs, decision, i) : 0;
    if (!usable) decision.action[i] = WAIT;
    else if (blocked) waitFor(decision, i, bit.MARKET_RED | vetoed);
    else if (vetoed !== 0) waitFor(decision, i, vetoed);
    else signal(inputs, decision, i);
    work.direction[i] = directionOf(inputs, decision, i, usable, blocked || !usable || vetoed !== 0);
  }
  applySizing(inputs, decision, work);
  return decision;
}

/** Gates of the instrument alone that are RED: nothing is opened in it. */
function vetoOf({ rules, nextDay }: DecideInputs, decision: Decision, i: number): number {
  const restricted = rules.isRestricted(i, nextDay) ? bit.RESTRICTED : 0;
  return decision.move[i]! <= rules.config.limits.price_collar ? restricted : restricted | bit.PRICE_COLLAR;
}

/** Move of a price from the valid close before it, absolute; 0 where there is none to hold it against. */
const moveOf = (price: number, before: number): number => (before > 0 ? Math.abs(price / before - 1) : 0);

/** The action that the forecast asks for. */
function signal(inputs: DecideInputs, decision: Decision, i: number): void {
  const { rules, view, state } = inputs;
  const { forecast } = view;
  if (forecast.ready[i] === 0) return waitFor(decision, i, bit.FEATURE_WARMUP);
  const { entry } = rules.policy;
  const pUp = forecast.pUp[i]!;
  const long = pUp >= entry.p_up_min;
  // Differences of probabilities at 1e-4 are rounded back to it: 0.52 - 0.5 is a shade more than 0.02.
  const short = roundProbability(1 - pUp) >= entry.p_down_min;
  if (!long && !short) {
    const neutral = roundProbability(Math.abs(pUp - 0.5)) <= entry.flat_band;
    const against = state.book.quantity[i]! * (pUp - 0.5) < 0;
    if (neutral || against) decision.action[i] = FLAT;
    else waitFor(decision, i, bit.NO_EDGE);
    return;
  }
  if (short && !rules.config.shorting) {
    decision.action[i] = FLAT;
    decision.reasons[i]! |= bit.SHORT_NOT_ALLOWED;
    return;
  }
  if (!mayHold(inputs, i, long ? 1 : -1)) {
    if (long) return waitFor(decision, i, bit.RULES_UNCOVERED);
    decision.action[i] = FLAT;
    decision.reasons[i]! |= bit.NO_BORROW;
    return;
  }
  const cost = view.roundTripBps[i]! / 1e4;
  if (forecast.pLaunch[2][i]! < entry.p_launch_min) return waitFor(decision, i, bit.LAUNCH_UNLIKELY);
  if (Math.abs(forecast.q50[i]!) < entry.edge_over_cost_min * cost)
    return waitFor(decision, i, bit.EDGE_BELOW_COST);
  decision.action[i] = long ? LONG : SHORT;
  const distance =
    rules.policy.invalidation_sigmas * decision.sigma[i]! * Math.sqrt(rules.policy.launch_edges[2]);
  const level = decision.referencePrice[i]! * (1 + (long ? -distance : distance));
  decision.invalidation[i] = trailed(state, i, long, Math.max(0, level));
}

/** Whether what holding the side costs is known for the session; a short needs a row that says so, a long may be free. */
function mayHold({ rules, nextDay }: DecideInputs, i: number, side: 1 | -1): boolean {
  const rates = holdingRates(rules.costs, side, rules.instruments.symbols[i]!, nextDay);
  return rates !== undefined && (side === 1 || rates.length > 0);
}

/** A level that refutes the direction only ever moves with the position, never away from the price. */
function trailed(state: TickState, i: number, long: boolean, level: number): number {
  const held = state.book.quantity[i]!;
  const before = state.book.invalidation[i]!;
  if (before === 0 || held * (long ? 1 : -1) <= 0) return level;
  return long ? Math.max(before, level) : Math.min(before, level);
}

function waitFor(decision: Decision, i: number, reason: number): void {
  decision.action[i] = WAIT;
  decision.reasons[i]! |= reason;
}

/**
 * Target side for the sizing: +1, -1, 0 to close, NaN to hold. Exits stand above every action, but wait for an order
 * that may still fill. `blocked`: the market or the instrument is RED.
 */
function directionOf(
  { rules, state, bars, row }: DecideInputs,
  decision: Decision,
  i: number,
  usable: boolean,
  blocked: boolean,
): number {
  const exit = exitReason(rules, state, decision, i, usable, bars.close[row * decision.action.length + i]!);
  const leaves = exit !== 0 && (!blocked || rules.config.reduce_under_red);
  if (leaves) {
    decision.reasons[i]! |= exit;
    if (!blocked) decision.action[i] = FLAT;
  }
  if (state.orders.quantity[i] !== 0) {
    decision.reasons[i]! |= bit.ORDER_PENDING;
    return NaN;
  }
  if (leaves) return 0;
  const action = decision.action[i];
  return action === LONG ? 1 : action === SHORT ? -1 : action === FLAT ? 0 : NaN;
}

/** Why a position is closed whatever the forecast says: refuted at a close, or not confirmed within the horizon. */
function exitReason(
  rules: MarketRules,
  state: TickState,
  decision: Decision,
  i: number,
  usable: boolean,
  close: number,
): number {
  const held = state.book.quantity[i]!;
  if (held === 0) return 0;
  const level = state.book.invalidation[i]!;
  if (usable && level > 0 && (held > 0 ? close < level : close > level)) return bit.INVALIDATED;
  const confirmed = held > 0 ? decision.action[i] === LONG : decision.action[i] === SHORT;
  const age = decision.ordinal - state.book.confirmedOrdinal[i]!;
  return !confirmed && age >= rules.policy.launch_edges[2] ? bit.TIME_STOP : 0;
}

function applySizing(inputs: DecideInputs, decision: Decision, work: Workspace): void {
  const { rules, state, equity, nextDay } = inputs;
  const { orders, book } = state;
  const { direction, pending, uncovered, locked } = work;
  const { limits, kill_switch: killSwitch } = rules.config;
  for (let i = 0; i < direction.length; i++) {
    pending[i] = pendingIncrease(orders, i);
    locked[i] = book.quantity[i]! > 0 ? lockedSteps(inputs, i) : 0;
  }
  size(
    {
      config: rules.config,
      instruments: rules.instruments,
      dayRules: (i) => rules.trading.on(i, nextDay),
      barsPerDay: rules.barsPerDay,
      barsPerYear: rules.barsPerYear,
      equity: equity / rules.minorPerUnit,
      cash: book.cash / rules.minorPerUnit,
      direction,
      quantity: book.quantity,
      locked,
      pending,
      price: decision.referencePrice,
      sigma: decision.sigma,
      averageNotional: decision.averageNotional,
      clusters: inputs.clusters.groups,
      traded: state.performance.today.traded / rules.minorPerUnit,
      ordersLeft: limits.orders_per_day_max - inputs.risk.ordersToday,
      increaseScale: inputs.switch.state === 'ACTIVE' ? 1 : killSwitch.trial_scale,
    },
    {
      ...{ uncut: decision.uncut, target: decision.target, delta: decision.delta },
      ...{ limits: decision.limits, uncovered },
    },
  );
  for (let i = 0; i < direction.length; i++) {
    if (uncovered[i] === 1) {
      decision.reasons[i]! |= bit.RULES_UNCOVERED;
      decision.action[i] = WAIT;
    }
    if (decision.delta[i] !== 0) decision.spreadBps[i] = spreadOf(inputs, decision, i);
  }
}

/** Steps that the next order could not sell yet, since they were bought in the session in which it would fill. */
function lockedSteps({ rules, state, nextDay }: DecideInputs, i: number): number {
  const locks = (rules.trading.on(i, nextDay)?.sellAfterSessions ?? 0) > 0;
  return locks ? boughtOn(state.book, i, nextDay) : 0;
}

/** Half the spread that an order starts from: quoted where the bar has it, else the release's estimate. */
function spreadOf({ rules, bars, row }: DecideInputs, decision: Decision, i: number): number {
  const quoted = bars.spread[row * decision.action.length + i]!;
  const tick = rules.instruments.priceTick[i]!;
  return baseHalfSpreadBps(rules.costs, quoted, rules.spreads[i]!, decision.referencePrice[i]!, tick);
}
