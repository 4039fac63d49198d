import * as z from 'zod';
import { ConfigError } from '../shared/kernel/errors.ts';
import { parseIsoUtc } from '../shared/kernel/time.ts';
import { askSchema } from '../shared/ledger/bar-parts.ts';
import { partSchema, shardSchema, shardsSchema, type Part } from '../shared/ledger/parts.ts';
import { referenceSchema } from '../shared/ledger/records.ts';

/** What the schedule sends: the market and the moment the schedule was set for. */
export const scheduleSchema = z.object({
  market: z.string().min(1),
  scheduled_at_utc: z
    .string()
    .refine(
      (text) => !Number.isNaN(parseIsoUtc(text)),
      'expected a UTC instant such as 2026-11-22T10:01:00Z',
    ),
});

/** What travels from step to step: names and hashes, never data. */
export const tickSchema = scheduleSchema.extend({
  status: z.literal('open'),
  tick_utc: z.string(),
  trace_id: z.string(),
  ordinal: z.int(),
  started_at_utc: z.string(),
  lateness_s: z.number(),
  window: referenceSchema,
  data: referenceSchema,
  /** Finer bars in which this tick's orders fill; null where they fill in the decision bars. */
  execution_bars: referenceSchema.nullable(),
});
export const predictedSchema = tickSchema.extend({ forecast: referenceSchema });
export const decidedSchema = predictedSchema.extend({ decision: referenceSchema });
/** A run that finds its tick committed by another has no execution of its own. */
export const executedSchema = decidedSchema.extend({ execution: referenceSchema.optional() });
export const committedSchema = decidedSchema.extend({ record: referenceSchema });

/** A tick whose universe is so large that its bars are fetched in slices: each asks the same of its own instruments. */
export const shardedSchema = scheduleSchema.extend({
  status: z.literal('sharded'),
  tick_utc: z.string(),
  trace_id: z.string(),
  ask: askSchema,
  shards: shardsSchema,
});
/** What the call for one slice is given, and all parts together. */
export const fetchShardSchema = shardedSchema
  .omit({ status: true, shards: true })
  .extend({ shard: shardSchema });
export const fetchedSchema = shardedSchema.extend({ parts: z.array(partSchema) });

/** An open tick of such a universe keeps the slices until its forecast is put together. */
export type OpenTick = Tick & { readonly shards?: z.infer<typeof shardsSchema> };
export const forecastShardSchema = tickSchema
  .pick({ market: true, scheduled_at_utc: true, tick_utc: true, trace_id: true, ordinal: true, window: true })
  .extend({ shard: shardSchema });
export const forecastPartsSchema = tickSchema.extend({ shards: shardsSchema, parts: z.array(partSchema) });

export type { Part };
export type Sharded = z.infer<typeof shardedSchema>;
export type FetchShard = z.infer<typeof fetchShardSchema>;
export type FetchedParts = z.infer<typeof fetchedSchema>;
export type ForecastShard = z.infer<typeof forecastShardSchema>;
export type Schedule = z.infer<typeof scheduleSchema>;
export type Tick = z.infer<typeof tickSchema>;
export type Predicted = z.infer<typeof predictedSchema>;
export type Decided = z.infer<typeof decidedSchema>;
export type Executed = z.infer<typeof executedSchema>;
export type Committed = z.infer<typeof committedSchema>;

/** Parses what a step was given. @throws ConfigError naming the step and the field. */
export function parseInput<T>(step: string, input: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0]!;
  throw new ConfigError(`input of ${step}: ${first.path.join('.') || '(root)'}: ${first.message}`);
}

/** Which of the calls that one step may be this is: for all, for one slice, or to put the slices' parts together. */
export const callOf = (input: unknown): 'whole' | 'shard' | 'join' =>
  typeof input !== 'object' || input === null
    ? 'whole'
    : 'parts' in input
      ? 'join'
      : 'shard' in input
        ? 'shard'
        : 'whole';
