import * as z from 'zod';
import { level } from '../config/market-schema.ts';
import { FUSION_LEVELS } from '../forecast/fusion.ts';
import { launchWindow } from '../forecast/forecast.ts';
import { canonicalJson, type Json, type Sha256 } from '../kernel/canonical.ts';
import { CODES, codesOf, inOrder, limitCodesOf, masksOf, type Code } from '../kernel/codes.ts';
import { IntegrityError } from '../kernel/errors.ts';
import { isoUtc, parseIsoUtc } from '../kernel/time.ts';
import { parseStored } from '../ledger/chain.ts';
import { referenceSchema, switchSchema } from '../ledger/records.ts';
import { GATE_GROUPS } from '../risk/gate-row.ts';
import { RELEASE_PARTS, type ReleasePart } from '../risk/gates.ts';
import { instrumentGates } from '../risk/instrument-gates.ts';
import { readingOf, storedSwitch } from '../risk/kill-switch.ts';
import type { Reference } from '../stores/ports.ts';
import { ACTIONS, emptyDecision, type Decision } from './decision.ts';
import type { ForecastView } from './forecast-codec.ts';
import { findingsAt, limitsOf } from './findings.ts';
import type { MarketRules } from './rules.ts';

/** Columns of an instrument's row, in the order in which a packet lists them. */
export const PACKET_COLUMNS = [
  'instrument',
  'action',
  'reasons',
  'direction',
  'p_up',
  'launch_window',
  'p_launch',
  'magnitude',
  'fusion_level',
  'votes',
  'target',
  'uncut',
  'delta',
  'reference_price',
  'invalidation',
  'spread_bps',
  'sigma',
  'average_notional',
  'relative_move',
  'relative_volume',
  'round_trip_bps',
  'gate_values',
  'gate_levels',
] as const;

const code = z.enum(Object.keys(CODES) as [Code, ...Code[]]);
const gateRow = z.strictObject({
  gate: z.enum(GATE_GROUPS),
  check: z.string(),
  subject: z.string(),
  level,
  code: code.nullable(),
  value: z.number(),
  limit: z.number(),
});

const headerSchema = z.strictObject({
  v: z.literal(2),
  market: z.string(),
  mode: z.enum(['forward', 'replay']),
  release_sha256: z.string(),
  /** Hash of the fill contract under which its orders fill. */
  fill_spec_sha256: z.string(),
  /** Hash of the record that the chain ended with when this was decided. */
  prev: z.string(),
  tick_utc: z.string(),
  frozen_at_utc: z.string(),
  ordinal: z.int(),
  window: referenceSchema,
  data: referenceSchema,
  execution_bars: referenceSchema.nullable(),
  forecast: referenceSchema,
  switch: switchSchema,
  /** Parts in which what ran differed from the active release. */
  release_mismatch: z.array(z.enum(RELEASE_PARTS)),
  gates: z.array(gateRow),
  /** The gates of every instrument, in the order of the rows' gate_values and gate_levels. */
  instrument_gates: z.array(z.strictObject({ check: z.string(), limit: z.number(), code })),
  /** Names that count as one: groups of symbols, and the bar that they were worked out at. */
  clusters: z.strictObject({ ordinal: z.int(), day: z.int(), groups: z.array(z.array(z.string())) }),
  gate_status: level,
  blocked_reason: z.array(code),
  health_grade: z.enum(['A', 'B', 'C', 'D']),
  health_source: z.literal('oos'),
  risk_budget_left: z.number(),
  risk_budget_name: z.string(),
  weights: z.record(z.string(), z.number()),
  equity: z.int(),
  /** Over the books of all members, in minor units of the base currency; null where it could not be told. */
  equity_of_all: z.int().nullable(),
  instruments: z.int().positive(),
  columns: z.array(z.string()),
});
export type PacketHeader = z.infer<typeof headerSchema>;

