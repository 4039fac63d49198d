import { describe, expect, it } from 'vitest';
import { noteFailure, readFailures } from '../../functions/record-failure/failures.ts';
import { ConflictError } from '../../shared/kernel/errors.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';

const at = (time: string): number => Date.parse(`2024-06-10T${time}Z`);
const note = (stores: Stores, tick: string, noted: string, more: { step?: string; error?: string } = {}) =>
  noteFailure(stores, 'crypto', at(tick), { step: 'gate', error: 'Error: no', ...more, atMs: at(noted) });
const times = async (stores: Stores, settled: string, since: string): Promise<string[]> =>
  (await readFailures(stores, 'crypto', at(settled), at(since))).map(({ atMs }) =>
    new Date(atMs).toISOString().slice(11, 19),
  );

describe('runs that failed', () => {
  it('are none where nobody noted one', async () => {
    expect(await readFailures(memoryStores(), 'crypto', 0, 0)).toEqual([]);
  });

  it('are told oldest first, with step and error', async () => {
    const stores = memoryStores();
    await note(stores, '10:00:00', '10:05:00', { step: 'ingest', error: 'ProviderError: down' });
    await note(stores, '11:00:00', '11:05:00');
    expect(await readFailures(stores, 'crypto', at('09:00:00'), at('09:00:00'))).toEqual([
      { step: 'ingest', error: 'ProviderError: down', atMs: at('10:05:00') },
      { step: 'gate', error: 'Error: no', atMs: at('11:05:00') },
    ]);
    expect(await readFailures(stores, 'ashares', 0, 0)).toEqual([]);
  });

  it('count from the newest committed tick, and from the last turn of the switch', async () => {
    const stores = memoryStores();
    for (const hour of ['10', '11', '12']) await note(stores, `${hour}:00:00`, `${hour}:05:00`);
    // A tick that was committed after it failed is settled with it.
    expect(await times(stores, '11:00:00', '00:00:00')).toEqual(['12:05:00']);
    expect(await times(stores, '00:00:00', '11:05:00')).toEqual(['12:05:00']);
    expect(await times(stores, '12:00:00', '00:00:00')).toEqual([]);
  });

  it('of damaged bytes count until the switch has turned, though their tick was committed or failed again', async () => {
    const stores = memoryStores();
    await note(stores, '10:00:00', '10:05:00', { error: 'IntegrityError: bytes' });
    await note(stores, '11:00:00', '11:05:00');
    await note(stores, '10:00:00', '11:30:00', { step: 'ledger' });
    expect(await times(stores, '11:00:00', '10:04:59')).toEqual(['10:05:00']);
    expect(await times(stores, '11:00:00', '10:05:00')).toEqual([]);
  });

  it('are one where the same tick fails again: the last way it failed', async () => {
    const stores = memoryStores();
    await note(stores, '10:00:00', '10:05:00');
    await note(stores, '11:00:00', '11:05:00');
    await note(stores, '10:00:00', '11:30:00', { step: 'ledger' });
    expect(await readFailures(stores, 'crypto', 0, 0)).toMatchObject([
      { step: 'gate', atMs: at('11:05:00') },
      { step: 'ledger', atMs: at('11:30:00') },
    ]);
  });

  it('are a hundred at most, and their texts are short and whole', async () => {
    const stores = memoryStores();
    for (let k = 0; k < 101; k++)
      await noteFailure(stores, 'crypto', k * 3_600_000, {
        step: 'gate',
        // The 200th and 201st unit are the halves of one character.
        error: `${'x'.repeat(199)}\u{1f4a5}`,
        atMs: k,
      });
    const kept = await readFailures(stores, 'crypto', -1, -1);
    expect([kept.length, kept[0]!.atMs, kept.at(-1)!.atMs]).toEqual([100, 1, 100]);
    expect(kept[0]!.error).toBe(`${'x'.repeat(199)}\uFFFD`);
  });

  it('of many writers at once are all kept, up to the tries that each has', async () => {
    const stores = memoryStores();
    await Promise.all(['10', '11', '12', '13'].map((hour) => note(stores, `${hour}:00:00`, `${hour}:05:00`)));
    expect(await readFailures(stores, 'crypto', 0, 0)).toHaveLength(4);
  });

  it('fail loudly where another writer always comes first', async () => {
    const stores = memoryStores();
    let tries = 0;
    const transact: Stores['state']['transact'] = async () => {
      tries++;
      throw new ConflictError('lost');
    };
    const state = {
      get: (partition: string, sort: string) => stores.state.get(partition, sort),
      query: (partition: string, prefix: string) => stores.state.query(partition, prefix),
      transact,
    };
    await expect(note({ ...stores, state }, '10:00:00', '10:05:00')).rejects.toBeInstanceOf(ConflictError);
    expect(tries).toBe(5);
  });
});
