import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certifyLedger } from '../../infra/local/certify.ts';
import { rulesUnder } from '../../infra/local/certify.ts';
import type { LookaheadReport, ParityCertificate } from '../../shared/ledger/certificates.ts';
import { embeddedStores } from '../../shared/stores/embedded.ts';
import { TamperedLedger, type Named } from '../support/tampered-ledger.ts';
import { papergate } from '../support/cli.ts';

const root = mkdtempSync(join(tmpdir(), 'papergate-parity-'));
const out = join(root, 'run');
const samples = ['--config', 'samples/configs', '--bars', 'samples/bars'];
/** 21 sessions of four bars. */
const window = ['--market', 'ashares', '--from', '2024-07-12', '--to', '2024-08-09', ...samples];
const TICKS = 84;

const text = (folder: string, path: string): string => readFileSync(join(folder, path), 'utf8');
const json = (folder: string, path: string): unknown => JSON.parse(text(folder, path));
interface CertificateFile<T> {
  result: string;
  markets: Record<string, T>;
}
const certificateIn = (folder: string): CertificateFile<ParityCertificate> =>
  json(folder, 'processed/parity_certificate.json') as CertificateFile<ParityCertificate>;

/** The row of a threshold in the report of a folder, as cells up to the reason. */
const threshold = (folder: string, name: string): string[] =>
  text(folder, 'processed/threshold_report.csv')
    .split('\n')
    .find((line) => line.startsWith(`ashares,${name},`))!
    .split(',');

let replayed: { code: number; out: string; err: string };
beforeAll(async () => {
  replayed = await papergate('replay', ...window, '--out', out);
});
afterAll(() => rmSync(root, { recursive: true }));

describe('a replay', () => {
  it('ends with a certificate of each kind for its own head, and the sign-off takes them', () => {
    expect(replayed.err).toMatch(/^84 ticks run/);
    expect(replayed.code).toBe(0);
    const { result, markets } = certificateIn(out);
    const certificate = markets['ashares']!;
    expect(result).toBe('PASS');
    expect(certificate.compared).toMatchObject({ ticks: TICKS, missed: 0, decisions: 3 * TICKS });
    expect(certificate.compared.fills, 'a comparison of nothing says nothing').toBeGreaterThan(10);
    expect(new Set(Object.values(certificate.differences))).toEqual(new Set([0]));
    const manifest = json(out, 'processed/release_manifest.json') as {
      ledger_head: { ashares: { sha256: string } };
    };
    expect(certificate.head.sha256).toBe(manifest.ledger_head.ashares.sha256);

    const lookahead = json(out, 'processed/lookahead_report.json') as CertificateFile<LookaheadReport>;
    expect(lookahead.markets['ashares']).toMatchObject({
      result: 'PASS',
      compared: { ticks: TICKS },
      differences: { full_run: 0, ledger: 0 },
      head: certificate.head,
    });
    expect(text(out, 'processed/cost_robustness.csv').trimEnd().split('\n')).toHaveLength(1 + 6);
    expect(threshold(out, 'parity_differences').slice(2, 6)).toEqual(['0', 'equals', '0', 'PASS']);
    expect(threshold(out, 'lookahead_differences').slice(2, 6)).toEqual(['0', 'equals', '0', 'PASS']);
    // Three names are too few to rank.
    expect(threshold(out, 'cost_robustness_pass')[5]).toBe('UNDERPOWERED');
  });
});

describe.each([
  ['parity', 'parity_certificate.json'],
  ['lookahead', 'lookahead_report.json'],
  ['robustness', 'cost_robustness.csv'],
])('papergate %s', (verb, file) => {
  it('run again comes to the same bytes', async () => {
    const before = text(out, `processed/${file}`);
    const { code, out: told } = await papergate(verb, '--ledger', out);
    expect(code).toBe(0);
    expect(told).toMatch(/^ashares /m);
    expect(text(out, `processed/${file}`)).toBe(before);
    const asked = await papergate(verb, '--ledger', out, '--market', 'ashares', '--json');
    expect(JSON.parse(asked.out)).toMatchObject({ ok: true, markets: [{ market: 'ashares', kind: verb }] });
  });

  it('refuses a folder without a ledger and a market that is not in it', async () => {
    expect(await papergate(verb, '--ledger', join(root, 'none'))).toMatchObject({ code: 2, out: '' });
    const other = await papergate(verb, '--ledger', out, '--market', 'moon');
    expect(other).toMatchObject({ code: 2, out: '' });
    expect(other.err).toContain('--market: moon has no ledger here; it has ashares');
  });
});

