import * as z from 'zod';
import { currencies } from '../kernel/money.ts';
import { dated, refuseOverlaps } from './dated.ts';

/** A rate is a whole number of 1e-8 (of the notional, or of the currency a share), so fees are exact arithmetic. */
const RATE_STEPS = 1e8;
const onGrid = (value: number, steps: number): boolean =>
  Math.abs(value * steps - Math.round(value * steps)) <= 1e-9 * Math.max(1, value * steps);
/** Bps of a value, at most four decimals; who may be negative is said where the row is. */
const signedBps = z
  .number()
  .min(-500)
  .max(500)
  .refine((bps) => onGrid(bps, RATE_STEPS / 1e4), 'expected at most 4 decimals');

const amount = z.number().min(0).max(1e6);
const name = z.string().regex(/^[a-z0-9_]+$/, 'expected lower case, digits and _');
/** Whether an order takes what rests in the book or rests there itself. */
const liquidity = z.enum(['taker', 'maker']);

/** One fee in force from a day to a day, both included. Minimum and maximum hold per order. */
const feeRow = z
  .strictObject({
    name,
    side: z.enum(['both', 'buy', 'sell']),
    /** Charged only where the profile trades so; a row without it is charged either way. */
    liquidity: liquidity.optional(),
    basis: z.enum(['notional', 'shares']),
    /** Basis notional: bps of the traded value, at most four decimals; below 0 it is a maker's rebate. */
    fee_bps: signedBps.optional(),
    /** Basis shares: currency a share, at most eight decimals. */
    per_share: z
      .number()
      .min(0)
      .max(10)
      .refine((rate) => onGrid(rate, RATE_STEPS), 'expected at most 8 decimals')
      .optional(),
    min_amount: amount.optional(),
    max_amount: amount.optional(),
    ...dated,
  })
  .refine(
    (row) =>
      (row.basis === 'notional') === (row.fee_bps !== undefined) &&
      (row.fee_bps === undefined) !== (row.per_share === undefined),
    {
      error: 'expected fee_bps with basis notional, or per_share with basis shares, and not the other',
    },
  )
  .refine((row) => (row.fee_bps ?? 0) >= 0 || row.liquidity === 'maker', {
    path: ['fee_bps'],
    error: 'is below 0: only a row with liquidity maker may be a rebate',
  })
  .refine(
    (row) => (row.fee_bps ?? 0) >= 0 || (row.min_amount === undefined && row.max_amount === undefined),
    { path: ['fee_bps'], error: 'is a rebate, which has neither min_amount nor max_amount' },
  )
  .refine(
    (row) => row.min_amount === undefined || row.max_amount === undefined || row.min_amount <= row.max_amount,
    {
      path: ['max_amount'],
      error: 'is below min_amount',
    },
  );

export type FeeRow = z.infer<typeof feeRow>;

/** What holding a position costs: charged on its value at every UTC multiple of the interval that passes. */
const holdingRow = z
  .strictObject({
    /** `borrow` is what a short of a stock needs; `funding` is that of a perpetual. */
    name,
    position: z.enum(['long', 'short', 'both']),
    /** The instruments it holds for; every one where it is left out. */
    symbols: z.array(z.string().min(1)).min(1).max(5000).optional(),
    /** Bps of the position's value an interval, at most four decimals. */
    bps: signedBps,
    interval_h: z
      .int()
      .min(1)
      .max(24)
      .refine((hours) => 24 % hours === 0, 'expected hours that divide a day: 1, 2, 3, 4, 6, 8, 12 or 24'),
    ...dated,
  })
  .refine((row) => row.bps >= 0 || row.name === 'funding', {
    path: ['bps'],
    error: 'is below 0: only funding may be received',
  })
  .refine((row) => new Set(row.symbols).size === (row.symbols?.length ?? 0), {
    path: ['symbols'],
    error: 'names an instrument twice',
  });

export type HoldingRow = z.infer<typeof holdingRow>;

