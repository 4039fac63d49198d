import * as z from 'zod';
import { level, type Level, type MarketConfig } from '../config/market-schema.ts';
import { IntegrityError } from '../kernel/errors.ts';
import { noClusters, type Clusters } from './clusters.ts';
import {
  addEnded,
  addTick,
  openWindow,
  restartedWindow,
  rolledWindow,
  type FailureWindow,
} from './failure-window.ts';
import { atMost, worst } from './gate-row.ts';
import { observed, openMeter, rolled, type Meter, type Restarts } from './meter.ts';
import { TRIGGERS, tripsOf, type Trigger } from './triggers.ts';
import type { Verdict } from './gates.ts';

/** The trial after a recovery: which one, the tick that first placed an order in it, and the worst level since. */
export interface Trial {
  /** Record that began the trial under way; -1 where there is none. */
  record: number;
  /** Ordinal of the first tick that placed an order in it; -1 before. */
  ordinal: number;
  level: Level;
  /** Whether every order of that tick has ended. */
  over: boolean;
}

/** What the gates carry from tick to tick. Its size does not grow with the ledger. */
export interface RiskState {
  own: Meter;
  /** Over the books of all members, in minor units of the base currency; null before they could be evaluated. */
  all: Meter | null;
  /** Orders placed in the session, since the newest recovery. */
  ordersToday: number;
  failures: FailureWindow;
  /** Ticks in a row with a RED gate of the group. */
  redData: number;
  redModel: number;
  trial: Trial;
  clusters: Clusters;
  /** What the newest tick would trip the kill switch by. */
  trips: Trigger[];
  /** Ordinal of that tick; -1 before the first. */
  ordinal: number;
  /** Moment from which its decision stood. */
  decidedAtMs: number;
}

const noTrial = (record: number): Trial => ({ record, ordinal: -1, level: 'GREEN', over: false });

export const openRisk = (equity: number): RiskState => ({
  own: openMeter(equity),
  all: null,
  ordersToday: 0,
  failures: openWindow(),
  redData: 0,
  redModel: 0,
  trial: noTrial(-1),
  clusters: noClusters,
  trips: [],
  ordinal: -1,
  decidedAtMs: 0,
});

/** A copy; what lies in it is replaced, never changed. */
export const copyRisk = (risk: RiskState): RiskState => ({ ...risk });

/** The kill switch as the gate of a tick read it. */
export interface SwitchCount extends Restarts {
  /** Record that began the trial under way; -1 where there is none. */
  readonly trial: number;
}

/** The state as a tick begins: new sessions, recoveries and halts restart what counts from them. */
export function beginTick(risk: RiskState, day: number, count: SwitchCount, config: MarketConfig): RiskState {
  const newDay = day !== risk.own.day;
  const restarted = count.restart > risk.own.restart && risk.own.restart >= 0;
  const { sessions } = config.kill_switch.triggers.execution_fail_rate;
  // As many orders as a day may have disable trading until a recovery, though the next bar be of another day.
  const throttled = risk.ordersToday >= config.limits.orders_per_day_max;
  return {
    ...risk,
    own: rolled(risk.own, day, count),
    all: risk.all === null ? null : rolled(risk.all, day, count),
    ordersToday: restarted || (newDay && !throttled) ? 0 : risk.ordersToday,
    failures: rolledWindow(restarted ? restartedWindow(risk.failures) : risk.failures, day, sessions),
    trial: count.trial === risk.trial.record ? risk.trial : noTrial(count.trial),
  };
}

/** What a tick came to, as far as the gates of the next one rest on it. */
export interface TickEnd {
  readonly ordinal: number;
  readonly decidedAtMs: number;
  readonly verdict: Verdict;
  /** Equity at the end, and that over all books in minor units of the base currency; NaN where it is unknown. */
  readonly equity: number;
  readonly equityOfAll: number;
  readonly late: boolean;
  readonly placed: number;
  /** Orders that ended so far in the ledger, and those of them that ended for technical reasons. */
  readonly ordersEnded: number;
  readonly ordersFailed: number;
  readonly clusters: Clusters;
  /** Whether an order that the tick of the ordinal placed is still working. */
  working(ordinal: number): boolean;
}

/** The state after a tick, from that at its beginning. */
export function endTick(risk: RiskState, end: TickEnd, config: MarketConfig): RiskState {
  const { verdict, ordinal } = end;
  const redOf = (group: 'data' | 'model'): boolean =>
    verdict.rows.some(({ gate, level }) => gate === group && level === 'RED');
  // A fall since the halt began that is not good enough for a recovery is one until the book stops falling: what comes
  // after it is measured from here, or a book that fell once could never recover, be it flat.
  const fell = (check: string): boolean =>
    verdict.rows.some(
      ({ gate, check: name, level }) =>
        gate === 'recovery' && name === check && !atMost(level, config.kill_switch.recovery.level_max),
    );
  const all = risk.all ?? (Number.isNaN(end.equityOfAll) ? null : openMeter(end.equityOfAll));
  const next: RiskState = {
    ...risk,
    own: observed(risk.own, end.equity, fell('drawdown')),
    all:
      all === null || Number.isNaN(end.equityOfAll)
        ? all
        : observed(all, end.equityOfAll, fell('portfolio_drawdown')),
    ordersToday: risk.ordersToday + end.placed,
    failures: addEnded(addTick(risk.failures, risk.own.day, end.late), end.ordersEnded, end.ordersFailed),
    redData: redOf('data') ? risk.redData + 1 : 0,
    redModel: redOf('model') ? risk.redModel + 1 : 0,
    trial: trialAfter(risk.trial, end),
    clusters: end.clusters,
    ordinal,
    decidedAtMs: end.decidedAtMs,
  };
  return { ...next, trips: tripsOf(next, verdict, config) };
}

/** A trial begins with the first tick that places an order and lasts until all orders of that tick have ended. */
function trialAfter(trial: Trial, { ordinal, verdict, placed, working }: TickEnd): Trial {
  if (trial.record < 0 || trial.over) return trial;
  if (trial.ordinal < 0) return placed > 0 ? { ...trial, ordinal, level: verdict.status } : trial;
  const level = worst([trial.level, verdict.status]);
  return { ...trial, level, over: !working(trial.ordinal) };
}

const whole = z.int();
const meter = z.strictObject({
  ...{ equity: whole, day: whole, restart: whole, peak: whole, dayOpen: whole },
  ...{ halt: whole, haltPeak: whole, haltDayOpen: whole },
});
const riskSchema = z.strictObject({
  own: meter,
  all: meter.nullable(),
  ordersToday: whole,
  failures: z.strictObject({
    sessions: z.array(
      z.strictObject({ day: whole, ticks: whole, failed: whole, ordersEnded: whole, ordersFailed: whole }),
    ),
    ordersEnded: whole,
    ordersFailed: whole,
  }),
  redData: whole,
  redModel: whole,
  trial: z.strictObject({
    ...{ record: whole, ordinal: whole, level, over: z.boolean() },
  }),
  clusters: z.strictObject({ ordinal: whole, day: whole, groups: z.array(z.array(whole)) }),
  trips: z.array(z.enum(TRIGGERS)),
  ordinal: whole,
  decidedAtMs: whole,
});

/** A risk state as it was stored. @throws IntegrityError naming the field that is not one. */
export function parsedRisk(stored: unknown): RiskState {
  const parsed = riskSchema.safeParse(stored);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0]!;
  throw new IntegrityError(`stored state: risk.${first.path.join('.')}: ${first.message}`);
}
