import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConflictError, IntegrityError } from '../../shared/kernel/errors.ts';
import type { Parameter, Stores, Write } from '../../shared/stores/ports.ts';

export interface OpenStores {
  readonly stores: Stores;
  /**
   * What the service itself puts in place of the time and author given to a parameter's change; matchers where it asks
   * nobody for them. Absent: it keeps those given.
   */
  readonly stamped?: { readonly changedAtMs: unknown; readonly changedBy: unknown };
  close(): Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value);
const put = (partition: string, sort: string, body: string): Write => ({
  item: { partition, sort, body },
  expect: 'any',
});
const create = (partition: string, sort: string, body: string): Write => ({
  item: { partition, sort, body },
  expect: 'absent',
});
const change = (partition: string, sort: string, from: string, to: string): Write => ({
  item: { partition, sort, body: to },
  expect: 'equals',
  body: from,
});

/** What every adapter of the ports must do; `open` gives stores with nothing in them. */
export function storesContract(name: string, open: () => Promise<OpenStores>): void {
  describe(`${name}: the contract of the stores`, () => {
    let opened: OpenStores;
    const stores = (): Stores => opened.stores;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());
    describe('state', () => stateContract(stores));
    describe('artifacts', () => artifactContract(stores));
    describe('parameters', () => parameterContract(stores, (change) => ({ ...change, ...opened.stamped })));
    describe('projections', () => projectionContract(stores));
  });
}

function stateContract(stores: () => Stores): void {
  it('gives back what was written, and undefined for what was not', async () => {
    await stores().state.transact([create('crypto', 'head', '{"n":1}')]);
    expect(await stores().state.get('crypto', 'head')).toEqual({
      partition: 'crypto',
      sort: 'head',
      body: '{"n":1}',
    });
    expect(await stores().state.get('crypto', 'claim')).toBeUndefined();
    expect(await stores().state.get('us', 'head')).toBeUndefined();
  });

  it('creates an absent item once', async () => {
    await stores().state.transact([create('p', 'a', '1')]);
    await expect(stores().state.transact([create('p', 'a', '1')])).rejects.toBeInstanceOf(ConflictError);
    expect((await stores().state.get('p', 'a'))?.body).toBe('1');
  });

  it('changes an item only from exactly the expected body', async () => {
    await stores().state.transact([put('p', 'a', '{"n":1}')]);
    await expect(stores().state.transact([change('p', 'a', '{"n": 1}', '2')])).rejects.toBeInstanceOf(
      ConflictError,
    );
    await expect(stores().state.transact([change('p', 'b', '{"n":1}', '2')])).rejects.toBeInstanceOf(
      ConflictError,
    );
    expect((await stores().state.get('p', 'a'))?.body).toBe('{"n":1}');
    expect(await stores().state.get('p', 'b')).toBeUndefined();
    await stores().state.transact([change('p', 'a', '{"n":1}', '{"n":1}')]);
    await stores().state.transact([change('p', 'a', '{"n":1}', '{"n":2}')]);
    expect((await stores().state.get('p', 'a'))?.body).toBe('{"n":2}');
  });

  it('writes without a condition over anything', async () => {
    await stores().state.transact([put('p', 'a', '1')]);
    await stores().state.transact([put('p', 'a', '2')]);
    expect((await stores().state.get('p', 'a'))?.body).toBe('2');
  });

  it('writes all or nothing and names the first item whose condition failed', async () => {
    await stores().state.transact([put('p', 'b', 'old'), put('p', 'c', 'old')]);
    const writes = [
      put('p', 'a', 'new'),
      change('p', 'b', 'other', 'new'),
      create('p', 'c', 'new'),
      create('p', 'd', 'new'),
    ];
    const failure = await stores()
      .state.transact(writes)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConflictError);
    expect((failure as ConflictError).evidence).toMatchObject({ partition: 'p', sort: 'b' });
    expect((await stores().state.query('p', '')).map(({ sort, body }) => [sort, body])).toEqual([
      ['b', 'old'],
      ['c', 'old'],
    ]);
  });

  it('takes 25 writes, and refuses none, 26 and an item named twice', async () => {
    const many = Array.from({ length: 26 }, (_, n) => create('p', `s${n}`, '0'));
    await expect(stores().state.transact(many)).rejects.toThrow('1 to 25 writes, not 26');
    await expect(stores().state.transact([])).rejects.toThrow('1 to 25 writes, not 0');
    await expect(stores().state.transact([put('p', 'a', '1'), put('p', 'a', '2')])).rejects.toThrow(
      'p a twice',
    );
    expect(await stores().state.query('p', '')).toEqual([]);
    await stores().state.transact(many.slice(1));
    expect(await stores().state.query('p', '')).toHaveLength(25);
  });

  it('refuses texts that some store would not give back unchanged', async () => {
    const refused: [string, string, string][] = [
      ['', 's', '1'],
      ['p', '', '1'],
      ['p\0', 's', '1'],
      ['p', 's'.repeat(1_025), '1'],
      ['p', '\u{1F600}'.repeat(257), '1'],
      ['p', 's', '\ud800'],
      ['p', 's', 'a\0b'],
      ['p', 's', 'x'.repeat(262_145)],
    ];
    for (const [partition, sort, body] of refused) {
      await expect(stores().state.transact([put(partition, sort, body)])).rejects.toBeInstanceOf(RangeError);
    }
    await stores().state.transact([put('p', 's'.repeat(1_024), 'x'.repeat(262_144))]);
    expect((await stores().state.get('p', 's'.repeat(1_024)))?.body).toHaveLength(262_144);
  });

  it('queries by prefix, taking %, _, *, ? and [ as they are', async () => {
    const sorts = ['a%b', 'a%c', 'a_b', 'axb', 'a*b', 'a?b', 'a[b]', 'ab', 'b', 'A%b'];
    await stores().state.transact([...sorts.map((sort) => put('p', sort, sort)), put('p%', 'a%b', 'else')]);
    const found = async (prefix: string) => (await stores().state.query('p', prefix)).map(({ sort }) => sort);
    expect(await found('a%')).toEqual(['a%b', 'a%c']);
    expect(await found('a_')).toEqual(['a_b']);
    expect(await found('a*')).toEqual(['a*b']);
    expect(await found('a[')).toEqual(['a[b]']);
    expect(await found("a'; DROP TABLE items; --")).toEqual([]);
    expect(await found('')).toHaveLength(10);
    expect((await stores().state.query('p%', ''))[0]).toEqual({ partition: 'p%', sort: 'a%b', body: 'else' });
  });

  it('orders by code units, where a pair of surrogates stands before U+FF5E', async () => {
    const sorts = ['x', 'x\uff5e', 'x\u{1F600}', 'x\u{10FFFF}', 'xZ', 'xa', 'x10', 'x9', 'xé'];
    await stores().state.transact(sorts.map((sort) => put('p', sort, '1')));
    expect((await stores().state.query('p', 'x')).map(({ sort }) => sort)).toEqual([
      'x',
      'x10',
      'x9',
      'xZ',
      'xa',
      'xé',
      'x\u{1F600}',
      'x\u{10FFFF}',
      'x\uff5e',
    ]);
  });

  it('lets exactly one of many writers at once win', async () => {
    const attempts = Array.from({ length: 20 }, (_, n) =>
      stores().state.transact([create('p', 'claim', `${n}`)]),
    );
    const settled = await Promise.allSettled(attempts);
    const winners = settled.flatMap((one, n) => (one.status === 'fulfilled' ? [`${n}`] : []));
    expect(winners).toHaveLength(1);
    expect((await stores().state.get('p', 'claim'))?.body).toBe(winners[0]);
  });
}

