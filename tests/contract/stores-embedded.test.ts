import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, IntegrityError } from '../../shared/kernel/errors.ts';
import { embeddedStores } from '../../shared/stores/embedded.ts';
import { StorageError } from '../../shared/stores/outcomes.ts';
import type { Write } from '../../shared/stores/ports.ts';

const WRITER = fileURLToPath(new URL('stores-writer.ts', import.meta.url));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const put = (sort: string, body: string): Write => ({ item: { partition: 'p', sort, body }, expect: 'any' });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'papergate-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly errors: string;
}

/** Runs a writer to its end, or kills it (-9) after so many lines of output and a moment. */
function writer(mode: string, argument = '', killAfter?: { lines: number; ms: number }): Promise<Ended> {
  const child = spawn(process.execPath, [WRITER, folder, mode, argument], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
    if (killAfter && output.split('\n').length > killAfter.lines)
      setTimeout(() => child.kill('SIGKILL'), killAfter.ms);
  });
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, errors, lines: output.split('\n').filter(Boolean) }));
  });
}

/** Every path below the folder with its time of change. */
function tree(): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => `${String(name)} ${statSync(join(folder, String(name))).mtimeMs}`)
    .sort();
}

describe('two processes on one folder', () => {
  it('lose none of 2 x 400 conditional commits on one item', async () => {
    const stores = embeddedStores(folder);
    await stores.state.transact([put('counter', '0')]);
    const ended = await Promise.all([writer('increment', '400'), writer('increment', '400')]);
    expect(ended).toEqual([
      { code: 0, lines: ['ready'], errors: '' },
      { code: 0, lines: ['ready'], errors: '' },
    ]);
    expect((await stores.state.get('p', 'counter'))?.body).toBe('800');
    stores.close();
  });

  it('offer different bytes under 100 keys: each key has one winner, its bytes whole', async () => {
    const ended = await Promise.all([writer('race', 'left'), writer('race', 'right')]);
    expect(ended.map(({ code, errors }) => [code, errors])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    const stores = embeddedStores(folder, { readOnly: true });
    for (let n = 0; n < 100; n++) {
      const winners = ['left', 'right'].filter((_, side) => ended[side]!.lines.includes(`won ${n}`));
      expect(winners).toHaveLength(1);
      const stored = Buffer.from(await stores.artifacts.get(`race/${n}`)).toString();
      expect(stored).toBe(`${winners[0]} ${n}`.repeat(500));
    }
    stores.close();
  });

  it('create the same folder at the same moment', async () => {
    const ended = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(() => writer('open')));
    expect(ended).toEqual(Array(6).fill({ code: 0, lines: ['ready'], errors: '' }));
  });
});

describe('a process killed in the middle of writes', () => {
  it('leaves a consistent store, and its temporary files are removed by the next one', async () => {
    let committed = 0;
    for (let round = 0; round < 6; round++) {
      const { lines, code } = await writer('for-ever', '', { lines: 8 + round, ms: round });
      expect(code).toBeNull();
      committed = Number(lines.at(-1)!.split(' ')[1]);
      expect(committed).toBeGreaterThan(0);
      const reader = embeddedStores(folder, { readOnly: true });
      const [a, b] = await reader.state.query('p', '');
      expect(a!.body).toBe(b!.body);
      expect([committed, committed + 1]).toContain(Number(a!.body));
      for (const key of await reader.artifacts.list('chain/')) {
        const n = Number(key.slice('chain/'.length));
        const whole = Buffer.alloc(40_000, n % 256).equals(await reader.artifacts.get(key));
        expect(whole, key).toBe(true);
      }
      expect(await reader.projections.read('table.csv')).toHaveLength(40_000);
      reader.close();
    }
    expect(readdirSync(join(folder, 'ledger/tmp')).length).toBeGreaterThan(0);
    embeddedStores(folder).close();
    expect(readdirSync(join(folder, 'ledger/tmp'))).toEqual([]);
  });

  it('is told from a live one, whose temporary files stay', async () => {
    const stores = embeddedStores(folder);
    const [own] = readdirSync(join(folder, 'ledger/tmp'));
    mkdirSync(join(folder, `ledger/tmp/${process.ppid}-live`));
    mkdirSync(join(folder, `ledger/tmp/${process.pid}-same-id-killed`));
    mkdirSync(join(folder, 'ledger/tmp/4194305-beyond-any-id'));
    const second = embeddedStores(folder);
    const left = readdirSync(join(folder, 'ledger/tmp'));
    expect(left).toHaveLength(3);
    expect(left).toEqual(expect.arrayContaining([own, `${process.ppid}-live`]));
    second.close();
    await stores.artifacts.putIfAbsent('k', bytes('still writes'));
    stores.close();
  });

  it('goes on writing where another container took its temporary folder away', async () => {
    const stores = embeddedStores(folder);
    rmSync(join(folder, 'ledger/tmp', readdirSync(join(folder, 'ledger/tmp'))[0]!), { recursive: true });
    await stores.artifacts.putIfAbsent('k', bytes('v'));
    expect(await stores.artifacts.get('k')).toEqual(bytes('v'));
    stores.close();
    expect(readdirSync(join(folder, 'ledger/tmp'))).toEqual([]);
  });
});

