import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { papergate } from '../support/cli.ts';

const root = mkdtempSync(join(tmpdir(), 'papergate-replay-'));
const out = join(root, 'run');
const samples = ['--config', 'samples/configs', '--bars', 'samples/bars'];
const window = ['--market', 'ashares', '--from', '2024-07-12', '--to', '2024-08-09', ...samples];

/** Every file below a folder with its bytes as text. */
const bytesOf = (folder: string): [string, string][] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [path.slice(folder.length), readFileSync(path, 'latin1')]);

const lines = (file: string): string[] =>
  readFileSync(join(out, 'processed', file), 'utf8')
    .trimEnd()
    .split('\n');

let first: { code: number; out: string; err: string };
beforeAll(async () => {
  first = await papergate('replay', ...window, '--out', out);
});
afterAll(() => rmSync(root, { recursive: true }));

describe('papergate replay', () => {
  it('prints what came of it, and messages beside it', () => {
    expect(first.code).toBe(0);
    // 21 sessions of four bars.
    expect(first.out).toMatch(/^ticks +84$/m);
    expect(first.out).toMatch(/^backtest differs in +0 orders, 0 fills$/m);
    expect(first.err).toMatch(/^84 ticks run; 23 files in /);
  });

  it('run again runs nothing, and leaves the same bytes and the same head', async () => {
    const before = bytesOf(join(out, 'processed'));
    const again = await papergate('replay', ...window, '--out', out);
    expect(again.err).toMatch(/^0 ticks run/);
    expect(again.out).toBe(first.out);
    expect(bytesOf(join(out, 'processed'))).toEqual(before);
  });

  it('leaves a run a tick, each naming its artifacts, and a row a gate', () => {
    const runs = lines('execution/paper_run_log.jsonl').map(
      (line) => JSON.parse(line) as Record<string, string>,
    );
    expect(runs).toHaveLength(84);
    for (const run of runs)
      expect([run['decision'], run['execution'], run['position']].every(Boolean)).toBe(true);
    // Gates of data, model, calendar, release, switch, risk, portfolio, and what a recovery is judged by.
    expect(lines('gates_audit_log.jsonl')).toHaveLength(84 * (10 + 1 + 2 + 4 + 1 + 11 + 3 + 4));
    expect(lines('execution/paper_daily_pnl.csv')).toHaveLength(1 + 21);
  });

  it('ends anchored, and verifies', async () => {
    const { code, out: told } = await papergate('verify', '--ledger', out);
    expect(code).toBe(0);
    expect(told).toMatch(/ashares +86 +84 +85 +sha256:[0-9a-f]{64} +to 85 +ok/);
  });

  it('another release in the same folder is refused and changes nothing', async () => {
    const before = bytesOf(join(out, 'processed'));
    const other = await papergate('replay', ...window, '--symbols', '000001', '--out', out);
    expect(other.code).toBe(2);
    expect(other.err).toContain('the ledger of ashares belongs to release sha256:');
    expect(other.out).toBe('');
    expect(bytesOf(join(out, 'processed'))).toEqual(before);
  });
});

describe('papergate export', () => {
  it('rebuilds every projection byte for byte from the chain', async () => {
    const before = bytesOf(join(out, 'processed')).filter(([path]) => !/^\/(anchors|signoff)\//.test(path));
    rmSync(join(out, 'processed'), { recursive: true });
    const { code, out: listed } = await papergate('export', '--ledger', out);
    expect(code).toBe(0);
    expect(listed.trimEnd().split('\n')).toHaveLength(23);
    expect(bytesOf(join(out, 'processed'))).toEqual(before);
  });

  it('and status refuse a folder without a ledger', async () => {
    for (const verb of ['export', 'status']) {
      const { code, out: told } = await papergate(verb, '--ledger', join(root, 'none'));
      expect([verb, code, told]).toEqual([verb, 2, '']);
    }
  });
});

describe('papergate backtest', () => {
  it('gives the orders and fills of the replay, row for row, but for release, packet and trace', async () => {
    const folder = join(root, 'backtest');
    expect((await papergate('backtest', ...window, '--out', folder)).code).toBe(0);
    const figures = (text: string, columns: readonly string[]): string[] => {
      const [head, ...rows] = text
        .trimEnd()
        .split('\n')
        .map((line) => line.split(','));
      return rows.map((row) => columns.map((column) => row[head!.indexOf(column)]).join(','));
    };
    const both = (file: string, columns: string[]): [string[], string[]] => [
      figures(readFileSync(join(folder, `${file}.csv`), 'utf8'), columns),
      figures(readFileSync(join(out, `processed/execution/paper_${file}.csv`), 'utf8'), columns),
    ];
    const order = [
      'instrument',
      'side',
      'decided_at_utc',
      'frozen_at_utc',
      'deadline_utc',
      'quantity',
      'reference_price',
    ];
    const costs = ['fee_bps', 'slippage_bps', 'impact_bps', 'latency_bps'];
    const [orders, paperOrders] = both('orders', [
      ...order,
      ...costs,
      'status',
      'status_reason',
      'filled_quantity',
    ]);
    const [fills, paperFills] = both('fills', [
      'instrument',
      'side',
      'bar_start_utc',
      'quantity',
      'price',
      'fee_amount',
      ...costs,
      'move_bps',
    ]);
    expect(orders.length).toBeGreaterThan(5);
    expect(orders).toEqual(paperOrders);
    expect(fills).toEqual(paperFills);
  });
});
