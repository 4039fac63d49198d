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

export interface MemoryOptions {
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
  return {
    state: memoryState(around),
    artifacts: memoryArtifacts(around),
    parameters: memoryParameters(around),
    projections: memoryProjections(around),
  };
}

function memoryState(around: Around): StateStore {
  const items = new Map<string, Item>();
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

function memoryArtifacts(around: Around): ArtifactStore {
  const artifacts = new Map<string, Uint8Array>();
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
  };
}

function memoryParameters(around: Around): Parameters {
  const parameters = new Map<string, Parameter[]>();
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

function memoryProjections(around: Around): ProjectionStore {
  const files = new Map<string, Uint8Array>();
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
