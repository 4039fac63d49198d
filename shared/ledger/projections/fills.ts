import type { Fill } from '../../execution/fills.ts';
import { compactUtc, isoUtc } from '../../kernel/time.ts';
import { rounded, type Cell } from './csv.ts';
import { moneyText, orderId, quantityText, type RowContext } from './context.ts';

/** Columns of paper_fills.csv. */
export const FILLS = [
  'fill_id',
  'order_id',
  'market',
  'instrument',
  'side',
  'bar_start_utc',
  'quantity',
  'price',
  'raw_price',
  'reference_price',
  'fee_amount',
  'fee_bps',
  'slippage_bps',
  'impact_bps',
  'latency_bps',
  'move_bps',
  'total_bps',
  'delay_bars',
  'struck_before_freeze',
  'source',
  'trace_id',
] as const;
export type FillRow = Readonly<Record<(typeof FILLS)[number], Cell>>;

/** The row of one fill. An order fills at most once in a bar, so order and bar name the fill. */
export function fillRow(context: RowContext, fill: Fill, traceId: string): FillRow {
  const order = orderId(context, fill.instrument, fill.decidedAtMs);
  return {
    fill_id: `${order}-${compactUtc(fill.barStartMs)}`,
    order_id: order,
    market: context.market,
    instrument: context.symbols[fill.instrument]!,
    side: fill.side > 0 ? 'buy' : 'sell',
    bar_start_utc: isoUtc(fill.barStartMs),
    quantity: quantityText(context, fill.instrument, fill.quantity),
    price: fill.price,
    raw_price: fill.rawPrice,
    reference_price: fill.referencePrice,
    fee_amount: moneyText(context, fill.feeMinor),
    fee_bps: rounded(fill.feeBps),
    slippage_bps: rounded(fill.slippageBps),
    impact_bps: rounded(fill.impactBps),
    latency_bps: rounded(fill.latencyBps),
    move_bps: rounded(fill.moveBps),
    total_bps: rounded(fill.totalBps),
    delay_bars: fill.delayBars,
    struck_before_freeze: fill.struckBeforeFreeze,
    source: context.source,
    trace_id: traceId,
  };
}