const HOSTILE_KEYS = [
  '',
  '/',
  '/etc/passwd',
  'a/',
  'a//b',
  '.',
  '..',
  '../a',
  'a/../../b',
  'a/./b',
  'a\0b',
  'a\\b',
  'a b',
  'a:b',
  'a%2e%2e',
  'é',
  'a\n',
  'x'.repeat(256),
  `${'x'.repeat(250)}/${'y'.repeat(250)}/${'z'.repeat(11)}`,
];

function artifactContract(stores: () => Stores): void {
  it('gives back the bytes of a key, whatever they are', async () => {
    const all = Uint8Array.from({ length: 70_000 }, (_, n) => n % 256);
    await stores().artifacts.putIfAbsent('windows/crypto/a=1/b.bin', all);
    await stores().artifacts.putIfAbsent('empty', new Uint8Array());
    expect(await stores().artifacts.get('windows/crypto/a=1/b.bin')).toEqual(all);
    expect(await stores().artifacts.find('empty')).toEqual(new Uint8Array());
  });

  it('gives bytes that begin their buffer, so that columns can be laid over them', async () => {
    const column = Float64Array.of(1.5, -2.25);
    await stores().artifacts.putIfAbsent('column', new Uint8Array(column.buffer));
    const { buffer } = await stores().artifacts.get('column');
    expect(new Float64Array(buffer)).toEqual(column);
  });

  it('tells an absent key from an empty one', async () => {
    await stores().artifacts.putIfAbsent('a/b', bytes('1'));
    for (const key of ['none', 'a', 'a/b/c']) {
      expect(await stores().artifacts.find(key)).toBeUndefined();
      await expect(stores().artifacts.get(key)).rejects.toThrow(IntegrityError);
    }
    await expect(stores().artifacts.get('none')).rejects.toThrow('artifact none is missing');
  });

  it('takes the same bytes again', async () => {
    await stores().artifacts.putIfAbsent('k', bytes('same'));
    await stores().artifacts.putIfAbsent('k', bytes('same'));
    expect(text(await stores().artifacts.get('k'))).toBe('same');
  });

  it('refuses other bytes, naming the key and both hashes, and keeps the first', async () => {
    await stores().artifacts.putIfAbsent('k', bytes('a'));
    const failure = await stores()
      .artifacts.putIfAbsent('k', bytes('b'))
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(IntegrityError);
    // As `printf a | sha256sum` and `printf b | sha256sum` print them.
    expect((failure as IntegrityError).evidence).toEqual({
      key: 'k',
      stored: 'sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb',
      offered: 'sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d',
    });
    expect((failure as Error).message).toContain('artifact k holds other bytes: stored sha256:ca97');
    await expect(stores().artifacts.putIfAbsent('k', bytes('ab'))).rejects.toThrow(IntegrityError);
    await expect(stores().artifacts.putIfAbsent('k', new Uint8Array())).rejects.toThrow(IntegrityError);
    expect(text(await stores().artifacts.get('k'))).toBe('a');
  });

  it('keeps what it holds when a caller changes an array that it gave or got', async () => {
    const given = bytes('abc');
    await stores().artifacts.putIfAbsent('k', given);
    given[0] = 0;
    (await stores().artifacts.get('k'))[1] = 0;
    expect(text(await stores().artifacts.get('k'))).toBe('abc');
  });

  it('lists keys by any beginning, in order of code units', async () => {
    const keys = ['t/2026/b', 't/2026/a', 't/2026-11', 't/2026.x', 't/A', 't/a', 'u', '..t'];
    for (const key of keys) await stores().artifacts.putIfAbsent(key, bytes(key));
    const { artifacts } = stores();
    expect(await artifacts.list('')).toEqual([
      '..t',
      't/2026-11',
      't/2026.x',
      't/2026/a',
      't/2026/b',
      't/A',
      't/a',
      'u',
    ]);
    expect(await artifacts.list('t/2026')).toEqual(['t/2026-11', 't/2026.x', 't/2026/a', 't/2026/b']);
    expect(await artifacts.list('t/2026/')).toEqual(['t/2026/a', 't/2026/b']);
    expect(await artifacts.list('t/2026/a')).toEqual(['t/2026/a']);
    expect(await artifacts.list('..')).toEqual(['..t']);
    expect(await artifacts.list('v/w/')).toEqual([]);
    expect(await artifacts.list('u/')).toEqual([]);
  });

  it('tells the folders at the top, each once, and no key that lies beside them', async () => {
    const { artifacts } = stores();
    expect(await artifacts.folders()).toEqual([]);
    for (const key of ['us/b/1', 'us/a/2', 'crypto/x', 'alone', 'Z/y', 'crypto/z/1', 'a.b/c', 'crypto2/q'])
      await artifacts.putIfAbsent(key, bytes(key));
    expect(await artifacts.folders()).toEqual(['Z', 'a.b', 'crypto', 'crypto2', 'us']);
  });

  it.each(HOSTILE_KEYS.map((key) => [key.slice(0, 30), key]))(
    'refuses the hostile key %j',
    async (_, key) => {
      const { artifacts, projections } = stores();
      await expect(artifacts.get(key)).rejects.toBeInstanceOf(IntegrityError);
      await expect(artifacts.find(key)).rejects.toBeInstanceOf(IntegrityError);
      await expect(artifacts.putIfAbsent(key, bytes('x'))).rejects.toBeInstanceOf(IntegrityError);
      await expect(projections.write(key, bytes('x'))).rejects.toBeInstanceOf(IntegrityError);
      await expect(projections.read(key)).rejects.toBeInstanceOf(IntegrityError);
      expect(await artifacts.list('')).toEqual([]);
    },
  );

  it('refuses a prefix that leaves the store', async () => {
    for (const prefix of ['/', '../', 'a/../', 'a//', 'a\\', 'a\0', './a']) {
      await expect(stores().artifacts.list(prefix)).rejects.toBeInstanceOf(IntegrityError);
    }
  });

  it('takes the longest key', async () => {
    const key = `${'x'.repeat(255)}/${'y'.repeat(254)}/z`;
    expect(key).toHaveLength(512);
    await stores().artifacts.putIfAbsent(key, bytes('1'));
    expect(await stores().artifacts.list('')).toEqual([key]);
  });

  it('lets exactly one of many writers of different bytes win', async () => {
    const puts = Array.from({ length: 20 }, (_, n) => stores().artifacts.putIfAbsent('race', bytes(`${n}`)));
    const settled = await Promise.allSettled(puts);
    const winners = settled.flatMap((one, n) => (one.status === 'fulfilled' ? [`${n}`] : []));
    expect(winners).toEqual([text(await stores().artifacts.get('race'))]);
  });
}

