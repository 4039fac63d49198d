import type { Sha256 } from '../kernel/canonical.ts';

/** What a step hands to the next: never data, always a name and the hash of what lies there. */
export interface Reference {
  readonly key: string;
  readonly sha256: Sha256;
}

/** An item of state: small, addressed by partition and sort key, its body canonical JSON text. */
export interface Item {
  readonly partition: string;
  readonly sort: string;
  readonly body: string;
}

/**
 * A condition and a write on one item. `absent`: the item must not exist. `equals`: its body must be exactly
 * this text. `any`: no condition.
 */
export type Write =
  | { readonly item: Item; readonly expect: 'absent' | 'any' }
  | { readonly item: Item; readonly expect: 'equals'; readonly body: string };

/** Few, small, mutable items. Reads are consistent; a decision reads no index. */
export interface StateStore {
  get(partition: string, sort: string): Promise<Item | undefined>;
  /** Items of a partition whose sort key begins with the prefix, ascending by code units. */
  query(partition: string, sortPrefix: string): Promise<Item[]>;
  /**
   * All writes or none. At most 25 items, each named once.
   * @throws ConflictError (evidence: partition and sort of the first item whose condition failed).
   */
  transact(writes: readonly Write[]): Promise<void>;
}

/** Immutable bytes under a key. Keys are `/`-separated names of [A-Za-z0-9._=-], no segment `.` or `..`. */
export interface ArtifactStore {
  /** @throws IntegrityError where there is nothing under the key. */
  get(key: string): Promise<Uint8Array>;
  /** The bytes, or undefined where there is nothing under the key. */
  find(key: string): Promise<Uint8Array | undefined>;
  /** The same bytes again are a success; other bytes under the key throw IntegrityError and change nothing. */
  putIfAbsent(key: string, bytes: Uint8Array): Promise<void>;
  /** Keys that begin with the prefix, ascending by code units. */
  list(prefix: string): Promise<string[]>;
  /** First segments of all keys that have more than one, ascending: at a cost that does not grow with what they hold. */
  folders(): Promise<string[]>;
}

export interface Parameter {
  readonly value: string;
  /** Counts up from 1 with each put. */
  readonly version: number;
  readonly changedAtMs: number;
  readonly changedBy: string;
  readonly description: string;
}

/** Versions that a parameter remembers: as many as AWS Systems Manager keeps. */
export const HISTORY_MAX = 100;

/** Longest description of a parameter, in characters: as AWS Systems Manager has it. */
export const DESCRIPTION_CHARS_MAX = 1_024;

/** Named texts that an operator may change by hand at any moment. */
export interface Parameters {
  /** undefined where there is no such parameter. Never cached. */
  get(name: string): Promise<Parameter | undefined>;
  /** The newest versions, at most `HISTORY_MAX`, oldest first; empty where there is no such parameter. */
  history(name: string): Promise<Parameter[]>;
  /**
   * The new version, as the store keeps it: one that knows its callers stamps time and author itself, in place of those
   * given.
   */
  put(name: string, change: Omit<Parameter, 'version'>): Promise<Parameter>;
}

/** Files that can be rebuilt from the chain at any time; each write replaces a whole file at once. */
export interface ProjectionStore {
  write(path: string, bytes: Uint8Array): Promise<void>;
  read(path: string): Promise<Uint8Array | undefined>;
}

/** Everything a step may read or write. */
export interface Stores {
  readonly state: StateStore;
  readonly artifacts: ArtifactStore;
  readonly parameters: Parameters;
  readonly projections: ProjectionStore;
}
