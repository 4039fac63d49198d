import type { MarketConfig } from '../../shared/config/market-schema.ts';
import type { Latch } from '../../shared/ledger/records.ts';
import type { HealthCheck } from '../../shared/risk/health-check.ts';
import { openRisk, type RiskState } from '../../shared/risk/risk-state.ts';
import type { SwitchFacts } from '../../shared/risk/switch-machine.ts';
import type { Parameter } from '../../shared/stores/ports.ts';

/** A digest that says in its first digits what it stands for. */
export const digest = (digits: number): `sha256:${string}` => `sha256:${String(digits).padStart(64, '0')}`;

export const killSwitch: MarketConfig['kill_switch'] = {
  triggers: {
    data_red_ticks: 1,
    model_red_ticks: 1,
    failed_runs: 3,
    execution_fail_rate: { above: 0.05, sessions: 5, ticks_min: 20, orders_min: 20 },
  },
  recovery: { checks: 3, check_age_bars_max: 6, level_max: 'GREEN' },
  trial_scale: 0.25,
};

/** Noon of 1 July 2024, when the latch of these tests last turned. */
export const NOON = Date.parse('2024-07-01T12:00:00Z');

/** The latch: turned by record 5 at bar 40, both parameters answered in version 7 (all) and 3 (own). */
export const latchAt = (state: Latch['state'], changes: Partial<Latch> = {}): Latch => ({
  state,
  since_utc: '2024-07-01T12:00:00Z',
  ...{ turned: 5, ordinal: 40, restart: 1, parameter_version: 7, market_version: 3, record: 5 },
  ...changes,
});

export const parameter = (
  value: string,
  version: number,
  { by = 'admin', why = 'a reason of its own', atMs = NOON + version * 1_000 } = {},
): Parameter => ({ value, version, changedAtMs: atMs, changedBy: by, description: why });

/** A health check of a bar; its digest is the bar's number. */
export const checkOf = (ordinal: number, levels: Partial<HealthCheck> = {}): HealthCheck => ({
  ...{ at_utc: '2024-07-01T12:00:00Z', tick_utc: '2024-07-01T12:00:00Z', ordinal },
  ...{ data: 'GREEN', model: 'GREEN', risk: 'GREEN', sha256: digest(ordinal) },
  ...levels,
});

/** The risk state as a tick at bar 44 left it: under the latch's halt, tripping nothing. */
export const riskAt = (changes: Partial<RiskState> = {}): RiskState => {
  const opened = openRisk(10_000_000);
  const own = { ...opened.own, restart: 1, halt: 5 };
  return { ...opened, own, ordinal: 44, decidedAtMs: NOON + 3_600_000, ...changes };
};

const ROLES = new Map([
  ['admin', 'ops_admin'],
  ['deputy', 'ops_admin'],
  ['operator', 'ops_operator'],
  ['viewer', 'ops_viewer'],
]);

/** A quiet market at bar 44: both parameters at the `false` that was answered, three good checks, nothing failed. */
export const factsOf = (changes: Partial<SwitchFacts> = {}): SwitchFacts => ({
  latch: latchAt('ACTIVE'),
  parameters: { all: parameter('false', 7), own: parameter('false', 3) },
  history: { all: [], own: [] },
  head: { sha256: digest(900), ordinal: 44 },
  risk: riskAt(),
  failures: [],
  checks: [checkOf(42), checkOf(43), checkOf(44)],
  dueOrdinal: 44,
  config: killSwitch,
  roleOf: (actor) => ROLES.get(actor),
  ...changes,
});

export type Put = readonly [value: string, version: number, by?: string, why?: string];
/** A parameter in few words: value, version, who, why. */
export const put = ([value, version, by, why]: Put) =>
  parameter(value, version, { ...(by === undefined ? {} : { by }), ...(why === undefined ? {} : { why }) });

/** A halted market with its parameters as given: value, version, who, why. */
export function halted({ all, own }: { all: Put; own: Put }): Partial<SwitchFacts> {
  return { latch: latchAt('HALTED'), parameters: { all: put(all), own: put(own) } };
}
