import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BarProvider } from '../../shared/market-data/provider.ts';
import { recordedProvider } from '../../shared/market-data/providers/recorded.ts';

const fixtures = process.env['PAPERGATE_FIXTURES'];
const notice =
  fixtures === undefined ? ' (skipped: PAPERGATE_FIXTURES names no folder of recorded data)' : '';
const scratch = mkdtempSync(join(tmpdir(), 'papergate-fixtures-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const provider = (folder: string, prefix: string): BarProvider =>
  recordedProvider({ folder, prefix, bar: '60m', barEndMs: () => undefined });

/** A provider over one defect file, whose name says what is wrong with it, under a plain name. */
function defect(start: string, prefix: string, symbol: string): BarProvider {
  const folder = join(fixtures!, 'bars', 'defects');
  const name = readdirSync(folder).find((file) => file.startsWith(start))!;
  copyFileSync(join(folder, name), join(scratch, `${prefix}_${symbol}_60m.csv.gz`));
  return provider(scratch, prefix);
}

const descents = (column: Float64Array): number =>
  column.filter((value, k) => k > 0 && value < column[k - 1]!).length;

describe.skipIf(fixtures === undefined)(`recorded market data${notice}`, () => {
  it.each([
    ['CRYPTO', 'BTCUSDT', 37_919, '2022-01-01T00:00:00.000Z'],
    ['US', 'AAPL', 5_069, '2023-04-24T13:30:00.000Z'],
    ['US', 'SPY', 5_068, '2023-04-24T13:30:00.000Z'],
    ['CN', '600519', 1_200, '2025-01-02T01:30:00.000Z'],
    ['USRAW', 'AAPL', 40_831, '1998-01-02T14:30:00.000Z'],
  ])('reads every row of %s %s', async (prefix, symbol, count, first) => {
    const [bars] = await provider(join(fixtures!, 'bars'), prefix).fetch(
      [symbol],
      -Infinity,
      Infinity,
      Infinity,
    );
    expect(bars!.close).toHaveLength(count);
    expect(new Date(bars!.startMs[0]!).toISOString()).toBe(first);
    expect(descents(bars!.startMs)).toBe(0);
  });

  it('finds the day of the crash among 37,919 hours', async () => {
    const from = Date.parse('2025-10-10T00:00:00Z');
    const crypto = provider(join(fixtures!, 'bars'), 'CRYPTO');
    const [day] = await crypto.fetch(['DOTUSDT'], from, from + 86_400_000, Infinity);
    expect(day!.close).toHaveLength(24);
    expect(Math.min(...day!.low)).toBe(0.633);
    expect([
      ...(await crypto.fetch(['DOTUSDT'], from, Infinity, from + 21 * 3_600_000))[0]!.low,
    ]).not.toContain(0.633);
  });

  it('keeps the order and the repeats of a file that is newest first on three grids', async () => {
    const source = defect('CRYPTO_XBTUSD', 'CRYPTO', 'XBTUSD');
    const [bars] = await source.fetch(['XBTUSD'], -Infinity, Infinity, Infinity);
    expect(bars!.close).toHaveLength(3_314);
    expect(new Date(bars!.startMs[0]!).toISOString()).toBe('2016-04-27T15:00:00.000Z');
    expect(descents(bars!.startMs)).toBeGreaterThan(1_000);
    const from = Date.parse('2016-02-19T22:00:00Z');
    const [hours] = await source.fetch(['XBTUSD'], from, from + 7_200_000, Infinity);
    expect([...hours!.close].sort()).toEqual([414.34, 414.34, 419, 420.22]);
  });

  it('keeps prices of zero and below', async () => {
    const [zero] = await defect('CN_600777', 'CN', '600777').fetch(['600777'], -Infinity, Infinity, Infinity);
    expect(zero!.close).toContain(0);
    const [negative] = await defect('CN_600519', 'CN', '600519').fetch(
      ['600519'],
      -Infinity,
      Infinity,
      Infinity,
    );
    expect(negative!.open[0]).toBe(-111.41);
  });
});
