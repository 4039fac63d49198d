import { closeSync, fsyncSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, onFile } from './embedded-files.ts';

const ours = new Set<string>();

/**
 * A process's own folder `<root>/<pid>-<random>` for files that do not have their names yet. Folders that killed
 * processes left behind are removed at the start, those of live ones are not touched.
 */
export class Scratch {
  readonly #root: string;
  #folder: string;
  #count = 0;

  constructor(root: string) {
    this.#root = root;
    for (const name of onFile(root, 'list', () => readdirSync(root))) {
      const left = join(root, name);
      if (isLeftOver(name, left))
        onFile(left, 'remove', () => rmSync(left, { recursive: true, force: true }));
    }
    this.#folder = this.#create();
  }

  #create(): string {
    const folder = onFile(this.#root, 'write in', () => mkdtempSync(join(this.#root, `${process.pid}-`)));
    ours.add(folder);
    return folder;
  }

  /** A path that no other file of this folder has. */
  reserve(): string {
    return join(this.#folder, String(this.#count++));
  }

  /** Writes bytes under a name of their own; `durable` adds an fsync. Nothing is left where it fails. */
  write(bytes: Uint8Array, options: { durable: boolean; mode: number; for: string }): string {
    return onFile(options.for, 'write', () => {
      let file = this.reserve();
      let descriptor: number;
      try {
        descriptor = openSync(file, 'wx', options.mode);
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error;
        // Another container that shares this folder can see our process id as dead or as its own.
        this.#folder = this.#create();
        file = this.reserve();
        descriptor = openSync(file, 'wx', options.mode);
      }
      try {
        writeFileSync(descriptor, bytes);
        if (options.durable) fsyncSync(descriptor);
      } catch (error) {
        rmSync(file, { force: true });
        throw error;
      } finally {
        closeSync(descriptor);
      }
      return file;
    });
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    ours.delete(this.#folder);
  }
}

function isLeftOver(name: string, path: string): boolean {
  const pid = Number(/^(\d+)-/.exec(name)?.[1] ?? NaN);
  if (!Number.isSafeInteger(pid) || pid === 0) return false;
  // Our own id on a folder that we did not make: a killed process had the same one (always 1 in a container).
  if (pid === process.pid) return !ours.has(path);
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
}
