import type { EndedOrder } from '../../execution/events.ts';
import { ORDER_COLUMNS, type OrderColumn } from '../../execution/orders.ts';
import { powerOfTen } from '../../kernel/money.ts';
import { isoUtc } from '../../kernel/time.ts';
import type { StoredState } from '../artifacts.ts';
import { rounded, type Cell } from './csv.ts';
import { orderId, quantityText, type RowContext } from './context.ts';

/** Columns of paper_orders.csv. */
export const ORDERS = [
  'order_id',
  'market',
  'instrument',
  'side',
  'decided_at_utc',
  'frozen_at_utc',
  'deadline_utc',
  'quantity',
  'reference_price',
  'fill_price_mode',
  'delay_bars',
  'fee_bps',
  'slippage_bps',
  'impact_bps',
  'latency_bps',
  'status',
  'status_reason',
  'filled_quantity',
  'intent',
  'fill_spec_sha256',
  'release',
  'decision_sha256',
  'trace_id',
] as const;
export type OrderRow = Readonly<Record<(typeof ORDERS)[number], Cell>>;

/** Where an order was decided: the tick's packet and trace. Empty in a backtest, which writes no packets. */
export interface Origin {
  readonly decisionSha256: string;
  readonly traceId: string;
}

type OrderFigures = { readonly [column in OrderColumn]: number };

/** The row of one order. Costs are averages over what filled, in bps of the decision price; 0 where nothing did. */
export function orderRow(
  context: RowContext,
  instrument: number,
  order: OrderFigures,
  status: string,
  reason: string,
  intent: string,
  origin: Origin,
): OrderRow {
  const filled = order.filled;
  const average = (sum: number): number => (filled > 0 ? rounded(sum / filled) : 0);
  const atReference =
    (filled / powerOfTen(context.quantityDigits[instrument]!)) *
    order.referencePrice *
    powerOfTen(context.minorDigits);
  return {
    order_id: orderId(context, instrument, order.decidedAtMs),
    market: context.market,
    instrument: context.symbols[instrument]!,
    side: order.side > 0 ? 'buy' : 'sell',
    decided_at_utc: isoUtc(order.decidedAtMs),
    frozen_at_utc: isoUtc(order.frozenAtMs),
    deadline_utc: order.deadlineMs === 0 ? '' : isoUtc(order.deadlineMs),
    quantity: quantityText(context, instrument, order.quantity),
    reference_price: order.referencePrice,
    fill_price_mode: context.priceMode,
    delay_bars: context.delayBars,
    fee_bps: filled > 0 ? rounded((order.feeMinor / atReference) * 1e4) : 0,
    slippage_bps: average(order.slippageSum),
    impact_bps: average(order.impactSum),
    latency_bps: average(order.latencySum),
    status,
    status_reason: reason,
    filled_quantity: quantityText(context, instrument, filled),
    intent,
    fill_spec_sha256: context.fillSpecSha256,
    release: context.releaseSha256,
    decision_sha256: origin.decisionSha256,
    trace_id: origin.traceId,
  };
}

export const endedOrderRow = (context: RowContext, order: EndedOrder, origin: Origin): OrderRow =>
  orderRow(context, order.instrument, order, order.status, order.reason, order.intent, origin);

/** Rows of the orders that were still working when the state was stored. */
export function workingOrderRows(
  context: RowContext,
  state: StoredState,
  originOf: (decidedAtMs: number) => Origin,
): OrderRow[] {
  return state.orders.map(([symbol, values, [cancelCode, , intent]]) => {
    const figures = Object.fromEntries(
      ORDER_COLUMNS.map((column, k) => [column, values[k]!]),
    ) as OrderFigures;
    return orderRow(
      context,
      context.symbols.indexOf(symbol),
      figures,
      'working',
      cancelCode,
      intent,
      originOf(figures.decidedAtMs),
    );
  });
}
