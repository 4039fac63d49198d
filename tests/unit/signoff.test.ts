import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { thresholdsSchema } from '../../shared/config/threshold-schema.ts';
import { parseYaml } from '../../shared/config/yaml.ts';
import { openDrift } from '../../shared/forecast/drift.ts';
import { openPerformance } from '../../shared/portfolio/performance.ts';
import { signoffMarkdown, type Signoff } from '../../shared/release/signoff-report.ts';
import type { MarketStanding } from '../../shared/release/standing.ts';
import {
  evaluateThresholds,
  type ThresholdResult,
  type ThresholdRow,
} from '../../shared/release/thresholds.ts';
import { releaseVerdict, SIGNOFF_VERDICTS, verdict } from '../../shared/release/verdict.ts';

const FILE = 'configs/go_live_thresholds.yaml';
const sealed = parseYaml(
  FILE,
  readFileSync(new URL(`../../${FILE}`, import.meta.url), 'utf8'),
  thresholdsSchema,
);

/** A market on the given day of its window; what it earned does not matter to the verdict, its rows do. */
const onDay = (day: number, mode: 'forward' | 'replay' = 'forward', live = true): MarketStanding => ({
  market: 'crypto',
  thresholdKey: 'crypto',
  mode,
  live,
  currency: 'USDT',
  capitalMinor: 1_000_000,
  sessionsPerYear: 365,
  performance: { ...openPerformance(1_000_000), firstActiveDay: 20_000 },
  drift: openDrift(),
  scheduledTicks: 0,
  openTrades: [],
  lastDay: 20_000 + day - 1,
  killSwitchDrill: undefined,
  certificates: {},
});

const NAMES = evaluateThresholds(sealed, [onDay(45)]).map(({ threshold }) => threshold);
const rowOf = (threshold: string, result: ThresholdResult, market = 'crypto'): ThresholdRow => ({
  market,
  threshold,
  value: 1,
  operator: '>=',
  limit: 1,
  result,
  reason: `reason of ${threshold}.`,
  advice: `advice on ${threshold}.`,
});
const passing = (market = 'crypto'): ThresholdRow[] => NAMES.map((name) => rowOf(name, 'PASS', market));
const withResults = (...results: ThresholdResult[]): ThresholdRow[] =>
  NAMES.map((name, k) => rowOf(name, results[k] ?? 'PASS'));

describe('the verdict on a market', () => {
  it.each([
    ['forward before its review day, though a row fails', onDay(44), withResults('FAIL'), 'INTERIM'],
    ['forward before its review day, all passing', onDay(44), withResults(), 'INTERIM'],
    ['forward and never active', { ...onDay(45), performance: openPerformance(1) }, withResults(), 'INTERIM'],
    ['a failure before too little evidence', onDay(45), withResults('UNDERPOWERED', 'FAIL'), 'NO_GO'],
    ['a failure in a rehearsal', onDay(45, 'replay', false), withResults('FAIL'), 'NO_GO'],
    ['a failure in a short replay', onDay(10, 'replay', false), withResults('FAIL'), 'NO_GO'],
    ['too little evidence', onDay(45), withResults('UNDERPOWERED'), 'UNDERPOWERED'],
    [
      'too little evidence in a rehearsal',
      onDay(45, 'replay', false),
      withResults('UNDERPOWERED'),
      'UNDERPOWERED',
    ],
    ['a replay of live bars', onDay(45, 'replay', true), withResults(), 'REHEARSAL_PASS'],
    ['forward on recorded bars', onDay(45, 'forward', false), withResults(), 'REHEARSAL_PASS'],
    [
      'a rehearsal with a row that needs a live source',
      onDay(45, 'replay', false),
      withResults('NOT_APPLICABLE'),
      'REHEARSAL_PASS',
    ],
    [
      'forward and live with a row said not to apply',
      onDay(45),
      withResults('NOT_APPLICABLE'),
      'UNDERPOWERED',
    ],
    ['forward and live, all passing, on its review day', onDay(45), withResults(), 'GO'],
    ['a threshold without its row', onDay(45), withResults().slice(1), 'UNDERPOWERED'],
    ['no rows at all', onDay(45), [], 'UNDERPOWERED'],
    ['only the rows of another market', onDay(45), passing('us_equity'), 'UNDERPOWERED'],
    ['the failure of another market', onDay(45), [...passing(), rowOf('sharpe', 'FAIL', 'us_equity')], 'GO'],
    ['an additional row that fails', onDay(45), [...passing(), rowOf('parity', 'FAIL')], 'NO_GO'],
  ] as const)('%s', (_, standing, rows, expected) => {
    expect(verdict(rows, standing, sealed)).toBe(expected);
  });

  it('never gets better where a row gets worse', () => {
    const fromBest: ThresholdResult[] = ['PASS', 'NOT_APPLICABLE', 'UNDERPOWERED', 'FAIL'];
    const rank = fc.integer({ min: 0, max: 3 });
    const ranks = fc.array(fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, rank), {
      minLength: NAMES.length,
      maxLength: NAMES.length,
    });
    const standings = fc.record({
      day: fc.integer({ min: 40, max: 50 }),
      replay: fc.boolean(),
      live: fc.boolean(),
    });
    const property = fc.property(
      standings,
      ranks,
      fc.nat(NAMES.length - 1),
      rank,
      ({ day, replay, live }, before, which, worse) => {
        const standing = onDay(day, replay ? 'replay' : 'forward', live);
        const after = before.map((value, k) => (k === which ? Math.max(value, worse) : value));
        const place = (list: number[]): number =>
          SIGNOFF_VERDICTS.indexOf(verdict(withResults(...list.map((k) => fromBest[k]!)), standing, sealed));
        expect(place(after)).toBeLessThanOrEqual(place(before));
      },
    );
    fc.assert(property, { numRuns: 500, seed: 1 });
  });
});

