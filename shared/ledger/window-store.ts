import type { Json } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import type { Bars } from '../market-data/bars.ts';
import { BLOCK_ROWS, blockOf, decodeBlocks, encodeBlock, joinBars, tail } from '../market-data/window.ts';
import type { ArtifactStore, Reference } from '../stores/ports.ts';
import { windowSchema, type WindowManifest } from './artifacts.ts';
import { getChecked, getJson, putContent, putJson } from './chain.ts';

/** Which blocks a window is made of. */
export const loadManifest = (artifacts: ArtifactStore, reference: Reference): Promise<WindowManifest> =>
  getJson(artifacts, reference, windowSchema);

/** The bars of a window from an ordinal on, as far back as the window reaches. */
export async function loadWindow(
  artifacts: ArtifactStore,
  instruments: readonly string[],
  reference: Reference,
  fromOrdinal: number,
): Promise<{ bars: Bars; manifest: WindowManifest }> {
  const manifest = await loadManifest(artifacts, reference);
  return { bars: await windowBars(artifacts, instruments, reference, manifest, fromOrdinal), manifest };
}

/** The bars of a window whose manifest is at hand, from an ordinal on, as far back as the window reaches. */
export async function windowBars(
  artifacts: ArtifactStore,
  instruments: readonly string[],
  reference: Reference,
  manifest: WindowManifest,
  fromOrdinal: number,
): Promise<Bars> {
  if (manifest.instruments !== instruments.length) {
    throw new IntegrityError(
      `window ${reference.key} is of ${manifest.instruments} instruments, the universe has ${instruments.length}`,
    );
  }
  const needed = manifest.blocks.filter((block) => (block.index + 1) * BLOCK_ROWS > fromOrdinal);
  const bytes = await Promise.all(needed.map((block) => getChecked(artifacts, block)));
  const bars = decodeBlocks(instruments, (needed[0]?.index ?? 0) * BLOCK_ROWS, bytes);
  if (bars.firstOrdinal + bars.startMs.length !== manifest.last_ordinal + 1) {
    throw new IntegrityError(
      `window ${reference.key} ends at ordinal ${manifest.last_ordinal}, its blocks do not`,
    );
  }
  return bars;
}

/**
 * Writes the window that follows: the open block anew with the bars added, blocks that no tick needs any more left
 * out. Nothing that is stored changes.
 * @param known the previous window's bars from the start of its open block on; undefined for the first window.
 * @param keepFromOrdinal the oldest ordinal that a tick may still need.
 */
export async function appendWindow(
  artifacts: ArtifactStore,
  market: string,
  atMs: number,
  previous: WindowManifest | undefined,
  known: Bars | undefined,
  added: Bars,
  keepFromOrdinal: number,
): Promise<Reference> {
  const firstBlock = blockOf(added.firstOrdinal);
  const openStart = firstBlock * BLOCK_ROWS;
  const open = known === undefined ? added : joinBars(tail(known, openStart), added);
  const lastOrdinal = open.firstOrdinal + open.startMs.length - 1;
  const blocks = (previous?.blocks ?? []).filter((block) => block.index < firstBlock);
  for (let index = blockOf(open.firstOrdinal); index <= blockOf(lastOrdinal); index++) {
    const from = Math.max(0, index * BLOCK_ROWS - open.firstOrdinal);
    const to = Math.min(open.startMs.length, (index + 1) * BLOCK_ROWS - open.firstOrdinal);
    const reference = await putContent(artifacts, market, 'block', atMs, encodeBlock(open, from, to), 'f64');
    blocks.push({ index, ...(reference as { key: string; sha256: `sha256:${string}` }) });
  }
  const manifest: WindowManifest = {
    v: 1,
    market,
    instruments: added.instruments.length,
    last_ordinal: lastOrdinal,
    blocks: blocks.filter((block) => (block.index + 1) * BLOCK_ROWS > keepFromOrdinal),
  };
  return putJson(artifacts, market, 'window', atMs, manifest as unknown as Json);
}
