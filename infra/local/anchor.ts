import { readHead } from '../../shared/ledger/chain.ts';
import { anchorsPath, withAnchor } from '../../shared/ledger/anchors.ts';
import type { Stores } from '../../shared/stores/ports.ts';

/** Writes down, outside the chain, where its head stands: a chain whose tail was cut off still verifies alone. */
export async function anchorHead(stores: Stores, market: string): Promise<void> {
  const at = await readHead(stores, market);
  if (at === undefined) return;
  const { n, sha256, tick_utc } = at.head;
  const path = anchorsPath(market);
  const before = await stores.projections.read(path);
  await stores.projections.write(path, withAnchor(before, { market, n, sha256, tick_utc }));
}
