import type { MarketConfig } from '../config/market-schema.ts';
import type { Sha256 } from '../kernel/canonical.ts';
import { isoUtc, parseIsoUtc } from '../kernel/time.ts';
import { latchOf } from '../ledger/latch.ts';
import type { Latch, LatchState, SwitchCause } from '../ledger/records.ts';
import type { Parameter } from '../stores/ports.ts';
import { atMost } from './gate-row.ts';
import { missingFor, type HealthCheck, type Missing } from './health-check.ts';
import type { SwitchParameters } from './kill-switch.ts';
import type { RiskState } from './risk-state.ts';
import { RESTARTED_TRIGGERS, type Trigger } from './triggers.ts';

/** A run that failed since the newest committed tick, or by damage since the switch last turned. */
export interface Failure {
  readonly step: string;
  readonly error: string;
  readonly atMs: number;
}

/** Whether a run failed because stored bytes are not what they should be: one is enough, and it is never outlived. */
export const isOfIntegrity = ({ error }: Pick<Failure, 'error'>): boolean =>
  error.startsWith('IntegrityError');

/** All that a turn of the switch is worked out from. */
export interface SwitchFacts {
  readonly latch: Latch;
  readonly parameters: SwitchParameters;
  /** Versions of both parameters, oldest first, as far as they are remembered. */
  readonly history: { readonly all: readonly Parameter[]; readonly own: readonly Parameter[] };
  readonly head: { readonly sha256: Sha256; readonly ordinal: number };
  readonly risk: RiskState;
  readonly failures: readonly Failure[];
  readonly checks: readonly HealthCheck[];
  /** The newest bar that is due now. */
  readonly dueOrdinal: number;
  readonly config: MarketConfig['kill_switch'];
  roleOf(actor: string): string | undefined;
}

/** One turn of the switch: a switch record, or none where only the parameter is to be put back. */
export interface Turn {
  readonly from: LatchState;
  readonly to: LatchState;
  readonly cause: SwitchCause;
  readonly trigger: Trigger | null;
  readonly actor: string;
  readonly role: string | null;
  readonly reason: string;
  readonly missing: readonly Missing[];
  readonly evidence: readonly Sha256[];
  readonly atMs: number;
  /** Versions of both parameters that it answers. */
  readonly version: number;
  readonly marketVersion: number;
}

/** What is to be done next: record a turn, put the market's parameter back to `true`, or both. */
export interface Step {
  readonly turn: Turn | undefined;
  /** Why the market's parameter is put back to `true`; undefined where it is left as it is. */
  readonly putBack: string | undefined;
}

/** Who turns the switch where nobody does. */
export const SYSTEM = 'papergate';

const AGAIN = 'set it to false again, as an ops_admin and with a reason, when the conditions are met';

/**
 * The next step of the switch, or undefined where nothing is to be done. The states: ACTIVE or TRIAL to HALTED by an
 * operator, a failure or a trip; HALTED to TRIAL by a valid request alone; TRIAL to ACTIVE by a good first execution
 * window alone. There is no other way to ACTIVE.
 */
export function nextStep(facts: SwitchFacts): Step | undefined {
  return facts.latch.state === 'HALTED' ? fromHalted(facts) : fromEnabled(facts);
}

/** The latch after a turn that was recorded as number n. */
export const latchAfter = (
  latch: Latch | undefined,
  { to, cause, atMs, version, marketVersion }: Omit<Turn, 'from'>,
  n: number,
  ordinal: number,
): Latch =>
  latchOf(
    latch,
    { n, to, cause, at_utc: isoUtc(atMs), parameter_version: version, market_version: marketVersion },
    ordinal,
  );

function fromEnabled(facts: SwitchFacts): Step | undefined {
  return byParameter(facts) ?? byFailure(facts) ?? byTrip(facts) ?? byTrial(facts);
}

/** A turn that keeps what it does not name. */
function turnOf(
  { latch, parameters }: SwitchFacts,
  turn: Partial<Turn> & Pick<Turn, 'to' | 'cause' | 'reason' | 'atMs'>,
): Turn {
  return {
    from: latch.state,
    trigger: null,
    actor: SYSTEM,
    role: null,
    missing: [],
    evidence: [],
    version: parameters.all?.version ?? latch.parameter_version,
    marketVersion: parameters.own?.version ?? latch.market_version,
    ...turn,
  };
}

/** A parameter that is not `false`, or was not since the version answered, halts; one put to `false` again does not. */
function byParameter(facts: SwitchFacts): Step | undefined {
  const { latch, parameters, history } = facts;
  const { all, own } = parameters;
  // What cannot be read disables the tick; it halts nothing for good.
  if (all === undefined || own === undefined) return undefined;
  for (const which of ['all', 'own'] as const) {
    const now = parameters[which]!;
    const answered = which === 'all' ? latch.parameter_version : latch.market_version;
    if (now.version === answered && now.value === 'false') continue;
    const off = lastOff(now, history[which], answered);
    if (off === undefined) continue;
    const version = which === 'all' ? off.version : latch.parameter_version;
    const marketVersion = which === 'own' ? off.version : latch.market_version;
    const turn = turnOf(facts, {
      ...{ to: 'HALTED', cause: 'halt', trigger: 'operator', atMs: off.changedAtMs },
      ...{ actor: off.changedBy, role: facts.roleOf(off.changedBy) ?? null },
      ...{ reason: off.description, version, marketVersion },
    });
    return { turn, putBack: undefined };
  }
  if (all.version === latch.parameter_version && own.version === latch.market_version) return undefined;
  return {
    turn: turnOf(facts, {
      ...{
        to: latch.state,
        cause: 'acknowledged',
        reason: 'put to false, which it was',
        atMs: newer(all, own),
      },
    }),
    putBack: undefined,
  };
}

