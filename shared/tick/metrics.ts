import { powerOfTen } from '../kernel/money.ts';
import { rounded, type Cell } from '../ledger/projections/csv.ts';
import { stateSchema } from '../ledger/artifacts.ts';
import { moneyText, type RowContext } from '../ledger/projections/context.ts';
import { endedOrderRow, workingOrderRows, type OrderRow } from '../ledger/projections/orders.ts';
import { fillRow, type FillRow } from '../ledger/projections/fills.ts';
import { sampleSharpe } from '../release/sample-sharpe.ts';
import type { Backtest } from './backtest.ts';
import type { MarketRules } from './rules.ts';
import { encodeState } from './state-codec.ts';
import type { TickState } from './state.ts';

/** Columns of backtest/metrics_summary.csv. */
export const METRICS = [
  'market',
  'ticks',
  'orders',
  'fills',
  'trades',
  'equity_close',
  'return_net',
  'max_drawdown',
  'sharpe_annualised',
  'turnover',
  'costs',
  'costs_bps',
  'average_gross_exposure',
  'order_differences',
  'fill_differences',
] as const;

/** Orders and fills of a backtest as rows. It writes no packets, so their hash and trace stay empty. */
export function backtestRows(
  rules: MarketRules,
  context: RowContext,
  { events, state }: Backtest,
): { orders: OrderRow[]; fills: FillRow[] } {
  const origin = { decisionSha256: '', traceId: '' };
  return {
    orders: [
      ...events.ended.map((order) => endedOrderRow(context, order, origin)),
      ...workingOrderRows(context, stateSchema.parse(encodeState(rules, state)), () => origin),
    ],
    fills: events.fills.map((fill) => fillRow(context, fill, '')),
  };
}

/** Rows that differ between two lists, the provenance columns left aside, plus those that only one has. */
export function countDifferences(
  a: readonly Readonly<Record<string, Cell>>[],
  b: readonly Readonly<Record<string, Cell>>[],
): number {
  const text = (row: Readonly<Record<string, Cell>> | undefined): string =>
    JSON.stringify(row === undefined ? null : { ...row, decision_sha256: '', trace_id: '' });
  let differences = 0;
  for (let k = 0; k < Math.max(a.length, b.length); k++) if (text(a[k]) !== text(b[k])) differences++;
  return differences;
}

/** Costs in bps of what was traded; 0 where nothing was. */
export const costsBps = ({ costs, traded }: { costs: number; traded: number }): number =>
  traded === 0 ? 0 : (costs / traded) * 1e4;

/** The summary row of a backtest, and how far it is from the ledger's own rows. */
export function metricsRow(
  context: RowContext,
  state: TickState,
  counts: { orders: number; fills: number; orderDifferences: number; fillDifferences: number },
  sessionsPerYear: number,
): Readonly<Record<(typeof METRICS)[number], Cell>> {
  const { performance, book } = state;
  const equity = performance.today.equityClose;
  const daily = sampleSharpe(performance.days, performance.returnSum, performance.returnSquares);
  return {
    market: context.market,
    ticks: performance.ticks,
    orders: counts.orders,
    fills: counts.fills,
    trades: performance.trades,
    equity_close: moneyText(context, equity),
    return_net: rounded(equity / book.capital - 1),
    max_drawdown: rounded(performance.maxDrawdown),
    sharpe_annualised: daily === null ? null : rounded(daily * Math.sqrt(sessionsPerYear)),
    turnover: rounded(performance.traded / book.capital),
    costs: rounded(performance.costs / powerOfTen(context.minorDigits)),
    costs_bps: rounded(costsBps(performance)),
    average_gross_exposure: rounded(performance.ticks === 0 ? 0 : performance.grossSum / performance.ticks),
    order_differences: counts.orderDifferences,
    fill_differences: counts.fillDifferences,
  };
}
