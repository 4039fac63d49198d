import type { Json } from '../kernel/canonical.ts';
import type { Bars } from '../market-data/bars.ts';
import { BLOCK_ROWS, concatBars, decodeBlocks, encodeBlock } from '../market-data/window.ts';
import type { ArtifactStore, Reference } from '../stores/ports.ts';
import { windowSchema, type WindowManifest } from './artifacts.ts';
import { getChecked, getJson, putContent, putJson } from './chain.ts';

/** Stores the finer bars in which one tick's orders fill, in blocks of their own ordinal from 0. */
export async function storeExecutionBars(
  artifacts: ArtifactStore,
  market: string,
  tickMs: number,
  bars: Bars,
): Promise<Reference> {
  const rows = bars.startMs.length;
  const blocks: WindowManifest['blocks'] = [];
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    const bytes = encodeBlock(bars, from, Math.min(rows, from + BLOCK_ROWS));
    const reference = await putContent(artifacts, market, 'block', tickMs, bytes, 'f64');
    blocks.push({ index: from / BLOCK_ROWS, ...reference });
  }
  const instruments = bars.instruments.length;
  const manifest: WindowManifest = { v: 1, market, instruments, last_ordinal: rows - 1, blocks };
  return putJson(artifacts, market, 'execution_bars', tickMs, manifest as unknown as Json);
}

/** The finer bars that a tick froze; undefined where orders fill in decision bars. */
export async function loadExecutionBars(
  artifacts: ArtifactStore,
  instruments: readonly string[],
  reference: Reference | null,
): Promise<Bars | undefined> {
  if (reference === null) return undefined;
  const { blocks } = await getJson(artifacts, reference, windowSchema);
  const bytes = await Promise.all(blocks.map((block) => getChecked(artifacts, block)));
  return decodeBlocks(instruments, 0, bytes);
}

/** Finer bars of consecutive ticks, one after the other; undefined where there are none. */
export const joinExecutionBars = ([first, ...rest]: readonly Bars[]): Bars | undefined =>
  first === undefined ? undefined : concatBars([first, ...rest]);
