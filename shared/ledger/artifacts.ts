import * as z from 'zod';
import { level } from '../config/market-schema.ts';
import { FILL_COLUMNS } from '../execution/fills.ts';
import { POSTING_KINDS } from '../execution/events.ts';
import { ORDER_COLUMNS, ORDER_STATUS, type OrderColumn } from '../execution/orders.ts';
import { CODES, type Code } from '../kernel/codes.ts';
import { ACTION_KINDS } from '../market-data/actions.ts';
import { referenceSchema, switchSchema } from './records.ts';

const code = z.enum(Object.keys(CODES) as [Code, ...Code[]]);
const numbers = <K extends string>(names: readonly K[]): { [name in K]: z.ZodNumber } =>
  Object.fromEntries(names.map((name) => [name, z.number()])) as { [name in K]: z.ZodNumber };

/** Rows of the bars so far: blocks by their index, oldest first. Bars are never stored twice in one window. */
export const windowSchema = z.strictObject({
  v: z.literal(1),
  market: z.string(),
  instruments: z.int().positive(),
  last_ordinal: z.int().nonnegative(),
  blocks: z.array(z.strictObject({ index: z.int().nonnegative(), ...referenceSchema.shape })),
});
export type WindowManifest = z.infer<typeof windowSchema>;

/** The books of all members as one tick saw them. Money in minor units of each market's currency. */
export const booksSchema = z.strictObject({
  base_currency: z.string(),
  /** Units of the base currency for one of the currency. */
  rates: z.array(
    z.strictObject({ currency: z.string(), at_utc: z.string(), rate: z.number(), source: z.string() }),
  ),
  others: z.array(
    z.strictObject({
      market: z.string(),
      currency: z.string(),
      head: z.strictObject({ n: z.int().nonnegative(), sha256: z.string(), tick_utc: z.string() }).nullable(),
      equity: z.int(),
      gross: z.int(),
      /** Bars that its calendar has between its newest tick and this one. */
      behind_bars: z.int().nonnegative(),
    }),
  ),
});

/** What ingest saw of one tick. */
export const dataSchema = z.strictObject({
  v: z.literal(2),
  market: z.string(),
  tick_utc: z.string(),
  provider: z.string(),
  live: z.boolean(),
  lateness_s: z.number(),
  instruments: z.int().positive(),
  seen: z.int().nonnegative(),
  /** Instruments whose bars came from another source than the first, and those on which sources disagree. */
  fallbacks: z.int().nonnegative(),
  disagreements: z.int().nonnegative(),
  /** null where the market counts alone. */
  books: booksSchema.nullable(),
  quality: z.array(z.strictObject({ symbol: z.string(), level, codes: z.array(code) })),
  misaligned: z.array(
    z.strictObject({ symbol: z.string(), start_utc: z.string().nullable(), kind: z.string() }),
  ),
  /** Corporate actions first seen at this tick; late ones after their session had begun. */
  actions: z.array(
    z.strictObject({
      symbol: z.string(),
      kind: z.enum(ACTION_KINDS),
      ex_date: z.string(),
      ratio: z.number(),
      amount: z.number(),
      pay_date: z.string().nullable(),
      source: z.string(),
      late: z.boolean(),
    }),
  ),
});
export type DataReport = z.infer<typeof dataSchema>;

const endedOrder = z.strictObject({
  ...numbers<OrderColumn>(ORDER_COLUMNS),
  instrument: z.int().nonnegative(),
  endedOrdinal: z.int(),
  status: z.enum(ORDER_STATUS),
  reason: code,
  intent: z.string(),
});

const posting = z.strictObject({
  kind: z.enum(POSTING_KINDS),
  instrument: z.int().nonnegative(),
  ordinal: z.int(),
  quantityBefore: z.int(),
  quantityAfter: z.int(),
  cash: z.int(),
  due: z.int(),
  cost: z.int(),
  income: z.int(),
  withheld: z.int(),
  ratio: z.number(),
  rate: z.number(),
  payDay: z.int(),
  source: z.string(),
});

