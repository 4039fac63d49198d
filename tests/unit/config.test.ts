import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { main } from '../../cli/main.ts';
import { readConfigFiles } from '../../functions/runtime/config-files.ts';
import { parseConfig } from '../../shared/config/config.ts';
import { parseYaml } from '../../shared/config/yaml.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';

const inProject = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const shipped = readConfigFiles(inProject('configs')).texts;
const scratch = mkdtempSync(join(tmpdir(), 'papergate-config-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** The message of the ConfigError that a call must throw. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  throw new Error('nothing was refused');
}

/** The shipped configuration with one text in one file replaced; the text must be there. */
function withChange(path: string, from: string | RegExp, to: string): Map<string, string> {
  const before = shipped.get(path)!;
  const after = before.replace(from, to);
  expect(after, `${path} holds no ${from}`).not.toBe(before);
  return new Map(shipped).set(path, after);
}

describe('parseYaml refuses, with file, line, path and what was expected', () => {
  const schema = z.strictObject({
    size: z.number(),
    rows: z.array(z.strictObject({ name: z.string(), count: z.int().min(1).optional() })).optional(),
    limit: z
      .union([z.strictObject({ at_least: z.number() }), z.strictObject({ below: z.number() })])
      .optional(),
    source: z
      .discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })])
      .optional(),
  });

  test.each([
    [
      'an unknown key',
      'size: 1\nsise: 2\n',
      'f.yaml:2: sise: unknown key; expected one of size, rows, limit, source',
    ],
    [
      'an unknown key below',
      'size: 1\nrows:\n  - name: x\n    nam: y\n',
      'f.yaml:4: rows.0.nam: unknown key; expected one of name, count',
    ],
    [
      'an unknown key that is an object property',
      'size: 1\n__proto__: {}\n',
      'f.yaml:2: __proto__: unknown key; expected one of size, rows, limit, source',
    ],
    [
      'a merge key',
      'size: 1\n<<: {}\n',
      'f.yaml:2: <<: unknown key; expected one of size, rows, limit, source',
    ],
    ['a wrong type', 'size: "1"\n', 'f.yaml:1: size: expected number, received string'],
    [
      'a wrong type below, in a file with carriage returns',
      'size: 1\r\nrows:\r\n  - name: 3\r\n',
      'f.yaml:3: rows.0.name: expected string, received number',
    ],
    ['a missing key', 'rows: []\n', 'f.yaml:1: size: is missing; expected number'],
    [
      'a missing key below, at the item that lacks it',
      'size: 1\nrows:\n  - name: x\n  - count: 1\n',
      'f.yaml:4: rows.1.name: is missing; expected string',
    ],
    ['an empty file', '', 'f.yaml:1: (root): expected object, received null'],
    [
      'a number out of bounds',
      'size: 1\nrows: [{ name: x, count: 0 }]\n',
      'f.yaml:2: rows.0.count: Too small: expected number to be >=1',
    ],
    ['not a number', 'size: .nan\n', 'f.yaml:1: size: expected number, received NaN'],
    ['infinity', 'size: .inf\n', 'f.yaml:1: size: expected number, received Infinity'],
    ['minus infinity', 'size: -.INF\n', 'f.yaml:1: size: expected number, received -Infinity'],
    ['a number too large for a float', 'size: 1e999\n', 'f.yaml:1: size: expected number, received Infinity'],
    ['a duplicate key', 'size: 1\nsize: 2\n', 'f.yaml:2: size: the key is there twice; expected it once'],
    ['an anchor', 'size: &one 1\n', 'f.yaml:1: anchor &one: expected a value without one'],
    ['an alias', 'rows: []\nsize: *one\n', 'f.yaml:2: alias *one: expected the value written out'],
    ['a tag', 'size: !!float 1\n', 'f.yaml:1: tag tag:yaml.org,2002:float: expected a plain value'],
    ['a key that is a list', '? [a]\n: 1\nsize: 1\n', 'f.yaml:1: a key is not plain text; expected a name'],
    [
      'a second document',
      'size: 1\n---\nsize: 2\n',
      'f.yaml:2: a second document starts here; expected one document a file',
    ],
    ['a tab', 'rows:\n\t- name: x\n', 'f.yaml:2: Tabs are not allowed as indentation'],
    [
      'a wrong value in the form that is meant',
      'size: 1\nlimit:\n  below: x\n',
      'f.yaml:3: limit.below: expected number, received string',
    ],
    [
      'no form at all',
      'size: 1\nlimit: { over: 1 }\n',
      'f.yaml:2: limit: fits none of the forms: at_least: expected number; or below: expected number',
    ],
    ['an unknown kind', 'size: 1\nsource: { kind: c }\n', "f.yaml:2: source.kind: expected one of 'a' | 'b'"],
  ])('%s', (_, text, message) => {
    expect(refusal(() => parseYaml('f.yaml', text, schema))).toBe(message);
  });

  test('all problems of a file at once, each on its line', () => {
    expect(refusal(() => parseYaml('f.yaml', 'size: x\nrows:\n  - nam: y\n', schema)).split('\n')).toEqual([
      'f.yaml:1: size: expected number, received string',
      'f.yaml:3: rows.0.name: is missing; expected string',
      'f.yaml:3: rows.0.nam: unknown key; expected one of name, count',
    ]);
  });

  test('an alias and its anchor', () => {
    expect(refusal(() => parseYaml('f.yaml', 'rows: &r []\nsize: *r\n', schema)).split('\n')).toEqual([
      'f.yaml:1: anchor &r: expected a value without one',
      'f.yaml:2: alias *r: expected the value written out',
    ]);
  });
});

