import { beforeAll, describe, expect, it } from 'vitest';
import type { Release } from '../../shared/ledger/artifacts.ts';
import type { RobustnessReport, RobustnessScenario } from '../../shared/ledger/certificates.ts';
import { ROBUSTNESS, robustnessRows } from '../../shared/ledger/projections/certificates.ts';
import type { BookPosting } from '../../shared/execution/events.ts';
import { post } from '../../shared/portfolio/book.ts';
import { value } from '../../shared/portfolio/mark.ts';
import { netByInstrument, pnlParts } from '../../shared/tick/pnl-parts.ts';
import { costRobustness, judgeRobustness } from '../../shared/tick/robustness.ts';
import { openState } from '../../shared/tick/state.ts';
import type { Tape } from '../../shared/tick/tape.ts';
import { recharged } from '../support/costs.ts';
import { barsOf, flat } from '../support/bars.ts';
import { marketOf } from '../support/market.ts';
import { paper } from '../support/paper.ts';
import { rulesOf, whole } from '../support/rules.ts';
import { goodInputs } from '../support/state.ts';

describe('a result taken apart', () => {
  /** Fee 10 bps, half spread 2 bps: leaving costs 12 bps of the close. */
  const rules = paper();
  const minor = rules.minorPerUnit;
  /**
   * 50 bought at a raw 100, decided at 99: slippage 2, impact 10, latency 20 bps of 99 are 0.0198, 0.099 and 0.198 a
   * unit, so 100.3168 was paid, 5,015.84 in all, and a fee of 5.02.
   */
  const fill = {
    ...{ instrument: 0, ordinal: 1, decidedOrdinal: 0, decidedAtMs: 0, barStartMs: 0, side: 1, quantity: 50 },
    ...{ price: 100.3168, rawPrice: 100, referencePrice: 99, notionalMinor: 5015.84 * minor },
    ...{
      feeMinor: 5.02 * minor,
      feeBps: 10.14,
      totalBps: 143.14,
      slippageBps: 2,
      impactBps: 10,
      latencyBps: 20,
      moveBps: 101,
    },
    ...{ delayBars: 1, struckBeforeFreeze: 1 },
  };
  const posting: BookPosting = {
    ...{
      kind: 'dividend',
      instrument: 0,
      ordinal: 2,
      quantityBefore: 50,
      quantityAfter: 50,
      cash: 0,
      due: 0,
    },
    ...{ cost: 0, income: 0, withheld: 0, ratio: 1, rate: 0, payDay: -1, source: 'made up for an example' },
  };

  function bought(lastClose: number, steps = 50) {
    const state = openState(rules);
    post(state.book, 0, 1, steps, fill.notionalMinor, fill.feeMinor);
    state.book.lastClose[0] = lastClose;
    return state;
  }

  it('is gross less every cost, to the last cent', () => {
    const bars = barsOf([[flat(99)], [flat(100)], [flat(103)], [null]]);
    const state = bought(103);
    state.performance.today.equityClose = value(state.book, bars.sessionDay[3]!, rules.marking).equity;
    const run = { state, events: { fills: [fill], ended: [], postings: [] } };
    const parts = pnlParts(rules, bars, run);
    // Gross 50 x 3; leaving 50 x 103 x 12 bps = 6.18; 150 - 5.02 - 0.99 - 4.95 - 9.90 - 6.18 = 122.96.
    const expected = {
      ...{ net: 122.96, gross: 150, dividends: 0, fees: 5.02, slippage: 0.99, impact: 4.95, latency: 9.9 },
      ...{ holding: 0, exit_mark: 6.18, residual: 0 },
    };
    for (const [part, figure] of Object.entries(expected))
      expect(parts[part as keyof typeof parts], part).toBeCloseTo(figure, 6);
    expect(netByInstrument(rules, bars, run)[0]).toBeCloseTo(122.96, 6);
  });

  it('shows in the residual what the book has and no fill explains', () => {
    const bars = barsOf([[flat(99)], [flat(100)], [flat(103)]]);
    const state = bought(103);
    state.book.cash += 7 * minor;
    state.performance.today.equityClose = value(state.book, bars.sessionDay[2]!, rules.marking).equity;
    const parts = pnlParts(rules, bars, { state, events: { fills: [fill], ended: [], postings: [] } });
    expect(parts.residual).toBeCloseTo(7, 6);
  });

  it('goes on through a split, a dividend and a charge for holding', () => {
    // A dividend of 30 net, 2:1, then 100 at 50 each; the charge took 4.
    const plain = barsOf([[flat(99)], [flat(100)], [flat(50)]]);
    const state = openState(rules);
    post(state.book, 0, 1, 50, fill.notionalMinor, fill.feeMinor);
    state.book.quantity[0] = 100;
    state.book.lastClose[0] = 50;
    state.book.cash -= 4 * minor;
    state.book.dues.push(0, 99_999, 30 * minor);
    const postings: BookPosting[] = [
      { ...posting, due: 30 * minor, income: 30 * minor },
      { ...posting, kind: 'split', ratio: 2, quantityAfter: 100 },
      { ...posting, kind: 'holding', quantityBefore: 100, quantityAfter: 100, cash: -4 * minor },
    ];
    state.performance.today.equityClose = value(state.book, plain.sessionDay[2]!, rules.marking).equity;
    const run = { state, events: { fills: [fill], ended: [], postings } };
    const parts = pnlParts(rules, plain, run);
    // 100 x 50 - 50 x 100 = 0 gross; leaving 5,000 x 12 bps = 6; 30 - 5.02 - 0.99 - 4.95 - 9.90 - 4 - 6 = -0.86.
    expect(parts.gross).toBeCloseTo(0, 6);
    expect([parts.dividends, parts.holding]).toEqual([30, 4]);
    expect(parts.net).toBeCloseTo(-0.86, 6);
    expect(parts.residual).toBeCloseTo(0, 6);
    expect(netByInstrument(rules, plain, run)[0]).toBeCloseTo(-0.86, 6);
  });
});

