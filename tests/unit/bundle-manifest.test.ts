import { beforeEach, describe, expect, it } from 'vitest';
import { acceptBundles, assertBundle, readBundles } from '../../shared/ledger/bundles.ts';
import { IntegrityError } from '../../shared/kernel/errors.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { digest } from '../support/switch-facts.ts';

const AT = Date.parse('2026-11-22T10:00:00Z');
const RELEASE = digest(100);
const first = new Map([
  ['ingest', digest(1)],
  ['gate', digest(2)],
]);
const second = new Map([
  ['ingest', digest(11)],
  ['gate', digest(2)],
]);

describe('the bundles that a ledger accepts', () => {
  const writes: string[] = [];
  let stores: Stores;
  beforeEach(() => {
    stores = memoryStores({ onWrite: (name, phase) => void (phase === 'before' && writes.push(name)) });
    writes.length = 0;
  });
  const accept = (deployed: ReadonlyMap<string, `sha256:${string}`>, market = 'crypto') =>
    acceptBundles(stores, market, RELEASE, deployed, AT);

  it('are none before the first', async () => {
    expect(await readBundles(stores, 'crypto')).toBeUndefined();
    expect(() => assertBundle(undefined, 'crypto', 'gate', digest(2))).toThrow(
      `the bundle of gate is ${digest(2)}, the manifest of crypto has none: what is deployed was not released`,
    );
  });

  it('are those of a deploy, of one market alone', async () => {
    const accepted = await accept(first);
    expect(accepted).toEqual({
      ...{ v: 1, kind: 'bundle_manifest', market: 'crypto', release_sha256: RELEASE },
      bundles: { ingest: [digest(1)], gate: [digest(2)] },
    });
    expect(await readBundles(stores, 'crypto')).toEqual(accepted);
    expect(await readBundles(stores, 'ashares')).toBeUndefined();
  });

  it('change nothing when they are accepted again', async () => {
    const accepted = await accept(first);
    expect(writes.length).toBe(2);
    expect(await accept(new Map([...first].reverse()))).toEqual(accepted);
    expect(writes.length).toBe(2);
  });

  it('of another deploy are added, and those before stay', async () => {
    await accept(first);
    const both = await accept(second);
    expect(both.bundles).toEqual({ ingest: [digest(1), digest(11)], gate: [digest(2)] });
    expect(await readBundles(stores, 'crypto')).toEqual(both);
    for (const own of [digest(1), digest(11)]) assertBundle(both, 'crypto', 'ingest', own);
    // Going back is accepted already.
    writes.length = 0;
    expect(await accept(first)).toEqual(both);
    expect(writes).toEqual([]);
  });

  it('of a function that a deploy leaves out stay', async () => {
    await accept(first);
    expect((await accept(new Map([['fill', digest(3)]]))).bundles).toEqual({
      ...{ ingest: [digest(1)], gate: [digest(2)], fill: [digest(3)] },
    });
  });

  it.each([
    ['another hash', 'gate', digest(99), digest(2)],
    ["another function's", 'gate', digest(1), digest(2)],
    ['a function that has none', 'fill', digest(2), 'none'],
  ])('refuse %s', async (_what, name, own, accepted) => {
    const manifest = await accept(first);
    const assert = () => assertBundle(manifest, 'crypto', name, own);
    expect(assert).toThrow(IntegrityError);
    expect(assert).toThrow(`the bundle of ${name} is ${own}, the manifest of crypto has ${accepted}:`);
  });

  it('refuse the manifest of another market', async () => {
    await accept(first);
    const { body } = (await stores.state.get('ledger/crypto', 'bundles'))!;
    const item = { partition: 'ledger/ashares', sort: 'bundles', body };
    await stores.state.transact([{ item, expect: 'absent' }]);
    await expect(readBundles(stores, 'ashares')).rejects.toThrow(/is of crypto, expected ashares$/);
    await expect(accept(second, 'ashares')).rejects.toThrow(IntegrityError);
  });

  it('refuse a manifest that is not what its hash says, and one that is no reference', async () => {
    await accept(first);
    const get: Stores['artifacts']['get'] = async (key) => {
      const bytes = await stores.artifacts.get(key);
      return new TextEncoder().encode(new TextDecoder().decode(bytes).replace(digest(2), digest(66)));
    };
    const tampered = { ...stores, artifacts: { ...stores.artifacts, get } };
    await expect(readBundles(tampered, 'crypto')).rejects.toThrow(IntegrityError);
    await stores.state.transact([
      { item: { partition: 'ledger/crypto', sort: 'bundles', body: '{}' }, expect: 'any' },
    ]);
    await expect(readBundles(stores, 'crypto')).rejects.toThrow(IntegrityError);
  });
});
