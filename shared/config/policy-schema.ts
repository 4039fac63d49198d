import * as z from 'zod';

const bars = z.int().min(2).max(2_000);

/** Knobs of the rule-based family for one bar size. Horizons and windows in bars. */
const policyRules = z.strictObject({
  momentum_bars: z.tuple([bars, bars, bars]),
  volatility_bars: bars,
  trend_bars: bars,
  volume_bars: bars,
  /** A missing close is carried for at most so many bars; beyond that the features are not ready. */
  carry_bars_max: z.int().min(0).max(20),
  /** Log-odds per unit of the averaged momentum z-score, and their bound. */
  logit_gain: z.number().positive().max(2),
  logit_max: z.number().positive().max(3),
  /** How much of the momentum counts against the long-run trend. */
  counter_trend_share: z.number().min(0).max(1),
  /** Width of the q10..q90 interval as a multiple of the normal one. */
  interval_width: z.number().min(0.5).max(3),
  /** Invalidation level: so many volatilities of the horizon against the entry. */
  invalidation_sigmas: z.number().positive().max(10),
  /** Upper edges of the launch buckets; the last is the horizon H. */
  launch_edges: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]),
  entry: z.strictObject({
    p_up_min: z.number().gt(0.5).lt(1),
    p_down_min: z.number().gt(0.5).lt(1),
    /** The trend is gone, and a position closed, where |p_up - 0.5| is at most this. */
    flat_band: z.number().min(0).max(0.2),
    p_launch_min: z.number().min(0).max(1),
    /** The median move must exceed the round-trip cost times this. */
    edge_over_cost_min: z.number().min(0).max(10),
  }),
});

export const policySchema = z.strictObject({
  name: z.literal('policy'),
  version: z.int().positive(),
  health: z.strictObject({
    /** Effective outcomes: those of overlapping horizons count as one. */
    samples_min: z.int().positive(),
    brier_yellow: z.number().gt(0).lt(1),
    brier_red: z.number().gt(0).lt(1),
    coverage_yellow: z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]),
    coverage_red: z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]),
  }),
  drift: z.strictObject({ rows_min: z.int().positive(), psi_red: z.number().positive() }),
  by_bar_size: z.strictObject({ '60m': policyRules, '1d': policyRules }),
});

export type PolicyConfig = z.infer<typeof policySchema>;
export type PolicyRules = z.infer<typeof policyRules>;
