import { configValues } from '../config/config.ts';
import { hashJson, sha256 } from '../kernel/canonical.ts';
import type { ArtifactStore } from '../stores/ports.ts';
import { configSchema, releaseSchema, stateSchema, windowSchema, type StoredState } from './artifacts.ts';
import type { ReleaseRecord } from './records.ts';
import { unitsOf, type Units } from './verify-units.ts';
import { checkState, openTally, type Tally } from './verify-book.ts';
import { flaw, located, same, type Place } from './verify-flaw.ts';
import { checkWorking, type Orders } from './verify-orders.ts';
import { parseCanonical, readAll } from './verify-reading.ts';
import type { RecoveryRules, SeenGates } from './verify-recovery.ts';
import { lastCloseMs, verifyWindow, type WindowSoFar } from './verify-window.ts';

/** What verification carries from one tick to the next beside the chain. Grows with the universe only. */
export interface Standing {
  readonly symbols: readonly string[];
  readonly units: Units;
  /** What a recovery must have met. */
  readonly rules: RecoveryRules;
  readonly window: WindowSoFar;
  readonly tally: Tally;
  readonly orders: Orders;
  /** Newest bar that has a tick record: bars after it are still to be settled. */
  readonly settledOrdinal: number;
  /** Gates of the newest ticks, as many as a recovery may rest on. */
  readonly recent: readonly SeenGates[];
  /** Risk state that the newest tick left; undefined before the first. */
  readonly risk?: StoredState['risk'];
}

/** Verifies what the first record froze: release, configuration texts, first window and untouched book. */
export async function verifyRelease(
  place: Place,
  artifacts: ArtifactStore,
  record: ReleaseRecord,
): Promise<{ standing: Standing; tickMs: number }> {
  const read = await readAll(place, artifacts, {
    release: { reference: record.release, kind: 'release' },
    config: { reference: record.config, kind: 'config' },
    window: { reference: record.window, kind: 'window' },
    state: { reference: record.state, kind: 'state' },
  });
  const release = parseCanonical(place, 'release', read.release, releaseSchema, record.release.key);
  for (const field of ['market', 'mode', 'release_name'] as const) {
    same(place, `release.${field}`, release[field], record[field], 'the record');
  }
  const { symbols } = release;
  if (new Set(symbols).size !== symbols.length)
    throw flaw(place, 'release.symbols', 'name an instrument twice');
  const config = parseCanonical(place, 'config', read.config, configSchema, record.config.key);
  const hashes = Object.entries(config.files).map(([path, text]) => [path, sha256(text)] as const);
  same(place, 'release.config_sha256', release.config_sha256, hashJson(Object.fromEntries(hashes)), 'config');
  const values = await located(place, 'config', () => configValues(new Map(Object.entries(config.files))));
  same(place, 'config.values', hashJson(config.values), hashJson(values), 'its files');
  const manifest = parseCanonical(place, 'window', read.window, windowSchema, record.window.key);
  const window = await verifyWindow(place, artifacts, manifest, undefined, symbols, record.ordinal);
  const state = parseCanonical(place, 'state', read.state, stateSchema, record.state.key);
  const tally = openTally(state.capital);
  const orders: Orders = new Map();
  checkState(place, state, tally);
  checkWorking(place, orders, state, symbols);
  const { rules, ...units } = await located(place, 'config', () =>
    unitsOf(config.files, record.market, symbols),
  );
  const standing = {
    symbols,
    units,
    rules,
    window,
    tally,
    orders,
    settledOrdinal: record.ordinal,
    recent: [],
  };
  return { standing, tickMs: lastCloseMs(window, record.ordinal) };
}
