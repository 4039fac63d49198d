import { describe, expect, it } from 'vitest';
import type { MarketStanding } from '../../shared/release/standing.ts';
import { evaluateThresholds, THRESHOLD_COLUMNS, thresholdRecords } from '../../shared/release/thresholds.ts';
import {
  ashares,
  crypto,
  equity,
  evaluatedDrift,
  judged,
  row,
  sealed,
  spread,
  standing,
} from './thresholds-standing.ts';

it('passes every threshold where every figure is good', () => {
  expect(evaluateThresholds(sealed, [standing()]).filter(({ result }) => result !== 'PASS')).toEqual([]);
});

/** Sharpe of 0.8: mean 0.0008 a day, variance 252e-6 (or 365e-6) over 44 days: sum 0.0352, squares 43 var + 44 mean². */
const SHARPE_252 = 43 * 252e-6 + 44 * 0.64e-6;
const SHARPE_365 = 43 * 365e-6 + 44 * 0.64e-6;

describe('each threshold on both sides of its limit', () => {
  it.each<[string, string, number, MarketStanding]>([
    ['data_pass_rate', 'PASS', 0.98, standing({ barsGood: 980 })],
    ['data_pass_rate', 'FAIL', 0.979, standing({ barsGood: 979 })],
    ['drift_red_count', 'PASS', 0, standing()],
    ['drift_red_count', 'FAIL', 1, standing({}, { drift: { ...evaluatedDrift(), red: [0, 0, 1, 0, 0] } })],
    ['execution_fail_rate', 'PASS', 0.009, standing({ ticksFailed: 5, ticksLate: 4 })],
    ['execution_fail_rate', 'FAIL', 0.01, standing({ ticksFailed: 5, ticksLate: 5 })],
    ['execution_fail_rate', 'PASS', 0.0075, standing({ ordersFailed: 3 })],
    ['execution_fail_rate', 'FAIL', 0.01, standing({ ordersFailed: 4 })],
    ['calendar_alignment_pass', 'PASS', 1, standing()],
    ['calendar_alignment_pass', 'FAIL', 0, standing({ misalignedTicks: 1 })],
    ['min_trades_total', 'PASS', 100, standing({ trades: 100, wins: 75 })],
    ['min_trades_total', 'UNDERPOWERED', 99, standing({ trades: 99, wins: 75 })],
    ['sharpe_std', 'PASS', 0.35, standing({ blocks: spread(0.01, 0.35, 0.01) })],
    ['sharpe_std', 'FAIL', 0.351, standing({ blocks: spread(0.01, 0.351, 0.01) })],
    ['total_return_std', 'PASS', 0.08, standing({ blocks: spread(0.08, 0.01, 0.01) })],
    ['total_return_std', 'FAIL', 0.081, standing({ blocks: spread(0.081, 0.01, 0.01) })],
    ['max_drawdown_std', 'PASS', 0.05, standing({ blocks: spread(0.01, 0.01, 0.05) })],
    ['max_drawdown_std', 'FAIL', 0.051, standing({ blocks: spread(0.01, 0.01, 0.051) })],
    ['forward_window_days', 'PASS', 45, standing()],
    ['forward_window_days', 'UNDERPOWERED', 29, standing({}, { lastDay: 20_028 })],
    ['net_return_after_costs', 'PASS', 0.000001, standing(equity(1_000_001))],
    ['net_return_after_costs', 'FAIL', 0, standing(equity(1_000_000))],
    ['net_return_after_costs', 'FAIL', -0.000001, standing(equity(999_999))],
    ['kill_switch_drill_passed', 'PASS', 1, standing({}, { killSwitchDrill: { passed: true, ageDays: 30 } })],
    [
      'kill_switch_drill_passed',
      'UNDERPOWERED',
      1,
      standing({}, { killSwitchDrill: { passed: true, ageDays: 31 } }),
    ],
    [
      'kill_switch_drill_passed',
      'UNDERPOWERED',
      1,
      standing({}, { killSwitchDrill: { passed: true, ageDays: -1 } }),
    ],
    ['kill_switch_drill_passed', 'FAIL', 0, standing({}, { killSwitchDrill: { passed: false, ageDays: 1 } })],
    ['min_trades_in_window', 'PASS', 80, standing({ trades: 80, wins: 75 })],
    ['min_trades_in_window', 'UNDERPOWERED', 79, standing({ trades: 79, wins: 75 })],
    ['min_average_gross_exposure', 'PASS', 0.1, standing({ grossSum: 100 })],
    ['min_average_gross_exposure', 'UNDERPOWERED', 0.099, standing({ grossSum: 99 })],
    ['sharpe', 'PASS', 0.8, standing({ returnSum: 0.0352, returnSquares: SHARPE_252 })],
    ['sharpe', 'FAIL', 0.79999963086, standing({ returnSum: 0.0352, returnSquares: SHARPE_252 + 1e-8 })],
    ['max_drawdown', 'PASS', -0.15, standing({ maxDrawdown: 0.85 - 1 })],
    ['max_drawdown', 'FAIL', -0.1501, standing({ maxDrawdown: -0.1501 })],
    ['profit_factor', 'PASS', 1.1, standing({ grossWin: 110_000 })],
    ['profit_factor', 'FAIL', 1.099, standing({ grossWin: 109_900 })],
  ])('%s: %s at %d', (name, result, value, of) => {
    expect(judged(name, of)).toEqual([result, value]);
  });

  it.each<[string, string, number, MarketStanding]>([
    ['win_rate', 'PASS', 0.5, standing({ wins: 100 }, ashares)],
    ['win_rate', 'FAIL', 0.495, standing({ wins: 99 }, ashares)],
    ['max_drawdown', 'PASS', -0.12, standing({ maxDrawdown: 0.88 - 1 }, ashares)],
    ['max_drawdown', 'FAIL', -0.121, standing({ maxDrawdown: -0.121 }, ashares)],
    ['profit_factor', 'PASS', 1, standing({ grossWin: 100_000 }, ashares)],
    ['profit_factor', 'FAIL', 0.999, standing({ grossWin: 99_900 }, ashares)],
    ['min_trades_in_window', 'PASS', 60, standing({ trades: 60, wins: 60 }, ashares)],
    ['min_trades_in_window', 'UNDERPOWERED', 59, standing({ trades: 59, wins: 59 }, ashares)],
    ['sharpe', 'PASS', 0.8, standing({ returnSum: 0.0352, returnSquares: SHARPE_365 }, crypto)],
    ['profit_factor', 'PASS', 1.05, standing({ grossWin: 105_000 }, crypto)],
    ['profit_factor', 'FAIL', 1.049, standing({ grossWin: 104_900 }, crypto)],
    ['min_trades_in_window', 'UNDERPOWERED', 119, standing({ trades: 119, wins: 75 }, crypto)],
  ])('%s of another market: %s at %d', (name, result, value, of) => {
    expect(judged(name, of)).toEqual([result, value]);
  });

  it('annualises two days of +1 % and +3 %: mean 0.02, deviation 0.01 x root 2, so root 2 x root 365 = root 730', () => {
    expect(judged('sharpe', standing({ days: 2, returnSum: 0.04, returnSquares: 0.001 }, crypto))).toEqual([
      'PASS',
      27.018512172213,
    ]);
  });
});

