import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { anchorsPath, withAnchor } from '../../shared/ledger/anchors.ts';
import { embeddedStores } from '../../shared/stores/embedded.ts';
import { layOut, replay } from '../support/chain.ts';
import {
  contentsOf,
  recordItem,
  sha256Of,
  TamperedLedger,
  verify,
  type Named,
  type StoredRecord,
} from '../support/tampered-ledger.ts';

const original = mkdtempSync(join(tmpdir(), 'papergate-verify-'));
const copies: TamperedLedger[] = [];
/** A fresh copy of the ledger to tamper with. */
function copy(): TamperedLedger {
  const made = new TamperedLedger(original, 'ashares');
  copies.push(made);
  return made;
}

/** Seven sessions of three recorded names: 28 ticks, records 0 to 29, with buys and sells. */
beforeAll(async () => {
  const stores = embeddedStores(original);
  const { ticksRun } = await replay(stores, layOut('ashares', '2024-07-12', '2024-07-22'));
  // The tests place anchors themselves, to tell what is found with one from what is found without.
  rmSync(join(original, 'processed', 'anchors'), { recursive: true });
  stores.close();
  expect(ticksRun).toBe(28);
});
afterEach(() => copies.splice(0).forEach((made) => made.remove()));
afterAll(() => rmSync(original, { recursive: true }));

/** Adds what a session's end writes outside the chain. */
async function anchor(ledger: TamperedLedger): Promise<void> {
  const stores = embeddedStores(ledger.folder);
  const { n, sha256, tick_utc } = ledger.head;
  const line = { market: 'ashares', n, sha256: sha256 as `sha256:${string}`, tick_utc: String(tick_utc) };
  await stores.projections.write(anchorsPath('ashares'), withAnchor(undefined, line));
  stores.close();
}

/** What the release manifest says of the head. */
function manifest(ledger: TamperedLedger): void {
  const { n, sha256 } = ledger.head;
  mkdirSync(join(ledger.folder, 'processed'), { recursive: true });
  const text = JSON.stringify({ release_name: 'x', ledger_head: { ashares: { n, sha256 } } });
  writeFileSync(join(ledger.folder, 'processed/release_manifest.json'), text);
}

/** One line on stderr that names record and field, and exit code 4. */
async function expectFlaw(
  ledger: TamperedLedger,
  message: RegExp | string,
  ...more: string[]
): Promise<void> {
  const { status, stderr, stdout } = await verify(ledger.folder, ...more);
  expect([status, stderr.split('\n').length], stderr).toEqual([4, 2]);
  expect(stderr).toMatch(message);
  expect(stdout).toContain('failed');
}

