import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'papergate-cli-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Runs the real program in a process of its own, away from the project's folder. */
function papergate(args: string, env: Record<string, string> = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [join(root, 'cli/papergate.ts'), ...args.split(' ').filter(Boolean)], {
    ...{ encoding: 'utf8', maxBuffer: 33_554_432, cwd: scratch, env: { PATH: process.env['PATH'], ...env } },
  });
}

/** A configuration folder over the shipped one with one bad file. */
function badConfig(): string {
  const folder = join(scratch, 'bad');
  mkdirSync(join(folder, 'universes'), { recursive: true });
  writeFileSync(join(folder, 'config.yaml'), `base: ${relative(folder, join(root, 'configs'))}\n`);
  writeFileSync(
    join(folder, 'universes/crypto_v1.yaml'),
    'name: crypto_v1\nversion: one\nsource: none\ninstruments:\n  - { symbol: BTCUSDT, board: binance_spot, quantity_digits: 5, tick: 0.01 }\n',
  );
  return folder;
}

describe('help and usage', () => {
  test('--help lists every verb and the exit codes on stdout', () => {
    const { status, stdout, stderr } = papergate('--help');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: papergate \[options\] \[command\]\n/);
    for (const verb of ['validate', 'config', 'calendar']) expect(stdout).toContain(`\n  ${verb} `);
    expect(stdout).toContain(
      'Exit codes: 0 done, 1 failure, 2 usage or configuration, 3 a gate or condition refuses,',
    );
  });

  test('--version', () => {
    const { status, stdout } = papergate('--version');
    expect([status, stdout]).toEqual([0, `${packageJson.version}\n`]);
  });

  test.each([
    ['an unknown verb', 'vallidate', "error: unknown command 'vallidate'\n(Did you mean validate?)\n"],
    ['an unknown option', 'validate --colour', "error: unknown option '--colour'\n"],
    [
      'a word too many',
      'validate configs',
      "error: too many arguments for 'validate'. Expected 0 arguments but got 1.\n",
    ],
    [
      'a missing option',
      'calendar sessions --exchange XNYS --from 2025-01-01',
      "error: required option '--to <date>' not specified\n",
    ],
    [
      'a date that does not exist',
      'calendar sessions --exchange XNYS --from 2025-02-29 --to 2025-03-01',
      "error: option '--from <date>' argument '2025-02-29' is invalid. Expected a date that exists, written YYYY-MM-DD.\n",
    ],
    [
      'a bar size that there is not',
      'calendar bars --exchange XNYS --from 2025-01-01 --to 2025-01-02 --period 5m',
      "error: option '--period <size>' argument '5m' is invalid. Allowed choices are 60m, 1d.\n",
    ],
    [
      'an exchange that there is not',
      'calendar sessions --exchange XLON --from 2025-01-01 --to 2025-01-02',
      '--exchange: XLON is unknown; expected one of CRYPTO_24X7, XNYS, XSHG\n',
    ],
    [
      'a range that descends',
      'calendar sessions --exchange XNYS --from 2025-01-02 --to 2025-01-01',
      '--from 2025-01-02 lies after --to 2025-01-01; expected a range that ascends\n',
    ],
  ])('%s exits 2, says what was expected, and leaves stdout empty', (_, args, message) => {
    const { status, stdout, stderr } = papergate(args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr.startsWith(message), stderr).toBe(true);
  });

  test('no verb at all exits 2 with the help on stderr', () => {
    const { status, stdout, stderr } = papergate('');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: papergate');
  });
});

