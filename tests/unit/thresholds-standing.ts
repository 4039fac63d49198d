import { readFileSync } from 'node:fs';
import { thresholdsSchema } from '../../shared/config/threshold-schema.ts';
import { parseYaml } from '../../shared/config/yaml.ts';
import { openDrift } from '../../shared/forecast/drift.ts';
import type { Certificates } from '../../shared/ledger/certificates.ts';
import { openPerformance, type Block, type Performance } from '../../shared/portfolio/performance.ts';
import type { MarketStanding } from '../../shared/release/standing.ts';
import { evaluateThresholds } from '../../shared/release/thresholds.ts';

const FILE = 'configs/go_live_thresholds.yaml';
/** The thresholds as they ship. */
export const sealed = parseYaml(
  FILE,
  readFileSync(new URL(`../../${FILE}`, import.meta.url), 'utf8'),
  thresholdsSchema,
);

/** A block of 20 sessions with the given return, daily Sharpe (at a daily deviation of 0.01) and deepest fall. */
export const block = (totalReturn: number, dailySharpe: number, maxDrawdown: number): Block => ({
  sessions: 20,
  equityOpen: 1_000,
  equityClose: 1_000 + 1_000 * totalReturn,
  peak: 1_000,
  maxDrawdown,
  returnSum: 0.2 * dailySharpe,
  returnSquares: 0.0019 + 0.002 * dailySharpe * dailySharpe,
});

/** Deviations of 3, -3, 1, -1, 0, 0: squares sum to 20, over five degrees of freedom 4, so their deviation is 2. */
const SHAPE = [3, -3, 1, -1, 0, 0];
export const spread = (returns: number, sharpes: number, falls: number): Block[] =>
  SHAPE.map((k) => block((k * returns) / 2, (k * sharpes) / 2, -0.2 + (k * falls) / 2));

export const evaluatedDrift = () => ({ ...openDrift(), evaluated: [1, 1, 1, 1, 1] });

const named = {
  v: 1,
  market: 'us_equity',
  mode: 'forward',
  head: { n: 1_001, sha256: `sha256:${'1'.repeat(64)}` },
  release_sha256: `sha256:${'0'.repeat(64)}`,
} as const;
const noDifferences = { decisions: 0, orders: 0, fills: 0, postings: 0, equity: 0, states: 0 };

/** Certificates of the head that have nothing to say against it. */
export const certified: Required<Certificates> = {
  parity: {
    ...named,
    kind: 'parity',
    compared: {
      ...{ ticks: 1_000, missed: 0, decisions: 3_000, orders: 400, fills: 410, postings: 2 },
      ...{ equity: 1_000, states: 1_000 },
    },
    differences: noDifferences,
    examples: [],
    ledger_sha256: `sha256:${'2'.repeat(64)}`,
    backtest_sha256: `sha256:${'2'.repeat(64)}`,
    result: 'PASS',
  },
  lookahead: {
    ...named,
    kind: 'lookahead',
    compared: { ticks: 1_000, decisions: 3_000 },
    differences: { full_run: 0, ledger: 0 },
    examples: [],
    result: 'PASS',
  },
  robustness: {
    ...named,
    kind: 'robustness',
    currency: 'USD',
    scenarios: [],
    difference_bps: {
      ...{ net: 0, gross: 0, dividends: 0, fees: 0, slippage: 0, impact: 0, latency: 0, holding: 0 },
      ...{ exit_mark: 0, residual: 0 },
    },
    result: 'PASS',
    reason: 'ranks and sign hold',
  },
};

/** Far on the good side of every threshold of every market. Capital 10,000.00, equity 11,000.00 (USD). */
export function standing(
  performance: Partial<Performance> = {},
  more: Partial<MarketStanding> = {},
): MarketStanding {
  const opened = openPerformance(1_000_000);
  return {
    market: 'us_equity',
    thresholdKey: 'us_equity',
    mode: 'forward',
    live: true,
    currency: 'USD',
    capitalMinor: 1_000_000,
    sessionsPerYear: 252,
    drift: evaluatedDrift(),
    scheduledTicks: 1_000,
    openTrades: [],
    lastDay: 20_044,
    killSwitchDrill: { passed: true, ageDays: 3 },
    certificates: certified,
    performance: {
      ...opened,
      peak: 1_100_000,
      maxDrawdown: -0.02,
      today: { ...opened.today, day: 20_044, equityClose: 1_100_000 },
      days: 44,
      returnSum: 0.088,
      returnSquares: 0.0005,
      blocks: spread(0.01, 0.01, 0.01),
      trades: 200,
      wins: 150,
      grossWin: 300_000,
      grossLoss: 100_000,
      grossSum: 500,
      ticks: 1_000,
      barsExpected: 1_000,
      barsGood: 1_000,
      ordersEnded: 400,
      firstActiveDay: 20_000,
      ...performance,
    },
    ...more,
  };
}
export const equity = (equityClose: number): Partial<Performance> => ({
  today: { ...openPerformance(1_000_000).today, equityClose },
});

export function row(name: string, of: MarketStanding) {
  const found = evaluateThresholds(sealed, [of]).find(({ threshold }) => threshold === name);
  if (found === undefined) throw new Error(`no row ${name}`);
  return found;
}
export const judged = (name: string, of: MarketStanding): [string, number | null] => {
  const { result, value } = row(name, of);
  return [result, value];
};

export const ashares = {
  market: 'ashares',
  thresholdKey: 'cn_equity',
  currency: 'CNY',
  sessionsPerYear: 243,
} as const;
export const crypto = {
  market: 'crypto',
  thresholdKey: 'crypto',
  currency: 'USDT',
  sessionsPerYear: 365,
} as const;
