import * as z from 'zod';

const symbol = z.string().regex(/^[A-Za-z0-9._-]{1,32}$/, 'expected 1 to 32 of A-Z a-z 0-9 . _ -');

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
          /** Decimals of the quantity: 5 means steps of 0.00001, 0 whole units. */
          quantity_digits: z.int().min(0).max(8),
          /** Board lot in steps: an entry is a whole number of lots. */
          lot_steps: z.int().positive(),
          price_tick: z.number().positive(),
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