describe('a ledger as it was written', () => {
  test('verifies, and says that nothing outside the chain vouches for its end', async () => {
    const { status, stdout, stderr } = await verify(original);
    expect([status, stderr]).toEqual([0, '']);
    const { sha256 } = copy().head;
    const [, row, note] = stdout.split('\n');
    expect(row).toMatch(new RegExp(`^ashares +30 +28 +29 +${sha256} +no +ok$`));
    expect(note).toContain('a tail that was cut off cannot be excluded');
  });

  test('answers in canonical JSON, anchored where an anchor says so', async () => {
    const ledger = copy();
    await anchor(ledger);
    const { status, stdout } = await verify(ledger.folder, '--json');
    const { sha256 } = ledger.head;
    expect(status).toBe(0);
    expect(stdout).toBe(
      `{"markets":[{"anchored":29,"head":{"n":29,"sha256":"${sha256}"},"market":"ashares","notes":[],"records":30,` +
        `"result":"ok","ticks":28,"uncommitted":0}],"ok":true}\n`,
    );
  });

  test('stays as it is, byte for byte', async () => {
    const before = contentsOf(original);
    await verify(original);
    expect(contentsOf(original)).toEqual(before);
  });

  test('has the head that was noted elsewhere, in the market that was asked for', async () => {
    const { sha256 } = copy().head;
    const { status, stdout } = await verify(original, '--market', 'ashares', '--expect', sha256);
    expect(status).toBe(0);
    expect(stdout).toContain('to 29');
    expect(stdout).not.toContain('cannot be excluded');
  });

  test.each([
    [
      'another head',
      `sha256:${'0'.repeat(64)}`,
      /^ashares: record 29: head: .* which no record has: the chain was cut/,
    ],
    [
      'the head of an earlier moment',
      'earlier',
      /^ashares: record 29: head: .* which is record 20: the chain went on/,
    ],
  ])('is refused where --expect names %s', async (_, head, message) => {
    const ledger = copy();
    const expected = head === 'earlier' ? ledger.named(20).sha256 : head;
    await expectFlaw(ledger, message, '--expect', expected);
  });

  test.each([
    ['a folder that is not there', ['no-such-folder'], 'holds no ledger'],
    ['a market without a ledger', ['', '--market', 'crypto'], '--market: crypto has no ledger'],
    ['a head that is no hash', ['', '--expect', 'sha256:12'], 'Expected sha256: and 64 hexadecimal digits'],
  ])('%s is a mistake of usage', async (_, [folder, ...more], message) => {
    const { status, stderr } = await verify(folder === '' ? original : join(original, folder!), ...more);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});

/** A record that holds every kind of reference, well inside the chain. */
const N = 17;
const KINDS = ['window', 'data', 'forecast', 'decision', 'execution', 'position', 'state'] as const;
const FIRST = ['release', 'config', 'window', 'state'] as const;

/** Every artifact that a chain rests on: the record and field to be named, and how to find its key. */
const PLACES: [what: string, n: number, field: string, key: (ledger: TamperedLedger) => string][] = [
  ['a record', N, 'sha256', (ledger) => ledger.named(N).key],
  ['the first record', 0, 'sha256', (ledger) => ledger.named(0).key],
  ...KINDS.map((kind): (typeof PLACES)[number] => [
    kind,
    N,
    kind,
    (ledger) => (ledger.record(N)[kind] as Named).key,
  ]),
  ...FIRST.map((kind): (typeof PLACES)[number] => [
    `the first ${kind}`,
    0,
    kind,
    (ledger) => (ledger.record(0)[kind] as Named).key,
  ]),
  ['the newest block', N, 'window.blocks.', (ledger) => blocksOf(ledger, N).at(-1)!.key],
  ['an old block', 0, 'window.blocks.0', (ledger) => blocksOf(ledger, 0)[0]!.key],
];
const blocksOf = (ledger: TamperedLedger, n: number): Named[] =>
  ledger.json(ledger.record(n)['window'] as Named)['blocks'] as Named[];

describe('an artifact that is not what it was', () => {
  test.each(PLACES)('%s with one bit flipped', async (_, n, field, keyOf) => {
    const ledger = copy();
    const bytes = ledger.read(keyOf(ledger));
    bytes[bytes.length >> 1]! ^= 1;
    ledger.write(keyOf(ledger), bytes);
    const start = `^ashares: record ${n}: ${field.replaceAll('.', '\\.')}\\d*: artifact ${keyOf(ledger)} `;
    await expectFlaw(ledger, new RegExp(`${start}has hash ${sha256Of(bytes)}, .* says sha256:`));
  });

  test.each(PLACES)('%s that is gone', async (_, n, field, keyOf) => {
    const ledger = copy();
    const key = keyOf(ledger);
    rmSync(ledger.fileOf(key));
    const start = `^ashares: record ${n}: ${field.replaceAll('.', '\\.')}\\d*: `;
    await expectFlaw(ledger, new RegExp(`${start}artifact ${key} is missing\n$`));
  });

  test.each([
    ['cut', (bytes: Buffer) => bytes.subarray(0, -1)],
    ['longer by a byte', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('\n')])],
    ['empty', () => Buffer.alloc(0)],
  ])('a file that is %s', async (_, change) => {
    for (const [, n, field, keyOf] of PLACES) {
      const ledger = copy();
      ledger.write(keyOf(ledger), change(ledger.read(keyOf(ledger))));
      await expectFlaw(ledger, `record ${n}: ${field}`);
    }
  });

  test('a folder in the place of a file', async () => {
    const ledger = copy();
    const { key } = ledger.named(N);
    rmSync(ledger.fileOf(key));
    mkdirSync(ledger.fileOf(key));
    await expectFlaw(ledger, `record ${N}: sha256: artifact ${key} is missing`);
  });
});

describe('records in another order', () => {
  test('two files that changed places', async () => {
    const ledger = copy();
    const [a, b] = [ledger.named(9).key, ledger.named(10).key];
    const [first, second] = [ledger.read(a), ledger.read(b)];
    ledger.write(a, second);
    ledger.write(b, first);
    await expectFlaw(ledger, /^ashares: record 9: sha256: artifact /);
  });

  test('two items that changed places', async () => {
    const ledger = copy();
    const [first, second] = [ledger.item(recordItem(9)), ledger.item(recordItem(10))];
    ledger.setItem(recordItem(9), second);
    ledger.setItem(recordItem(10), first);
    await expectFlaw(ledger, 'ashares: record 9: n: is 10, its item says 9');
  });

  test('one that is left out', async () => {
    const ledger = copy();
    ledger.deleteItem(recordItem(9));
    await expectFlaw(ledger, 'ashares: record 9: item: is missing');
  });
});

