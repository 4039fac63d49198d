import * as z from 'zod';

/**
 * The fill contract: when and at what price a paper order fills. Seconds and milliseconds as named; the
 * participation cap is a share of the execution bar's volume.
 */
export const fillSpecSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9_]+$/),
    version: z.int().positive(),
    /** Which price of the execution bar is struck. */
    price_mode: z.enum(['next_open', 'vwap', 'mid']),
    /** Bars between the decision's bar and the first that may fill it. */
    delay_bars: z.int().min(1).max(20),
    /** What a replay assumes between a bar's close and the freeze of its decision. */
    decision_delay_s: z.int().min(0).max(300),
    /** Time an order needs to reach the market after the freeze. */
    latency_ms_min: z.int().min(0).max(60_000),
    /** Whether a bar that opened before the freeze may fill, charged for the delay. */
    open_struck_before_freeze: z.boolean(),
    open_struck_within_s_max: z.int().min(0).max(300),
    participation_cap: z.number().gt(0).max(0.25),
    /** Bars after the first eligible one in which a remainder may still fill. */
    deadline_bars: z.int().min(0).max(50),
  })
  .refine(
    (spec) => spec.latency_ms_min <= spec.open_struck_within_s_max * 1000 || !spec.open_struck_before_freeze,
    {
      path: ['latency_ms_min'],
      message: 'exceeds open_struck_within_s_max, so that no bar struck before the freeze could ever fill',
    },
  );

export type FillSpec = z.infer<typeof fillSpecSchema>;