describe('opening a folder', () => {
  const state = (): string => join(folder, 'ledger/state.sqlite');

  it('finds again what was written before', async () => {
    const first = embeddedStores(folder);
    await first.state.transact([put('head', '7')]);
    await first.artifacts.putIfAbsent('a/b', bytes('bytes'));
    await first.parameters.put('n', { value: 'v', changedAtMs: 5, changedBy: 'ops', description: 'd' });
    first.close();
    expect(readdirSync(join(folder, 'ledger')).sort()).toEqual(['artifacts', 'state.sqlite', 'tmp']);
    const second = embeddedStores(folder);
    expect((await second.state.get('p', 'head'))?.body).toBe('7');
    expect(await second.artifacts.get('a/b')).toEqual(bytes('bytes'));
    expect(await second.parameters.get('n')).toEqual({
      value: 'v',
      version: 1,
      changedAtMs: 5,
      changedBy: 'ops',
      description: 'd',
    });
    second.close();
  });

  it.each([{ readOnly: true }, { readOnly: false }])('refuses another schema version (%j)', (options) => {
    embeddedStores(folder).close();
    const sqlite = new DatabaseSync(state());
    sqlite.exec('PRAGMA user_version = 9');
    sqlite.close();
    expect(() => embeddedStores(folder, options)).toThrow(IntegrityError);
    expect(() => embeddedStores(folder, options)).toThrow(
      /state\.sqlite is of schema version 9, expected version 1: use/,
    );
  });

  it.each([{ readOnly: true }, { readOnly: false }])(
    'refuses a file that is no state file (%j)',
    (options) => {
      mkdirSync(join(folder, 'ledger'));
      for (const content of ['', 'not a database, but long enough to look at'.repeat(100)]) {
        writeFileSync(state(), content);
        expect(() => embeddedStores(folder, options)).toThrow(IntegrityError);
        expect(() => embeddedStores(folder, options)).toThrow(state());
        expect(readFileSync(state(), 'utf8')).toBe(content);
      }
    },
  );

  it("refuses another program's database and leaves it alone", () => {
    mkdirSync(join(folder, 'ledger'));
    const sqlite = new DatabaseSync(state());
    sqlite.exec('CREATE TABLE theirs (x); PRAGMA user_version = 1');
    sqlite.close();
    const before = readFileSync(state());
    expect(() => embeddedStores(folder)).toThrow(/state\.sqlite is no papergate state file/);
    expect(readFileSync(state()).equals(before)).toBe(true);
  });

  it('refuses artifacts whose state is gone', async () => {
    const stores = embeddedStores(folder);
    await stores.artifacts.putIfAbsent('k', bytes('v'));
    stores.close();
    rmSync(state());
    expect(() => embeddedStores(folder)).toThrow(
      /state\.sqlite is missing beside a ledger's artifacts: restore/,
    );
    expect(() => embeddedStores(folder, { readOnly: true })).toThrow(IntegrityError);
    expect(existsSync(state())).toBe(false);
  });

  it('names the file where a folder cannot be made or written', async () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => embeddedStores(join(folder, 'file/below'))).toThrow(StorageError);
    expect(() => embeddedStores(join(folder, 'file/below'))).toThrow(`${folder}/file`);
    const stores = embeddedStores(folder);
    await stores.artifacts.putIfAbsent('a', bytes('1'));
    const failure = await stores.artifacts.putIfAbsent('a/b', bytes('2')).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StorageError);
    expect((failure as Error).message).toContain(join(folder, 'ledger/artifacts/a'));
    mkdirSync(join(folder, 'processed/taken'), { recursive: true });
    await expect(stores.projections.write('taken', bytes('2'))).rejects.toThrow(
      join(folder, 'processed/taken'),
    );
    stores.close();
    expect(readdirSync(join(folder, 'ledger/tmp'))).toEqual([]);
  });
});