describe('the verdict on a release', () => {
  it.each([
    [['GO', 'GO', 'GO'], 'GO'],
    [['GO', 'REHEARSAL_PASS'], 'REHEARSAL_PASS'],
    [['INTERIM', 'REHEARSAL_PASS', 'GO'], 'INTERIM'],
    [['INTERIM', 'UNDERPOWERED', 'GO'], 'UNDERPOWERED'],
    [['GO', 'UNDERPOWERED', 'NO_GO'], 'NO_GO'],
    [[], 'UNDERPOWERED'],
  ] as const)('of %j is %s', (verdicts, expected) => {
    expect(releaseVerdict(verdicts)).toBe(expected);
  });
});

const signoff = (more: Partial<Signoff> = {}): Signoff => ({
  releaseName: 'trend-7',
  releaseSha256: 'sha256:aa11',
  headByMarket: { us_equity: 'sha256:cc33', crypto: 'sha256:bb22' },
  dataSource: 'recorded bars',
  simulated: false,
  rows: [
    rowOf('sharpe', 'FAIL', 'us_equity'),
    rowOf('data_pass_rate', 'UNDERPOWERED'),
    rowOf('max_drawdown', 'PASS'),
  ],
  verdicts: { us_equity: 'NO_GO', crypto: 'UNDERPOWERED' },
  costs: [],
  release: 'NO_GO',
  generatedAtUtc: '2026-11-22T10:00:00Z',
  witness: 'self-attested',
  ...more,
});