describe('a tail that was cut', () => {
  test('cleanly, it verifies alone: the answer says so', async () => {
    const ledger = copy();
    ledger.cutTail(3, { artifacts: 'removed' });
    const { status, stdout } = await verify(ledger.folder);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ashares +27 +25 +26 /m);
    expect(stdout).toContain('a tail that was cut off cannot be excluded');
  });

  test('an anchor, the release manifest and --expect each tell', async () => {
    const [anchored, listed, noted] = [copy(), copy(), copy()];
    await anchor(anchored);
    manifest(listed);
    const { sha256 } = noted.head;
    for (const ledger of [anchored, listed, noted]) ledger.cutTail(3, { artifacts: 'removed' });
    const message = `has its hash, ${sha256}, but the chain ends with record 26: its tail was cut`;
    await expectFlaw(anchored, `ashares: record 29: anchor: an anchor ${message}`);
    await expectFlaw(listed, `ashares: record 29: anchor: release_manifest.json ${message}`);
    await expectFlaw(noted, 'ashares: record 26: head: ', '--expect', sha256);
  });

  test('record files left behind tell, from the second on', async () => {
    const ledger = copy();
    ledger.cutTail(3, { artifacts: 'left' });
    await expectFlaw(
      ledger,
      /^ashares: record 2[89]: record: was written, .* the head is record 26: the tail was cut/,
    );
  });

  test('the record of a run that was killed between its two writes is no flaw', async () => {
    const ledger = copy();
    ledger.cutTail(1, { artifacts: 'left' });
    const { status, stdout, stderr } = await verify(ledger.folder);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('1 record after the head was written and never committed');
  });

  test('an item behind the head tells', async () => {
    const ledger = copy();
    const item = ledger.item(recordItem(29));
    ledger.cutTail(1, { artifacts: 'removed' });
    ledger.setItem(recordItem(29), item);
    await expectFlaw(
      ledger,
      'ashares: record 29: item: exists, but the head is record 28: the head was moved back',
    );
  });

  test('a head that was taken away tells', async () => {
    const ledger = copy();
    ledger.deleteItem('head');
    await expectFlaw(ledger, /^ashares: record \d+: item: exists, but there is no head/);
  });

  test.each(['ordinal', 'settled_ordinal', 'tick_utc', 'window', 'state'])(
    'a head with another %s',
    async (field) => {
      const ledger = copy();
      const earlier = { ...ledger.record(20), settled_ordinal: ledger.record(20)['ordinal'] } as StoredRecord;
      ledger.setItem('head', canonicalize({ ...ledger.head, [field]: earlier[field] })!);
      await expectFlaw(ledger, `ashares: record 29: head.${field}: is`);
    },
  );

  test('a head with a day that does not exist', async () => {
    const ledger = copy();
    ledger.setItem('head', canonicalize({ ...ledger.head, tick_utc: '2024-99-99T00:00:00Z' })!);
    await expectFlaw(
      ledger,
      'ashares: record 29: head.tick_utc: 2024-99-99T00:00:00Z is no instant that exists',
    );
  });

  test('a latch that no record set', async () => {
    const ledger = copy();
    const latch = JSON.parse(ledger.item('latch')) as object;
    ledger.setItem('latch', canonicalize({ ...latch, state: 'TRIAL' })!);
    await expectFlaw(ledger, 'ashares: record 29: latch: is TRIAL, the newest switch record says ACTIVE');
  });
});

describe('a state file that is none', () => {
  test.each([
    ['garbage', Buffer.alloc(8192, 'not a database ')],
    ['empty', Buffer.alloc(0)],
  ])('%s', async (_, bytes) => {
    const ledger = copy();
    writeFileSync(join(ledger.folder, 'ledger/state.sqlite'), bytes);
    const { status, stderr } = await verify(ledger.folder);
    expect([status, stderr.split('\n').length], stderr).toEqual([4, 2]);
    expect(stderr).toContain('state.sqlite');
  });

  test('gone, beside its artifacts', async () => {
    const ledger = copy();
    rmSync(join(ledger.folder, 'ledger/state.sqlite'));
    const { status, stderr } = await verify(ledger.folder);
    expect([status, stderr.includes('state.sqlite is missing')]).toEqual([4, true]);
  });
});

describe('hostile texts', () => {
  const outside = '../../../outside.json';
  test.each([
    [
      'a key that leaves the folder',
      canonicalize({ key: outside, sha256: `sha256:${'0'.repeat(64)}` })!,
      'sha256: key',
    ],
    [
      'a key of another market',
      canonicalize({ key: 'crypto/record/x', sha256: `sha256:${'0'.repeat(64)}` })!,
      'sha256: names',
    ],
    ['an item that is no JSON', '{', 'item: its item is not JSON'],
    ['an item of another shape', '{"__proto__":{},"key":1}', 'item: its item: key'],
  ])('%s', async (_, body, message) => {
    const ledger = copy();
    ledger.setItem(recordItem(9), body);
    await expectFlaw(ledger, `ashares: record 9: ${message}`);
  });

  test('a signed record that names a file outside', async () => {
    const ledger = copy();
    ledger.forge(N, (record) => (record['state'] = { ...(record['state'] as Named), key: outside }));
    await expectFlaw(ledger, `ashares: record ${N}: state: key "${outside}" is refused`);
  });

  test.each([
    ['anchors', 'anchors/ashares.jsonl', '{"market":"ashares"'],
    ['anchors', 'anchors/ashares.jsonl', '{"market":"crypto","n":1}\n'],
    ['release manifest', 'release_manifest.json', '{"ledger_head":{"ashares":7}}'],
  ])('damaged %s', async (_, path, text) => {
    const ledger = copy();
    mkdirSync(join(ledger.folder, 'processed/anchors'), { recursive: true });
    writeFileSync(join(ledger.folder, 'processed', path), text);
    const { status, stderr } = await verify(ledger.folder);
    expect([status, stderr.split('\n').length]).toEqual([4, 2]);
    expect(stderr).toContain(path);
  });
});
