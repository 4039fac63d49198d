import { byCodeUnit } from '../kernel/canonical.ts';
import {
  address,
  checkChange,
  checkedKey,
  checkedName,
  checkedPrefix,
  checkedText,
  checkWrites,
  nameOf,
  foldersOf,
} from './keys.ts';
import { assertSameBytes, conflict, missingArtifact } from './outcomes.ts';
import { HISTORY_MAX } from './ports.ts';
import type {
  ArtifactStore,
  Item,
  Parameter,
  Parameters,
  ProjectionStore,
  StateStore,
  Stores,
  Write,
} from './ports.ts';

/** All that memory stores hold: a snapshot is a copy of it, a new process over the same stores shares it. */
export interface MemoryContents {
  readonly items: Map<string, Item>;
  readonly artifacts: Map<string, Uint8Array>;
  readonly parameters: Map<string, Parameter[]>;
  readonly files: Map<string, Uint8Array>;
}

/** A copy that changes apart from the original; without one, nothing. The bytes within are never changed in place. */
export const copyContents = (from?: MemoryContents): MemoryContents => ({
  items: new Map(from?.items),
  artifacts: new Map(from?.artifacts),
  parameters: new Map(from?.parameters),
  files: new Map(from?.files),
});

export interface MemoryOptions {
  /** What the stores hold and change; their own, empty at first, by default. */
  readonly contents?: MemoryContents;
  /**
   * Called around every single write, a transaction counting as one: what it throws at `before` leaves nothing
   * written, at `after` the write stands though its caller never learns of it. A process killed there looks the
   * same to its successor.
   */
  readonly onWrite?: (name: string, phase: 'before' | 'after') => void;
}

type Around = (name: string, write: () => void) => void;

/** Stores that live as long as the process: tests and simulation. Bytes are copied in and out. */
export function memoryStores(options: MemoryOptions = {}): Stores {
  const around: Around = (name, write) => {
    options.onWrite?.(name, 'before');
    write();
    options.onWrite?.(name, 'after');
  };
  const contents = options.contents ?? copyContents();
  return {
    state: memoryState(contents.items, around),
    artifacts: memoryArtifacts(contents.artifacts, around),
    parameters: memoryParameters(contents.parameters, around),
    projections: memoryProjections(contents.files, around),
  };
}

function memoryState(items: MemoryContents['items'], around: Around): StateStore {
  const holds = (write: Write): boolean => {
    const found = items.get(address(write.item));
    if (write.expect === 'equals') return found?.body === write.body;
    return write.expect === 'any' || found === undefined;
  };
  return {
    async get(partition, sort) {
      checkedName(partition, 'partition');
      return items.get(address({ partition, sort: checkedName(sort, 'sort key') }));
    },
    async query(partition, sortPrefix) {
      checkedName(partition, 'partition');
      checkedText(sortPrefix, 'prefix');
      return [...items.values()]
        .filter((item) => item.partition === partition && item.sort.startsWith(sortPrefix))
        .sort((a, b) => byCodeUnit(a.sort, b.sort));
    },
    async transact(writes) {
      checkWrites(writes);
      around(`state.transact ${writes.map(({ item }) => nameOf(item)).join(', ')}`, () => {
        const failed = writes.find((write) => !holds(write));
        if (failed) throw conflict(failed);
        for (const { item } of writes) {
          const { partition, sort, body } = item;
          items.set(address(item), Object.freeze({ partition, sort, body }));
        }
      });
    },
  };
}

function memoryArtifacts(artifacts: MemoryContents['artifacts'], around: Around): ArtifactStore {
  return {
    async get(key) {
      const bytes = artifacts.get(checkedKey(key));
      if (!bytes) throw missingArtifact(key);
      return Uint8Array.from(bytes);
    },
    async find(key) {
      const bytes = artifacts.get(checkedKey(key));
      return bytes && Uint8Array.from(bytes);
    },
    async putIfAbsent(key, bytes) {
      checkedKey(key);
      around(`artifacts.putIfAbsent ${key}`, () => {
        const stored = artifacts.get(key);
        if (stored) assertSameBytes(key, stored, bytes);
        else artifacts.set(key, Uint8Array.from(bytes));
      });
    },
    async list(prefix) {
      checkedPrefix(prefix);
      return [...artifacts.keys()].filter((key) => key.startsWith(prefix)).sort(byCodeUnit);
    },
    async folders() {
      return foldersOf(artifacts.keys());
    },
  };
}

function memoryParameters(parameters: MemoryContents['parameters'], around: Around): Parameters {
  return {
    async get(name) {
      return parameters.get(checkedName(name, 'parameter name'))?.at(-1);
    },
    async history(name) {
      return [...(parameters.get(checkedName(name, 'parameter name')) ?? [])];
    },
    async put(name, change) {
      checkChange(name, change);
      const { value, changedAtMs, changedBy, description } = change;
      const before = parameters.get(name) ?? [];
      const version = (before.at(-1)?.version ?? 0) + 1;
      const parameter = Object.freeze({ value, version, changedAtMs, changedBy, description });
      around(`parameters.put ${name}`, () =>
        parameters.set(name, [...before, parameter].slice(-HISTORY_MAX)),
      );
      return parameter;
    },
  };
}

function memoryProjections(files: MemoryContents['files'], around: Around): ProjectionStore {
  return {
    async write(path, bytes) {
      checkedKey(path);
      around(`projections.write ${path}`, () => files.set(path, Uint8Array.from(bytes)));
    },
    async read(path) {
      const bytes = files.get(checkedKey(path));
      return bytes && Uint8Array.from(bytes);
    },
  };
}