describe('release_signoff.md', () => {
  it('says the verdict first, then what blocks and what to do, failures before what is lacking', () => {
    const lines = signoffMarkdown(signoff()).split('\n');
    expect(lines[0]).toBe('# Sign-off of trend-7: NO_GO');
    expect(lines[2]).toBe('**NO_GO.** Do not go live: at least one threshold is breached.');
    expect(lines.filter((line) => line.startsWith('- **'))).toEqual([
      '- **us_equity, sharpe: FAIL.** reason of sharpe. advice on sharpe.',
      '- **crypto, data_pass_rate: UNDERPOWERED.** reason of data_pass_rate. advice on data_pass_rate.',
    ]);
  });

  it('shows the results under other costs where there is a report, each cost in bps of turnover', () => {
    expect(signoffMarkdown(signoff())).not.toContain('## Results under other costs');
    const scenario = {
      ...{
        scenario: 'fixed_v1',
        model: 'fixed_v1' as const,
        scale: 1,
        net_return: 0.0125,
        gross_return: 0.02,
      },
      ...{
        net: 1250,
        gross: 2000,
        dividends: 0,
        fees: 400,
        slippage: 300,
        impact: 50,
        latency: 0,
        holding: 0,
      },
      ...{ exit_mark: 0, residual: 0, turnover: 1_000_000, trades: 7, traded_names: 2 },
      ...{ spearman_pnl: null, spearman_signal: 1, same_sign: true },
    };
    const report = {
      ...{ v: 1 as const, kind: 'robustness' as const, market: 'crypto', mode: 'replay' as const },
      ...{ head: { n: 1, sha256: `sha256:${'b'.repeat(64)}` as const }, currency: 'USDT' },
      ...{ release_sha256: `sha256:${'a'.repeat(64)}` as const, scenarios: [scenario] },
      difference_bps: {
        ...{ net: 0, gross: 0, dividends: 0, fees: 0, slippage: 0, impact: 0, latency: 0 },
        ...{ holding: 0, exit_mark: 0, residual: 0 },
      },
      ...{ result: 'UNDERPOWERED' as const, reason: '2 traded names, ranks need 10' },
    };
    const text = signoffMarkdown(signoff({ costs: [report] }));
    const section = text.slice(
      text.indexOf('## Results under other costs'),
      text.indexOf('## What was judged'),
    );
    // 400 of 1,000,000 are 4 bps.
    expect(section.split('\n').filter((line) => line.startsWith('| crypto'))).toEqual([
      '| crypto | fixed_v1 | 1.25 % | 2 % | 4 | 3 | 0.5 | 0 | 0 | undefined | 1 |',
    ]);
  });

  it('has one table a market with every row, met or not', () => {
    const text = signoffMarkdown(signoff());
    const crypto = text.slice(text.indexOf('## crypto: UNDERPOWERED'), text.indexOf('## us_equity: NO_GO'));
    expect(crypto.split('\n').filter((line) => line.startsWith('|'))).toEqual([
      '| threshold | value | must be | result | reason |',
      '| --- | --- | --- | --- | --- |',
      '| data_pass_rate | 1 | >= 1 | UNDERPOWERED | reason of data_pass_rate. |',
      '| max_drawdown | 1 | >= 1 | PASS | reason of max_drawdown. |',
    ]);
  });

  it('names what was judged, who attests it, and what it does not say', () => {
    const text = signoffMarkdown(signoff());
    for (const part of [
      '- Release: trend-7, sha256:aa11',
      '- Ledger head of crypto: sha256:bb22',
      '- Ledger head of us_equity: sha256:cc33',
      '- Data: recorded bars',
      'the ledger is self-attested',
      '- Written at 2026-11-22T10:00:00Z',
      'paper trading only',
      'nothing here is investment advice',
      'support no claim of profit',
      'at day 30 in 41 % of cases, and in 62 % if one may look daily until day 60',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('simulated');
  });

  it('says so where the bars are simulated', () => {
    expect(signoffMarkdown(signoff({ simulated: true }))).toContain(
      '**The bars are simulated:** generated by a program',
    );
  });

  it('is the same whatever the order in which the markets were given', () => {
    const swapped = signoff({
      headByMarket: { crypto: 'sha256:bb22', us_equity: 'sha256:cc33' },
      verdicts: { crypto: 'UNDERPOWERED', us_equity: 'NO_GO' },
      rows: [...signoff().rows].reverse().toSorted((a, b) => (a.threshold < b.threshold ? -1 : 1)),
    });
    expect(signoffMarkdown(swapped)).toBe(signoffMarkdown(signoff()));
  });

  it('lets a hostile name end neither its cell nor its line, and mark nothing up', () => {
    const market = 'a|b\n# GO\r\n**x** <script>`[l](u)`\u2028\u202e\ud800';
    const text = signoffMarkdown(
      signoff({
        releaseName: market,
        headByMarket: { [market]: 'sha256:bb22' },
        rows: [rowOf('sharpe', 'FAIL', market)],
        verdicts: { [market]: 'NO_GO' },
      }),
    );
    const shown = 'a\\|b # GO \\*\\*x\\*\\* \\<script>\\`\\[l\\](u)\\`';
    const lines = text.split('\n');
    expect(lines[0]).toBe(`# Sign-off of ${shown}: NO_GO`);
    expect(lines).toContain(`| ${shown} | NO_GO | Do not go live: at least one threshold is breached. |`);
    expect(lines.filter((line) => line.startsWith('# '))).toHaveLength(1);
    expect(text.isWellFormed()).toBe(true);
  });

  it('keeps every table whole: as many bars in a line as its header has', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
        const market = `m${name}`;
        const rows = [{ ...rowOf('sharpe', 'PASS', market), reason: name, threshold: name }];
        const text = signoffMarkdown(
          signoff({ headByMarket: { [market]: name }, rows, verdicts: { [market]: 'GO' }, release: 'GO' }),
        );
        const bars = text
          .split('\n')
          .filter((line) => line.startsWith('|'))
          .map((line) => line.replaceAll(/\\./g, '').split('|').length - 1);
        expect(bars).toEqual([4, 4, 4, 6, 6, 6]);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it.each<[string, Partial<Signoff>, string]>([
    [
      'a release better than its worst market',
      { release: 'GO' },
      'the release is GO, its worst market NO_GO',
    ],
    [
      'a market that passes over a failed row',
      { verdicts: { us_equity: 'GO', crypto: 'UNDERPOWERED' }, release: 'UNDERPOWERED' },
      'us_equity is GO, but sharpe is FAIL',
    ],
    [
      'a GO on simulated bars',
      { rows: [rowOf('sharpe', 'PASS')], verdicts: { crypto: 'GO' }, release: 'GO', simulated: true },
      'simulated bars cannot end in GO',
    ],
    ['rows without a verdict', { verdicts: { us_equity: 'NO_GO' } }, 'crypto has rows but no verdict'],
    [
      'a verdict without rows',
      { rows: [rowOf('sharpe', 'FAIL', 'us_equity')] },
      'crypto has a verdict but no rows',
    ],
    [
      'a market without its head',
      { headByMarket: { crypto: 'sha256:bb22' } },
      'us_equity has no reviewed head',
    ],
  ])('refuses %s', (_, more, message) => {
    expect(() => signoffMarkdown(signoff(more))).toThrow(message);
  });
});
