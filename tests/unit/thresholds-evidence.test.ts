import { describe, expect, it } from 'vitest';
import { openDrift } from '../../shared/forecast/drift.ts';
import type { MarketStanding } from '../../shared/release/standing.ts';
import { evaluateThresholds } from '../../shared/release/thresholds.ts';
import {
  ashares,
  block,
  crypto,
  equity,
  evaluatedDrift,
  judged,
  row,
  sealed,
  spread,
  standing,
} from './thresholds-standing.ts';

describe('too little evidence is UNDERPOWERED, never PASS', () => {
  it.each<[string, string, MarketStanding, number | null]>([
    ['no bar was due', 'data_pass_rate', standing({ barsExpected: 0, barsGood: 0 }), null],
    [
      'drift never evaluated',
      'drift_red_count',
      standing({}, { drift: { ...evaluatedDrift(), evaluated: [1, 1, 1, 0, 1] } }),
      0,
    ],
    ['no tick due', 'execution_fail_rate', standing({}, { scheduledTicks: 0 }), null],
    ['no order ended', 'execution_fail_rate', standing({ ordersEnded: 0 }), 0],
    ['no tick', 'calendar_alignment_pass', standing({ ticks: 0 }), 1],
    ['no tick', 'min_average_gross_exposure', standing({ ticks: 0, grossSum: 0 }), null],
    ['no drill', 'kill_switch_drill_passed', standing({}, { killSwitchDrill: undefined }), null],
    ['one day', 'sharpe', standing({ days: 1, returnSum: 0.01, returnSquares: 0.0001 }), null],
    // 44 equal returns of 0.001: the sum of squares is 44e-6 but for its rounding.
    ['equal returns', 'sharpe', standing({ returnSum: 0.044, returnSquares: 0.00004400000000000001 }), null],
    ['no return at all', 'sharpe', standing({ returnSum: 0, returnSquares: 0 }), null],
    ['under 100 trades', 'profit_factor', standing({ trades: 99, wins: 75 }), 3],
    ['no loss', 'profit_factor', standing({ grossLoss: 0 }), null],
    ['only open losses', 'profit_factor', standing({ grossLoss: 0 }, { openTrades: [-100_000] }), 3],
    ['one block', 'sharpe_std', standing({ blocks: spread(0.01, 0.01, 0.01).slice(0, 1) }), null],
    [
      'five blocks',
      'total_return_std',
      standing({ blocks: [0, 0, 0, 0.01, -0.01].map((r) => block(r, 0.1, -0.1)) }),
      0.007071067812,
    ],
    [
      'two blocks',
      'max_drawdown_std',
      standing({ blocks: [block(0, 0, -0.1), block(0, 0, -0.9)] }),
      0.565685424949,
    ],
    [
      'a block that did not move',
      'sharpe_std',
      standing({ blocks: [...spread(0, 0.1, 0).slice(1), { ...block(0, 0, 0), returnSquares: 0 }] }),
      null,
    ],
    ['94.9 % of ticks', 'forward_window_days', standing({ ticks: 949 }), 45],
    ['51 failed of 1,000', 'forward_window_days', standing({ ticks: 1_200, ticksFailed: 51 }), 45],
    ['day 44 of 45', 'forward_window_days', standing({}, { lastDay: 20_043 }), 44],
    ['equity is no number', 'max_drawdown', standing({ maxDrawdown: NaN }), null],
  ])('%s: %s', (_, name, of, value) => {
    expect(judged(name, of)).toEqual(['UNDERPOWERED', value]);
  });

  it('holds 95 % of the scheduled ticks for enough', () => {
    expect(row('forward_window_days', standing({ ticks: 950 })).result).toBe('PASS');
    expect(row('forward_window_days', standing({ ticks: 1_200, ticksFailed: 50 })).result).toBe('PASS');
  });

  it('asks for the larger of both minimums before a win rate counts', () => {
    expect(row('win_rate', standing({ trades: 100, wins: 75 }, ashares)).result).toBe('PASS');
    expect(row('win_rate', standing({ trades: 99, wins: 75 }, ashares)).result).toBe('UNDERPOWERED');
    expect(row('profit_factor', standing({ trades: 120, wins: 75 }, crypto)).result).toBe('PASS');
    expect(row('profit_factor', standing({ trades: 119, wins: 75 }, crypto)).result).toBe('UNDERPOWERED');
  });

  it('passes on day 44 only what more days cannot take back', () => {
    const rows = evaluateThresholds(sealed, [standing({}, { lastDay: 20_043, mode: 'replay' })]);
    expect(rows.filter(({ result }) => result === 'PASS').map(({ threshold }) => threshold)).toEqual([
      'min_trades_total',
      'kill_switch_drill_passed',
      'parity_differences',
      'lookahead_differences',
      'cost_robustness_pass',
      'min_trades_in_window',
    ]);
    expect(rows.filter(({ result }) => result === 'FAIL')).toEqual([]);
  });

  it('judges nothing about returns of a market that was never allowed to trade', () => {
    const never = standing({ firstActiveDay: -1 });
    for (const name of [
      'net_return_after_costs',
      'sharpe',
      'max_drawdown',
      'profit_factor',
      'sharpe_std',
      'forward_window_days',
    ]) {
      const { result, reason } = row(name, never);
      expect([name, result]).toEqual([name, 'UNDERPOWERED']);
      expect(reason).toContain('the market was never allowed to trade');
    }
  });
});

describe('what has happened fails, however short the window', () => {
  const early = { lastDay: 20_004 };
  it.each<[string, MarketStanding]>([
    ['max_drawdown', standing({ maxDrawdown: -0.16 }, early)],
    ['data_pass_rate', standing({ barsGood: 900 }, early)],
    ['calendar_alignment_pass', standing({ misalignedTicks: 1 }, early)],
    ['drift_red_count', standing({}, { ...early, drift: { ...openDrift(), red: [1, 0, 0, 0, 0] } })],
    ['execution_fail_rate', standing({ ticksFailed: 100, ordersEnded: 0 }, early)],
    ['kill_switch_drill_passed', standing({}, { ...early, killSwitchDrill: { passed: false, ageDays: 90 } })],
  ])('%s', (name, of) => {
    expect(row(name, of).result).toBe('FAIL');
  });

  it('but a bad return, ratio or spread of a short window is too little evidence', () => {
    const poor = standing(
      { ...equity(900_000), returnSum: -0.1, grossWin: 1, blocks: spread(0.5, 2, 0.3) },
      early,
    );
    for (const name of [
      'net_return_after_costs',
      'sharpe',
      'profit_factor',
      'sharpe_std',
      'total_return_std',
      'max_drawdown_std',
    ]) {
      expect([name, row(name, poor).result]).toEqual([name, 'UNDERPOWERED']);
    }
  });
});
