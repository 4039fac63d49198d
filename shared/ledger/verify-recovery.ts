import * as z from 'zod';
import type { Operators } from '../config/operators-schema.ts';
import { level, type Level, type MarketConfig } from '../config/market-schema.ts';
import { canonicalJson, type Json, type Sha256 } from '../kernel/canonical.ts';
import type { ArtifactStore, Reference } from '../stores/ports.ts';
import { stateSchema } from './artifacts.ts';
import { REASON_CHARS_MIN, type Latch, type SwitchRecord } from './records.ts';
import { roleIn } from './roles.ts';
import { roleOfAnySession } from './session-roles.ts';
import { flaw, same, type Place } from './verify-flaw.ts';
import { parseCanonical, readAll } from './verify-reading.ts';

/** What a recovery must have met, from the configuration that the release froze. */
export interface RecoveryRules {
  readonly operators: Operators;
  readonly recovery: MarketConfig['kill_switch']['recovery'];
}

/** The gates of a committed tick as its packet lists them, and the levels that they sum up to. */
export interface SeenGates {
  readonly ordinal: number;
  readonly rows: Json;
  /** Of data, where the bar was the newest one due. */
  readonly levels: Readonly<Record<'data' | 'model' | 'risk', Level>>;
}

/** What the chain had shown when a switch was recorded. */
export interface SeenBefore {
  readonly latch: Latch | undefined;
  /** The newest bar that had a record. */
  readonly ordinal: number;
  /** Gates of the newest ticks, as many as a recovery may rest on. */
  readonly recent: readonly SeenGates[];
}

const checkSchema = z.looseObject({
  market: z.string(),
  ordinal: z.int(),
  ...{ data: level, model: level, risk: level },
  current: z.boolean(),
  rows: z.json(),
});

/**
 * Holds a recovery against its conditions: the role of who asked, a reason, and the health checks that it names, each
 * through its hash, good, after the halt and on consecutive bars up to the newest, and each what the gates of its tick
 * sum up to.
 */
export async function verifyRecovery(
  place: Place,
  artifacts: ArtifactStore,
  record: SwitchRecord,
  { operators, recovery }: RecoveryRules,
  before: SeenBefore,
): Promise<void> {
  if (record.cause !== 'recovery') return;
  checkRequest(place, record, operators);
  same(place, 'evidence', record.evidence.length, recovery.checks, 'the configuration (health checks)');
  const keys = await artifacts.list(`${place.market}/health/`);
  let last: number | undefined;
  for (const [k, sha256] of record.evidence.entries()) {
    const field = `evidence.${k}`;
    const check = await readCheck(place, artifacts, keys, field, sha256);
    checkLevels(place, field, check, recovery.level_max, before.recent);
    const halted = before.latch?.ordinal ?? -1;
    if (check.ordinal <= halted)
      throw flaw(place, field, `is of bar ${check.ordinal}, not after the halt at ${halted}`);
    if (last !== undefined) same(place, `${field}.ordinal`, check.ordinal, last + 1, 'the check before');
    last = check.ordinal;
  }
  const age = before.ordinal - (last! - recovery.checks + 1);
  if (last! > before.ordinal || age > recovery.check_age_bars_max)
    throw flaw(place, 'evidence', `the oldest check is ${age} bars old, or of a bar that was not committed`);
}

/** The role of who asked, by what the release froze, and a reason. */
function checkRequest(place: Place, record: SwitchRecord, operators: Operators): void {
  // On AWS the identity tells its role itself; that it is one of the stage's own account, the stage held it against.
  const frozen = roleIn(operators, record.mode)(record.actor) ?? roleOfAnySession(record.actor) ?? null;
  same(place, 'role', record.role, frozen, 'the operators that the release froze');
  same(place, 'role', record.role, 'ops_admin', 'the conditions of a recovery');
  if (record.reason.trim().length < REASON_CHARS_MIN)
    throw flaw(place, 'reason', `is shorter than ${REASON_CHARS_MIN} characters`);
}

/** A health check by its hash. */
async function readCheck(
  place: Place,
  artifacts: ArtifactStore,
  keys: readonly string[],
  field: string,
  sha256: Sha256,
): Promise<z.infer<typeof checkSchema>> {
  const digits = sha256.slice('sha256:'.length, 'sha256:'.length + 24);
  const key = keys.find((one) => one.endsWith(`-${digits}.json`));
  if (key === undefined) throw flaw(place, field, `no health check has hash ${sha256}`);
  const reference = { key, sha256 };
  const read = await readAll(place, artifacts, { [field]: { reference, kind: 'health' } });
  const check = parseCanonical(place, field, read[field]!, checkSchema, key);
  same(place, `${field}.market`, check.market, place.market, 'the record');
  return check;
}

/** A check is good, and says what the gates of its tick say. */
function checkLevels(
  place: Place,
  field: string,
  check: z.infer<typeof checkSchema>,
  levelMax: Level,
  recent: readonly SeenGates[],
): void {
  const levels = [check.data, check.model, check.risk];
  if (!levels.every((one) => one === 'GREEN' || one === levelMax))
    throw flaw(place, field, `is ${levels.join(', ')} (data, model, risk): not good`);
  const seen = recent.find(({ ordinal }) => ordinal === check.ordinal);
  if (seen === undefined)
    throw flaw(place, field, `is of bar ${check.ordinal}, which no tick committed of late`);
  if (canonicalJson(check.rows) !== canonicalJson(seen.rows))
    throw flaw(place, `${field}.rows`, 'are not the gates that the packet of its tick lists');
  const data = check.current ? seen.levels.data : 'RED';
  for (const [group, expected] of Object.entries({ ...seen.levels, data }))
    same(
      place,
      `${field}.${group}`,
      check[group as 'data'],
      expected,
      'what the gates of its tick sum up to',
    );
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
  { latch }: SeenBefore,
): Promise<void> {
  if (record.cause !== 'trial_passed' && record.cause !== 'trial_failed') return;
  const read = await readAll(place, artifacts, { state: { reference: state, kind: 'state' } });
  const { risk } = parseCanonical(place, 'state', read.state, stateSchema, state.key);
  const parsed = trialSchema.safeParse(risk);
  if (!parsed.success) throw flaw(place, 'state.risk', 'tells of no trial');
  const { trial } = parsed.data;
  same(place, 'state.risk.trial.record', trial.record, latch?.turned ?? null, 'the record that began it');
  same(place, 'state.risk.trial.over', trial.over, true, 'the end of the trial');
  const good = trial.level === 'GREEN' || trial.level === recovery.level_max;
  if (good !== (record.cause === 'trial_passed'))
    throw flaw(place, 'cause', `is ${record.cause}, but the trial was ${trial.level}`);
}