describe('a folder opened read-only', () => {
  it('says where there is no ledger', () => {
    expect(() => embeddedStores(join(folder, 'none'), { readOnly: true })).toThrow(ConfigError);
    expect(() => embeddedStores(folder, { readOnly: true })).toThrow(
      /holds no ledger .* name the --out folder/,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('creates and changes nothing, and refuses every write', async () => {
    const stores = embeddedStores(folder);
    await stores.state.transact([put('head', '7')]);
    await stores.artifacts.putIfAbsent('k', bytes('v'));
    stores.close();
    const before = tree();
    const reader = embeddedStores(folder, { readOnly: true });
    expect((await reader.state.get('p', 'head'))?.body).toBe('7');
    expect(await reader.parameters.get('n')).toBeUndefined();
    expect(await reader.artifacts.list('')).toEqual(['k']);
    const change = { value: 'v', changedAtMs: 5, changedBy: 'ops', description: 'd' };
    await expect(reader.state.transact([put('head', '8')])).rejects.toBeInstanceOf(StorageError);
    await expect(reader.artifacts.putIfAbsent('l', bytes('v'))).rejects.toThrow('opened read-only');
    await expect(reader.parameters.put('n', change)).rejects.toThrow('opened read-only');
    await expect(reader.projections.write('l', bytes('v'))).rejects.toThrow('opened read-only');
    expect(tree()).toEqual(before);
    reader.close();
    expect(tree()).toEqual(before);
  });

  it('sees what another process commits after it was opened', async () => {
    const first = embeddedStores(folder);
    await first.state.transact([put('head', '1')]);
    first.close();
    const reader = embeddedStores(folder, { readOnly: true });
    expect((await reader.state.get('p', 'head'))?.body).toBe('1');
    const second = embeddedStores(folder);
    await second.state.transact([put('head', '2')]);
    expect((await reader.state.get('p', 'head'))?.body).toBe('2');
    await second.state.transact([put('head', '3')]);
    expect((await reader.state.get('p', 'head'))?.body).toBe('3');
    second.close();
    expect((await reader.state.get('p', 'head'))?.body).toBe('3');
    reader.close();
  });

  it.skipIf(process.getuid?.() === 0)(
    'needs no right to write (not as root, who may write anywhere)',
    async () => {
      const stores = embeddedStores(folder);
      await stores.state.transact([put('head', '7')]);
      stores.close();
      chmodSync(join(folder, 'ledger'), 0o555);
      const reader = embeddedStores(folder, { readOnly: true });
      expect((await reader.state.get('p', 'head'))?.body).toBe('7');
      reader.close();
      expect(() => embeddedStores(folder)).toThrow(StorageError);
      chmodSync(join(folder, 'ledger'), 0o755);
    },
  );
});

describe('a query that stops early', () => {
  it('leaves no read transaction open that would hold the log back', async () => {
    const stores = embeddedStores(folder);
    await stores.state.transact(['a', 'b', 'c', 'd'].map((sort) => put(sort, '1')));
    expect(await stores.state.query('p', 'b')).toHaveLength(1);
    const other = new DatabaseSync(join(folder, 'ledger/state.sqlite'));
    expect(other.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()).toMatchObject({ busy: 0 });
    other.close();
    stores.close();
  });
});
