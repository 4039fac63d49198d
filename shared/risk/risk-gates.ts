import type { MarketConfig } from '../config/market-schema.ts';
import type { Code } from '../kernel/codes.ts';
import type { Exposure, Largest } from './exposure.ts';
import {
  lossLevel,
  row,
  shareLevel,
  useLevel,
  type GateGroup,
  type GateLimits,
  type GateRow,
} from './gate-row.ts';
import type { Losses } from './meter.ts';

/** What the book risks. Shares of equity. */
export interface RiskInputs {
  readonly losses: Losses;
  readonly exposure: Exposure;
  /** Traded value of the session so far. */
  readonly turnover: number;
  /** Orders placed in the session since the newest recovery. */
  readonly ordersToday: number;
  readonly failRate: number;
}

/** What the books of all members risk together; NaN where one of them cannot be told. */
export interface PortfolioInputs {
  readonly gross: number;
  readonly losses: Losses;
}

/** Rows of losses in a group. */
const lossIn =
  (gate: GateGroup, yellowAt: number) =>
  (check: string, code: Code, value: number, limit: number): GateRow =>
    row(gate, check, lossLevel(value, limit, yellowAt), code, value, limit);

/**
 * Gates of the book. Losses, failures and the count of orders are RED at their limit; an exposure is cut to its limit
 * by the sizing and RED only far beyond it. Capacity and turnover are never RED where they can be told: what is above
 * them must be able to shrink.
 */
export function riskRows(risk: RiskInputs, { limits, kill_switch: { triggers } }: MarketConfig): GateRow[] {
  const { losses, exposure, turnover, ordersToday, failRate } = risk;
  const { yellow_at: yellowAt, red_at: redAt } = limits;
  const loss = lossIn('risk', yellowAt);
  const use = (check: string, { value, name }: Largest, limit: number, code: Code, red = redAt): GateRow =>
    row('risk', check, useLevel(value, limit, red), code, value, limit, name);
  const whole = (value: number): Largest => ({ value, name: '' });
  const orders = limits.orders_per_day_max;
  const failing = triggers.execution_fail_rate.above;
  return [
    loss('drawdown', 'RISK_DRAWDOWN', losses.drawdown, limits.drawdown_min),
    loss('daily_loss', 'RISK_DAILY_LOSS', losses.dailyReturn, limits.daily_loss_min),
    use('gross', whole(exposure.gross), limits.gross_max, 'RISK_EXPOSURE'),
    use('net', whole(exposure.net), limits.net_max, 'RISK_EXPOSURE'),
    use('name', exposure.name, limits.name_max, 'RISK_EXPOSURE'),
    use('theme', exposure.theme, limits.theme_max, 'RISK_EXPOSURE'),
    use('cluster', exposure.cluster, limits.name_max, 'RISK_EXPOSURE'),
    use('capacity', exposure.capacity, 1, 'RISK_CAPACITY', Infinity),
    use('turnover', whole(turnover), limits.turnover_max, 'RISK_TURNOVER', Infinity),
    row(
      'risk',
      'orders_today',
      ordersToday >= orders ? 'RED' : ordersToday > orders * yellowAt ? 'YELLOW' : 'GREEN',
      'ORDER_THROTTLE',
      ordersToday,
      orders,
    ),
    row(
      'risk',
      'execution_fail_rate',
      shareLevel(failRate, failing, yellowAt),
      'EXECUTION_FAIL_RATE',
      failRate,
      failing,
    ),
  ];
}

/** Gates over the books of all members. */
export function portfolioRows(
  { gross, losses }: PortfolioInputs,
  { config, portfolio }: GateLimits,
): GateRow[] {
  const { limits } = portfolio;
  const { yellow_at: yellowAt } = config.limits;
  const loss = lossIn('portfolio', yellowAt);
  return [
    row(
      'portfolio',
      'gross',
      shareLevel(gross, limits.gross_max, yellowAt),
      'PORTFOLIO_EXPOSURE',
      gross,
      limits.gross_max,
    ),
    loss('drawdown', 'PORTFOLIO_DRAWDOWN', losses.drawdown, limits.drawdown_min),
    loss('daily_loss', 'PORTFOLIO_DAILY_LOSS', losses.dailyReturn, limits.daily_loss_min),
  ];
}

/**
 * What a recovery is judged by in place of the losses that led to the halt: those since it began (definition 12), so
 * that a drawdown can be recovered from, but a book that goes on falling cannot.
 */
export function recoveryRows(own: Losses, all: Losses, { config, portfolio }: GateLimits): GateRow[] {
  const { yellow_at: yellowAt } = config.limits;
  const loss = lossIn('recovery', yellowAt);
  const [one, total] = [config.limits, portfolio.limits];
  return [
    loss('drawdown', 'RISK_DRAWDOWN', own.drawdownSinceHalt, one.drawdown_min),
    loss('daily_loss', 'RISK_DAILY_LOSS', own.dailyReturnSinceHalt, one.daily_loss_min),
    loss('portfolio_drawdown', 'PORTFOLIO_DRAWDOWN', all.drawdownSinceHalt, total.drawdown_min),
    loss('portfolio_daily_loss', 'PORTFOLIO_DAILY_LOSS', all.dailyReturnSinceHalt, total.daily_loss_min),
  ];
}

/** Rows that a recovery restarts: a health check looks at their twins of `recovery` instead. */
export const RESTARTED_CHECKS: ReadonlySet<string> = new Set([
  'risk/drawdown',
  'risk/daily_loss',
  'risk/orders_today',
  'risk/execution_fail_rate',
  'portfolio/drawdown',
  'portfolio/daily_loss',
]);
