import { describe, expect, it } from 'vitest';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';

const bytes = Uint8Array.of(1, 2, 3);
const change = { value: 'v', changedAtMs: 1, changedBy: 'ops', description: '' };

const WRITES: [string, (stores: Stores) => Promise<unknown>, (stores: Stores) => Promise<unknown>][] = [
  [
    'state.transact p a, p b',
    ({ state }) =>
      state.transact(
        ['a', 'b'].map((sort) => ({ item: { partition: 'p', sort, body: '1' }, expect: 'absent' })),
      ),
    async ({ state }) => (await state.query('p', '')).length === 2 || undefined,
  ],
  [
    'artifacts.putIfAbsent k',
    ({ artifacts }) => artifacts.putIfAbsent('k', bytes),
    ({ artifacts }) => artifacts.find('k'),
  ],
  [
    'parameters.put n',
    ({ parameters }) => parameters.put('n', change),
    ({ parameters }) => parameters.get('n'),
  ],
  [
    'projections.write f',
    ({ projections }) => projections.write('f', bytes),
    ({ projections }) => projections.read('f'),
  ],
];

describe.each(WRITES)('crash points around %s', (name, write, read) => {
  it('are called before and after, by name', async () => {
    const calls: string[] = [];
    await write(memoryStores({ onWrite: (what, phase) => calls.push(`${phase} ${what}`) }));
    expect(calls).toEqual([`before ${name}`, `after ${name}`]);
  });

  it('leave nothing written before, and all of it after', async () => {
    for (const crash of ['before', 'after'] as const) {
      const stores = memoryStores({
        onWrite: (_, phase) => {
          if (phase === crash) throw new Error('killed');
        },
      });
      await expect(write(stores)).rejects.toThrow('killed');
      expect((await read(stores)) !== undefined).toBe(crash === 'after');
    }
  });

  it('are not called for a read', async () => {
    let calls = 0;
    await read(memoryStores({ onWrite: () => calls++ }));
    expect(calls).toBe(0);
  });
});
