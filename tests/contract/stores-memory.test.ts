import { describe, expect, it } from 'vitest';
import { copyContents, memoryStores } from '../../shared/stores/memory.ts';
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

describe('contents', () => {
  it('are shared by stores that are given the same, and by none that are given a copy', async () => {
    const contents = copyContents();
    const [one, other] = [memoryStores({ contents }), memoryStores({ contents })];
    for (const [, write] of WRITES) await write(one);
    const apart = memoryStores({ contents: copyContents(contents) });
    for (const [, , read] of WRITES) {
      expect(await read(other)).toEqual(await read(one));
      expect(await read(apart)).toEqual(await read(one));
    }
    await apart.artifacts.putIfAbsent('k2', bytes);
    await apart.state.transact([{ item: { partition: 'p', sort: 'a', body: '2' }, expect: 'any' }]);
    expect(await one.artifacts.find('k2')).toBeUndefined();
    expect((await one.state.get('p', 'a'))!.body).toBe('1');
  });
});
