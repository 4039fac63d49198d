import type { Level } from '../config/market-schema.ts';
import type { HealthGrade, HealthRecord } from '../forecast/health.ts';
import { inOrder, type Code } from '../kernel/codes.ts';
import { calendarRows, dataRows, type CalendarInputs, type DataInputs } from './data-gates.ts';
import { condition, worst, type GateLimits, type GateRow } from './gate-row.ts';
import { modelRows } from './model-gates.ts';
import {
  portfolioRows,
  recoveryRows,
  riskRows,
  type PortfolioInputs,
  type RiskInputs,
} from './risk-gates.ts';

/** Parts of a release that what runs must be equal in. */
export const RELEASE_PARTS = ['code', 'config', 'model', 'calendar'] as const;
export type ReleasePart = (typeof RELEASE_PARTS)[number];

/** The answer of all gates of a market for one tick. */
export interface Verdict {
  readonly status: Level;
  readonly blocked: readonly Code[];
  readonly rows: readonly GateRow[];
  readonly healthGrade: HealthGrade;
  /** Smallest share of a risk limit that is still free, and which limit that is. */
  readonly riskBudgetLeft: number;
  readonly riskBudgetName: string;
}

/** Everything the gates measure. NaN means that it could not be measured, and counts as RED. */
export interface GateInputs {
  readonly data: DataInputs;
  readonly health: HealthRecord;
  readonly calendar: CalendarInputs;
  /** Parts in which what runs differs from the active release. */
  readonly mismatched: readonly ReleasePart[];
  readonly tradingEnabled: boolean;
  readonly risk: RiskInputs;
  readonly portfolio: PortfolioInputs;
}

/** Every gate in its fixed order: a new one is a line here. */
const GATES: readonly ((inputs: GateInputs, limits: GateLimits) => readonly GateRow[])[] = [
  ({ data }, { config }) => dataRows(data, config),
  ({ health }) => modelRows(health),
  ({ calendar }) => calendarRows(calendar),
  ({ mismatched }) =>
    RELEASE_PARTS.map((part) => condition('release', part, !mismatched.includes(part), 'RELEASE_MISMATCH')),
  ({ tradingEnabled }) => [condition('switch', 'trading_enabled', tradingEnabled, 'KILL_SWITCH')],
  ({ risk }, { config }) => riskRows(risk, config),
  ({ portfolio }, limits) => portfolioRows(portfolio, limits),
  ({ risk, portfolio }, limits) => recoveryRows(risk.losses, portfolio.losses, limits),
];

/** Judges a market: every gate is evaluated, none is skipped because another is RED. */
export function judge(inputs: GateInputs, limits: GateLimits): Verdict {
  const rows = GATES.flatMap((gate) => gate(inputs, limits));
  const blocking = rows.filter(({ gate }) => gate !== 'recovery');
  const red = blocking.filter(({ level }) => level === 'RED');
  const budget = riskBudget(rows);
  return {
    status: worst(blocking.map(({ level }) => level)),
    blocked: inOrder(red.flatMap(({ code }) => (code === null ? [] : [code]))),
    rows,
    healthGrade: inputs.health.grade,
    riskBudgetLeft: budget.left,
    riskBudgetName: budget.name,
  };
}

/** The limit of which least is left; nothing is left where one cannot be told. */
function riskBudget(rows: readonly GateRow[]): { left: number; name: string } {
  let least = { left: 1, name: '' };
  for (const { gate, check, code, value, limit } of rows) {
    if (gate !== 'risk' && gate !== 'portfolio') continue;
    const name = gate === 'risk' ? check : `portfolio_${check}`;
    if (code === 'GATE_UNEVALUABLE') return { left: 0, name };
    if (limit === 0) continue;
    const left = Math.min(1, Math.max(0, 1 - value / limit));
    if (least.name === '' || left < least.left) least = { left, name };
  }
  return { left: Math.round(least.left * 1e4) / 1e4, name: least.name };
}
