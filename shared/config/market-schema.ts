import * as z from 'zod';
import { currencies } from '../kernel/money.ts';
import { isoDate } from './dated.ts';
import { symbol } from './universe-schema.ts';

const name = z.string().regex(/^[a-z0-9_]+$/, 'expected lower case, digits and _');
/** How bad a finding is. */
export const level = z.enum(['GREEN', 'YELLOW', 'RED']);
const share = z.number().gt(0).max(1);
const loss = z.number().gt(-1).lt(0);

/** Share of the expected instruments above which a check is YELLOW, and RED. One instrument alone is never RED. */
const rate = z
  .strictObject({ yellow: z.number().min(0).max(1), red: z.number().min(0).max(1) })
  .refine(({ yellow, red }) => yellow <= red, 'expected yellow at most red');

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

/** Slices of a universe at most: as many as an inline Map of the state machine runs at once. */
export const SHARDS_MAX = 40;

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
  /** A large universe is fetched and forecast in slices; what comes of it is the same to the byte. */
  fan_out: z.strictObject({
    /** Instruments up to which one call of a step does the whole universe. */
    instruments_above: z.int().min(1).max(20_000),
    /** Slices of a larger one. */
    shards: z.int().min(2).max(SHARDS_MAX),
  }),
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
    /** Absolute sum of signed exposures. */
    net_max: z.number().gt(0).max(5),
    /** Names of one theme of the universe file together. */
    theme_max: z.number().gt(0).max(5),
    /** Names whose returns of so many bars correlate by at least this, either way, count as one name. */
    correlation: z.strictObject({
      abs_min: z.number().gt(0).max(1),
      bars: z.int().min(10).max(2_000),
      /** Bars between two reckonings at least; each is at the first bar of a session. */
      refresh_bars: z.int().min(1).max(2_000),
    }),
    /** Traded value of a day. */
    turnover_max: z.number().gt(0).max(100),
    /** Largest value of one order, in whole units of the currency. */
    order_notional_max: z.number().positive(),
    orders_per_tick_max: z.int().min(1).max(20_000),
    /** As many orders in one day disable trading until a recovery (RTS 6, article 15(3)). */
    orders_per_day_max: z.int().min(1).max(1_000_000),
    /** Move of a close from the valid close before it beyond which nothing is opened. */
    price_collar: z.number().gt(0).max(1),
    /** An exposure beyond its limit is YELLOW and cut; beyond this multiple of it, RED. */
    red_at: z.number().min(1).max(3),
    drawdown_min: loss,
    daily_loss_min: loss,
    /** Sessions without a valid close after which a position's mark is cut, and by how much. */
    suspended_sessions_max: z.int().min(0).max(100),
    suspension_haircut: z.number().min(0).max(1),
    /** A loss, failure rate or count of orders beyond this share of its limit is YELLOW. */
    yellow_at: share,
  }),
  /** Instruments in which nothing may be opened from a day to a day, both included; without `to` until further notice. */
  restricted: z
    .array(
      z
        .strictObject({
          symbol,
          from: isoDate,
          to: isoDate.optional(),
          reason: z.string().min(10).max(1_000),
        })
        .refine(({ from, to }) => to === undefined || to >= from, {
          path: ['to'],
          message: 'lies before from',
        }),
    )
    .max(1_000),
  gates: z.strictObject({
    missing_rate: rate,
    duplicate_rate: rate,
    stale_rate: rate,
    split_suspect_rate: rate,
    disagreement_rate: rate,
    misaligned_rate: rate,
    /** What bars of another source than the first of `providers` mean. */
    fallback: level,
  }),
  kill_switch: z.strictObject({
    triggers: z.strictObject({
      /** Ticks in a row with a RED gate of the group. */
      data_red_ticks: z.int().min(1).max(100),
      model_red_ticks: z.int().min(1).max(100),
      /** Runs in a row that failed. */
      failed_runs: z.int().min(1).max(100),
      /** Share of ticks or of orders failed over so many sessions; judged from the least numbers on. */
      execution_fail_rate: z.strictObject({
        above: z.number().min(0).max(1),
        sessions: z.int().min(1).max(60),
        ticks_min: z.int().min(1).max(10_000),
        orders_min: z.int().min(1).max(10_000),
      }),
    }),
    recovery: z.strictObject({
      /** Health checks on consecutive bars that must be good. */
      checks: z.int().min(3).max(10),
      /** Bars since the oldest of them. */
      check_age_bars_max: z.int().min(3).max(500),
      /** What counts as good. */
      level_max: z.enum(['GREEN', 'YELLOW']),
    }),
    /** Share of every increase in the trial after a recovery. */
    trial_scale: z.number().gt(0).max(0.25),
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
