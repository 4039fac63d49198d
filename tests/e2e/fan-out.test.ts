import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { papergate } from '../support/cli.ts';

const root = mkdtempSync(join(tmpdir(), 'papergate-fan-out-'));
const samples = fileURLToPath(new URL('../../samples/configs', import.meta.url));
const out = join(root, 'run');
const configs = join(root, 'configs');
const market = 'markets/ashares.yaml';

let replayed: { code: number; out: string; err: string };
beforeAll(async () => {
  cpSync(samples, configs, { recursive: true });
  mkdirSync(join(configs, 'markets'), { recursive: true });
  const base = relative(configs, join(samples, '../../configs')).replaceAll('\\', '/');
  writeFileSync(join(configs, 'config.yaml'), `base: ${base}\n`);
  const shipped = readFileSync(join(samples, market), 'utf8');
  const cut = shipped.replace('instruments_above: 2500, shards: 10', 'instruments_above: 2, shards: 2');
  expect(cut).not.toBe(shipped);
  writeFileSync(join(configs, market), cut);
  // 13 sessions of four bars.
  const window = ['--market', 'ashares', '--from', '2024-07-12', '--to', '2024-07-30'];
  replayed = await papergate(
    ...['replay', ...window, '--config', configs, '--bars', 'samples/bars', '--out', out],
  );
});
afterAll(() => rmSync(root, { recursive: true }));

const json = (path: string): unknown => JSON.parse(readFileSync(join(out, path), 'utf8'));

describe('a replay whose configuration cuts its universe', () => {
  it('runs every tick in slices', () => {
    expect(replayed.err).toMatch(/^52 ticks run/);
    expect(replayed.code).toBe(0);
    const folder = join(out, 'ledger/artifacts/ashares');
    const parts = (kind: string): string[] =>
      readdirSync(join(folder, kind), { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.json'),
      );
    expect(parts('bars_part')).toHaveLength(2 * 52);
    expect(parts('forecast_part')).toHaveLength(2 * 52);
  });

  it('is what its backtest does, looks ahead nowhere, and verifies', async () => {
    const passed = { markets: { ashares: { result: 'PASS', compared: { ticks: 52 } } } };
    expect(json('processed/parity_certificate.json')).toMatchObject(passed);
    expect(json('processed/lookahead_report.json')).toMatchObject(passed);
    expect((await papergate('verify', '--ledger', out)).code).toBe(0);
  });

  it('holds its drill of the kill switch in slices as well', () => {
    const [drill] = readdirSync(join(out, 'ledger/artifacts/ashares/drill'), {
      ...{ recursive: true, encoding: 'utf8' },
    }).filter((name) => name.endsWith('.json'));
    expect(json(join('ledger/artifacts/ashares/drill', drill!))).toMatchObject({ passed: true });
  });
});