/** A piecewise constant factor, which only widens: the first row whose `up_to` reaches the value holds; the last row has none. */
const factorTable = z
  .array(z.strictObject({ up_to: z.number().min(0).optional(), factor: z.number().min(1).max(100) }))
  .min(1)
  .max(20)
  .refine((rows) => rows.every((row, i) => (row.up_to === undefined) === (i === rows.length - 1)), {
    error: 'expected up_to in every row but the last, which is open-ended',
  })
  .refine(
    (rows) => rows.every((row, i) => i === 0 || row.up_to === undefined || row.up_to > rows[i - 1]!.up_to!),
    {
      error: 'expected up_to to ascend',
    },
  );

/** The market's answer to the order's size. */
const impact = z.discriminatedUnion('model', [
  /** y * daily volatility * sqrt(order / daily value). */
  z.strictObject({ model: z.literal('square_root'), y: z.number().min(0).max(10) }),
  /** Almgren et al. 2005: half the permanent impact and the temporary one. */
  z.strictObject({
    model: z.literal('almgren'),
    /** Permanent: 0.314 in the paper. */
    gamma: z.number().min(0).max(10),
    /** Temporary: 0.142 in the paper. */
    eta: z.number().min(0).max(10),
    /** Shares outstanding over shares traded a day, one figure for the market. */
    shares_over_daily_volume: z.number().gt(0).max(1e6),
  }),
]);

/** What trading costs: fees with their dates, how wide and how heavy the market is, and what holding costs. */
export const costProfileSchema = z
  .strictObject({
    name,
    version: z.int().positive(),
    currency: z.enum(currencies as [string, ...string[]]),
    /** dynamic_v1: spread, impact and latency of the moment; fixed_v1: the flat figures below, to compare against. */
    model: z.enum(['dynamic_v1', 'fixed_v1']),
    /** Which fee rows are charged. It changes nothing else: spread and impact are paid either way. */
    liquidity: liquidity.default('taker'),
    fees: z.array(feeRow).min(1).max(500).superRefine(refuseOverlaps(feeKeys)),
    half_spread: z.strictObject({
      /** Where there is neither a quote nor an estimate. */
      base_bps: z.number().min(0).max(500),
      /** Never less than this, nor than half a tick, whatever quote or estimate say. */
      floor_bps: z.number().min(0).max(500),
      /** By the bar's move over its trailing volatility. */
      volatility: factorTable,
      /** By the bar's volume over its trailing average. */
      relative_volume: factorTable,
      /** By minutes since the session's open. */
      time_of_day: factorTable,
    }),
    impact,
    /** Flat figures, in bps of the decision price; latency is 0. */
    fixed_v1: z.strictObject({
      slippage_bps: z.number().min(0).max(500),
      impact_bps: z.number().min(0).max(500),
    }),
    holding: z
      .array(holdingRow)
      .max(5000)
      .superRefine((rows, context) => refuseOverlaps(holdingKeys(rows))(rows, context)),
  })
  .superRefine(({ fees, liquidity: traded }, context) => {
    for (const fee of new Set(fees.map((row) => row.name))) {
      const charged = fees.some((row) => row.name === fee && (row.liquidity ?? traded) === traded);
      if (charged) continue;
      const message = `${fee} has no row for liquidity ${traded}, which this profile trades as`;
      context.addIssue({ code: 'custom', path: ['fees'], message });
    }
  });

export type CostProfile = z.infer<typeof costProfileSchema>;

/** A fee without a liquidity is charged on orders of either. */
function feeKeys(row: FeeRow): string[] {
  const charged = row.liquidity === undefined ? liquidity.options : [row.liquidity];
  return charged.map((traded) => `${row.name} of a ${traded}`);
}

/** Name, position and instrument; a row that names none holds for all, those named elsewhere among them. */
function holdingKeys(rows: readonly HoldingRow[]): (row: HoldingRow) => string[] {
  const all = ['every instrument', ...new Set(rows.flatMap((row) => row.symbols ?? []))];
  return (row) => {
    const positions = row.position === 'both' ? ['long', 'short'] : [row.position];
    const symbols = row.symbols ?? all;
    return positions.flatMap((position) =>
      symbols.map((symbol) => `${row.name} of a ${position} of ${symbol}`),
    );
  };
}