describe('a ledger in other hands', () => {
  let ledger: TamperedLedger;
  const tamper = (change: (ledger: TamperedLedger) => void): void => {
    ledger = new TamperedLedger(out, 'ashares');
    change(ledger);
  };
  afterAll(() => ledger.remove());
  const withFills = (): number => ledger.tickWith(({ fills }) => fills.length > 0);

  it('with a stored fill altered in place fails by its hash, and its file says so', async () => {
    tamper((held) => {
      const { key } = held.record(held.tickWith(({ fills }) => fills.length > 0))['execution'] as Named;
      held.write(
        key,
        held
          .read(key)
          .toString()
          .replace(/"feeMinor":(\d+)/, (_, fee) => `"feeMinor":${Number(fee) + 1}`),
      );
    });
    const { code, err } = await papergate('parity', '--ledger', ledger.folder);
    expect(code).toBe(4);
    expect(err).toMatch(/^artifact ashares\/execution\/.* has hash sha256:/);
    const file = certificateIn(ledger.folder) as unknown as CertificateFile<{
      result: string;
      failure: string;
    }>;
    expect(file).toMatchObject({ result: 'FAIL', markets: { ashares: { result: 'FAIL' } } });
    expect(file.markets['ashares']!.failure).toContain('ashares/execution/');
    ledger.remove();
  });

  it('with a fill bettered and every hash signed anew fails by the difference, in the sign-off too', async () => {
    tamper(() => undefined);
    const n = withFills();
    let instrument = -1;
    ledger.forge(n, (record) => {
      const { key } = record['execution'] as Named;
      const execution = JSON.parse(ledger.read(key).toString()) as { fills: Record<string, number>[] };
      const fill = execution.fills[0]!;
      instrument = fill['instrument']!;
      fill['price'] = fill['price']! - 0.01;
      record['execution'] = ledger.put(key, execution);
    });
    const { code, err, out: told } = await papergate('parity', '--ledger', ledger.folder);
    expect(code).toBe(4);
    expect(err).toMatch(/^the ledger of ashares differs from its backtest: first at \S+ \S+ fill\.price/);
    expect(told).toMatch(/FAIL$/m);
    const certificate = certificateIn(ledger.folder).markets['ashares']!;
    expect(certificate).toMatchObject({
      result: 'FAIL',
      head: { sha256: ledger.head.sha256 },
      differences: { decisions: 0, orders: 0, fills: 1, postings: 0, equity: 0, states: 0 },
    });
    expect(certificate.ledger_sha256).not.toBe(certificate.backtest_sha256);
    const [example, ...more] = certificate.examples;
    expect(more).toEqual([]);
    expect(example).toMatchObject({
      instrument: ['000001', '600000', '000151'][instrument],
      field: 'fill.price',
    });
    expect(Number(example!.backtest) - Number(example!.ledger)).toBeCloseTo(0.01, 9);

    expect((await papergate('export', '--ledger', ledger.folder)).code).toBe(0);
    expect(threshold(ledger.folder, 'parity_differences').slice(2, 6)).toEqual(['1', 'equals', '0', 'FAIL']);
    expect(text(ledger.folder, 'processed/release_signoff.md')).toMatch(/^# Sign-off of .*: NO_GO$/m);
    // Nothing is proven of the forged head but that; what was proven of the real one is of another head.
    expect(threshold(ledger.folder, 'lookahead_differences')[5]).toBe('UNDERPOWERED');
    ledger.remove();
  });

  it('whose certificate is gone is UNDERPOWERED, and told which command makes one', async () => {
    tamper((held) => rmSync(held.fileOf('ashares/certificate'), { recursive: true }));
    expect((await papergate('export', '--ledger', ledger.folder)).code).toBe(0);
    const row = threshold(ledger.folder, 'parity_differences').join();
    expect(row).toContain('UNDERPOWERED');
    expect(row).toContain('papergate parity --ledger');
  });
});

describe('a backtest under other costs', () => {
  it('is not what the ledger holds: one cost in its profile is enough', async () => {
    const ledger = new TamperedLedger(out, 'ashares');
    rmSync(ledger.fileOf('ashares/certificate'), { recursive: true });
    const stores = embeddedStores(ledger.folder);
    try {
      const { certificates, failure } = await certifyLedger(stores, {
        kinds: ['parity'],
        backtested: (inputs, market) => ({ ...inputs, rules: rulesUnder(market, { scale: 1.000001 }) }),
      });
      expect(certificates).toMatchObject([{ kind: 'parity', result: 'FAIL' }]);
      expect(failure?.message).toContain('the ledger of ashares differs from its backtest');
      expect(certificateIn(ledger.folder).result).toBe('FAIL');
    } finally {
      stores.close();
      ledger.remove();
    }
  });
});

describe('a ledger that other code made', () => {
  it('is refused, and nothing is certified of it: what that code decided, only that code can prove', async () => {
    const ledger = new TamperedLedger(out, 'ashares');
    rmSync(ledger.fileOf('ashares/certificate'), { recursive: true });
    const stores = embeddedStores(ledger.folder);
    try {
      const other = `sha256:${'1'.repeat(64)}` as const;
      await expect(certifyLedger(stores, { kinds: ['parity'], codeSha256: other })).rejects.toThrow(
        /^the ledger of ashares was made by source tree sha256:[0-9a-f]{64}, this is sha256:1{64}: check out the commit/,
      );
      expect(existsSync(ledger.fileOf('ashares/certificate'))).toBe(false);
    } finally {
      stores.close();
      ledger.remove();
    }
  });
});
