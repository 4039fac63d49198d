import type { Level, MarketConfig } from '../config/market-schema.ts';
import type { HealthGrade, HealthRecord } from '../forecast/health.ts';
import { inOrder, type Code } from '../kernel/codes.ts';

/** One gate's finding: what was measured, against what, and the code where it is not GREEN. */
export interface GateRow {
  readonly gate: 'data' | 'model' | 'calendar' | 'switch' | 'risk';
  readonly check: string;
  readonly level: Level;
  readonly code: Code | null;
  readonly value: number;
  readonly limit: number;
}

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
  readonly instruments: number;
  readonly instrumentsRed: number;
  readonly instrumentsSeen: number;
  readonly misaligned: number;
  /** Seconds between the bar's close and the start of the tick. */
  readonly lateness_s: number;
  readonly calendarCovered: boolean;
  readonly rulesCovered: boolean;
  readonly health: HealthRecord;
  readonly tradingEnabled: boolean;
  readonly drawdown: number;
  readonly dailyReturn: number;
  /** Gross exposure and the largest single one, as shares of equity, of the settled book. */
  readonly gross: number;
  readonly name: number;
}

/** Judges a market: every gate is evaluated, in a fixed order, none is skipped because another is RED. */
export function judge(inputs: GateInputs, config: MarketConfig): Verdict {
  const rows = [
    ...dataRows(inputs, config),
    ...modelRows(inputs),
    ...calendarRows(inputs),
    switchRow(inputs),
    ...riskRows(inputs, config),
  ];
  const red = rows.filter((row) => row.level === 'RED');
  const status: Level =
    red.length > 0 ? 'RED' : rows.some((row) => row.level === 'YELLOW') ? 'YELLOW' : 'GREEN';
  const budget = riskBudget(inputs, config);
  return {
    status,
    blocked: inOrder(red.flatMap((row) => (row.code === null ? [] : [row.code]))),
    rows,
    healthGrade: inputs.health.grade,
    riskBudgetLeft: budget.left,
    riskBudgetName: budget.name,
  };
}

/** A finding; a value or limit that is no number cannot be evaluated and is RED. */
function row(
  gate: GateRow['gate'],
  check: string,
  level: Level,
  code: Code,
  value: number,
  limit: number,
): GateRow {
  if (Number.isNaN(value) || Number.isNaN(limit)) {
    return { gate, check, level: 'RED', code: 'GATE_UNEVALUABLE', value: 0, limit: 0 };
  }
  return { gate, check, level, code: level === 'GREEN' ? null : code, value, limit };
}

function dataRows(inputs: GateInputs, config: MarketConfig): GateRow[] {
  const { instruments, instrumentsRed, instrumentsSeen, lateness_s } = inputs;
  // One instrument alone never makes its market RED, unless it is the market.
  const redMax = Math.min(
    instruments - 1,
    Math.max(1, Math.floor(config.quality.red_share_max * instruments)),
  );
  const redLevel: Level = instrumentsRed > redMax ? 'RED' : instrumentsRed > 0 ? 'YELLOW' : 'GREEN';
  const lateMax = config.sla.late_after_s;
  return [
    row('data', 'bars_seen', instrumentsSeen > 0 ? 'GREEN' : 'RED', 'DATA_LATE', instrumentsSeen, 1),
    row('data', 'instruments_red', redLevel, 'DATA_RED', instrumentsRed, redMax),
    row('data', 'lateness_s', lateness_s > lateMax ? 'RED' : 'GREEN', 'TICK_LATE', lateness_s, lateMax),
  ];
}

function modelRows({ health }: GateInputs): GateRow[] {
  const level: Level = health.grade === 'D' ? 'RED' : health.grade === 'C' ? 'YELLOW' : 'GREEN';
  return [row('model', 'health', level, health.codes[0] ?? 'MODEL_UNAVAILABLE', health.brier, 0.25)];
}

function calendarRows(inputs: GateInputs): GateRow[] {
  return [
    row(
      'calendar',
      'covered',
      inputs.calendarCovered ? 'GREEN' : 'RED',
      'CALENDAR_EXPIRED',
      inputs.calendarCovered ? 1 : 0,
      1,
    ),
    row(
      'calendar',
      'misaligned_bars',
      inputs.misaligned > 0 ? 'YELLOW' : 'GREEN',
      'CALENDAR_MISALIGNED',
      inputs.misaligned,
      0,
    ),
    row(
      'calendar',
      'fee_rows',
      inputs.rulesCovered ? 'GREEN' : 'RED',
      'RULES_UNCOVERED',
      inputs.rulesCovered ? 1 : 0,
      1,
    ),
  ];
}

const switchRow = (inputs: GateInputs): GateRow =>
  row(
    'switch',
    'trading_enabled',
    inputs.tradingEnabled ? 'GREEN' : 'RED',
    'KILL_SWITCH',
    inputs.tradingEnabled ? 1 : 0,
    1,
  );

function riskRows(inputs: GateInputs, { limits }: MarketConfig): GateRow[] {
  const level = (value: number, limit: number): Level =>
    value < limit ? 'RED' : value < limit * limits.yellow_at ? 'YELLOW' : 'GREEN';
  return [
    row(
      'risk',
      'drawdown',
      level(inputs.drawdown, limits.drawdown_min),
      'RISK_DRAWDOWN',
      inputs.drawdown,
      limits.drawdown_min,
    ),
    row(
      'risk',
      'daily_loss',
      level(inputs.dailyReturn, limits.daily_loss_min),
      'RISK_DAILY_LOSS',
      inputs.dailyReturn,
      limits.daily_loss_min,
    ),
  ];
}

function riskBudget(inputs: GateInputs, { limits }: MarketConfig): { left: number; name: string } {
  const used: [string, number][] = [
    ['drawdown', inputs.drawdown / limits.drawdown_min],
    ['daily_loss', inputs.dailyReturn / limits.daily_loss_min],
    ['gross', inputs.gross / limits.gross_max],
    ['name', inputs.name / limits.name_max],
  ];
  let worst = used[0]!;
  for (const entry of used) if (!Number.isNaN(worst[1]) && !(entry[1] <= worst[1])) worst = entry;
  // Rounded to what a reader can use; never negative, and nothing is left where it cannot be told.
  const left = Math.min(1, Math.max(0, 1 - worst[1]));
  return { left: Number.isNaN(left) ? 0 : Math.round(left * 1e4) / 1e4, name: worst[0] };
}
