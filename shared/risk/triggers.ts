import type { MarketConfig } from '../config/market-schema.ts';
import type { Code } from '../kernel/codes.ts';
import type { Verdict } from './gates.ts';

/** What turns the kill switch, in the order in which it is named where several do. */
export const TRIGGERS = [
  'operator',
  'integrity',
  'failed_runs',
  'data_red',
  'model_red',
  'drawdown',
  'daily_loss',
  'portfolio_drawdown',
  'portfolio_daily_loss',
  'order_throttle',
  'execution_fail_rate',
  'trial_red',
] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** Gates that trip by being RED once. */
const BY_CODE: readonly (readonly [Code, Trigger])[] = [
  ['RISK_DRAWDOWN', 'drawdown'],
  ['RISK_DAILY_LOSS', 'daily_loss'],
  ['PORTFOLIO_DRAWDOWN', 'portfolio_drawdown'],
  ['PORTFOLIO_DAILY_LOSS', 'portfolio_daily_loss'],
  ['ORDER_THROTTLE', 'order_throttle'],
  ['EXECUTION_FAIL_RATE', 'execution_fail_rate'],
];

/** Triggers whose measure a recovery begins anew. */
export const RESTARTED_TRIGGERS: ReadonlySet<Trigger> = new Set(BY_CODE.map(([, trigger]) => trigger));

/** What a tick trips the switch by: only a RED of the market does (definition 11). */
export function tripsOf(
  { redData, redModel }: { readonly redData: number; readonly redModel: number },
  { blocked }: Verdict,
  { kill_switch: { triggers } }: MarketConfig,
): Trigger[] {
  return [
    ...(redData >= triggers.data_red_ticks ? (['data_red'] as const) : []),
    ...(redModel >= triggers.model_red_ticks ? (['model_red'] as const) : []),
    ...BY_CODE.flatMap(([code, trigger]) => (blocked.includes(code) ? [trigger] : [])),
  ];
}