describe('a configuration', () => {
  test.each(['configs', 'samples/configs'])('%s is valid', (folder) => {
    const files = readConfigFiles(inProject(folder));
    const { markets, calendars, hash } = parseConfig(files.texts, files.origin);
    expect([...markets.keys()]).toEqual(['ashares', 'crypto', 'us_equities']);
    expect([...calendars.keys()]).toEqual(['CRYPTO_24X7', 'XNYS', 'XSHG']);
    expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('its hash covers every text', () => {
    const comment = withChange('universes/crypto_v1.yaml', /$/, '# a remark\n');
    expect(parseConfig(comment).hash).not.toBe(parseConfig(shipped).hash);
    expect(parseConfig(new Map([...shipped].reverse())).hash).toBe(parseConfig(shipped).hash);
  });

  test.each([
    [
      'a universe that no file gives',
      'universe: crypto_v1',
      'universe: crypto_v9',
      'universe: crypto_v9 does not exist; known are ashares_v1, crypto_v1, us_equities_v1',
    ],
    [
      'a cost profile that no file gives',
      'cost_profile: binance_spot',
      'cost_profile: x',
      'cost_profile: x does not exist; known are ashares_default, binance_perpetual, binance_spot, us_equities_default, us_equities_per_share',
    ],
    [
      'trading rules that no file gives',
      'trading_rules: crypto_spot',
      'trading_rules: x',
      'trading_rules: x does not exist; known are ashares, crypto_perpetual, crypto_spot, us_equities',
    ],
    [
      'trading rules without the board of an instrument',
      'trading_rules: crypto_spot',
      'trading_rules: us_equities',
      'universe: crypto_v1 puts BTCUSDT on board binance_spot, which trading rules us_equities do not have; known are listed',
    ],
    [
      'a fill contract that no file gives',
      'fill_spec: fill_model_spec',
      'fill_spec: x',
      'fill_spec: x does not exist; known are fill_model_spec',
    ],
    ['a model that no file gives', 'model: policy', 'model: x', 'model: x does not exist; known are policy'],
    [
      'a calendar that no file gives',
      'exchange: CRYPTO_24X7',
      'exchange: XLON',
      'exchange: XLON does not exist; known are CRYPTO_24X7, XNYS, XSHG',
    ],
    [
      'another currency than its fees',
      'currency: USDT',
      'currency: USD',
      'currency: is USD, but cost profile binance_spot is in USDT',
    ],
    [
      "another name than its file's",
      'market: crypto',
      'market: coins',
      "market: is coins, expected the file's name crypto",
    ],
  ])('a market file with %s', (_, from, to, message) => {
    const files = withChange('markets/crypto.yaml', from, to);
    expect(refusal(() => parseConfig(files))).toBe(`markets/crypto.yaml: ${message}`);
  });

  test.each([
    'universes/crypto_v1.yaml',
    'cost_profiles/binance_spot.yaml',
    'trading_rules/crypto_spot.yaml',
  ])('%s with another name than the file has', (path) => {
    const files = withChange(path, /^name: .*$/m, 'name: other');
    const name = path.split('/')[1]!.replace('.yaml', '');
    expect(refusal(() => parseConfig(files))).toBe(
      `${path}: name: is other, expected the file's name ${name}`,
    );
  });

  test('a bad file that no market names', () => {
    const files = new Map(shipped).set('universes/spare.yaml', 'name: spare\n');
    expect(refusal(() => parseConfig(files)).split('\n')[0]).toBe(
      'universes/spare.yaml:1: version: is missing; expected number',
    );
  });

  test('no thresholds, no market', () => {
    const without = (start: string) => new Map([...shipped].filter(([path]) => !path.startsWith(start)));
    expect(refusal(() => parseConfig(without('go_live')))).toBe(
      'go_live_thresholds.yaml: is missing; every configuration needs it',
    );
    expect(refusal(() => parseConfig(without('markets/')))).toBe('markets: holds no market file');
  });
});

describe('a folder over a base', () => {
  test('gives its own files, and the base the others', () => {
    const over = join(scratch, 'over');
    cpSync(inProject('configs'), join(scratch, 'base'), { recursive: true });
    mkdirSync(join(over, 'universes'), { recursive: true });
    writeFileSync(join(over, 'config.yaml'), 'base: ../base\n');
    const own = shipped.get('universes/crypto_v1.yaml')!.replace('version: 1', 'version: 2');
    writeFileSync(join(over, 'universes/crypto_v1.yaml'), own);

    const files = readConfigFiles(over);

    const { markets } = parseConfig(files.texts, files.origin);
    expect(markets.get('crypto')?.universe.version).toBe(2);
    expect(markets.get('ashares')?.universe.version).toBe(1);
    expect(files.origin('universes/crypto_v1.yaml')).toBe(join(over, 'universes/crypto_v1.yaml'));
    expect(files.origin('markets/crypto.yaml')).toBe(join(scratch, 'base/markets/crypto.yaml'));
  });

  test('two that are based on each other are refused', () => {
    for (const [folder, other] of [['left', 'right'] as const, ['right', 'left'] as const]) {
      mkdirSync(join(scratch, folder));
      writeFileSync(join(scratch, folder, 'config.yaml'), `base: ../${other}\n`);
    }
    expect(refusal(() => readConfigFiles(join(scratch, 'left')))).toMatch(
      /\/config\.yaml: base: more than four bases in a row, or a circle of them$/,
    );
  });

  test('a base, or a folder, that is not there', () => {
    mkdirSync(join(scratch, 'lost'));
    writeFileSync(join(scratch, 'lost', 'config.yaml'), 'base: ../gone\n');
    expect(refusal(() => readConfigFiles(join(scratch, 'lost')))).toBe(
      `${join(scratch, 'gone')}/config.yaml: cannot be read; expected a configuration folder at ${join(scratch, 'gone')} (--config DIR)`,
    );
  });
});

test('configs/schemas is what `papergate config schemas` writes', async () => {
  const out = join(scratch, 'schemas');
  const io = { out: () => {}, err: () => {}, outIsTty: false, errIsTty: false, env: {} };
  expect(await main(['config', 'schemas', '--out', out], io)).toBe(0);
  const contents = (folder: string) =>
    Object.fromEntries(
      readdirSync(folder)
        .sort()
        .map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    );
  expect(contents(inProject('configs/schemas')), 'run: npm run papergate -- config schemas').toEqual(
    contents(out),
  );
});
