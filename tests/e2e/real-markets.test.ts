import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfigFiles } from '../../functions/runtime/config-files.ts';
import { planBars, planMarket } from '../../infra/local/market-plan.ts';
import { parseConfig } from '../../shared/config/config.ts';
import { noEvents } from '../../shared/execution/events.ts';
import { NEVER_MS } from '../../shared/execution/orders.ts';
import { parseIsoUtc } from '../../shared/kernel/time.ts';
import { value } from '../../shared/portfolio/mark.ts';
import { advance, warmState } from '../../shared/tick/tick.ts';
import { holding } from '../support/state.ts';
import { papergate } from '../support/cli.ts';

const fixtures = process.env['PAPERGATE_FIXTURES'];
const bars = fixtures === undefined ? '' : join(fixtures, 'bars');
const here = fixtures !== undefined && existsSync(bars);
if (!here)
  process.stderr.write('replays of real bars: skipped, PAPERGATE_FIXTURES names no folder with bars/\n');

const root = mkdtempSync(join(tmpdir(), 'papergate-real-'));
afterAll(() => rmSync(root, { recursive: true }));

/** The shipped US market on unadjusted hourly bars of one share, cut at the clock's hours. */
function unadjusted(): string {
  const folder = join(root, 'configs');
  const shipped = (path: string): string => readFileSync(join('configs', path), 'utf8');
  mkdirSync(join(folder, 'markets'), { recursive: true });
  mkdirSync(join(folder, 'universes'), { recursive: true });
  writeFileSync(join(folder, 'config.yaml'), `base: ${relative(folder, 'configs')}\n`);
  const market = shipped('markets/us_equities.yaml')
    .replace('prefix: US }', 'prefix: USRAW }')
    .replace('bar_anchor: session_open', 'bar_anchor: clock_hour')
    .replace('name_max: 0.25', 'name_max: 0.9')
    .replace('theme_max: 0.6', 'theme_max: 0.95')
    .replace('order_notional_max: 50000', 'order_notional_max: 100000')
    .replace('warmup_bars: 336', 'warmup_bars: 1000');
  writeFileSync(join(folder, 'markets/us_equities.yaml'), market);
  const universe = shipped('universes/us_equities_v1.yaml').replace(/^.*symbol: (?!AAPL).*\n/gm, '');
  writeFileSync(join(folder, 'universes/us_equities_v1.yaml'), universe);
  return folder;
}

async function replay(market: string, config: string, from: string, to: string): Promise<string> {
  const out = join(root, `${market}-${from}`);
  const range = ['--from', from, '--to', to, '--bars', bars, '--config', config];
  const { code, err } = await papergate('replay', '--market', market, ...range, '--out', out);
  expect(code, err).toBe(0);
  return join(out, 'processed');
}

interface Report {
  readonly result: string;
  readonly markets: Readonly<Record<string, { compared: { ticks: number }; differences: object }>>;
}
const report = (processed: string, name: string): Report =>
  JSON.parse(readFileSync(join(processed, name), 'utf8')) as Report;

/** What both proofs of one market say. */
function proven(processed: string, market: string): object {
  const [parity, lookahead] = ['parity_certificate.json', 'lookahead_report.json'].map((name) =>
    report(processed, name),
  ) as [Report, Report];
  return {
    results: [parity.result, lookahead.result],
    ticks: parity.markets[market]!.compared.ticks,
    differences: [parity, lookahead].flatMap(({ markets }) => Object.values(markets[market]!.differences)),
  };
}
const none = (count: number): number[] => new Array<number>(count).fill(0);

describe.skipIf(!here)('replays of real bars', { timeout: 120_000 }, () => {
  it.each([
    // Bars a day and sessions: 4 x 44 of June and July; 24 x 15; 7 x 21.
    ['ashares', 'configs', '2025-06-01', '2025-07-31', 4 * 43],
    ['crypto', 'configs', '2025-10-01', '2025-10-15', 24 * 15],
  ])('%s: backtest and ledger are one, and no decision saw more than its own bar', async (...window) => {
    const [market, config, from, to, ticks] = window;
    const processed = await replay(market, config, from, to);
    expect(proven(processed, market)).toEqual({
      results: ['PASS', 'PASS'],
      ticks,
      differences: none(8),
    });
  });

  it('a share that is split 7:1 while it is held: seven times the shares, the same equity', async () => {
    const processed = await replay('us_equities', unadjusted(), '2014-05-01', '2014-06-13');
    // 31 sessions of seven bars.
    expect(proven(processed, 'us_equities')).toEqual({
      results: ['PASS', 'PASS'],
      ticks: 31 * 7,
      differences: none(8),
    });
    const postings = readFileSync(join(processed, 'execution/paper_postings.csv'), 'utf8').split('\n');
    const split = postings.find((line) => line.includes(',split,'))!.split(',');
    expect(split[0]).toBe('2014-06-09T14:00:00Z');
    expect(Number(split[5])).toBe(7 * Number(split[4]));
    const daily = readFileSync(join(processed, 'execution/paper_daily_pnl.csv'), 'utf8').split('\n');
    const day = daily.find((line) => line.startsWith('2014-06-09'))!.split(',');
    // Apple rose from 645.57 / 7 = 92.22 to 93.70 that day, 1.6 %, and nine tenths of the book are in it.
    expect(Number(day[7])).toBeGreaterThan(0.012);
    expect(Number(day[7])).toBeLessThan(0.016);
  });
});

describe.skipIf(!here)('a holding of a hundred shares across a real ex-date', () => {
  // The last close before, the shares after, the first close after, and what leaving costs more with more shares:
  // in 2014 a commission of 0.005 USD a share, 600 x 0.005 = 3.00; in 2020 none.
  it.each([
    ['2014-06-09', '2014-06-09T13:30:00Z', 645.57, 700, 92.31, 3],
    ['2020-08-31', '2020-08-31T13:30:00Z', 499.23, 400, 128.04, 0],
  ])('%s', async (date, start, before, after, close, commission) => {
    const files = readConfigFiles(unadjusted());
    const config = parseConfig(files.texts, files.origin);
    const request = { config, market: 'us_equities', symbols: undefined, barsFolder: bars };
    const plan = planMarket({ ...request, from: date, to: date });
    const { rules, firstRow, line } = plan;
    expect(line.startMs[firstRow]).toBe(parseIsoUtc(start));
    const seen = await planBars(plan, 0, firstRow + 1, line.endMs[firstRow]!);
    const state = holding(rules, 0, 100, before, warmState(rules, seen, firstRow));
    const events = noEvents();
    const open = value(state.book, seen.sessionDay[firstRow - 1]!, rules.marking).equity;
    advance(rules, state, seen, firstRow, NEVER_MS, events);
    expect(events.postings.map(({ kind }) => kind)).toEqual(['split']);
    expect(state.book.quantity[0]).toBe(after);
    const equity = value(state.book, seen.sessionDay[firstRow]!, rules.marking).equity;
    // What the market did to the holding, to within a dollar of regulatory fees and spread.
    const market = after * close - 100 * before;
    expect(Math.abs((equity - open) / 100 - (market - commission))).toBeLessThan(1);
  });
});
