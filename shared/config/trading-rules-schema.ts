import * as z from 'zod';
import { dated, refuseOverlaps } from './dated.ts';

/** A group of instruments that one set of rules governs: `main`, `star`, `binance_spot`. */
export const boardName = z.string().regex(/^[a-z0-9_]+$/, 'expected lower case, digits and _');

/** What an order may weigh, in steps of the instrument's quantity (an A-share has steps of one share). */
const lotRow = z.strictObject({
  board: boardName,
  min_steps: z.int().positive().max(1e9),
  /** What goes beyond the minimum is a whole number of these. */
  increment_steps: z.int().positive().max(1e9),
  /** Least value of an order in the market's currency; 0 where there is none. */
  notional_min: z.number().min(0).max(1e9),
  ...dated,
});

const settlementRow = z.strictObject({
  board: boardName,
  /** Sessions to wait before what was bought may be sold: 1 is T+1. */
  sell_after_sessions: z.union([z.literal(0), z.literal(1)]),
  ...dated,
});

/** Bps of the reference price; null is no limit. A fall of 10,000 bps would be one to nothing, which limits nothing. */
const upBps = z.int().positive().max(100_000);
const downBps = z.int().positive().max(9_999);

const priceLimitRow = z
  .strictObject({
    board: boardName,
    /** Whether the row is about instruments under a risk warning (ST), or about all the others. */
    special_treatment: z.boolean().default(false),
    up_bps: upBps.nullable(),
    down_bps: downBps.nullable(),
    /** First sessions without a limit of what is listed while the row is in force. */
    unlimited_sessions: z.int().min(0).max(20),
    /** Limits of the first session alone, from the issue price. */
    first_session_up_bps: upBps.optional(),
    first_session_down_bps: downBps.optional(),
    ...dated,
  })
  .refine((row) => (row.first_session_up_bps === undefined) === (row.first_session_down_bps === undefined), {
    path: ['first_session_up_bps'],
    error: 'expected first_session_up_bps and first_session_down_bps together',
  })
  .refine((row) => row.first_session_up_bps === undefined || row.unlimited_sessions === 0, {
    path: ['unlimited_sessions'],
    error: 'expected 0 where the first session has limits of its own',
  });

const dividendRow = z.strictObject({
  board: boardName,
  /** Longest holding in calendar days that the row is about, above those of shorter rows; null is any longer. */
  held_days_max: z.int().positive().max(10_000).nullable(),
  withholding_bps: z.int().min(0).max(10_000),
  ...dated,
});

/** What an exchange lets be traded, by board and day: `configs/trading_rules/<name>.yaml`. */
export const tradingRulesSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9_]+$/, 'expected lower case, digits and _'),
  version: z.int().positive(),
  lots: z
    .array(lotRow)
    .min(1)
    .max(500)
    .superRefine(refuseOverlaps((row) => row.board)),
  settlement: z
    .array(settlementRow)
    .min(1)
    .max(500)
    .superRefine(refuseOverlaps((row) => row.board)),
  price_limits: z
    .array(priceLimitRow)
    .min(1)
    .max(500)
    .superRefine(refuseOverlaps((row) => `${row.board}${row.special_treatment ? ' special_treatment' : ''}`)),
  dividends: z
    .array(dividendRow)
    .min(1)
    .max(500)
    .superRefine(refuseOverlaps((row) => `${row.board} held_days_max ${row.held_days_max ?? 'null'}`)),
});

export type TradingRulesConfig = z.infer<typeof tradingRulesSchema>;
export type PriceLimitRow = TradingRulesConfig['price_limits'][number];
