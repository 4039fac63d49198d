/** How an order ended, in the order of their codes in columns. */
export const ORDER_STATUS = [
  'working',
  'filled',
  'partially_filled',
  'expired',
  'rejected',
  'cancelled',
] as const;
export type OrderStatus = (typeof ORDER_STATUS)[number];

const COLUMNS = [
  'side',
  'quantity',
  'filled',
  'decidedOrdinal',
  'decidedAtMs',
  'frozenAtMs',
  'deadlineOrdinal',
  'deadlineMs',
  'referencePrice',
  'cancelAtMs',
  'increases',
  'spreadBps',
  'sigma',
  'averageNotional',
  'relativeMove',
  'relativeVolume',
  'notional',
  'feeMinor',
  'slippageSum',
  'impactSum',
  'latencySum',
  'realisedMinor',
  'closedMinor',
] as const;
export type OrderColumn = (typeof COLUMNS)[number];
export const ORDER_COLUMNS: readonly OrderColumn[] = COLUMNS;

/** The largest instant a date can hold: "nobody asked to cancel". */
export const NEVER_MS = 8.64e15;

/**
 * Working orders of a book, at most one an instrument, in columns: `quantity` 0 is no order. Quantities are whole
 * steps, `side` +1 or -1, prices in the quote currency, `...Minor` in minor units. `cancelAtMs` is NEVER_MS while
 * nobody asked to cancel: fills whose moment lies before it stand. The `...Sum` columns are bps times steps filled.
 * `spreadBps` is half the spread before it is widened by the bar. `notional` is the traded value so far in the quote currency: fees with a minimum an order are charged on it.
 */
export type WorkingOrders = { readonly [column in OrderColumn]: Float64Array } & {
  /** Why the order is to be cancelled, or why it could not fill so far; empty where there is nothing to say. */
  readonly cancelCode: string[];
  readonly lastCode: string[];
  /** What the decision said of the order: an exit's code, else empty. */
  readonly intent: string[];
};

export function noOrders(instruments: number): WorkingOrders {
  const columns = Object.fromEntries(COLUMNS.map((column) => [column, new Float64Array(instruments)]));
  const texts = (): string[] => new Array<string>(instruments).fill('');
  return {
    ...(columns as { [column in OrderColumn]: Float64Array }),
    cancelCode: texts(),
    lastCode: texts(),
    intent: texts(),
  };
}

/** A copy that shares nothing with the original. */
export function copyOrders(orders: WorkingOrders): WorkingOrders {
  const columns = Object.fromEntries(COLUMNS.map((column) => [column, orders[column].slice()]));
  return {
    ...(columns as { [column in OrderColumn]: Float64Array }),
    cancelCode: [...orders.cancelCode],
    lastCode: [...orders.lastCode],
    intent: [...orders.intent],
  };
}

/** Empties the place of instrument i. */
export function clearOrder(orders: WorkingOrders, i: number): void {
  for (const column of COLUMNS) orders[column][i] = 0;
  orders.cancelCode[i] = '';
  orders.lastCode[i] = '';
  orders.intent[i] = '';
}

/** Asks to cancel from the moment on; an earlier request stands. A halt of the same moment gives its own reason. */
export function requestCancel(orders: WorkingOrders, i: number, atMs: number, code: string): void {
  const before = orders.cancelAtMs[i]!;
  if (orders.quantity[i] === 0 || before < atMs || (before === atMs && code !== 'KILL_SWITCH')) return;
  orders.cancelAtMs[i] = atMs;
  orders.cancelCode[i] = code;
}

/** Signed steps by which the order of instrument i may still increase its position; 0 where there is none. */
export const pendingIncrease = (orders: WorkingOrders, i: number): number =>
  orders.increases[i] === 1 ? orders.side[i]! * (orders.quantity[i]! - orders.filled[i]!) : 0;

/** The figures of one order as plain numbers. */
export function orderFigures(orders: WorkingOrders, i: number): { [column in OrderColumn]: number } {
  // Written out: objects with computed keys are several times slower, and a backtest makes one an order.
  return {
    side: orders.side[i]!,
    quantity: orders.quantity[i]!,
    filled: orders.filled[i]!,
    decidedOrdinal: orders.decidedOrdinal[i]!,
    decidedAtMs: orders.decidedAtMs[i]!,
    frozenAtMs: orders.frozenAtMs[i]!,
    deadlineOrdinal: orders.deadlineOrdinal[i]!,
    deadlineMs: orders.deadlineMs[i]!,
    referencePrice: orders.referencePrice[i]!,
    cancelAtMs: orders.cancelAtMs[i]!,
    increases: orders.increases[i]!,
    spreadBps: orders.spreadBps[i]!,
    sigma: orders.sigma[i]!,
    averageNotional: orders.averageNotional[i]!,
    relativeMove: orders.relativeMove[i]!,
    relativeVolume: orders.relativeVolume[i]!,
    notional: orders.notional[i]!,
    feeMinor: orders.feeMinor[i]!,
    slippageSum: orders.slippageSum[i]!,
    impactSum: orders.impactSum[i]!,
    latencySum: orders.latencySum[i]!,
    realisedMinor: orders.realisedMinor[i]!,
    closedMinor: orders.closedMinor[i]!,
  };
}

/** Steps of an order after a split: what is left is rounded down, what has filled to the nearest step. */
export function splitOrder(
  filled: number,
  quantity: number,
  ratio: number,
): { filled: number; quantity: number } {
  const after = Math.round(filled * ratio);
  return { filled: after, quantity: after + Math.floor((quantity - filled) * ratio + 1e-6) };
}