describe('the verdict on cost robustness', () => {
  const row = (scale: number, more: Partial<RobustnessScenario> = {}): RobustnessScenario =>
    ({
      ...{ scenario: `dynamic_v1 x ${scale}`, model: 'dynamic_v1', scale, traded_names: 10, same_sign: true },
      ...{ spearman_pnl: 0.8, spearman_signal: 0.8 },
      ...more,
    }) as RobustnessScenario;
  const judged = (
    lower: Partial<RobustnessScenario>,
    base: Partial<RobustnessScenario> = {},
    residual = 0,
  ) => {
    // What happens at 0.5 and 2 times the costs is shown, not judged.
    const wild = { same_sign: false, spearman_pnl: -1, spearman_signal: -1 };
    const rows = [row(1, base), row(0.5, wild), row(0.8, lower), row(1.2), row(2, wild)];
    return judgeRobustness(rows, residual);
  };

  it.each<[string, ReturnType<typeof judged>, string]>([
    ['both ranks at 0.8 and the sign the same', judged({}), 'PASS'],
    ['ranks of results below 0.8', judged({ spearman_pnl: 0.79 }), 'FAIL'],
    ['ranks of signals below 0.8', judged({ spearman_signal: 0.79 }), 'FAIL'],
    ['a result that turns its sign', judged({ same_sign: false }), 'FAIL'],
    [
      'a result that turns its sign with few names',
      judged({ same_sign: false }, { traded_names: 3 }),
      'FAIL',
    ],
    ['a residual of 0.1 bps', judged({}, {}, 0.1), 'FAIL'],
    ['a residual of -0.1 bps with few names', judged({}, { traded_names: 3 }, -0.1), 'FAIL'],
    ['a residual that is no number', judged({}, {}, NaN), 'FAIL'],
    ['a residual under 0.1 bps', judged({}, {}, 0.0999), 'PASS'],
    ['nine traded names', judged({}, { traded_names: 9 }), 'UNDERPOWERED'],
    ['nine traded names of another order', judged({ spearman_pnl: 0 }, { traded_names: 9 }), 'UNDERPOWERED'],
    ['ranks that are undefined', judged({ spearman_pnl: null }), 'UNDERPOWERED'],
    ['a scenario that is missing', judgeRobustness([row(1), row(1.2)], 0), 'UNDERPOWERED'],
  ])('%s', (_, { result, reason }, expected) => {
    expect(result, reason).toBe(expected);
  });
});

