import * as z from 'zod';

const atLeast = z.strictObject({ at_least: z.number() });
const atMost = z.strictObject({ at_most: z.number() });
const below = z.strictObject({ below: z.number() });
const above = z.strictObject({ above: z.number() });
const equals = z.strictObject({ equals: z.union([z.number(), z.boolean()]) });

const perMarket = z.strictObject({
  min_trades_in_window: atLeast,
  min_average_gross_exposure: atLeast,
  sharpe: atLeast.optional(),
  win_rate: atLeast.optional(),
  max_drawdown: atLeast,
  profit_factor: atLeast,
});

/** What a release must reach before it may go live. Sealed into the release: a change is a new one. */
export const thresholdsSchema = z.strictObject({
  version: z.int().positive(),
  /** Day of the forward window at which the verdict falls; earlier ones are INTERIM. */
  review_at: z.int().min(30).max(60),
  global: z.strictObject({
    data_pass_rate: atLeast,
    drift_red_count: equals,
    execution_fail_rate: below,
    calendar_alignment_pass: equals,
    min_trades_total: atLeast,
    sharpe_std: atMost,
    total_return_std: atMost,
    max_drawdown_std: atMost,
    forward_window_days: atLeast,
    net_return_after_costs: above,
    kill_switch_drill_passed: equals,
    parity_differences: equals,
    lookahead_differences: equals,
    cost_robustness_pass: equals,
  }),
  markets: z.strictObject({ crypto: perMarket, cn_equity: perMarket, us_equity: perMarket }),
});

export type Thresholds = z.infer<typeof thresholdsSchema>;
/** One comparison; the sign-off reads `value <comparison> limit`. */
export type Comparison = z.infer<
  typeof atLeast | typeof atMost | typeof below | typeof above | typeof equals
>;
export type ThresholdKey = keyof Thresholds['markets'];
