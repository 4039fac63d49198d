import { slice, type Timeline } from '../calendar/timeline.ts';
import { NEVER_MS, requestCancel } from '../execution/orders.ts';
import { fillMoment } from '../execution/fills.ts';
import { bit, codesOf, type Code } from '../kernel/codes.ts';
import { FLAT, LONG, SHORT, WAIT, type Decision } from './decision.ts';
import type { MarketRules } from './rules.ts';
import type { TickState } from './state.ts';

/** The bars after a tick, from the calendar: where its orders may fill and until when. */
export type Upcoming = Timeline;

/** Bars after a tick that its orders need to know. */
export const upcomingBars = (rules: MarketRules): number =>
  rules.fillSpec.delay_bars + rules.fillSpec.deadline_bars + 1;

/** The calendar's bars after a row that its orders need to know; undefined where the calendar ends too soon. */
export function upcomingAt(rules: MarketRules, line: Timeline, row: number): Timeline | undefined {
  const from = row + 1;
  const to = from + upcomingBars(rules);
  return to <= line.startMs.length ? slice(line, from, to) : undefined;
}

/** The session in which an order placed now may first fill; NaN where the calendar ends before it. */
export const nextSessionDay = (rules: MarketRules, upcoming: Upcoming | undefined): number =>
  upcoming?.sessionDay[rules.fillSpec.delay_bars - 1] ?? NaN;

/** Which orders may be placed: all, only those that reduce a position, or none. */
export type Placing = 'all' | 'reducing' | 'none';

/**
 * Carries a frozen decision into the state: remembers what it confirmed, asks to cancel what it no longer wants and
 * places its new orders as far as they may be.
 * @returns the instruments whose orders were placed, and those whose orders were refused.
 */
export function applyDecision(
  rules: MarketRules,
  state: TickState,
  decision: Decision,
  placing: Placing,
  upcoming: Upcoming,
): { placed: number[]; refused: number[] } {
  const placed: number[] = [];
  const refused: number[] = [];
  for (let i = 0; i < decision.action.length; i++) {
    confirm(state, decision, i);
    cancelUnwanted(state, decision, i);
    if (decision.delta[i] === 0) continue;
    const held = state.book.quantity[i]!;
    const reduces = decision.delta[i]! * held < 0 && Math.abs(decision.delta[i]!) <= Math.abs(held);
    if (placing === 'all' || (placing === 'reducing' && reduces)) {
      place(rules, state, decision, i, upcoming);
      placed.push(i);
    } else refused.push(i);
  }
  return { placed, refused };
}

function confirm(state: TickState, decision: Decision, i: number): void {
  const action = decision.action[i];
  if (action !== LONG && action !== SHORT) return;
  state.book.confirmedOrdinal[i] = decision.ordinal;
  state.book.invalidation[i] = decision.invalidation[i]!;
}

/** WAIT cancels what would increase and keeps what reduces; another direction cancels what goes against it. */
function cancelUnwanted(state: TickState, decision: Decision, i: number): void {
  const { orders } = state;
  if (orders.quantity[i] === 0) return;
  if (orders.increases[i] !== 1) return;
  const action = decision.action[i];
  const against =
    action === FLAT || (action === LONG && orders.side[i]! < 0) || (action === SHORT && orders.side[i]! > 0);
  const exit = exitCode(decision, i);
  if (exit !== '') requestCancel(orders, i, decision.frozenAtMs, exit);
  else if (action === WAIT) requestCancel(orders, i, decision.frozenAtMs, waitCode(decision, i));
  else if (against) requestCancel(orders, i, decision.frozenAtMs, 'REPLACED');
}

/** The reason to give for a cancellation: the first that is not merely that an order is pending. */
const waitCode = (decision: Decision, i: number): Code =>
  codesOf(decision.reasons[i]!).find((code) => code !== 'ORDER_PENDING') ?? 'NO_EDGE';

function place(
  rules: MarketRules,
  state: TickState,
  decision: Decision,
  i: number,
  upcoming: Upcoming,
): void {
  const { orders } = state;
  const { fillSpec } = rules;
  const delta = decision.delta[i]!;
  const first = fillSpec.delay_bars - 1;
  // Within a decision bar some finer bar always opens after the freeze; a bar as long as the decision's may be too early.
  const sameSize = rules.config.execution_bar_size === undefined;
  const moment = fillMoment(fillSpec, decision.frozenAtMs, upcoming.startMs[first]!);
  const early = sameSize && moment === 'too_early' ? 1 : 0;
  const last = first + early + fillSpec.deadline_bars;
  orders.side[i] = Math.sign(delta);
  orders.quantity[i] = Math.abs(delta);
  orders.decidedOrdinal[i] = decision.ordinal;
  orders.decidedAtMs[i] = decision.tickMs;
  orders.frozenAtMs[i] = decision.frozenAtMs;
  orders.deadlineOrdinal[i] = decision.ordinal + last + 1;
  orders.deadlineMs[i] = upcoming.endMs[last]!;
  orders.referencePrice[i] = decision.referencePrice[i]!;
  orders.cancelAtMs[i] = NEVER_MS;
  orders.increases[i] = delta * state.book.quantity[i]! < 0 ? 0 : 1;
  orders.spreadBps[i] = decision.spreadBps[i]!;
  orders.sigma[i] = decision.sigma[i]!;
  orders.averageNotional[i] = decision.averageNotional[i]!;
  orders.relativeMove[i] = decision.relativeMove[i]!;
  orders.relativeVolume[i] = decision.relativeVolume[i]!;
  orders.intent[i] = exitCode(decision, i);
}

/** Why a position is to be left whatever the forecast says, or an empty text. */
function exitCode(decision: Decision, i: number): 'TIME_STOP' | 'INVALIDATED' | '' {
  const reasons = decision.reasons[i]!;
  if ((reasons & bit.INVALIDATED) !== 0) return 'INVALIDATED';
  return (reasons & bit.TIME_STOP) !== 0 ? 'TIME_STOP' : '';
}
