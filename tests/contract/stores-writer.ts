/**
 * A process of its own that writes to a folder: `node stores-writer.ts <folder> <mode> <argument>`. Prints one
 * line where it is ready and one a write, so that a test can kill it in the middle.
 */
import { writeSync } from 'node:fs';
import { ConflictError, IntegrityError } from '../../shared/kernel/errors.ts';
import { embeddedStores } from '../../shared/stores/embedded.ts';
import type { Stores } from '../../shared/stores/ports.ts';

const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

/** Adds 1 to a counter as often as told, each time by a conditional commit from what it read. */
async function increment({ state }: Stores, times: number): Promise<void> {
  for (let done = 0; done < times;) {
    const { body } = (await state.get('p', 'counter'))!;
    const item = { partition: 'p', sort: 'counter', body: String(Number(body) + 1) };
    try {
      await state.transact([{ item, expect: 'equals', body }]);
      done++;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

/** Offers its own bytes under shared keys and says which it won. */
async function race({ artifacts }: Stores, name: string, keys: number): Promise<void> {
  for (let n = 0; n < keys; n++) {
    try {
      await artifacts.putIfAbsent(`race/${n}`, new TextEncoder().encode(`${name} ${n}`.repeat(500)));
      say(`won ${n}`);
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
    }
  }
}

/** For ever: an artifact, then a commit of two items that name it and must agree. */
async function forEver({ state, artifacts, projections }: Stores): Promise<void> {
  for (let n = Number((await state.get('p', 'a'))?.body ?? 0) + 1; ; n++) {
    await artifacts.putIfAbsent(`chain/${n}`, new Uint8Array(40_000).fill(n % 256));
    await projections.write('table.csv', new Uint8Array(40_000).fill(n % 256));
    const both = ['a', 'b'].map((sort) => ({
      item: { partition: 'p', sort, body: String(n) },
      expect: 'any' as const,
    }));
    await state.transact(both);
    say(`committed ${n}`);
  }
}

const [folder, mode, argument] = process.argv.slice(2);
const stores = embeddedStores(folder!);
say('ready');
if (mode === 'increment') await increment(stores, Number(argument));
if (mode === 'race') await race(stores, argument!, 100);
if (mode === 'for-ever') await forEver(stores);
stores.close();
