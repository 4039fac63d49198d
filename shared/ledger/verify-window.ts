import type { Bars } from '../market-data/bars.ts';
import { BLOCK_ROWS, blockOf, decodeBlocks } from '../market-data/window.ts';
import type { ArtifactStore, Reference } from '../stores/ports.ts';
import type { WindowManifest } from './artifacts.ts';
import { flaw, located, same, type Place } from './verify-flaw.ts';
import { readAll } from './verify-reading.ts';

/** The newest window that was verified: nothing older is remembered. */
export interface WindowSoFar {
  /** Rows of each of its blocks by key and hash, so that a block is read once while windows share it. */
  readonly rows: ReadonlyMap<string, number>;
  /** Blocks that this window was the first to have, decoded, by index. */
  readonly fresh: ReadonlyMap<number, Bars>;
}

/**
 * Verifies that a window is of the market and universe, ends at the ordinal, and that its blocks are there, follow
 * each other and are full but for the last.
 */
export async function verifyWindow(
  place: Place,
  artifacts: ArtifactStore,
  manifest: WindowManifest,
  before: WindowSoFar | undefined,
  symbols: readonly string[],
  ordinal: number,
): Promise<WindowSoFar> {
  same(place, 'window.market', manifest.market, place.market, 'the record');
  same(place, 'window.instruments', manifest.instruments, symbols.length, 'the release');
  same(place, 'window.last_ordinal', manifest.last_ordinal, ordinal, 'the record');
  const rows = new Map<string, number>();
  const fresh = new Map<number, Bars>();
  const lastIndex = blockOf(ordinal);
  const firstIndex = lastIndex - manifest.blocks.length + 1;
  for (const [k, { index, ...reference }] of manifest.blocks.entries()) {
    const field = `window.blocks.${k}`;
    same(place, `${field}.index`, index, firstIndex + k, 'its place before the last bar');
    const known = before?.rows.get(nameOf(reference));
    if (known === undefined)
      fresh.set(index, await readBlock(place, field, artifacts, reference, index, symbols));
    const found = known ?? fresh.get(index)!.startMs.length;
    const expected = index < lastIndex ? BLOCK_ROWS : ordinal - index * BLOCK_ROWS + 1;
    same(place, field, found, expected, 'the number of bars that it must hold');
    rows.set(nameOf(reference), found);
  }
  if (!fresh.has(lastIndex)) throw flaw(place, 'window.blocks', 'hold no bar that the window before did not');
  return { rows, fresh };
}

/** Key and hash: a known hash under another key is still to be read there. */
const nameOf = ({ key, sha256 }: Reference): string => `${key} ${sha256}`;

async function readBlock(
  place: Place,
  field: string,
  artifacts: ArtifactStore,
  reference: Reference,
  index: number,
  symbols: readonly string[],
): Promise<Bars> {
  const read = await readAll(place, artifacts, { [field]: { reference, kind: 'block' } }, 'the window');
  return located(place, field, () => decodeBlocks(symbols, index * BLOCK_ROWS, [read[field]!]));
}

/** A bar of the blocks that the window was the first to have: its columns and row; undefined where it is older. */
export function freshBar(window: WindowSoFar, ordinal: number): { bars: Bars; row: number } | undefined {
  const bars = window.fresh.get(blockOf(ordinal));
  return bars && { bars, row: ordinal - bars.firstOrdinal };
}

/** Close of a window's last bar. */
export function lastCloseMs(window: WindowSoFar, ordinal: number): number {
  const { bars, row } = freshBar(window, ordinal)!;
  return bars.endMs[row]!;
}
