import * as z from 'zod';
import { currencies } from '../kernel/money.ts';

const loss = z.number().gt(-1).lt(0);

/** Limits over the books of several markets, each in its own currency. */
export const portfolioSchema = z
  .strictObject({
    /** Markets whose books count together; a market that is not named counts alone. */
    members: z.array(z.string().regex(/^[a-z0-9_]+$/)).max(20),
    base_currency: z.enum(currencies as [string, ...string[]]),
    limits: z.strictObject({
      /** Shares of the equity of all books. */
      gross_max: z.number().gt(0).max(5),
      drawdown_min: loss,
      daily_loss_min: loss,
    }),
    /** Bars by which another market's head may lie behind its calendar before it cannot be evaluated. */
    head_behind_bars_max: z.int().min(0).max(100),
    /** Days after which an exchange rate cannot be evaluated. */
    rate_age_days_max: z.number().gt(0).max(3),
  })
  .refine(({ members }) => new Set(members).size === members.length, {
    path: ['members'],
    message: 'expected every market once',
  });

export type PortfolioConfig = z.infer<typeof portfolioSchema>;