describe('validate and config', () => {
  test('validate prints a line a market and the hash, the same from any folder and time zone', () => {
    const { status, stdout, stderr } = papergate('validate');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').map((line) => line.replace(/[0-9a-f]{64}$/, '<hash>'))).toEqual([
      'ashares: 6 instruments of ashares_v1, 60m bars of XSHG, 1000000 CNY',
      'crypto: 4 instruments of crypto_v1, 60m bars of CRYPTO_24X7, 100000 USDT',
      'us_equities: 4 instruments of us_equities_v1, 60m bars of XNYS, 100000 USD',
      'config sha256:<hash>',
      '',
    ]);
    expect(
      papergate(`validate --config ${join(root, 'configs')}`, { TZ: 'Pacific/Apia', LANG: 'tr_TR' }).stdout,
    ).toBe(stdout);
  });

  test('a bad file exits 2: every problem on a line of stderr, nothing on stdout', () => {
    const folder = badConfig();
    const { status, stdout, stderr } = papergate(`validate --config ${folder}`);
    expect([status, stdout]).toEqual([2, '']);
    const file = join(folder, 'universes/crypto_v1.yaml');
    expect(stderr.split('\n')).toEqual([
      `${file}:2: version: expected number, received string`,
      `${file}:5: instruments.0.price_tick: is missing; expected number`,
      `${file}:5: instruments.0.tick: unknown key; expected one of symbol, board, quantity_digits, price_tick, listed_on, special_treatment, themes`,
      '',
    ]);
  });

  test('a folder without a configuration exits 2 and names the flag', () => {
    const { status, stderr } = papergate('validate --config nowhere');
    expect([status, stderr]).toEqual([
      2,
      'nowhere/config.yaml: cannot be read; expected a configuration folder at nowhere (--config DIR)\n',
    ]);
  });

  test('config show gives one market with its references resolved, as YAML and as JSON', () => {
    const yaml = papergate('config show --market crypto');
    expect([yaml.status, yaml.stderr]).toEqual([0, '']);
    expect(yaml.stdout).toMatch(/^hash: sha256:[0-9a-f]{64}\nmarket:\n {2}market: crypto\n/);
    const shown = JSON.parse(papergate('config show --market crypto --json').stdout) as Record<
      string,
      unknown
    >;
    expect(Object.keys(shown)).toEqual([
      ...['calendar', 'cost_profile', 'fill_spec', 'hash', 'market', 'model'],
      ...['portfolio', 'thresholds', 'universe'],
    ]);
    expect(shown).toMatchObject({ universe: { name: 'crypto_v1' }, calendar: { exchange: 'CRYPTO_24X7' } });
    const all = JSON.parse(papergate('config show --json').stdout) as { markets: object };
    expect(Object.keys(all.markets)).toEqual(['ashares', 'crypto', 'us_equities']);
  });
});

describe('calendar', () => {
  test('sessions, with the early close after Thanksgiving', () => {
    const { status, stdout } = papergate(
      'calendar sessions --exchange XNYS --from 2025-11-26 --to 2025-11-28',
    );
    expect(status).toBe(0);
    expect(stdout).toBe(
      'session,open_utc,close_utc,break_start_utc,break_end_utc,early_close\n' +
        '2025-11-26,2025-11-26T14:30:00Z,2025-11-26T21:00:00Z,,,0\n' +
        '2025-11-28,2025-11-28T14:30:00Z,2025-11-28T18:00:00Z,,,1\n',
    );
  });

  test('bars, cut at the break and from the full hours', () => {
    const range = '--from 2025-09-30 --to 2025-09-30';
    expect(papergate(`calendar bars --exchange XSHG --period 60m ${range}`).stdout).toBe(
      'start_utc,end_utc,session\n' +
        '2025-09-30T01:30:00Z,2025-09-30T02:30:00Z,2025-09-30\n' +
        '2025-09-30T02:30:00Z,2025-09-30T03:30:00Z,2025-09-30\n' +
        '2025-09-30T05:00:00Z,2025-09-30T06:00:00Z,2025-09-30\n' +
        '2025-09-30T06:00:00Z,2025-09-30T07:00:00Z,2025-09-30\n',
    );
    expect(
      papergate(`calendar bars --exchange XNYS --period 60m --anchor clock_hour ${range}`).stdout.split(
        '\n',
      )[1],
    ).toBe('2025-09-30T13:30:00Z,2025-09-30T14:00:00Z,2025-09-30');
    expect(papergate(`calendar bars --exchange CRYPTO_24X7 --period 1d ${range}`).stdout).toBe(
      'start_utc,end_utc,session\n2025-09-30T00:00:00Z,2025-10-01T00:00:00Z,2025-09-30\n',
    );
  });

  test('a date past the bound exits 3: it is not guessed', () => {
    const { status, stdout, stderr } = papergate(
      'calendar sessions --exchange XSHG --from 2026-12-01 --to 2100-01-01',
    );
    expect([status, stdout]).toEqual([3, '']);
    expect(stderr).toMatch(
      /^XSHG: 2100-01-01 lies after bound_max \d{4}-12-31; update the calendar file of XSHG/,
    );
  });
});

