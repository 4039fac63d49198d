import * as z from 'zod';
import { level, type Level, type MarketConfig } from '../config/market-schema.ts';
import { REASON_CHARS_MIN, type RecoveryCondition } from '../ledger/records.ts';
import { atMost, worst, type GateRow } from './gate-row.ts';
import { RESTARTED_CHECKS } from './risk-gates.ts';

/** One scheduled look at a market: how its data, model and risk stand at the newest bar that is committed. */
export const checkSchema = z.strictObject({
  at_utc: z.string(),
  /** The bar that it is of. */
  tick_utc: z.string(),
  ordinal: z.int(),
  data: level,
  model: level,
  risk: level,
  /** Hash of the whole check as it was stored. */
  sha256: z.string(),
});
export type HealthCheck = z.infer<typeof checkSchema>;

/** The latest checks of a market, oldest first. */
export const checksSchema = z.strictObject({ checks: z.array(checkSchema) });
export const CHECKS_KEPT = 20;

/** Levels of the three groups that a recovery asks for. */
export type Groups = Pick<HealthCheck, 'data' | 'model' | 'risk'>;

/**
 * Sums gate rows up into the three groups. What a recovery restarts (losses, orders of the day, failures) is judged by
 * what happened since the halt began, else a drawdown could never be recovered from (definition 12).
 * @param current whether the rows are of the newest bar that is due: a chain that lags has no good data.
 */
export function groupsOf(rows: readonly GateRow[], current: boolean): Groups {
  const levels = (holds: (row: GateRow) => boolean): Level =>
    worst(rows.filter(holds).map((row) => row.level));
  const isRisk = ({ gate, check }: GateRow): boolean =>
    gate === 'recovery' ||
    ((gate === 'risk' || gate === 'portfolio') && !RESTARTED_CHECKS.has(`${gate}/${check}`));
  return {
    data: current ? levels(({ gate }) => gate === 'data') : 'RED',
    model: levels(({ gate }) => gate === 'model'),
    risk: levels(isRisk),
  };
}

/**
 * The latest checks with a new one. A second one of the same bar counts only where it is worse: three good ones are of
 * three bars.
 */
export function withCheck(checks: readonly HealthCheck[], check: HealthCheck): HealthCheck[] {
  const last = checks.at(-1);
  const again = last !== undefined && last.ordinal >= check.ordinal;
  if (again && groups.every((group) => atMost(check[group], last[group]))) return [...checks];
  return [...checks, check].slice(-CHECKS_KEPT);
}

const groups = ['data', 'model', 'risk'] as const;

/** A request to start again: who asks, in which role, and why. */
export interface RecoveryRequest {
  readonly actor: string;
  readonly role: string | undefined;
  readonly reason: string;
}

/** What a request to start again lacks; empty where it is to be granted. */
export interface Missing {
  readonly condition: RecoveryCondition;
  readonly detail: string;
}

/**
 * Holds a request against the conditions of a recovery: role, reason, and the last checks good on consecutive bars after
 * the one that halted, none too old. What was good before the halt earns nothing; and three bars later a tick has run
 * under the halt, which cancelled what was working when it began and would fill otherwise (definition 3).
 * @param bars the newest bar at the halt, and the newest that is due now.
 */
export function missingFor(
  request: RecoveryRequest,
  checks: readonly HealthCheck[],
  bars: { readonly halted: number; readonly due: number },
  config: MarketConfig['kill_switch']['recovery'],
): Missing[] {
  const missing: Missing[] = [];
  const lacks = (condition: RecoveryCondition, detail: string): void =>
    void missing.push({ condition, detail });
  if (request.role !== 'ops_admin')
    lacks('role', `${request.actor} is ${request.role ?? 'no operator'}; only an ops_admin may start again`);
  if (request.reason.trim().length < REASON_CHARS_MIN)
    lacks('reason', `a reason of at least ${REASON_CHARS_MIN} characters is needed`);
  const earned = checks.filter(({ ordinal }) => ordinal > bars.halted);
  const good = Math.min(config.checks, goodRun(earned, config.level_max));
  if (good < config.checks)
    lacks('checks', `${good} of ${config.checks} health checks on consecutive bars since the halt are good`);
  const oldest = earned.at(-config.checks);
  const age = oldest === undefined ? Infinity : bars.due - oldest.ordinal;
  if (oldest !== undefined && age > config.check_age_bars_max)
    lacks('check_age', `the oldest of them is ${age} bars old, at most ${config.check_age_bars_max} count`);
  return missing;
}

/** Checks from the newest back that are good, each of the bar before the next one's. */
export function goodRun(checks: readonly HealthCheck[], levelMax: Level): number {
  let run = 0;
  for (let k = checks.length - 1; k >= 0; k--) {
    const follows = run === 0 || checks[k]!.ordinal === checks[k + 1]!.ordinal - 1;
    if (!follows || !groups.every((group) => atMost(checks[k]![group], levelMax))) break;
    run++;
  }
  return run;
}
