import { decimalText, powerOfTen } from '../../kernel/money.ts';
import type { PositionReport } from '../artifacts.ts';
import { rounded, type Cell } from './csv.ts';
import { moneyText, type RowContext } from './context.ts';

/** Columns of paper_positions.csv. */
export const POSITIONS = [
  'tick_utc',
  'market',
  'instrument',
  'quantity',
  'average_cost',
  'mark_price',
  'market_value',
  'unrealised_pnl',
  'realised_pnl',
  'weight',
] as const;

/** Rows of what a book held after one tick, marked at exit prices; money in the currency. */
export function positionRows(
  context: RowContext,
  report: PositionReport,
): Readonly<Record<(typeof POSITIONS)[number], Cell>>[] {
  return report.positions.map((position) => {
    const units = position.quantity / powerOfTen(position.quantity_digits);
    return {
      tick_utc: report.tick_utc,
      market: context.market,
      instrument: position.instrument,
      quantity: decimalText(position.quantity, position.quantity_digits),
      average_cost: rounded(position.cost / powerOfTen(context.minorDigits) / units),
      mark_price: rounded(position.mark_price),
      market_value: moneyText(context, position.value),
      unrealised_pnl: moneyText(context, position.value - position.cost),
      realised_pnl: moneyText(context, position.realised),
      weight: rounded(position.value / report.equity),
    };
  });
}

/** Columns of paper_daily_pnl.csv. */
export const DAILY = [
  'date',
  'market',
  'equity_open',
  'equity_close',
  'pnl_gross',
  'costs',
  'pnl_net',
  'return_net',
  'drawdown',
  'turnover',
  'gross_exposure',
  'trades',
] as const;

/** The row of one day, from the report of its last tick. Turnover and exposure as shares of the opening equity. */
export function dailyRow(
  context: RowContext,
  { day }: PositionReport,
): Readonly<Record<(typeof DAILY)[number], Cell>> {
  const net = day.equity_close - day.equity_open;
  return {
    date: day.date,
    market: context.market,
    equity_open: moneyText(context, day.equity_open),
    equity_close: moneyText(context, day.equity_close),
    pnl_gross: moneyText(context, net + day.costs),
    costs: moneyText(context, day.costs),
    pnl_net: moneyText(context, net),
    return_net: rounded(net / day.equity_open),
    drawdown: rounded(day.drawdown),
    turnover: rounded(day.traded / day.equity_open),
    gross_exposure: rounded(day.gross_exposure),
    trades: day.trades,
  };
}

/** Columns of drift_monitor_daily.csv. */
export const DRIFT = ['date', 'market', 'feature', 'rows', 'psi', 'threshold', 'level'] as const;

/** The rows of one day's drift, from the report of its last tick. */
export const driftRows = (
  context: RowContext,
  report: PositionReport,
  threshold: number,
): Readonly<Record<(typeof DRIFT)[number], Cell>>[] =>
  report.drift.map(({ feature, rows, psi, level }) => ({
    date: report.day.date,
    market: context.market,
    feature,
    rows,
    psi: psi === null ? null : rounded(psi),
    threshold,
    level,
  }));
