import * as z from 'zod';
import { isoDate } from './dated.ts';
import { boardName } from './trading-rules-schema.ts';

/** An instrument's name. */
export const symbol = z.string().regex(/^[A-Za-z0-9._-]{1,32}$/, 'expected 1 to 32 of A-Z a-z 0-9 . _ -');

/** Days under a risk warning of the exchange (ST, *ST), both included; without `to` it still stands. */
const specialTreatment = z
  .array(z.strictObject({ from: isoDate, to: isoDate.optional(), source: z.string().min(20) }))
  .max(50)
  .superRefine((rows, context) => {
    rows.forEach((row, index) => {
      const refuse = (field: string, message: string): void =>
        context.addIssue({ code: 'custom', path: [index, field], message });
      const previous = rows[index - 1];
      if (row.to !== undefined && row.to < row.from) refuse('to', 'lies before from');
      if (previous !== undefined && !(previous.to !== undefined && previous.to < row.from))
        refuse('from', 'expected after the end of the row before');
    });
  });

/** A frozen list of instruments. A changed list is a new version and a new release. */
export const universeSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9_]+$/),
    version: z.int().positive(),
    source: z.string().min(1),
    instruments: z
      .array(
        z.strictObject({
          symbol,
          /** The board of the market's trading rules: lots, limits, settlement and dividends follow from it. */
          board: boardName,
          /** Decimals of the quantity: 5 means steps of 0.00001, 0 whole units. */
          quantity_digits: z.int().min(0).max(8),
          price_tick: z.number().positive(),
          /** First session. Without it the instrument counts as listed before everything. */
          listed_on: isoDate.optional(),
          special_treatment: specialTreatment.optional(),
          /** What the instrument belongs to: themes are limited together. */
          themes: z
            .array(z.string().regex(/^[a-z0-9_]{1,32}$/))
            .max(10)
            .optional(),
        }),
      )
      .min(1)
      .max(20_000),
  })
  .superRefine((universe, context) => {
    const seen = new Set<string>();
    universe.instruments.forEach((row, index) => {
      if (seen.has(row.symbol)) {
        context.addIssue({
          code: 'custom',
          path: ['instruments', index, 'symbol'],
          message: `${row.symbol} is listed twice`,
        });
      }
      seen.add(row.symbol);
    });
  });

export type Universe = z.infer<typeof universeSchema>;
export type UniverseRow = Universe['instruments'][number];