/** What the fill step did: fills and ended orders, orders placed, and orders refused by the switch. */
export const executionSchema = z.strictObject({
  v: z.literal(3),
  market: z.string(),
  tick_utc: z.string(),
  switch: switchSchema,
  /** Whether the step ran too late to place anything new, or with other code than the release's. */
  late: z.boolean(),
  release_mismatch: z.boolean(),
  /** Why nothing new could be placed, beside the decision itself. */
  placing_refused: code.nullable(),
  fills: z.array(z.strictObject(numbers(FILL_COLUMNS))),
  ended: z.array(endedOrder),
  /** Corporate actions, payments and holding charges: what changed the book without a trade. */
  postings: z.array(posting),
  placed: z.array(z.string()),
  refused: z.array(z.string()),
});
export type Execution = z.infer<typeof executionSchema>;

const whole = z.int();
const position = z.strictObject({
  instrument: z.string(),
  quantity: whole,
  quantity_digits: whole,
  cost: whole,
  mark_price: z.number(),
  value: whole,
  realised: whole,
});

/** What a book holds after a tick and how its day stands; money in minor units. */
export const positionSchema = z.strictObject({
  v: z.literal(1),
  market: z.string(),
  tick_utc: z.string(),
  currency: z.string(),
  equity: whole,
  cash: whole,
  /** Dividends booked and not paid yet. */
  receivable: whole,
  positions: z.array(position),
  day: z.strictObject({
    date: z.string(),
    equity_open: whole,
    equity_close: whole,
    costs: whole,
    traded: whole,
    trades: whole,
    drawdown: z.number(),
    gross_exposure: z.number(),
  }),
  drift: z.array(
    z.strictObject({
      feature: z.string(),
      rows: whole,
      psi: z.number().nullable(),
      level: z.enum(['GREEN', 'RED', 'UNDERPOWERED']),
    }),
  ),
});
export type PositionReport = z.infer<typeof positionSchema>;

/** The frozen release of one market: what decides, and what it rests on. */
export const releaseSchema = z.strictObject({
  v: z.literal(1),
  release_name: z.string(),
  market: z.string(),
  mode: z.enum(['forward', 'replay']),
  config_sha256: z.string(),
  code_sha256: z.string(),
  data: z.record(z.string(), z.string()),
  data_source: z.strictObject({ name: z.string(), live: z.boolean() }),
  model_version: z.string(),
  universe_version: z.string(),
  calendar_sha256: z.string(),
  symbols: z.array(z.string()),
  first_tick_utc: z.string(),
  health: z.strictObject({
    source: z.literal('oos'),
    samples: whole,
    brier: z.number(),
    coverage: z.number(),
    grade: z.enum(['A', 'B', 'C', 'D']),
    codes: z.array(code),
  }),
  /** Half spreads in bps as the bars before the first tick show them, signed, in the order of the symbols; null: none. */
  half_spread_bps: z.array(z.number().nullable()),
  drift_reference: z.array(z.strictObject({ edges: z.array(z.number()), shares: z.array(z.number()) })),
});
export type Release = z.infer<typeof releaseSchema>;

/** Configuration texts by path, as the release froze them. */
/** Every configuration file as it was written, and its values, so that reading them back takes no YAML. */
export const configSchema = z.strictObject({
  v: z.literal(2),
  files: z.record(z.string(), z.string()),
  values: z.record(z.string(), z.json()),
});

const counts = z.array(z.array(z.int().nonnegative()).length(10));
const flag = z.array(z.int().min(0).max(1));
const day = z.record(z.string(), z.number());

/** The stored form of a state: only instruments that have anything to say have a row. */
export const stateSchema = z.strictObject({
  v: z.literal(3),
  capital: whole,
  cash: whole,
  fees: whole,
  realised: whole,
  dividends: whole,
  holding: whole,
  session_day: whole,
  last_end_ms: whole,
  /** Symbol, day of payment, minor units. */
  dues: z.array(z.tuple([z.string(), whole, whole])),
  /** Symbol, the book's columns, then the FIFO lots. */
  positions: z.array(z.tuple([z.string(), z.array(z.number()), z.array(whole)])),
  /** Symbol, the order's columns, then cancel code, last code and intent. */
  orders: z.array(z.tuple([z.string(), z.array(z.number()), z.tuple([z.string(), z.string(), z.string()])])),
  performance: z.record(z.string(), z.union([z.number(), day, z.array(day)])),
  drift: z.strictObject({ counts, evaluated: flag, red: flag }),
  /** What the gates carry; its shape is that of the room that knows them. */
  risk: z.record(z.string(), z.json()),
});
export type StoredState = z.infer<typeof stateSchema>;