type Kept = (change: Omit<Parameter, 'version'>) => object;

/** `kept`: a change as the store keeps it. */
function parameterContract(stores: () => Stores, kept: Kept): void {
  it('counts versions from 1, name by name, and gives the newest', async () => {
    const first = { value: 'true', changedAtMs: 1_764_000_000_000, changedBy: 'ops', description: 'start' };
    expect(await stores().parameters.get('DISABLE_TRADING')).toBeUndefined();
    expect(await stores().parameters.put('DISABLE_TRADING', first)).toEqual({ ...kept(first), version: 1 });
    const second = { value: 'false ', changedAtMs: 1_764_000_000_001, changedBy: 'console', description: '' };
    expect(await stores().parameters.put('DISABLE_TRADING', second)).toEqual({ ...kept(second), version: 2 });
    expect(await stores().parameters.put('other', first)).toEqual({ ...kept(first), version: 1 });
    expect(await stores().parameters.get('DISABLE_TRADING')).toEqual({ ...kept(second), version: 2 });
    await stores().parameters.put('DISABLE_TRADING', second);
    expect((await stores().parameters.get('DISABLE_TRADING'))?.version).toBe(3);
  });

  it('keeps a value to the last character', async () => {
    const value = ' False\t\n%s é \u{1F600}';
    await stores().parameters.put('n', { value, changedAtMs: 0, changedBy: 'a', description: 'b' });
    expect((await stores().parameters.get('n'))?.value).toBe(value);
  });

  it('gives every one of many writers at once a version of its own', async () => {
    const puts = Array.from({ length: 10 }, (_, n) =>
      stores().parameters.put('n', { value: `${n}`, changedAtMs: n, changedBy: 'a', description: '' }),
    );
    const versions = (await Promise.all(puts)).map(({ version }) => version);
    expect(versions.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('remembers its versions, oldest first, name by name', async () => {
    expect(await stores().parameters.history('n')).toEqual([]);
    const one = { value: 'true', changedAtMs: 5, changedBy: 'ops', description: 'stop' };
    const two = { value: 'false', changedAtMs: 3, changedBy: 'admin', description: 'all is well again' };
    await stores().parameters.put('n', one);
    await stores().parameters.put('other', one);
    await stores().parameters.put('n', two);
    // In the order in which they were put, whatever their clocks said.
    expect(await stores().parameters.history('n')).toEqual([
      { ...kept(one), version: 1 },
      { ...kept(two), version: 2 },
    ]);
    expect(await stores().parameters.history('other')).toEqual([{ ...kept(one), version: 1 }]);
  });

  it('forgets the oldest beyond a hundred versions, and counts on', async () => {
    for (let n = 1; n <= 100; n++)
      await stores().parameters.put('n', {
        value: `${n}`,
        changedAtMs: n,
        changedBy: 'a',
        description: '',
      });
    const full = await stores().parameters.history('n');
    expect([full.length, full[0]!.value, full.at(-1)!.value]).toEqual([100, '1', '100']);
    for (const value of ['x', 'y'])
      await stores().parameters.put('n', { value, changedAtMs: 0, changedBy: 'a', description: '' });
    const later = await stores().parameters.history('n');
    expect([later.length, later[0]!.version, later.at(-1)!.version]).toEqual([100, 3, 102]);
    expect(later.map(({ version }) => version)).toEqual(Array.from({ length: 100 }, (_, k) => k + 3));
    expect(await stores().parameters.get('n')).toEqual(later.at(-1));
  });

  it('gives a history that nobody else writes on', async () => {
    const change = { value: 'a', changedAtMs: 1, changedBy: 'a', description: '' };
    await stores().parameters.put('n', change);
    (await stores().parameters.history('n')).length = 0;
    expect(await stores().parameters.history('n')).toEqual([{ ...kept(change), version: 1 }]);
  });
}

function projectionContract(stores: () => Stores): void {
  it('replaces a whole file', async () => {
    expect(await stores().projections.read('crypto/fills.csv')).toBeUndefined();
    await stores().projections.write('crypto/fills.csv', bytes('a,b\n1,2\n'));
    await stores().projections.write('crypto/fills.csv', bytes('a,b\n'));
    expect(text(await stores().projections.read('crypto/fills.csv'))).toBe('a,b\n');
  });

  it('holds files apart from artifacts of the same name', async () => {
    await stores().artifacts.putIfAbsent('x', bytes('artifact'));
    await stores().projections.write('x', bytes('projection'));
    expect(text(await stores().artifacts.get('x'))).toBe('artifact');
    expect(text(await stores().projections.read('x'))).toBe('projection');
  });
}
