import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, isoUtc, utcDay } from '../../shared/kernel/time.ts';
import { codesOf, type InstrumentCode } from '../../shared/kernel/codes.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import { ingestBars, type IngestFacts } from '../../shared/market-data/ingest.ts';
import { actionDates } from '../../shared/market-data/place-actions.ts';
import { recordedProvider } from '../../shared/market-data/providers/recorded.ts';
import { rulesOf } from '../support/rules.ts';

const fixtures = process.env['PAPERGATE_FIXTURES'];
const notice =
  fixtures === undefined ? ' (skipped: PAPERGATE_FIXTURES names no folder of recorded data)' : '';
const scratch = mkdtempSync(join(tmpdir(), 'papergate-splits-'));
afterAll(() => rmSync(scratch, { recursive: true }));
const { quality } = rulesOf('us_equities').config;

/** The bars of a file on the rows that it has, a session a UTC day, with the actions that lie beside it. */
async function seen(
  folder: string,
  prefix: string,
  symbol: string,
  from: string,
  to: string,
  maxGap?: IngestFacts['maxGap'],
): Promise<Bars> {
  const provider = recordedProvider({ folder, prefix, bar: '60m', barEndMs: () => undefined });
  const raw = await provider.fetch([symbol], Date.parse(from), Date.parse(to), Infinity);
  const { startMs } = raw[0]!;
  const grid = {
    firstOrdinal: 0,
    startMs,
    endMs: startMs.map((start) => start + HOUR_MS),
    sessionDay: startMs.map((start) => Math.floor(start / DAY_MS)),
  };
  const { fromDate, toDate } = actionDates(grid, undefined);
  const actions = await provider.fetchActions([symbol], fromDate, toDate, Infinity);
  return ingestBars([symbol], grid, raw, undefined, quality, { actions, ...(maxGap && { maxGap }) }).bars;
}

/** The first bars of stretches that are flagged. */
const beginnings = (bars: Bars, code: InstrumentCode): string[] =>
  [...bars.flags].flatMap((mask, row) => {
    const flagged = codesOf(mask).includes(code);
    const before = row > 0 && codesOf(bars.flags[row - 1]!).includes(code);
    return flagged && !before ? [isoUtc(bars.startMs[row]!)] : [];
  });

/** A folder with the raw bars of AAPL, with or without its factor file. */
function aapl(withFactors: boolean): string {
  const folder = join(scratch, withFactors ? 'with' : 'without');
  const factors = 'corporate-actions/USRAW_AAPL_lean_factor_file.csv';
  const bars = 'USRAW_AAPL_1h.csv.gz';
  mkdirSync(join(folder, 'corporate-actions'), { recursive: true });
  copyFileSync(join(fixtures!, 'bars', bars), join(folder, bars));
  if (withFactors) copyFileSync(join(fixtures!, 'bars', factors), join(folder, factors));
  return folder;
}

describe.skipIf(fixtures === undefined)(`real splits and real moves${notice}`, () => {
  it.each([
    ['2000-06-21', '2000-06-01', '2000-07-01'],
    ['2005-02-28', '2005-02-01', '2005-03-15'],
    ['2014-06-09', '2014-06-01', '2014-06-20'],
    ['2020-08-31', '2020-08-01', '2020-09-15'],
  ])('the split of AAPL on %s is a suspect by itself', async (day, from, to) => {
    const bars = await seen(aapl(false), 'USRAW', 'AAPL', from, to);
    expect(beginnings(bars, 'DATA_SPLIT_SUSPECT').map((start) => start.slice(0, 10))).toEqual([day]);
    expect(codesOf(bars.flags.at(-1)!)).toContain('DATA_SPLIT_SUSPECT');
  });

  it('with its factor file no bar of 23 years is, nor an outlier at a split', async () => {
    const bars = await seen(aapl(true), 'USRAW', 'AAPL', '1998-01-01', '2021-04-01');
    expect(beginnings(bars, 'DATA_SPLIT_SUSPECT')).toEqual([]);
    const splits = bars.actions.filter(({ kind }) => kind === 'split');
    expect(splits.map(({ ordinal, ratio }) => [isoUtc(bars.startMs[ordinal]!).slice(0, 10), ratio])).toEqual([
      ['2000-06-21', 2],
      ['2005-02-28', 2],
      ['2014-06-09', 7],
      ['2020-08-31', 4],
    ]);
    for (const { ordinal } of splits) expect(codesOf(bars.flags[ordinal]!)).toEqual([]);
    // What Apple paid in these years, by its own list of dividends: the factors give the cent, and a little less.
    const paid = bars.actions.filter(({ kind }) => kind === 'dividend');
    expect(paid).toHaveLength(35);
    expect(paid.slice(0, 9).map(({ amount }) => amount.toFixed(2))).toEqual([
      '2.65',
      '2.65',
      '2.65',
      '3.05',
      '3.05',
      '3.05',
      '3.05',
      '3.29',
      '0.47',
    ]);
    expect(utcDay(paid[0]!.exDay * DAY_MS)).toBe('2012-08-09');
  });

  it('without it the gap of 2000-09-29, 47 %, is none: it happened', async () => {
    const bars = await seen(aapl(false), 'USRAW', 'AAPL', '2000-07-01', '2005-02-01');
    expect(beginnings(bars, 'DATA_SPLIT_SUSPECT')).toEqual([]);
    expect(beginnings(bars, 'DATA_OUTLIER').map((start) => start.slice(0, 10))).toContain('2000-09-29');
  });

  it.each([
    ['US', 'NVDA'],
    ['US', 'AAPL'],
    ['US', 'MSFT'],
    ['US', 'SPY'],
    ['CRYPTO', 'BTCUSDT'],
    ['CRYPTO', 'ETHUSDT'],
    ['CRYPTO', 'SOLUSDT'],
    ['CRYPTO', 'DOTUSDT'],
  ])('%s %s: no move of the adjusted file is taken for a split', async (prefix, symbol) => {
    const bars = await seen(join(fixtures!, 'bars'), prefix, symbol, '2022-01-01', '2026-05-01');
    expect(beginnings(bars, 'DATA_SPLIT_SUSPECT')).toEqual([]);
  });

  it('the moves of 2023-05-25 and 2025-10-10 are outliers and stay', async () => {
    const nvda = await seen(join(fixtures!, 'bars'), 'US', 'NVDA', '2023-05-01', '2023-06-01');
    expect(beginnings(nvda, 'DATA_OUTLIER').map((start) => start.slice(0, 10))).toContain('2023-05-25');
    const dot = await seen(join(fixtures!, 'bars'), 'CRYPTO', 'DOTUSDT', '2025-10-01', '2025-10-15');
    expect(beginnings(dot, 'DATA_OUTLIER')).toContain('2025-10-10T21:00:00Z');
    expect(dot.low[dot.startMs.indexOf(Date.parse('2025-10-10T21:00:00Z'))]).toBe(0.633);
  });

  it.each(['600519', '600036', '000001', '601318', '600028', '601398'])(
    'CN %s: no raw gap of a dividend or a holiday lies beyond ten per cent',
    async (symbol) => {
      const limits = (): { up: number; down: number } => ({ up: 0.1, down: 0.1 });
      const bars = await seen(join(fixtures!, 'bars'), 'CN', symbol, '2025-01-01', '2026-05-01', limits);
      expect(beginnings(bars, 'DATA_SPLIT_SUSPECT')).toEqual([]);
    },
  );
});