describe('streams', () => {
  const noise = new RegExp(String.raw`[\u001b\r]`);

  test.each([{}, { NO_COLOR: '1' }, { FORCE_COLOR: '3', NO_COLOR: '1' }, { FORCE_COLOR: '3' }])(
    'no colour and no progress where there is no terminal: %o',
    (env) => {
      for (const args of ['--help', 'validate', 'calendar', 'nope']) {
        const { stdout, stderr } = papergate(args, env);
        expect(stdout + stderr, args).not.toMatch(noise);
      }
    },
  );

  test('a reader that has seen enough ends it quietly with 0', async () => {
    const args = 'calendar bars --exchange CRYPTO_24X7 --period 60m --from 2010-01-01 --to 2030-12-31';
    const child = spawn(process.execPath, [join(root, 'cli/papergate.ts'), ...args.split(' ')]);
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout.once('data', () => child.stdout.destroy());
    const status = await new Promise((done) => child.once('close', done));
    expect([status, stderr]).toEqual([0, '']);
  });

  test('Ctrl-C ends it with 130', async () => {
    // No verb waits for long: one that does is put in its place by a timer that keeps the process up.
    const waiting = `await import(${JSON.stringify(pathToFileURL(join(root, 'cli/papergate.ts')))}); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', waiting, 'papergate', '--version']);
    child.stdout.once('data', () => child.kill('SIGINT'));
    expect(await new Promise((done) => child.once('close', done))).toBe(130);
  });

  test('all of a long output reaches a pipe', () => {
    const { stdout } = papergate(
      'calendar sessions --exchange CRYPTO_24X7 --from 2010-01-01 --to 2099-12-31',
    );
    // 90 years, 22 of them leap years (2012 .. 2096), and the header.
    expect(stdout.trimEnd().split('\n').length).toBe(90 * 365 + 22 + 1);
    expect(stdout.endsWith('2099-12-31,2099-12-31T00:00:00Z,2100-01-01T00:00:00Z,,,0\n')).toBe(true);
  });
});

describe('under an older Node of the host', () => {
  const older = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path))
    .find(
      (path) => Number(/^v(\d+)/.exec(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout)?.[1]) < 24,
    );
  const notice = older === undefined ? ' (skipped: PATH holds no Node below 24)' : '';

  test.skipIf(older === undefined)(
    `bin.mjs hands over to Node 24 with arguments and exit code${notice}`,
    () => {
      const bin = (...args: string[]) =>
        spawnSync(older!, [join(root, 'cli/bin.mjs'), ...args], { encoding: 'utf8', cwd: scratch });
      const version = bin('--version');
      expect([version.status, version.stdout, version.stderr]).toEqual([0, `${packageJson.version}\n`, '']);
      expect(bin('nope').status).toBe(2);
    },
  );

  test.skipIf(older === undefined)(`require-node.mjs refuses and says what to do${notice}`, () => {
    const { status, stderr } = spawnSync(older!, [join(root, 'cli/require-node.mjs')], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toMatch(/^papergate needs Node 24 or later; this is \d+\.\d+\.\d+\. /);
  });
});
