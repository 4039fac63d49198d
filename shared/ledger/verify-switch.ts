import * as z from 'zod';
import { roleOf, type Operators } from '../config/operators-schema.ts';
import type { MarketConfig } from '../config/market-schema.ts';
import type { ArtifactStore, Reference } from '../stores/ports.ts';
import { stateSchema, type Execution } from './artifacts.ts';
import { REASON_CHARS_MIN, type Latch, type StoredSwitch, type SwitchRecord } from './records.ts';
import { flaw, same, type Place } from './verify-flaw.ts';
import { parseCanonical, readAll } from './verify-reading.ts';

/** What a recovery must have met, from the configuration that the release froze. */
export interface RecoveryRules {
  readonly operators: Operators;
  readonly recovery: MarketConfig['kill_switch']['recovery'];
}

/** From, to and cause of every turn that the switch may take. HALTED leads to ACTIVE by a recovery and a trial only. */
const TURNS: ReadonlySet<string> = new Set([
  'none HALTED opened',
  'ACTIVE HALTED halt',
  'TRIAL HALTED halt',
  'TRIAL HALTED trial_failed',
  'HALTED TRIAL recovery',
  'TRIAL ACTIVE trial_passed',
  'HALTED HALTED refusal',
  'ACTIVE ACTIVE acknowledged',
  'TRIAL TRIAL acknowledged',
]);

/** The latch after a switch record, by nothing but the record and the latch before. @throws IntegrityError */
export function turnLatch(
  place: Place,
  before: Latch | undefined,
  record: SwitchRecord,
  ordinal: number,
): Latch {
  const { from, to, cause, mode, n } = record;
  same(place, 'from', from, before?.state ?? 'none', 'the switch before');
  const opensReplay = mode === 'replay' && `${from} ${to} ${cause}` === 'none ACTIVE opened';
  if (!opensReplay && !TURNS.has(`${from} ${to} ${cause}`))
    throw flaw(place, 'cause', `${cause} does not lead from ${from} to ${to} in a ${mode} ledger`);
  if ((cause === 'refusal') !== record.missing.length > 0)
    throw flaw(place, 'missing', `${cause} with ${record.missing.length} conditions missing`);
  const turned = before === undefined || before.state !== to;
  return {
    state: to,
    since_utc: turned ? record.at_utc : before.since_utc,
    turned: turned ? n : before.turned,
    ordinal: turned ? ordinal : before.ordinal,
    restart: cause === 'recovery' || cause === 'opened' ? n : (before?.restart ?? -1),
    parameter_version: record.parameter_version,
    market_version: record.market_version,
    record: n,
  };
}

const level = z.enum(['GREEN', 'YELLOW', 'RED']);
const checkSchema = z.looseObject({
  market: z.string(),
  ordinal: z.int(),
  ...{ data: level, model: level, risk: level },
});

/**
 * Holds a recovery against its conditions: the role of who asked, a reason, and the health checks that it names, each
 * through its hash, good, after the halt and on consecutive bars up to the newest.
 */
