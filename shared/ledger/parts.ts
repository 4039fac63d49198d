import * as z from 'zod';
import { SHARDS_MAX } from '../config/market-schema.ts';
import { canonicalJson, type Json } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import type { ArtifactStore } from '../stores/ports.ts';
import { getJson } from './chain.ts';
import { referenceSchema } from './records.ts';

/** One slice of a universe, as the state names it. */
export const shardSchema = z
  .strictObject({ shard: z.int().nonnegative(), of: z.int().min(2).max(SHARDS_MAX) })
  .refine(({ shard, of }) => shard < of, { path: ['shard'], message: 'expected below of' });

/** All slices of a universe, in its order. */
export const shardsSchema = z
  .array(shardSchema)
  .min(2)
  .max(SHARDS_MAX)
  .refine((shards) => shards.every(({ shard, of }, k) => shard === k && of === shards.length), {
    message: 'expected every slice once, in order',
  });

/** What came of one slice. */
export const partSchema = z.strictObject({ shard: z.int().nonnegative(), part: referenceSchema });
export type Part = z.infer<typeof partSchema>;

/** What a part is of. Whoever joins parts knows this of each beforehand, and takes no other. */
export const partOfSchema = z.strictObject({
  market: z.string(),
  release_sha256: z.string(),
  tick_utc: z.string(),
  shard: z.int().nonnegative(),
  of: z.int(),
  symbols: z.array(z.string()),
});
export type PartOf = z.infer<typeof partOfSchema>;

/**
 * The parts of a tick, one a slice, in the order of the universe.
 * @param wanted what the part of each slice must say that it is of.
 * @throws IntegrityError where a slice has no part or several, or a part is of something else.
 */
export async function loadParts<T extends { readonly part: Json }>(
  artifacts: ArtifactStore,
  given: readonly Part[],
  wanted: readonly { readonly [field: string]: Json }[],
  schema: z.ZodType<T>,
): Promise<T[]> {
  const numbers = given.map(({ shard }) => shard).sort((a, b) => a - b);
  if (numbers.length !== wanted.length || numbers.some((number, k) => number !== k)) {
    throw new IntegrityError(
      `parts ${numbers.join(', ') || 'none'}: expected each of 0 to ${wanted.length - 1} once`,
      { shards: numbers },
    );
  }
  const found = new Array<T>(wanted.length);
  await Promise.all(
    given.map(async ({ shard, part }) => {
      const stored = await getJson(artifacts, part, schema);
      assertPart(part.key, stored.part as { readonly [field: string]: Json }, wanted[shard]!);
      found[shard] = stored;
    }),
  );
  return found;
}

function assertPart(
  key: string,
  found: { readonly [field: string]: Json },
  wanted: { readonly [field: string]: Json },
): void {
  const text = (value: Json | undefined): string => (value === undefined ? 'nothing' : canonicalJson(value));
  for (const field of Object.keys(wanted)) {
    if (text(found[field]) === text(wanted[field])) continue;
    throw new IntegrityError(
      `part ${key}: ${field} is ${text(found[field]).slice(0, 200)}, expected ${text(wanted[field]).slice(0, 200)}`,
      { key, field },
    );
  }
}
