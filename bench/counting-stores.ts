import type { Stores } from '../shared/stores/ports.ts';

/** What handlers asked of their stores, in the units in which AWS bills the same calls. */
export interface StoreOperations {
  /** Objects read, missing ones included. */
  gets: number;
  /** Objects written once, and files written anew. */
  puts: number;
  lists: number;
  /** Consistent reads of items: units of 4 KB each. */
  readUnits: number;
  /** Items written in transactions: two units for each KB. */
  writeUnits: number;
  parameterReads: number;
  parameterWrites: number;
  bytesRead: number;
  bytesWritten: number;
}

export const noOperations = (): StoreOperations => ({
  ...{ gets: 0, puts: 0, lists: 0, readUnits: 0, writeUnits: 0 },
  ...{ parameterReads: 0, parameterWrites: 0, bytesRead: 0, bytesWritten: 0 },
});

const READ_UNIT_BYTES = 4_096;
const WRITE_UNIT_BYTES = 1_024;
const bytesOf = (item: { partition: string; sort: string; body: string } | undefined): number =>
  item === undefined ? 0 : Buffer.byteLength(item.partition + item.sort + item.body);
const units = (bytes: number, unit: number): number => Math.max(1, Math.ceil(bytes / unit));

/** Stores that do what those below do, and count it into `into()`. */
export function countingStores(below: Stores, into: () => StoreOperations): Stores {
  const { state, artifacts, parameters, projections } = below;
  const read = (bytes: Uint8Array | undefined): void => {
    into().gets++;
    into().bytesRead += bytes?.length ?? 0;
  };
  const wrote = (bytes: Uint8Array): void => {
    into().puts++;
    into().bytesWritten += bytes.length;
  };
  return {
    state: {
      async get(partition, sort) {
        const item = await state.get(partition, sort);
        into().readUnits += units(bytesOf(item), READ_UNIT_BYTES);
        return item;
      },
      async query(partition, sortPrefix) {
        const items = await state.query(partition, sortPrefix);
        const bytes = items.reduce((sum, item) => sum + bytesOf(item), 0);
        into().readUnits += units(bytes, READ_UNIT_BYTES);
        return items;
      },
      async transact(writes) {
        // A transaction that fails on its condition is billed as one that does not.
        for (const { item } of writes) into().writeUnits += 2 * units(bytesOf(item), WRITE_UNIT_BYTES);
        await state.transact(writes);
      },
    },
    artifacts: {
      async get(key) {
        const bytes = await artifacts.get(key);
        read(bytes);
        return bytes;
      },
      async find(key) {
        const bytes = await artifacts.find(key);
        read(bytes);
        return bytes;
      },
      async putIfAbsent(key, bytes) {
        wrote(bytes);
        await artifacts.putIfAbsent(key, bytes);
      },
      async list(prefix) {
        into().lists++;
        return artifacts.list(prefix);
      },
      async folders() {
        into().lists++;
        return artifacts.folders();
      },
    },
    parameters: {
      async get(name) {
        into().parameterReads++;
        return parameters.get(name);
      },
      async history(name) {
        into().parameterReads++;
        return parameters.history(name);
      },
      async put(name, change) {
        into().parameterWrites++;
        return parameters.put(name, change);
      },
    },
    projections: {
      async write(path, bytes) {
        wrote(bytes);
        await projections.write(path, bytes);
      },
      async read(path) {
        const bytes = await projections.read(path);
        read(bytes);
        return bytes;
      },
    },
  };
}
