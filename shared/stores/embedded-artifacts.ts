import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { byCodeUnit } from '../kernel/canonical.ts';
import {
  errorCode,
  linkIfAbsent,
  onFile,
  readFile,
  replace,
  syncFolder,
  type Folders,
} from './embedded-files.ts';
import type { Scratch } from './embedded-scratch.ts';
import { checkedKey, checkedPrefix } from './keys.ts';
import { assertSameBytes, missingArtifact, StorageError } from './outcomes.ts';
import type { ArtifactStore, ProjectionStore } from './ports.ts';

/** What writing needs; absent where a folder is opened read-only. */
export interface Writer {
  readonly scratch: Scratch;
  readonly folders: Folders;
}

/**
 * Artifacts as files under `root`, each complete from the moment it has its name: written and synced under a
 * temporary name, then linked, which fails where the name is taken.
 */
export function folderArtifacts(root: string, writer: Writer | undefined): ArtifactStore {
  const find = (key: string): Uint8Array | undefined => readFile(join(root, checkedKey(key)));
  return {
    async get(key) {
      const bytes = find(key);
      if (!bytes) throw missingArtifact(key);
      return bytes;
    },
    async find(key) {
      return find(key);
    },
    async putIfAbsent(key, bytes) {
      const file = join(root, checkedKey(key));
      const { scratch, folders } = writable(writer, file);
      let stored = readFile(file);
      if (!stored) {
        folders.ensure(dirname(file));
        const temporary = scratch.write(bytes, { durable: true, mode: 0o444, for: file });
        if (!linkIfAbsent(temporary, file)) stored = readFile(file);
      }
      if (stored) assertSameBytes(key, stored, bytes);
      // Also where it was there already: success means durable, and its writer may have been killed before this.
      syncFolder(dirname(file));
    },
    async list(prefix) {
      checkedPrefix(prefix);
      const below = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      return keysBelow(root, below)
        .filter((key) => key.startsWith(prefix))
        .sort(byCodeUnit);
    },
    async folders() {
      const held = entries(root).filter((entry) => entry.isDirectory() && holdsFile(join(root, entry.name)));
      return held.map(({ name }) => name).sort(byCodeUnit);
    },
  };
}

/** Whether a file lies somewhere in a folder; looks no further than the first one. */
const holdsFile = (folder: string): boolean =>
  entries(folder).some(
    (entry) => entry.isFile() || (entry.isDirectory() && holdsFile(join(folder, entry.name))),
  );

function keysBelow(root: string, below: string): string[] {
  const folder = join(root, below);
  return entries(folder).flatMap((entry) => {
    if (entry.isDirectory()) return keysBelow(root, `${below}${entry.name}/`);
    return entry.isFile() ? [`${below}${entry.name}`] : [];
  });
}

function entries(folder: string) {
  return onFile(folder, 'list', () => {
    try {
      return readdirSync(folder, { withFileTypes: true });
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
      throw error;
    }
  });
}

/**
 * Projections as files under `root`. Readers see the old file or the new one, never a part; there is no fsync,
 * since what a loss of power takes is rebuilt from the chain.
 */
export function folderProjections(root: string, writer: Writer | undefined): ProjectionStore {
  return {
    async write(path, bytes) {
      const file = join(root, checkedKey(path));
      const { scratch, folders } = writable(writer, file);
      folders.ensure(dirname(file));
      replace(scratch.write(bytes, { durable: false, mode: 0o666, for: file }), file);
    },
    async read(path) {
      return readFile(join(root, checkedKey(path)));
    },
  };
}

/** What writing needs. @throws StorageError where the folder was opened read-only. */
function writable(writer: Writer | undefined, file: string): Writer {
  if (!writer) throw new StorageError(`cannot write ${file}: the folder was opened read-only`, { file });
  return writer;
}
