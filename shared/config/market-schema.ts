import * as z from 'zod';
import { currencies } from '../kernel/money.ts';

const name = z.string().regex(/^[a-z0-9_]+$/, 'expected lower case, digits and _');
const level = z.enum(['GREEN', 'YELLOW', 'RED']);
const share = z.number().gt(0).max(1);
const loss = z.number().gt(-1).lt(0);

/** Where the bars come from, in the order in which the sources are asked. */
const provider = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('recorded'), prefix: z.string().regex(/^[A-Z0-9]+$/) }),
  z.strictObject({
    kind: z.literal('simulated'),
    seed: z.string().min(1),
    start_session: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
    end_session: z.string().regex(/^\d{4}-\d{2}-\d{2}$/),
    trend_strength: z.number().min(0).max(1),
    volatility_daily: z.number().gt(0).max(1),
  }),
]);

/** Everything that is particular to one market. Shares are of equity unless named otherwise. */
export const marketSchema = z.strictObject({
  market: name,
  /** The market's key in the go-live thresholds. */
  threshold_key: z.enum(['crypto', 'cn_equity', 'us_equity']),
  /** Code of the calendar file's exchange. */
  exchange: z.string().regex(/^[A-Z0-9_]+$/),
  bar_size: z.enum(['60m', '1d']),
  bar_anchor: z.enum(['session_open', 'clock_hour']),
  /** Bars in which orders fill, where they are finer than the decision's; without it orders fill in decision bars. */
  execution_bar_size: z.enum(['1m', '5m']).optional(),
  universe: name,
  display_time_zone: z.string().min(1),
  currency: z.enum(currencies as [string, ...string[]]),
  /** In whole units of the currency. */
  starting_capital: z.int().positive().max(50_000_000),
  providers: z.array(provider).min(1).max(4),
  fill_spec: name,
  cost_profile: name,
  trading_rules: name,
  model: name,
  shorting: z.boolean(),
  /** Whether exits may be placed while the market is RED. */
  reduce_under_red: z.boolean(),
  /** Bars before the first tick that the ledger opens with: features and the frozen health record need them. */
  warmup_bars: z.int().min(10).max(5_000),
  schedule_offset_s: z.int().min(0).max(240),
  sla: z.strictObject({ late_after_s: z.int().min(60).max(3_600) }),
  sizing: z.strictObject({
    /** Volatility a year that one full position aims at, as a share of equity. */
    volatility_target: z.number().gt(0).max(2),
    /** A change smaller than this share of the full position is not traded. */
    rebalance_band: z.number().min(0).max(1),
  }),
  limits: z.strictObject({
    gross_max: z.number().gt(0).max(5),
    name_max: share,
    /** Position notional at most this multiple of the average traded value, see `capacity_basis`. */
    capacity_adv_max: z.number().gt(0).max(1),
    /** Traded value that the multiple is of: an average day's, or an average bar's where markets never close. */
    capacity_basis: z.enum(['day', 'bar']),
    order_notional_min: z.number().min(0),
    drawdown_min: loss,
    daily_loss_min: loss,
    /** Sessions without a valid close after which a position's mark is cut, and by how much. */
    suspended_sessions_max: z.int().min(0).max(100),
    suspension_haircut: z.number().min(0).max(1),
    /** A limit used beyond this share turns YELLOW. */
    yellow_at: share,
  }),
  quality: z.strictObject({
    missing: level,
    duplicate: level,
    conflicting_duplicate: level,
    non_finite: level,
    non_positive: level,
    high_below_low: level,
    outside_range: level,
    zero_volume: level,
    stale_run: level,
    outlier: level,
    split_suspect: level,
    /** Bars in a row with one unchanged price and volume that make a stale run. */
    stale_run_bars: z.int().min(2).max(48),
    /** Robust z-score beyond which a return is flagged. */
    outlier_z: z.number().min(3).max(100),
    /** Share of the price below which a gap between sessions is never taken for a split; 2:1 is always beyond it. */
    split_gap_min: z.number().min(0.05).max(0.45),
    /** Share of instruments RED above which the market is. One instrument alone never is the market. */
    red_share_max: z.number().min(0).max(1),
  }),
});

export type MarketConfig = z.infer<typeof marketSchema>;
export type ProviderConfig = MarketConfig['providers'][number];
export type Level = z.infer<typeof level>;
