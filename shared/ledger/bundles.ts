import * as z from 'zod';
import { canonicalJson, type Json, type Sha256 } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import type { Reference, Stores } from '../stores/ports.ts';
import { getJson, parseStored, putJson } from './chain.ts';
import { BUNDLES, ledgerPartition } from './keys.ts';
import { referenceSchema } from './records.ts';

const hash = z.templateLiteral(['sha256:', z.string().regex(/[0-9a-f]{64}/)]);

/**
 * Which bundles may run a ledger's release, by function, oldest first. Beside the release and not part of its hash:
 * another bundler makes other bytes of the same source. What was accepted once stays, since an execution that is
 * redriven runs the version that it began with.
 */
export const bundleManifestSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal('bundle_manifest'),
  market: z.string(),
  release_sha256: hash,
  bundles: z.record(z.string(), z.array(hash).min(1)),
});
export type BundleManifest = z.infer<typeof bundleManifestSchema>;

/** The bundles that a ledger accepts; undefined where none were ever recorded. @throws IntegrityError */
export async function readBundles(stores: Stores, market: string): Promise<BundleManifest | undefined> {
  const item = await stores.state.get(ledgerPartition(market), BUNDLES);
  return item === undefined ? undefined : manifestAt(stores, market, item.body);
}

async function manifestAt(stores: Stores, market: string, body: string): Promise<BundleManifest> {
  const reference = parseStored(body, referenceSchema, `bundle manifest of ${market}`);
  const manifest = await getJson(stores.artifacts, reference, bundleManifestSchema);
  if (manifest.market !== market)
    throw new IntegrityError(`${reference.key} is of ${manifest.market}, expected ${market}`, { market });
  return manifest;
}

/**
 * Adds what is deployed to the bundles that a ledger accepts. The same ones again change nothing.
 * @throws ConflictError where somebody accepts others at the same moment: run again, so that neither is lost.
 */
export async function acceptBundles(
  stores: Stores,
  market: string,
  releaseSha256: Sha256,
  deployed: ReadonlyMap<string, Sha256>,
  atMs: number,
): Promise<BundleManifest> {
  const place = { partition: ledgerPartition(market), sort: BUNDLES };
  const item = await stores.state.get(place.partition, place.sort);
  const known = item === undefined ? undefined : await manifestAt(stores, market, item.body);
  const bundles = Object.fromEntries(
    [...deployed].map(([name, sha256]) => {
      const before = known?.bundles[name] ?? [];
      return [name, before.includes(sha256) ? before : [...before, sha256]];
    }),
  );
  const manifest: BundleManifest = {
    ...{ v: 1, kind: 'bundle_manifest', market, release_sha256: releaseSha256 },
    bundles: { ...known?.bundles, ...bundles },
  };
  if (known !== undefined && canonicalJson(known as Json) === canonicalJson(manifest as Json)) return known;
  const stored: Reference = await putJson(stores.artifacts, market, 'bundles', atMs, manifest as Json);
  const moved = { ...place, body: canonicalJson({ ...stored }) };
  await stores.state.transact([
    item === undefined
      ? { item: moved, expect: 'absent' }
      : { item: moved, expect: 'equals', body: item.body },
  ]);
  return manifest;
}

/**
 * Holds a function's own bundle against those that the ledger accepts.
 * @throws IntegrityError where it is none of them: what was deployed is not what was released.
 */
export function assertBundle(
  manifest: BundleManifest | undefined,
  market: string,
  name: string,
  own: Sha256,
): void {
  if (manifest?.bundles[name]?.includes(own) === true) return;
  const accepted = manifest?.bundles[name]?.at(-1) ?? 'none';
  throw new IntegrityError(
    `the bundle of ${name} is ${own}, the manifest of ${market} has ${accepted}: what is deployed was not released`,
    { market, function: name, own, accepted },
  );
}