describe('open positions count against win rate and profit factor, never for them', () => {
  it.each<[string, readonly number[], string, number]>([
    // 100 wins of 200 closed; one open loss makes 100 of 201, a flat one too; an open gain changes nothing.
    ['win_rate', [-1], 'FAIL', 0.497512437811],
    ['win_rate', [0], 'FAIL', 0.497512437811],
    ['win_rate', [1], 'PASS', 0.5],
    // 100,000 over 100,000 closed; with an open loss of 25,000 it is 0.8; an open gain changes nothing.
    ['profit_factor', [-25_000], 'FAIL', 0.8],
    ['profit_factor', [-25_000, 10_000], 'FAIL', 0.88],
    ['profit_factor', [50_000], 'PASS', 1],
  ])('%s with %j open', (name, openTrades, result, value) => {
    const of = standing({ wins: 100, grossWin: 100_000 }, { ...ashares, openTrades });
    expect(judged(name, of)).toEqual([result, value]);
  });
});

describe('the rows', () => {
  it('come by market, then in the order of the schema, whatever the order of the standings', () => {
    const crypto = standing({}, { market: 'crypto', thresholdKey: 'crypto', sessionsPerYear: 365 });
    const rows = evaluateThresholds(sealed, [standing(), crypto]);
    expect(evaluateThresholds(sealed, [crypto, standing()])).toEqual(rows);
    const names = [
      'data_pass_rate',
      'drift_red_count',
      'execution_fail_rate',
      'calendar_alignment_pass',
      'min_trades_total',
      'sharpe_std',
      'total_return_std',
      'max_drawdown_std',
      'forward_window_days',
      'net_return_after_costs',
      'kill_switch_drill_passed',
      'parity_differences',
      'lookahead_differences',
      'cost_robustness_pass',
      'min_trades_in_window',
      'min_average_gross_exposure',
      'sharpe',
      'max_drawdown',
      'profit_factor',
    ];
    expect(rows.map(({ market, threshold }) => `${market}/${threshold}`)).toEqual([
      ...names.map((name) => `crypto/${name}`),
      ...names.map((name) => `us_equity/${name}`),
    ]);
  });

  it('have a row for an optional threshold only where it is set', () => {
    const names = evaluateThresholds(sealed, [
      standing({}, { thresholdKey: 'cn_equity', currency: 'CNY' }),
    ]).map((r) => r.threshold);
    expect(names).toContain('win_rate');
    expect(names).not.toContain('sharpe');
  });

  it('say their arithmetic in one sentence', () => {
    expect(row('data_pass_rate', standing({ barsGood: 979 })).reason).toBe(
      '979 of 1000 expected instrument-bars were good: 0.979 >= 0.98 does not hold.',
    );
    expect(row('net_return_after_costs', standing(equity(1_012_345))).reason).toBe(
      'equity of 10123.45 USD on a capital of 10000 USD: 0.012345 > 0 holds.',
    );
    expect(row('kill_switch_drill_passed', standing({}, { killSwitchDrill: undefined }))).toMatchObject({
      reason: 'a drill of the kill switch: undefined, no drill is recorded.',
      advice: 'Hold a drill of the kill switch and record it.',
    });
    expect(row('sharpe_std', standing()).reason).toContain('1 / sqrt(20) = 0.2236 (an approximation)');
    expect(row('net_return_after_costs', standing({}, { lastDay: 20_009 })).reason).toBe(
      'equity of 11000 USD on a capital of 10000 USD: 0.1 > 0 holds, but this is too little evidence: the window is on day 10 of 45.',
    );
  });

  it('become cells of text under the columns of the report', () => {
    const records = thresholdRecords(
      evaluateThresholds(sealed, [
        standing({ barsExpected: 3, barsGood: 3 - 1 }, { killSwitchDrill: undefined }),
      ]),
    );
    const cells = (name: string) => {
      const { value, operator, limit, result } = records.find(({ threshold }) => threshold === name)!;
      return [value, operator, limit, result];
    };
    expect(THRESHOLD_COLUMNS).toEqual([
      'market',
      'threshold',
      'value',
      'operator',
      'limit',
      'result',
      'reason',
      'advice',
    ]);
    expect(Object.keys(records[0]!)).toEqual([...THRESHOLD_COLUMNS]);
    expect(cells('data_pass_rate')).toEqual(['0.666667', '>=', '0.98', 'FAIL']);
    expect(cells('calendar_alignment_pass')).toEqual(['true', '==', 'true', 'PASS']);
    expect(cells('kill_switch_drill_passed')).toEqual(['', '==', 'true', 'UNDERPOWERED']);
    expect(cells('max_drawdown')).toEqual(['-0.02', '>=', '-0.15', 'PASS']);
  });
});

describe('a standing that contradicts itself is refused', () => {
  it.each<[string, MarketStanding, string]>([
    [
      'more good bars than expected',
      standing({ barsGood: 1_001 }),
      'good bars are among the expected; got 1001, 1000',
    ],
    ['more wins than trades', standing({ wins: 201 }), 'wins are among the trades; got 201, 200'],
    [
      'more failed orders than ended',
      standing({ ordersFailed: 401 }),
      'failed orders are among the ended; got 401, 400',
    ],
    ['a negative loss', standing({ grossLoss: -1 }), 'gross win and gross loss are not negative'],
    ['no capital', standing({}, { capitalMinor: 0 }), 'capital is a whole number above 0; got 0'],
    ['an open trade of NaN', standing({}, { openTrades: [NaN] }), 'the P&L of open positions is finite'],
  ])('%s', (_, of, message) => {
    expect(() => evaluateThresholds(sealed, [of])).toThrow(message);
  });

  it('and so is a market that comes twice', () => {
    expect(() => evaluateThresholds(sealed, [standing(), standing()])).toThrow(
      'market us_equity has two standings',
    );
  });
});
