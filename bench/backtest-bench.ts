import { planBars, planMarket } from '../infra/local/market-plan.ts';
import { backtest } from '../shared/tick/backtest.ts';
import { walkForward } from '../shared/tick/warm-up.ts';
import { rowsOf } from '../shared/market-data/window.ts';
import { bareLoop } from './bare-loop.ts';
import { cpuSeconds, median, simulatedConfig } from './market.ts';

/** Million bars a CPU-second: the full path on its first pass in this process and warm, and the bare loop warm. */
export interface BacktestFigures {
  readonly instruments: number;
  readonly bars: number;
  /** Fills of one pass: what a pass costs depends on how much it trades. */
  readonly fills: number;
  readonly first: number;
  readonly warm: number;
  readonly bare: number;
}

/** Times the backtest on `instruments` x 2,000 hourly bars. Run in a fresh process, since `first` is its first pass. */
export async function backtestFigures(instruments: number): Promise<BacktestFigures> {
  const { config } = simulatedConfig(instruments);
  const request = {
    config,
    market: 'crypto',
    symbols: undefined,
    barsFolder: undefined,
    from: '2025-01-21',
    to: '2025-04-10',
  };
  const plan = planMarket(request);
  const { rules, line, firstRow } = plan;
  const bars = rowsOf(await planBars(plan, 0, plan.lastRow + 1, line.endMs[plan.lastRow]!), 0, 2_000);
  const { health } = walkForward(rules, rowsOf(bars, 0, firstRow));
  const millionBars = (bars.startMs.length * instruments) / 1e6;
  const pass = (run: () => unknown): number => {
    const since = process.cpuUsage();
    run();
    return millionBars / cpuSeconds(since);
  };
  let fills = 0;
  const full = (): unknown => {
    const { log } = backtest({ rules, bars, firstRow, line, health });
    fills = log.fillCount;
    return log;
  };
  const first = pass(full);
  const warm = median([1, 2, 3, 4, 5].map(() => pass(full)));
  const bare = (): unknown => bareLoop(bars, rules.policy, 0.002);
  pass(bare);
  return {
    instruments,
    fills,
    bars: bars.startMs.length,
    first,
    warm,
    bare: median([1, 2, 3, 4, 5].map(() => pass(bare))),
  };
}
