import * as z from 'zod';
import { currencies } from '../kernel/money.ts';
import { parseIsoDate } from '../kernel/time.ts';

/** A rate is a whole number of 1e-8 (of the notional, or of the currency a share), so fees are exact arithmetic. */
const RATE_STEPS = 1e8;
const onGrid = (value: number, steps: number): boolean =>
  Math.abs(value * steps - Math.round(value * steps)) <= 1e-9 * Math.max(1, value * steps);

const date = z
  .string()
  .refine((text) => !Number.isNaN(parseIsoDate(text)), 'expected a date that exists, such as 2016-01-31');
const amount = z.number().min(0).max(1e6);

/** One fee in force from a day to a day, both included. Minimum and maximum hold per order. */
const feeRow = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9_]+$/, 'expected lower case, digits and _'),
    side: z.enum(['both', 'buy', 'sell']),
    basis: z.enum(['notional', 'shares']),
    /** Basis notional: bps of the traded value, at most four decimals. */
    fee_bps: z
      .number()
      .min(0)
      .max(500)
      .refine((bps) => onGrid(bps, RATE_STEPS / 1e4), 'expected at most 4 decimals')
      .optional(),
    /** Basis shares: currency a share, at most eight decimals. */
    per_share: z
      .number()
      .min(0)
      .max(10)
      .refine((rate) => onGrid(rate, RATE_STEPS), 'expected at most 8 decimals')
      .optional(),
    min_amount: amount.optional(),
    max_amount: amount.optional(),
    effective_from: date,
    effective_to: date.optional(),
    /** Who published the figure and when, or that it is an assumption and why. */
    source: z.string().min(20),
    /** Whether the figure was read in the source named. */
    confirmed: z.boolean(),
  })
  .refine(
    (row) =>
      (row.basis === 'notional') === (row.fee_bps !== undefined) &&
      (row.fee_bps === undefined) !== (row.per_share === undefined),
    {
      error: 'expected fee_bps with basis notional, or per_share with basis shares, and not the other',
    },
  )
  .refine((row) => row.effective_to === undefined || row.effective_from <= row.effective_to, {
    path: ['effective_to'],
    error: 'lies before effective_from',
  })
  .refine(
    (row) => row.min_amount === undefined || row.max_amount === undefined || row.min_amount <= row.max_amount,
    {
      path: ['max_amount'],
      error: 'is below min_amount',
    },
  );

export type FeeRow = z.infer<typeof feeRow>;

/** A piecewise constant factor: the first row whose `up_to` reaches the value holds; the last row has none. */
const factorTable = z
  .array(z.strictObject({ up_to: z.number().min(0).optional(), factor: z.number().gt(0).max(100) }))
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

/** What trading costs: fees with their dates, and how wide and how heavy the market is. */
export const costProfileSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9_]+$/, 'expected lower case, digits and _'),
  version: z.int().positive(),
  currency: z.enum(currencies as [string, ...string[]]),
  fees: z.array(feeRow).min(1).max(500).superRefine(refuseOverlaps),
  half_spread: z.strictObject({
    base_bps: z.number().min(0).max(500),
    /** By the bar's move over its trailing volatility. */
    volatility: factorTable,
    /** By the bar's volume over its trailing average. */
    relative_volume: factorTable,
    /** By minutes since the session's open. */
    time_of_day: factorTable,
  }),
  /** Impact in the square-root law: y * daily volatility * sqrt(order / daily value). */
  impact: z.strictObject({ y: z.number().min(0).max(10) }),
});

export type CostProfile = z.infer<typeof costProfileSchema>;

/** Rows of one fee name may follow one another, not overlap: which of two held would be a guess. */
function refuseOverlaps(rows: readonly FeeRow[], context: z.RefinementCtx): void {
  const lastDay = (row: FeeRow): string => row.effective_to ?? '9999-12-31';
  rows.forEach((row, i) => {
    const clash = rows.slice(0, i).find((earlier) => {
      const apart = lastDay(earlier) < row.effective_from || lastDay(row) < earlier.effective_from;
      return earlier.name === row.name && !apart;
    });
    if (clash === undefined) return;
    context.addIssue({
      code: 'custom',
      path: [i, 'effective_from'],
      message: `${row.name} from ${row.effective_from} overlaps its row from ${clash.effective_from}`,
    });
  });
}