const magnitude = z.strictObject({ q10: z.number(), q50: z.number(), q90: z.number() });
const rowSchema = z.tuple([
  z.string(),
  z.enum(ACTIONS),
  z.array(z.string()),
  z.enum(['UP', 'DOWN', 'NEUTRAL']).nullable(),
  z.number().nullable(),
  z.string().nullable(),
  z.tuple([z.number(), z.number(), z.number()]).nullable(),
  magnitude.nullable(),
  z.enum(FUSION_LEVELS),
  z.strictObject({ policy: z.number().nullable() }),
  z.int(),
  z.int(),
  z.int(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.number(),
  z.array(z.number()),
  z.string().regex(/^[GYR]*$/),
]);
export type PacketRow = z.infer<typeof rowSchema>;

/** What a packet says beside the decision itself. */
export interface PacketContext {
  readonly rules: MarketRules;
  readonly mode: 'forward' | 'replay';
  readonly releaseSha256: Sha256;
  readonly prev: Sha256;
  readonly window: Reference;
  readonly data: Reference;
  readonly executionBars: Reference | null;
  readonly forecast: Reference;
  readonly view: ForecastView;
  readonly mismatched: readonly ReleasePart[];
}

/** A frozen decision as JSON lines: a canonical header, then one canonical array an instrument. */
export function encodePacket(decision: Decision, context: PacketContext): Uint8Array {
  const { rules, view, verdict } = { ...context, verdict: decision.verdict };
  const header: PacketHeader = {
    v: 2,
    market: rules.config.market,
    mode: context.mode,
    release_sha256: context.releaseSha256,
    fill_spec_sha256: rules.fillSpecSha256,
    prev: context.prev,
    tick_utc: isoUtc(decision.tickMs),
    frozen_at_utc: isoUtc(decision.frozenAtMs),
    ordinal: decision.ordinal,
    window: context.window,
    data: context.data,
    execution_bars: context.executionBars,
    forecast: context.forecast,
    switch: storedSwitch(decision.switch),
    release_mismatch: [...context.mismatched],
    gates: [...verdict.rows],
    instrument_gates: instrumentGates(limitsOf(rules)),
    clusters: {
      ...decision.clusters,
      groups: decision.clusters.groups.map((group) => group.map((i) => rules.instruments.symbols[i]!)),
    },
    gate_status: verdict.status,
    blocked_reason: [...verdict.blocked],
    health_grade: verdict.healthGrade,
    health_source: 'oos',
    risk_budget_left: verdict.riskBudgetLeft,
    risk_budget_name: verdict.riskBudgetName,
    weights: { policy: 1 },
    equity: decision.equity,
    equity_of_all: Number.isNaN(decision.equityOfAll) ? null : decision.equityOfAll,
    instruments: rules.instruments.symbols.length,
    columns: [...PACKET_COLUMNS],
  };
  const lines = [canonicalJson(header as unknown as Json)];
  rules.instruments.symbols.forEach((symbol, i) =>
    lines.push(canonicalJson(rowOf(symbol, i, decision, view, rules) as unknown as Json)),
  );
  return new TextEncoder().encode(`${lines.join('\n')}\n`);
}

function rowOf(
  symbol: string,
  i: number,
  decision: Decision,
  view: ForecastView,
  rules: MarketRules,
): PacketRow {
  const { forecast } = view;
  const ready = forecast.ready[i] === 1;
  const pUp = forecast.pUp[i]!;
  const findings = findingsAt(rules, decision, i, ready);
  return [
    symbol,
    ACTIONS[decision.action[i]!]!,
    inOrder([...codesOf(decision.reasons[i]!), ...limitCodesOf(decision.limits[i]!)]),
    ready ? (pUp > 0.5 ? 'UP' : pUp < 0.5 ? 'DOWN' : 'NEUTRAL') : null,
    ready ? pUp : null,
    ready ? launchWindow(forecast, i, rules.policy.launch_edges) : null,
    ready ? [forecast.pLaunch[0][i]!, forecast.pLaunch[1][i]!, forecast.pLaunch[2][i]!] : null,
    ready ? { q10: forecast.q10[i]!, q50: forecast.q50[i]!, q90: forecast.q90[i]! } : null,
    FUSION_LEVELS[view.level[i]!]!,
    { policy: ready ? view.policyPUp[i]! : null },
    decision.target[i]!,
    decision.uncut[i]!,
    decision.delta[i]!,
    decision.referencePrice[i]!,
    decision.invalidation[i]!,
    decision.spreadBps[i]!,
    decision.sigma[i]!,
    decision.averageNotional[i]!,
    decision.relativeMove[i]!,
    decision.relativeVolume[i]!,
    view.roundTripBps[i]!,
    [...findings.values],
    findings.levels,
  ];
}

/** A packet read back. @throws IntegrityError where it is not whole, or of another universe. */
export function decodePacket(
  rules: MarketRules,
  bytes: Uint8Array,
  what: string,
): { header: PacketHeader; decision: Decision } {
  const { header, rows } = parsePacket(bytes, what);
  const { symbols } = rules.instruments;
  if (rows.length !== symbols.length || rows.some(([symbol], i) => symbol !== symbols[i])) {
    throw new IntegrityError(`${what} lists other instruments than the universe`);
  }
  const decision = emptyDecision(symbols.length, {
    ordinal: header.ordinal,
    tickMs: parseIsoUtc(header.tick_utc),
    frozenAtMs: parseIsoUtc(header.frozen_at_utc),
    switch: readingOf(header.switch),
    equityOfAll: header.equity_of_all ?? NaN,
    equity: header.equity,
    clusters: {
      ...header.clusters,
      groups: header.clusters.groups.map((group) => group.map((symbol) => symbols.indexOf(symbol))),
    },
    verdict: {
      status: header.gate_status,
      blocked: header.blocked_reason,
      rows: header.gates,
      healthGrade: header.health_grade,
      riskBudgetLeft: header.risk_budget_left,
      riskBudgetName: header.risk_budget_name,
    },
  });
  rows.forEach((row, i) => {
    decision.action[i] = ACTIONS.indexOf(row[1]);
    const { reasons, limits } = masksOf(row[2]);
    [decision.reasons[i], decision.limits[i]] = [reasons, limits];
    [decision.target[i], decision.uncut[i], decision.delta[i]] = [row[10], row[11], row[12]];
    [decision.referencePrice[i], decision.invalidation[i]] = [row[13], row[14]];
    [decision.spreadBps[i], decision.sigma[i], decision.averageNotional[i]] = [row[15], row[16], row[17]];
    [decision.relativeMove[i], decision.relativeVolume[i]] = [row[18], row[19]];
  });
  return { header, decision };
}

/** What names the tick that a packet was decided for. */
export type PacketOwner = Pick<PacketHeader, 'market' | 'tick_utc' | 'ordinal' | 'release_sha256'>;

/** @throws IntegrityError naming the first field in which a packet was decided for something else. */
export function assertOwnPacket(header: PacketHeader, what: string, owner: PacketOwner): void {
  for (const field of Object.keys(owner) as (keyof PacketOwner)[]) {
    if (header[field] === owner[field]) continue;
    throw new IntegrityError(
      `${what} was decided for another ${field}: ${header[field]}, expected ${owner[field]}`,
      {
        field,
        found: header[field],
        expected: owner[field],
      },
    );
  }
}

/** Header and rows of a packet, parsed. @throws IntegrityError */
export function parsePacket(bytes: Uint8Array, what: string): { header: PacketHeader; rows: PacketRow[] } {
  const lines = new TextDecoder().decode(bytes).split('\n');
  if (lines.pop() !== '') throw new IntegrityError(`${what} does not end with a line feed: it was cut`);
  const header = parseStored(lines[0] ?? '', headerSchema, `${what} line 1`);
  if (lines.length !== header.instruments + 1) {
    throw new IntegrityError(`${what} has ${lines.length - 1} rows, its header says ${header.instruments}`);
  }
  return {
    header,
    rows: lines.slice(1).map((line, k) => parseStored(line, rowSchema, `${what} line ${k + 2}`)),
  };
}
