import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { StorageError } from './outcomes.ts';

export const errorCode = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Runs one file operation; its failure names the file, which an error on a descriptor does not. */
export function onFile<T>(file: string, doing: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    const code = errorCode(error);
    throw new StorageError(
      `cannot ${doing} ${file}: ${(error as Error).message}`,
      { file, code },
      { cause: error },
    );
  }
}

/** A file's bytes in a buffer of their own (offset 0); undefined where no file is there. */
export function readFile(file: string): Uint8Array | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    // ENOTDIR: a part of the path is itself a file, so there is no file of this name.
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw new StorageError(`cannot read ${file}: ${(error as Error).message}`, { file }, { cause: error });
  }
  try {
    return onFile(file, 'read', () => readWhole(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

function readWhole(descriptor: number): Uint8Array | undefined {
  const stat = fstatSync(descriptor);
  if (!stat.isFile()) return undefined;
  const bytes = new Uint8Array(stat.size);
  for (let at = 0; at < bytes.length;) {
    const count = readSync(descriptor, bytes, at, bytes.length - at, at);
    if (count === 0) throw new Error(`ends at ${at} of ${bytes.length} bytes`);
    at += count;
  }
  return bytes;
}

/** Makes the names in a folder survive a loss of power. */
export function syncFolder(folder: string): void {
  onFile(folder, 'sync', () => {
    const descriptor = openSync(folder, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  });
}

/** Creates folders durably, once each: a folder already known to this process costs nothing. */
export class Folders {
  readonly #known = new Set<string>();

  ensure(folder: string): void {
    if (this.#known.has(folder)) return;
    const parent = dirname(folder);
    const created = onFile(folder, 'create', () => makeFolder(folder));
    if (created === 'no parent') {
      this.ensure(parent);
      onFile(folder, 'create', () => makeFolder(folder));
    }
    // Also where it was there already: its maker may have been killed before this.
    if (parent !== folder) syncFolder(parent);
    this.#known.add(folder);
  }
}

function makeFolder(folder: string): 'ready' | 'no parent' {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'no parent';
    if (errorCode(error) !== 'EEXIST' || !isFolder(folder)) throw error;
  }
  return 'ready';
}

const isFolder = (path: string): boolean => {
  const descriptor = openSync(path, 'r');
  try {
    return fstatSync(descriptor).isDirectory();
  } finally {
    closeSync(descriptor);
  }
};

/** Gives a finished temporary file its name unless the name is taken; false where it was. */
export function linkIfAbsent(temporary: string, file: string): boolean {
  return onFile(file, 'create', () => {
    try {
      linkSync(temporary, file);
      return true;
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    } finally {
      unlinkSync(temporary);
    }
  });
}

/** Gives a finished temporary file its name, replacing what had it. */
export function replace(temporary: string, file: string): void {
  onFile(file, 'replace', () => {
    try {
      renameSync(temporary, file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  });
}
