import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { embeddedStores } from '../../shared/stores/embedded.ts';
import type { CapacityReport, CapacityRow } from '../../shared/tick/capacity-report.ts';
import { layOut, replay, schedule } from '../support/chain.ts';
import { papergate } from '../support/cli.ts';

const root = mkdtempSync(join(tmpdir(), 'papergate-capacity-'));
const ledger = join(root, 'run');

/** Seven sessions of three recorded names. */
beforeAll(async () => {
  const stores = embeddedStores(ledger);
  const { ticksRun } = await replay(stores, layOut('ashares', '2024-07-12', '2024-07-22'));
  stores.close();
  expect(ticksRun).toBe(28);
});
afterAll(() => rmSync(root, { recursive: true }));

/** The ledger's packets as they lie in its folder, each row under its packet's own column names. */
const rows = (): Record<string, unknown>[] => {
  const folder = join(ledger, 'ledger/artifacts/ashares/decision');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return files.flatMap((file) => {
    const [header, ...lines] = readFileSync(join(file.parentPath, file.name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    const { columns } = header as { columns: string[] };
    return (lines as unknown[][]).map((line) =>
      Object.fromEntries(columns.map((name, k) => [name, line[k]])),
    );
  });
};

/** The report by the closed form of the square-root law, Y = 1, from the packets. Four bars are a day. */
function byHand(symbol: string): Partial<CapacityRow> {
  const acted = rows().filter(
    ({ instrument, action }) => instrument === symbol && (action === 'LONG' || action === 'SHORT'),
  );
  const average = (value: (row: Record<string, unknown>) => number): number =>
    acted.reduce((sum, row) => sum + value(row), 0) / acted.length;
  const edge = average(({ magnitude }) => Math.abs((magnitude as { q50: number }).q50) * 1e4);
  const cost = average((row) => row['round_trip_bps'] as number);
  const sigma = average((row) => row['sigma'] as number);
  const traded = average((row) => row['average_notional'] as number);
  const share = (edge - cost) / (2 * sigma * 2 * 1e4);
  const breakEven = 4 * traded * share * share;
  const file = fileURLToPath(new URL('../../samples/configs/markets/ashares.yaml', import.meta.url));
  const { limits } = parse(readFileSync(file, 'utf8')) as { limits: Record<string, number | string> };
  const basis = limits['capacity_basis'] === 'bar' ? traded : 4 * traded;
  return {
    ...{ ticks_acted: acted.length, edge_bps: edge, round_trip_bps: cost, sigma_bps: sigma * 1e4 },
    ...{ average_notional: traded, break_even: breakEven, optimal: (4 / 9) * breakEven },
    limit: Number(limits['capacity_adv_max']) * basis,
  };
}

describe('papergate capacity', () => {
  it('agrees, name by name, with the closed form from the packets in the folder', async () => {
    const { code, out, err } = await papergate('capacity', '--ledger', ledger, '--json');
    expect([code, err]).toEqual([0, '']);
    const [report, ...others] = (JSON.parse(out) as { markets: CapacityReport[] }).markets;
    expect(others).toEqual([]);
    expect(report).toMatchObject({ market: 'ashares', currency: 'CNY', edge_source: 'forecasts', ticks: 28 });
    expect(report!.instruments.length).toBeGreaterThan(0);
    for (const row of report!.instruments) {
      for (const [name, expected] of Object.entries(byHand(row.instrument))) {
        const found = row[name as keyof CapacityRow] as number;
        expect(Math.abs(found / (expected as number) - 1), `${row.instrument} ${name}`).toBeLessThan(1e-7);
      }
    }
    const names = [...new Set(rows().map(({ instrument }) => instrument))].sort();
    const idle = report!.without_size.filter(({ why }) => why === 'never acted');
    const listed = [...report!.instruments, ...idle].map(({ instrument }) => instrument);
    expect(listed.sort()).toEqual(names);
    for (const { instrument } of idle) expect(byHand(instrument).ticks_acted).toBe(0);
  });

  it('prints a table that says what the edge is', async () => {
    const { code, out, err } = await papergate('capacity', '--ledger', ledger, '--market', 'ashares');
    expect([code, err]).toEqual([0, '']);
    const lines = out.split('\n');
    expect(lines[0]).toBe(
      'ashares: 28 ticks from 2024-07-12T02:30:00Z to 2024-07-22T07:00:00Z; sizes in CNY',
    );
    expect(lines[1]).toContain('what the models expect, not a result');
    expect(lines[2]).toMatch(/^instrument +acted +edge bps .* break-even +optimal +limit +size +bound by/);
    expect(out).toMatch(/^book: break-even \d+ CNY, optimal \d+ CNY, within the limits \d+ CNY$/m);
    expect(out).toMatch(/^gross_max 0\.\d+ reaches them at a capital of \d+ CNY, /m);
  });

  it('reads and changes nothing: the same bytes again', async () => {
    const contents = (): string[] =>
      readdirSync(ledger, { recursive: true, withFileTypes: true })
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((path) => !/-(wal|shm)$/.test(path))
        .sort();
    const before = contents();
    const first = await papergate('capacity', '--ledger', ledger, '--json');
    expect(await papergate('capacity', '--ledger', ledger, '--json')).toEqual(first);
    expect(contents()).toEqual(before);
  });

  it('refuses a folder without a ledger, a market that is not in it, and a ledger without a tick', async () => {
    const none = await papergate('capacity', '--ledger', join(root, 'none'));
    expect([none.code, none.out]).toEqual([2, '']);
    expect(none.err).toContain('holds no ledger');

    const other = await papergate('capacity', '--ledger', ledger, '--market', 'crypto');
    expect(other).toEqual({
      ...{ code: 2, out: '' },
      err: '--market: crypto has no ledger here; it has ashares\n',
    });

    const opened = join(root, 'opened');
    const stores = embeddedStores(opened);
    await schedule(stores, layOut('ashares', '2024-07-12', '2024-07-22'));
    stores.close();
    const empty = await papergate('capacity', '--ledger', opened);
    expect([empty.code, empty.out]).toEqual([2, '']);
    expect(empty.err).toContain('the ledger of ashares has no tick yet');
  });
});
