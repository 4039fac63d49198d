import { byCodeUnit } from '../kernel/canonical.ts';
import { address, checkChange, checkedKey, checkWrites, foldersOf } from './keys.ts';
import { assertSameBytes, conflict, missingArtifact } from './outcomes.ts';
import {
  HISTORY_MAX,
  type ArtifactStore,
  type Item,
  type Parameter,
  type Parameters,
  type ProjectionStore,
  type StateStore,
  type Stores,
  type Write,
} from './ports.ts';

/**
 * A scratch copy of stores: reads what lies below, keeps its own writes in memory, and changes nothing below. An overlay
 * of an overlay is a fork. What lies below must not move meanwhile.
 */
export const overlayStores = (below: Stores): Stores => ({
  state: overlayState(below.state),
  artifacts: overlayArtifacts(below.artifacts),
  parameters: overlayParameters(below.parameters),
  projections: overlayProjections(below.projections),
});

function overlayState(below: StateStore): StateStore {
  const own = new Map<string, Item>();
  const get: StateStore['get'] = async (partition, sort) =>
    own.get(address({ partition, sort })) ?? below.get(partition, sort);
  const holds = async (write: Write): Promise<boolean> => {
    const found = await get(write.item.partition, write.item.sort);
    if (write.expect === 'equals') return found?.body === write.body;
    return write.expect === 'any' || found === undefined;
  };
  return {
    get,
    async query(partition, sortPrefix) {
      const mine = [...own.values()].filter(
        (item) => item.partition === partition && item.sort.startsWith(sortPrefix),
      );
      const hidden = new Set(mine.map(({ sort }) => sort));
      const others = (await below.query(partition, sortPrefix)).filter(({ sort }) => !hidden.has(sort));
      return [...mine, ...others].sort((a, b) => byCodeUnit(a.sort, b.sort));
    },
    async transact(writes) {
      checkWrites(writes);
      for (const write of writes) if (!(await holds(write))) throw conflict(write);
      for (const { item } of writes) own.set(address(item), Object.freeze({ ...item }));
    },
  };
}

function overlayArtifacts(below: ArtifactStore): ArtifactStore {
  const own = new Map<string, Uint8Array>();
  const find: ArtifactStore['find'] = async (key) => {
    const bytes = own.get(checkedKey(key));
    return bytes === undefined ? below.find(key) : Uint8Array.from(bytes);
  };
  return {
    find,
    async get(key) {
      const bytes = await find(key);
      if (bytes === undefined) throw missingArtifact(key);
      return bytes;
    },
    async putIfAbsent(key, bytes) {
      const stored = await find(key);
      if (stored !== undefined) assertSameBytes(key, stored, bytes);
      else own.set(key, Uint8Array.from(bytes));
    },
    async list(prefix) {
      const keys = new Set(await below.list(prefix));
      for (const key of own.keys()) if (key.startsWith(prefix)) keys.add(key);
      return [...keys].sort(byCodeUnit);
    },
    async folders() {
      return [...new Set([...(await below.folders()), ...foldersOf(own.keys())])].sort(byCodeUnit);
    },
  };
}

function overlayParameters(below: Parameters): Parameters {
  const own = new Map<string, Parameter[]>();
  const get: Parameters['get'] = async (name) => own.get(name)?.at(-1) ?? below.get(name);
  return {
    get,
    async history(name) {
      return [...(await below.history(name)), ...(own.get(name) ?? [])].slice(-HISTORY_MAX);
    },
    async put(name, change) {
      checkChange(name, change);
      const parameter = { ...change, version: ((await get(name))?.version ?? 0) + 1 };
      own.set(name, [...(own.get(name) ?? []), parameter]);
      return parameter;
    },
  };
}

function overlayProjections(below: ProjectionStore): ProjectionStore {
  const own = new Map<string, Uint8Array>();
  return {
    async write(path, bytes) {
      own.set(checkedKey(path), Uint8Array.from(bytes));
    },
    async read(path) {
      return own.get(path) ?? below.read(path);
    },
  };
}
