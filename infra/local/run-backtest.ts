import type { Cell } from '../../shared/ledger/projections/csv.ts';
import type { FillRow } from '../../shared/ledger/projections/fills.ts';
import type { OrderRow } from '../../shared/ledger/projections/orders.ts';
import type { METRICS } from '../../shared/tick/metrics.ts';
import { backtest } from '../../shared/tick/backtest.ts';
import { backtestRows, metricsRow } from '../../shared/tick/metrics.ts';
import { rowContext } from '../../shared/tick/row-context.ts';
import { withSpreads } from '../../shared/tick/rules.ts';
import { walkForward } from '../../shared/tick/warm-up.ts';
import { sha256 } from '../../shared/kernel/canonical.ts';
import { planBars, planExecutionBars, planMarket, type MarketRequest } from './market-plan.ts';

/** A backtest from a source of bars: its summary, and its orders and fills as rows. */
export interface BacktestRun {
  readonly metrics: Readonly<Record<(typeof METRICS)[number], Cell>>;
  readonly orders: readonly OrderRow[];
  readonly fills: readonly FillRow[];
}

/** Runs the tick as a loop over a source's bars: the warm-up a replay would open with, then every session asked for. */
export async function runBacktest(request: MarketRequest): Promise<BacktestRun> {
  const plan = planMarket(request);
  const { line, firstRow, lastRow } = plan;
  const warmUp = await planBars(plan, 0, firstRow, line.startMs[firstRow]!);
  const bars = await planBars(plan, 0, lastRow + 1, line.endMs[lastRow]!);
  const finer = await planExecutionBars(plan, firstRow, lastRow + 1, line.endMs[lastRow]!);
  const { health, halfSpreadBps } = walkForward(plan.rules, warmUp);
  // What a release would freeze from the warm-up, a backtest takes from it too.
  const rules = withSpreads(plan.rules, halfSpreadBps);
  const result = backtest({ rules, bars, finer, firstRow, line, health });
  // A backtest has no frozen release; its ids carry the hash of the configuration instead.
  const context = rowContext(rules, plan.provider.name, sha256(request.config.hash));
  const { orders, fills } = backtestRows(rules, context, result);
  const counts = { orders: orders.length, fills: fills.length, orderDifferences: 0, fillDifferences: 0 };
  return {
    metrics: metricsRow(context, result.state, counts, rules.calendar.sessionsPerYear),
    orders,
    fills,
  };
}