export async function verifyRecovery(
  place: Place,
  artifacts: ArtifactStore,
  record: SwitchRecord,
  { operators, recovery }: RecoveryRules,
  ordinal: number,
  before: Latch | undefined,
): Promise<void> {
  if (record.cause !== 'recovery') return;
  // On AWS the identity is in the parameter's history and its role in the record alone.
  const named = roleOf(operators, record.actor);
  const rehearsed = record.mode === 'replay' && record.actor === 'replay' ? 'ops_admin' : undefined;
  const cloud = record.actor.startsWith('arn:') ? record.role : undefined;
  same(
    place,
    'role',
    record.role,
    named ?? rehearsed ?? cloud ?? null,
    'the operators that the release froze',
  );
  same(place, 'role', record.role, 'ops_admin', 'the conditions of a recovery');
  if (record.reason.trim().length < REASON_CHARS_MIN)
    throw flaw(place, 'reason', `is shorter than ${REASON_CHARS_MIN} characters`);
  same(place, 'evidence', record.evidence.length, recovery.checks, 'the configuration (health checks)');
  const keys = await artifacts.list(`${place.market}/health/`);
  const good = recovery.level_max === 'YELLOW' ? ['GREEN', 'YELLOW'] : ['GREEN'];
  let last: number | undefined;
  for (const [k, sha256] of record.evidence.entries()) {
    const field = `evidence.${k}`;
    const digits = sha256.slice('sha256:'.length, 'sha256:'.length + 24);
    const key = keys.find((one) => one.endsWith(`-${digits}.json`));
    if (key === undefined) throw flaw(place, field, `no health check has hash ${sha256}`);
    const reference = { key, sha256 };
    const read = await readAll(place, artifacts, { [field]: { reference, kind: 'health' } });
    const check = parseCanonical(place, field, read[field]!, checkSchema, key);
    same(place, `${field}.market`, check.market, place.market, 'the record');
    const levels = [check.data, check.model, check.risk];
    if (!levels.every((one) => good.includes(one)))
      throw flaw(place, field, `is ${levels.join(', ')} (data, model, risk): not good`);
    if (check.ordinal <= (before?.ordinal ?? -1))
      throw flaw(place, field, `is of bar ${check.ordinal}, not after the halt at ${before?.ordinal}`);
    if (last !== undefined) same(place, `${field}.ordinal`, check.ordinal, last + 1, 'the check before');
    last = check.ordinal;
  }
  const age = ordinal - (last! - recovery.checks + 1);
  if (last! > ordinal || age > recovery.check_age_bars_max)
    throw flaw(place, 'evidence', `the oldest check is ${age} bars old, or of a bar that was not committed`);
}

const trialSchema = z.looseObject({
  trial: z.looseObject({ record: z.int(), over: z.boolean(), level }),
});

/**
 * Holds the end of a trial against the state that the newest tick left: it was this trial, it was over, and good or not
 * as the record says.
 */
export async function verifyTrial(
  place: Place,
  artifacts: ArtifactStore,
  record: SwitchRecord,
  { recovery }: RecoveryRules,
  state: Reference,
  before: Latch | undefined,
): Promise<void> {
  if (record.cause !== 'trial_passed' && record.cause !== 'trial_failed') return;
  const read = await readAll(place, artifacts, { state: { reference: state, kind: 'state' } });
  const { risk } = parseCanonical(place, 'state', read.state, stateSchema, state.key);
  const parsed = trialSchema.safeParse(risk);
  if (!parsed.success) throw flaw(place, 'state.risk', 'tells of no trial');
  const { trial } = parsed.data;
  same(place, 'state.risk.trial.record', trial.record, before?.turned ?? null, 'the record that began it');
  same(place, 'state.risk.trial.over', trial.over, true, 'the end of the trial');
  const good = trial.level === 'GREEN' || trial.level === recovery.level_max;
  if (good !== (record.cause === 'trial_passed'))
    throw flaw(place, 'cause', `is ${record.cause}, but the trial was ${trial.level}`);
}

/**
 * Holds what a tick did against the switch: it traded only under a latch that the chain shows, and nothing that
 * increases was placed while it was disabled.
 * @param latches those in force since the newest bar's record.
 * @param held signed steps by symbol after the tick's fills.
 */
export function checkSwitch(
  place: Place,
  latches: readonly Latch[],
  execution: Execution,
  gate: StoredSwitch,
  wanted: ReadonlyMap<string, number>,
  held: ReadonlyMap<string, number>,
): void {
  for (const [field, read] of [
    ['execution.switch', execution.switch],
    ['decision.switch', gate],
  ] as const) {
    if (!read.enabled) continue;
    const known = latches.some(
      (latch) =>
        latch.state === read.state &&
        latch.state !== 'HALTED' &&
        latch.turned === read.turned &&
        latch.restart === read.restart &&
        latch.parameter_version <= read.version &&
        latch.market_version <= read.market_version,
    );
    if (!known)
      throw flaw(
        place,
        field,
        `is enabled under ${read.state} of record ${read.turned}, which the chain does not show`,
      );
  }
  if (execution.switch.enabled && gate.enabled && execution.switch.turned === gate.turned) return;
  const reduces = (delta: number, before: number): boolean =>
    delta * before < 0 && Math.abs(delta) <= Math.abs(before);
  const opened = execution.placed.find((symbol) => !reduces(wanted.get(symbol) ?? 0, held.get(symbol) ?? 0));
  if (opened !== undefined)
    throw flaw(
      place,
      'execution.placed',
      `${opened} opens or increases a position while trading is disabled`,
    );
}
