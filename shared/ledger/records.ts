import * as z from 'zod';
import { level } from '../config/market-schema.ts';
import { CODES, type Code } from '../kernel/codes.ts';
import type { Sha256 } from '../kernel/canonical.ts';

const sha = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .transform((text) => text as Sha256);
const reference = z.strictObject({ key: z.string(), sha256: sha });
const instant = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$/);
const whole = z.int();
const code = z.enum(Object.keys(CODES) as [Code, ...Code[]]);

const common = {
  v: z.literal(1),
  market: z.string(),
  mode: z.enum(['forward', 'replay']),
  /** Number in the chain, from 0; `prev` is the hash of record n-1, null in the first. */
  n: z.int().nonnegative(),
  prev: sha.nullable(),
  release_sha256: sha,
};

/** The first record: what was frozen, and where it lies. */
const releaseRecord = z.strictObject({
  ...common,
  kind: z.literal('release'),
  at_utc: instant,
  release_name: z.string(),
  release: reference,
  /** Every configuration file's text, so that the ledger can be read and replayed without its folder. */
  config: reference,
  window: reference,
  state: reference,
  ordinal: whole,
});

export const LATCH_STATES = ['ACTIVE', 'TRIAL', 'HALTED'] as const;
export type LatchState = (typeof LATCH_STATES)[number];

/** Why a switch record was made. A refusal and an acknowledgement leave the latch as it is. */
export const SWITCH_CAUSES = [
  'opened',
  'halt',
  'recovery',
  'refusal',
  'trial_passed',
  'trial_failed',
  'acknowledged',
] as const;
export type SwitchCause = (typeof SWITCH_CAUSES)[number];

/** Shortest reason for a recovery that is one, in characters. */
export const REASON_CHARS_MIN = 10;

/** What a refused request to start again lacked. */
export const RECOVERY_CONDITIONS = ['role', 'reason', 'checks', 'check_age'] as const;
export type RecoveryCondition = (typeof RECOVERY_CONDITIONS)[number];

/** A change of the latch or a request that was refused: who, when, why, and what it rests on. */
const switchRecord = z.strictObject({
  ...common,
  kind: z.literal('switch'),
  at_utc: instant,
  from: z.enum(['none', ...LATCH_STATES]),
  to: z.enum(LATCH_STATES),
  cause: z.enum(SWITCH_CAUSES),
  /** What turned it; null where nothing halted. */
  trigger: z.string().nullable(),
  actor: z.string(),
  role: z.string().nullable(),
  reason: z.string(),
  missing: z.array(z.strictObject({ condition: z.enum(RECOVERY_CONDITIONS), detail: z.string() })),
  /** Hashes of the records or health checks that it rests on. */
  evidence: z.array(sha),
  /** Versions of DISABLE_TRADING and of the market's own parameter that this record answers. */
  parameter_version: whole,
  market_version: whole,
});

/** The kill switch as a step read it. */
export const switchSchema = z.strictObject({
  enabled: z.boolean(),
  /** The latch; HALTED where there is none. */
  state: z.enum(LATCH_STATES),
  /** Record that last changed the latch, and that of the newest recovery; -1 where there is none. */
  turned: z.int(),
  restart: z.int(),
  version: whole,
  market_version: whole,
  halt_at_utc: instant.nullable(),
});
export type StoredSwitch = z.infer<typeof switchSchema>;

/** One tick: what it read, wrote and decided, and what the book is worth after it. Money in minor units. */
const tickRecord = z.strictObject({
  ...common,
  kind: z.literal('tick'),
  tick_utc: instant,
  ordinal: whole,
  trace_id: z.string(),
  scheduled_at_utc: instant,
  started_at_utc: instant,
  frozen_at_utc: instant,
  finished_at_utc: instant,
  status: z.enum(['ok', 'blocked', 'late']),
  gate_status: level,
  blocked_reason: z.array(code),
  health_grade: z.enum(['A', 'B', 'C', 'D']),
  risk_budget_left: z.number(),
  switch: switchSchema,
  window: reference,
  data: reference,
  /** Finer bars in which orders filled; null where they fill in the decision bars. */
  execution_bars: reference.nullable(),
  forecast: reference,
  decision: reference,
  execution: reference,
  position: reference,
  state: reference,
  equity: whole,
  cash: whole,
  /** Dividends booked and not paid yet: part of the equity. */
  receivable: whole,
  positions_value: whole,
  fees: whole,
  realised: whole,
  dividends: whole,
  /** Borrow and funding so far. */
  holding: whole,
});

/** A tick that did not happen: missed by the schedule, or failed in a step. Its bar is never decided afterwards. */
const absentRecord = z.strictObject({
  ...common,
  kind: z.enum(['missed', 'failed']),
  tick_utc: instant,
  ordinal: whole,
  recorded_at_utc: instant,
  step: z.string(),
  error: z.string(),
});

export const recordSchema = z.discriminatedUnion('kind', [
  releaseRecord,
  switchRecord,
  tickRecord,
  absentRecord,
]);

export type LedgerRecord = z.infer<typeof recordSchema>;
export type TickRecord = z.infer<typeof tickRecord>;
export type ReleaseRecord = z.infer<typeof releaseRecord>;
export type SwitchRecord = z.infer<typeof switchRecord>;
export type AbsentRecord = z.infer<typeof absentRecord>;

/** The end of the chain, as the one conditional write moves it. What the next tick needs is named here. */
export const headSchema = z.strictObject({
  n: z.int().nonnegative(),
  sha256: sha,
  key: z.string(),
  mode: z.enum(['forward', 'replay']),
  release_sha256: sha,
  /** Close of the newest bar that has a record, and its ordinal. */
  tick_utc: instant,
  ordinal: whole,
  window: reference,
  state: reference,
  /** Ordinal up to which the state has been settled; behind `ordinal` after missed ticks. */
  settled_ordinal: whole,
});
export type Head = z.infer<typeof headSchema>;

export const latchSchema = z.strictObject({
  state: z.enum(LATCH_STATES),
  since_utc: instant,
  /** Record that last changed the state, the bar that was newest then, and the record of the newest recovery. */
  turned: z.int().nonnegative(),
  ordinal: z.int(),
  restart: z.int(),
  /** Versions of both parameters that were answered: a later one is a request, not a recovery. */
  parameter_version: whole,
  market_version: whole,
  /** The newest switch record. */
  record: z.int().nonnegative(),
});
export type Latch = z.infer<typeof latchSchema>;

export const referenceSchema = reference;