const newer = (a: Parameter, b: Parameter): number => Math.max(a.changedAtMs, b.changedAtMs);

/**
 * The newest version after the answered one that was not `false`; undefined where all were. A history that does not
 * reach back so far could hide one: then the present version counts as it.
 */
function lastOff(now: Parameter, history: readonly Parameter[], answered: number): Parameter | undefined {
  if (now.value !== 'false') return now;
  const since = history.filter(({ version }) => version > answered && version <= now.version);
  const off = since.findLast(({ value }) => value !== 'false');
  if (off !== undefined) return off;
  if (now.version > answered && since.length === now.version - answered) return undefined;
  return { ...now, version: now.version - 1, description: `turned unseen: ${now.description}` };
}

function byFailure(facts: SwitchFacts): Step | undefined {
  const { failures, config } = facts;
  const broken = failures.find(isOfIntegrity);
  const many = failures.length >= config.triggers.failed_runs;
  if (broken === undefined && !many) return undefined;
  const last = broken ?? failures.at(-1)!;
  const trigger = broken === undefined ? 'failed_runs' : 'integrity';
  const what =
    broken === undefined ? `${failures.length} runs in a row failed, the last in` : 'a run failed in';
  const reason = `${what} ${last.step || 'its input'}: ${last.error}`;
  return halted(facts, trigger, reason, last.atMs);
}

/**
 * Trips of the newest tick that a latch is still to answer; those from before it last turned are answered. So are losses
 * and counts of a tick that a recovery overtook between its gate and its commit: the recovery restarted what they were
 * measured from.
 */
export function openTrips(risk: RiskState, latch: Pick<Latch, 'ordinal' | 'restart'>): Trigger[] {
  if (risk.ordinal <= latch.ordinal) return [];
  const overtaken = risk.own.restart !== latch.restart;
  return overtaken ? risk.trips.filter((one) => !RESTARTED_TRIGGERS.has(one)) : risk.trips;
}

function byTrip(facts: SwitchFacts): Step | undefined {
  const trips = openTrips(facts.risk, facts.latch);
  const [trigger] = trips;
  if (trigger === undefined) return undefined;
  return halted(facts, trigger, `tripped by ${trips.join(', ')}`, facts.risk.decidedAtMs);
}

function halted(facts: SwitchFacts, trigger: Trigger, reason: string, atMs: number): Step {
  const evidence = [facts.head.sha256];
  const turn = turnOf(facts, { to: 'HALTED', cause: 'halt', trigger, reason, atMs, evidence });
  return { turn, putBack: `${reason}; ${AGAIN}` };
}

/** A trial ends when all orders of its first tick with any have ended: well, or in another halt. */
function byTrial(facts: SwitchFacts): Step | undefined {
  const { latch, risk, config } = facts;
  const { trial } = risk;
  if (latch.state !== 'TRIAL' || trial.record !== latch.turned || !trial.over) return undefined;
  if (!atMost(trial.level, config.recovery.level_max)) {
    const reason = `the trial was ${trial.level}`;
    const step = halted(facts, 'trial_red', reason, facts.risk.decidedAtMs);
    return { ...step, turn: { ...step.turn!, cause: 'trial_failed' } };
  }
  const turn = turnOf(facts, {
    ...{ to: 'ACTIVE', cause: 'trial_passed', reason: `the trial was ${trial.level}` },
    ...{ atMs: facts.risk.decidedAtMs, evidence: [facts.head.sha256] },
    // It answers no operator: where one parameter cannot be read, a halt by the other one is still to be heard.
    ...{ version: latch.parameter_version, marketVersion: latch.market_version },
  });
  return { turn, putBack: undefined };
}

/** Both parameters at `false`, one of them newly, is a request to start again; otherwise it is not to stay there. */
function fromHalted(facts: SwitchFacts): Step | undefined {
  const { latch, parameters } = facts;
  const { all, own } = parameters;
  if (all?.value !== 'false' || own?.value !== 'false') return undefined;
  const asked = [
    ...(all.version !== latch.parameter_version ? [all] : []),
    ...(own.version !== latch.market_version ? [own] : []),
  ];
  if (asked.length === 0) return { turn: undefined, putBack: `the market is halted; ${AGAIN}` };
  const atMs = Math.max(parseIsoUtc(latch.since_utc), ...asked.map(({ changedAtMs }) => changedAtMs));
  const requests = asked.map(({ changedBy: actor, description: reason }) => ({
    ...{ actor, reason, role: facts.roleOf(actor) },
  }));
  const { recovery } = facts.config;
  const bars = { halted: latch.ordinal, due: facts.dueOrdinal };
  const missing = requests
    .flatMap((request) => missingFor(request, facts.checks, bars, recovery))
    .filter((one, k, list) => list.findIndex(({ detail }) => detail === one.detail) === k);
  const { actor, reason, role = null } = requests.at(-1)!;
  const evidence = facts.checks.slice(-recovery.checks).map(({ sha256 }) => sha256 as Sha256);
  if (missing.length === 0)
    return {
      turn: turnOf(facts, { to: 'TRIAL', cause: 'recovery', actor, role, reason, atMs, evidence }),
      putBack: undefined,
    };
  const turn = turnOf(facts, {
    to: 'HALTED',
    cause: 'refusal',
    actor,
    role,
    reason,
    atMs,
    missing,
    evidence,
  });
  return { turn, putBack: `refused: ${missing.map(({ detail }) => detail).join('; ')}; ${AGAIN}` };
}