describe('a report over made-up bars of twelve names', () => {
  const rules = rulesOf(
    'crypto',
    {
      instruments: Array.from({ length: 12 }, (_, i) => ({ ...whole(`S${i}`), quantity_digits: 2 })),
      config: {
        starting_capital: 100_000,
        limits: { name_max: 0.3, gross_max: 0.95, drawdown_min: -0.9, daily_loss_min: -0.9 },
      },
      policy: { by_bar_size: { '60m': { entry: { p_launch_min: 0.05, edge_over_cost_min: 0 } } } },
    },
    'samples/configs',
  );
  let report: RobustnessReport;
  const of = (scenario: string): RobustnessScenario =>
    report.scenarios.find((one) => one.scenario === scenario)!;

  beforeAll(async () => {
    const { bars, line } = await marketOf(rules, { from: '2017-02-01', to: '2017-03-02', seed: 'robust' });
    const tape: Tape = {
      ...{ market: 'crypto', ticks: 1, tick: () => undefined },
      releaseSha256: `sha256:${'0'.repeat(64)}`,
      release: { mode: 'replay' } as Release,
      head: { n: 1, sha256: `sha256:${'1'.repeat(64)}`, mode: 'replay' },
      inputs: { rules, bars, line, firstRow: 120, health: goodInputs.health },
    };
    report = costRobustness(tape, (costs) => recharged(rules, costs));
  });

  it('trades all names, and explains every result by its components', () => {
    expect(report.scenarios.map(({ scenario }) => scenario)).toEqual([
      'dynamic_v1 x 1',
      'dynamic_v1 x 0.5',
      'dynamic_v1 x 0.8',
      'dynamic_v1 x 1.2',
      'dynamic_v1 x 2',
      'fixed_v1',
    ]);
    for (const one of report.scenarios) {
      expect(one.traded_names, one.scenario).toBeGreaterThanOrEqual(10);
      const { gross, dividends, fees, slippage, impact, latency, holding, exit_mark: exit } = one;
      const costs = fees + slippage + impact + latency + holding + exit;
      expect(one.net).toBeCloseTo(gross + dividends - costs + one.residual, 6);
      expect((Math.abs(one.residual) / one.turnover) * 1e4, one.scenario).toBeLessThan(0.001);
      expect(one.net_return).toBeCloseTo(one.net / 100_000, 12);
    }
  });

  it('scales fees with the costs, and takes the fixed ones from the profile', () => {
    const feeBps = ({ fees, turnover }: RobustnessScenario): number => (fees / turnover) * 1e4;
    const once = feeBps(of('dynamic_v1 x 1'));
    expect(feeBps(of('dynamic_v1 x 0.5'))).toBeCloseTo(0.5 * once, 3);
    expect(feeBps(of('dynamic_v1 x 2'))).toBeCloseTo(2 * once, 3);
    const { slippage, impact, latency } = of('fixed_v1');
    const { slippage_bps: slippageBps, impact_bps: impactBps } = rules.costs.profile.fixed_v1;
    expect(latency).toBe(0);
    expect(slippage / impact).toBeCloseTo(slippageBps / impactBps, 9);
  });

  it('decides anew: under other costs other trades are made', () => {
    const turnovers = report.scenarios.map(({ turnover }) => turnover);
    expect(new Set(turnovers).size).toBe(6);
    expect(of('dynamic_v1 x 1')).toMatchObject({ spearman_pnl: 1, spearman_signal: 1, same_sign: true });
  });

  it('attributes the whole difference between fixed and dynamic', () => {
    const { net, residual, ...parts } = report.difference_bps;
    const explained = Object.values(parts).reduce((sum, part) => sum + part, 0);
    expect(explained).toBeCloseTo(net - residual, 6);
    expect(Math.abs(residual)).toBeLessThan(0.001);
    const [fixed, base] = [of('fixed_v1'), of('dynamic_v1 x 1')];
    const turnover = Math.min(fixed.turnover, base.turnover);
    expect(net).toBeCloseTo(((fixed.net - base.net) / turnover) * 1e4, 6);
    // Lower latency costs add to the net result of the fixed model.
    expect(parts.latency).toBeCloseTo((base.latency / turnover) * 1e4, 6);
  });

  it('is a row a scenario, the difference in the row of the fixed one', () => {
    const rows = robustnessRows(report);
    expect(rows).toHaveLength(6);
    for (const row of rows) expect(Object.keys(row).sort()).toEqual([...ROBUSTNESS].sort());
    expect(rows.map((row) => row.difference_net_bps === null)).toEqual([true, true, true, true, true, false]);
    expect(rows[0]).toMatchObject({ market: 'crypto', same_sign: 'true', result: report.result });
  });
});
