import * as z from 'zod';
import { canonicalJson, type Json } from '../kernel/canonical.ts';
import { parseIsoUtc } from '../kernel/time.ts';
import type { Stores } from '../stores/ports.ts';
import { getJson, parseStored, putJson } from './chain.ts';
import { DRILL, ledgerPartition } from './keys.ts';
import { referenceSchema } from './records.ts';

/** A drill of the kill switch, held on a scratch copy of a ledger: what each step had to show, and what it showed. */
export const drillSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('kill_switch_drill'),
  market: z.string(),
  mode: z.enum(['forward', 'replay']),
  release_sha256: z.string(),
  code_sha256: z.string(),
  /** The head that was copied. */
  head: z.strictObject({ n: z.int().nonnegative(), sha256: z.string(), tick_utc: z.string() }),
  held_at_utc: z.string(),
  passed: z.boolean(),
  steps: z.array(
    z.strictObject({
      name: z.string(),
      passed: z.boolean(),
      expected: z.string(),
      found: z.string(),
      /** Hashes of the scratch records that show it. */
      evidence: z.array(z.string()),
    }),
  ),
});
export type Drill = z.infer<typeof drillSchema>;

/** Stores a drill and makes it the newest of its market. */
export async function putDrill(stores: Stores, drill: Drill): Promise<void> {
  const checked = drillSchema.parse(drill);
  const atMs = parseIsoUtc(drill.held_at_utc);
  const { market } = drill;
  const reference = await putJson(stores.artifacts, market, 'drill', atMs, checked as unknown as Json);
  const item = { partition: ledgerPartition(market), sort: DRILL, body: canonicalJson({ ...reference }) };
  await stores.state.transact([{ item, expect: 'any' }]);
}

/** The newest drill of a market; undefined where none was held. @throws IntegrityError */
export async function findDrill(stores: Stores, market: string): Promise<Drill | undefined> {
  const item = await stores.state.get(ledgerPartition(market), DRILL);
  if (item === undefined) return undefined;
  const reference = parseStored(item.body, referenceSchema, `newest drill of ${market}`);
  return getJson(stores.artifacts, reference, drillSchema);
}

/** Path and text of the file with the newest drill of every market, null where none was held. */
export function drillFile(
  held: readonly { readonly market: string; readonly drill: Drill | undefined }[],
): [string, string] {
  const passed = held.length > 0 && held.every(({ drill }) => drill?.passed === true);
  const markets = Object.fromEntries(held.map(({ market, drill }) => [market, drill ?? null]));
  const text = canonicalJson({ v: 1, passed, markets } as unknown as Json);
  return ['kill_switch_drill.json', `${JSON.stringify(JSON.parse(text), null, 2)}\n`];
}
