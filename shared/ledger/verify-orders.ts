import type { Bars } from '../market-data/bars.ts';
import { ORDER_COLUMNS, splitOrder, type OrderColumn } from '../execution/orders.ts';
import { toMinor } from '../kernel/money.ts';
import type { Execution, StoredState } from './artifacts.ts';
import type { Units } from './verify-units.ts';
import { flaw, same, type Place } from './verify-flaw.ts';
import { freshBar, type WindowSoFar } from './verify-window.ts';

/** A working order as the chain shows it: placed by a decision, filled since. */
interface Order {
  readonly decidedAtMs: number;
  readonly decidedOrdinal: number;
  readonly frozenAtMs: number;
  readonly side: number;
  quantity: number;
  filled: number;
  feeMinor: number;
  /** Start of the bar of its newest fill: an order fills at most once in a bar. */
  filledStartMs: number;
}

/** Working orders by symbol, at most one an instrument: as many as the universe, whatever the ledger's length. */
export type Orders = Map<string, Order>;

/** The bars that a tick settled: those after the last tick with a record of its own. */
export interface Settled {
  readonly after: number;
  readonly to: number;
  readonly window: WindowSoFar;
  /** The finer bars in which orders filled; undefined where they fill in the decision bars. */
  readonly finer: Bars | undefined;
  readonly units: Units;
}

/** Holds a tick's fills and ended orders against the orders placed before it, and takes them along, bar by bar. */
export function settleOrders(
  place: Place,
  orders: Orders,
  execution: Execution,
  symbols: readonly string[],
  settled: Settled,
): void {
  const steps = [
    ...execution.postings.map((posting) => ({
      ordinal: posting.ordinal,
      rank: 0,
      take: () => splitWorking(orders, symbols, posting),
    })),
    ...execution.fills.map((fill, k) => ({
      ordinal: fill.ordinal,
      rank: 1,
      take: () => takeFill(place, `execution.fills.${k}`, orders, fill, symbols, settled),
    })),
    ...execution.ended.map((ended, k) => ({
      ordinal: ended.endedOrdinal,
      rank: 2,
      take: () => takeEnded(place, `execution.ended.${k}`, orders, ended, symbols),
    })),
  ];
  // A stable sort: within a bar splits, then fills, then ends, each in the order of its list.
  steps.sort((a, b) => a.ordinal - b.ordinal || a.rank - b.rank);
  for (const { take } of steps) take();
}

/** A split changes what a working order has left. */
function splitWorking(
  orders: Orders,
  symbols: readonly string[],
  posting: Execution['postings'][number],
): void {
  const order = posting.kind === 'split' ? orders.get(symbols[posting.instrument]!) : undefined;
  if (order !== undefined) Object.assign(order, splitOrder(order.filled, order.quantity, posting.ratio));
}

function takeFill(
  place: Place,
  field: string,
  orders: Orders,
  fill: Fill,
  symbols: readonly string[],
  settled: Settled,
): void {
  const order = workingOrder(place, field, orders, symbols[fill.instrument], fill.decidedAtMs);
  checkFill(place, field, order, fill, settled);
  order.filled += fill.quantity;
  order.feeMinor += fill.feeMinor;
  order.filledStartMs = fill.barStartMs;
}

function takeEnded(
  place: Place,
  field: string,
  orders: Orders,
  ended: Execution['ended'][number],
  symbols: readonly string[],
): void {
  const symbol = symbols[ended.instrument];
  const order = workingOrder(place, field, orders, symbol, ended.decidedAtMs);
  same(place, `${field}.side`, ended.side, order.side, 'the order');
  same(place, `${field}.quantity`, ended.quantity, order.quantity, 'the order');
  same(place, `${field}.filled`, ended.filled, order.filled, 'the sum of its fills');
  same(place, `${field}.feeMinor`, ended.feeMinor, order.feeMinor, 'the sum of its fills');
  // What a reverse split leaves of a part-filled order may be nothing: it ends whole and is not filled.
  const whole = order.filled === order.quantity;
  const splitAway = whole && ended.status !== 'filled' && ended.reason === 'BELOW_MINIMUM';
  if ((ended.status === 'filled') !== whole && !splitAway) {
    throw flaw(
      place,
      `${field}.status`,
      `is ${ended.status} with ${order.filled} of ${order.quantity} filled`,
    );
  }
  orders.delete(symbol!);
}

function workingOrder(
  place: Place,
  field: string,
  orders: Orders,
  symbol: string | undefined,
  decidedAtMs: number,
): Order {
  if (symbol === undefined) throw flaw(place, `${field}.instrument`, 'is not in the universe');
  const order = orders.get(symbol);
  if (order === undefined) throw flaw(place, field, `is of ${symbol}, which has no working order`);
  same(place, `${field}.decidedAtMs`, decidedAtMs, order.decidedAtMs, `the working order of ${symbol}`);
  return order;
}

type Fill = Execution['fills'][number];

function checkFill(place: Place, field: string, order: Order, fill: Fill, settled: Settled): void {
  for (const [name, least] of [
    ['quantity', 1],
    ['notionalMinor', 0],
    // A maker may be paid a rebate.
    ['feeMinor', Number.MIN_SAFE_INTEGER],
  ] as const) {
    if (!Number.isSafeInteger(fill[name]) || fill[name] < least) {
      throw flaw(place, `${field}.${name}`, `${fill[name]} is no whole number from ${least}`);
    }
  }
  same(place, `${field}.side`, fill.side, order.side, 'the order');
  same(place, `${field}.decidedOrdinal`, fill.decidedOrdinal, order.decidedOrdinal, 'the order');
  const earliest = Math.max(settled.after, order.decidedOrdinal);
  if (!(fill.ordinal > earliest && fill.ordinal <= settled.to)) {
    throw flaw(
      place,
      `${field}.ordinal`,
      `${fill.ordinal} is not a bar after ${earliest} and up to ${settled.to}`,
    );
  }
  if (order.filled + fill.quantity > order.quantity) {
    throw flaw(
      place,
      `${field}.quantity`,
      `${fill.quantity} is more than the ${order.quantity - order.filled} left`,
    );
  }
  if (!(fill.barStartMs > order.filledStartMs)) {
    throw flaw(place, `${field}.barStartMs`, `${fill.barStartMs} is not after the order's last fill`);
  }
  const bar = executionBar(place, field, fill, settled);
  checkMoment(place, field, order, fill, bar.bars.startMs[bar.row]!);
  checkPrice(place, field, fill, bar.bars, bar.row * bar.bars.instruments.length + fill.instrument);
  const { minorPerUnit, stepsPerUnit } = settled.units;
  const notional = toMinor((fill.quantity / stepsPerUnit[fill.instrument]!) * fill.price, minorPerUnit);
  same(place, `${field}.notionalMinor`, fill.notionalMinor, notional, 'quantity and price');
  checkFee(place, field, fill);
}

/** The bar in which a fill says it was struck: the decision's own, or the finer one that starts when the fill says. */
function executionBar(
  place: Place,
  field: string,
  fill: Fill,
  { window, finer }: Settled,
): { bars: Bars; row: number } {
  const bar = freshBar(window, fill.ordinal);
  if (bar === undefined)
    throw flaw(place, `${field}.ordinal`, `${fill.ordinal} is no bar that this tick added`);
  if (finer === undefined) return bar;
  const row = finer.startMs.indexOf(fill.barStartMs);
  const [startMs, endMs] = [bar.bars.startMs[bar.row]!, bar.bars.endMs[bar.row]!];
  if (row < 0 || fill.barStartMs < startMs || fill.barStartMs >= endMs)
    throw flaw(place, `${field}.barStartMs`, `${fill.barStartMs} is no execution bar within its bar`);
  return { bars: finer, row };
}

/** Forward means: the bar began after the decision's, and after the freeze unless the fill itself says otherwise. */
function checkMoment(place: Place, field: string, order: Order, fill: Fill, barStartMs: number): void {
  same(place, `${field}.barStartMs`, fill.barStartMs, barStartMs, 'the window');
  if (fill.barStartMs < order.decidedAtMs) {
    throw flaw(
      place,
      `${field}.barStartMs`,
      `${fill.barStartMs} is before the decision, ${order.decidedAtMs}`,
    );
  }
  if (fill.struckBeforeFreeze !== 1 && fill.barStartMs < order.frozenAtMs) {
    throw flaw(place, `${field}.barStartMs`, `${fill.barStartMs} is before the freeze, ${order.frozenAtMs}`);
  }
}

/** The raw price lies within the bar, and the price is that one with the costs the fill lists. */
function checkPrice(place: Place, field: string, fill: Fill, bars: Bars, cell: number): void {
  const [open, close] = [bars.open[cell]!, bars.close[cell]!];
  const low = Math.min(open, close, bars.low[cell]!);
  const high = Math.max(open, close, bars.high[cell]!);
  if (!(fill.rawPrice >= low && fill.rawPrice <= high)) {
    throw flaw(place, `${field}.rawPrice`, `${fill.rawPrice} is not within the bar's ${low} to ${high}`);
  }
  const costBps = fill.slippageBps + fill.impactBps + fill.latencyBps;
  const expected = fill.rawPrice + (fill.side * fill.referencePrice * costBps) / 1e4;
  if (!(Math.abs(fill.price - expected) <= 1e-9 * expected)) {
    throw flaw(place, `${field}.price`, `${fill.price} is not the raw price with its costs, ${expected}`);
  }
  const total = fill.feeBps + costBps + fill.moveBps;
  if (!(Math.abs(fill.totalBps - total) <= 1e-9 * Math.max(1, Math.abs(total)))) {
    throw flaw(place, `${field}.totalBps`, `${fill.totalBps} is not the sum of its components, ${total}`);
  }
}

/** Fee and its bps tell of one amount, at the decision's price. */
function checkFee(place: Place, field: string, fill: Fill): void {
  const atReference = (fill.notionalMinor * fill.referencePrice) / fill.price;
  if (atReference === 0) return;
  const feeBps = (fill.feeMinor / atReference) * 1e4;
  // The notional is rounded to whole minor units.
  const slack = 1e-6 + Math.abs(fill.feeBps) / fill.notionalMinor;
  if (!(Math.abs(fill.feeBps - feeBps) <= slack))
    throw flaw(
      place,
      `${field}.feeBps`,
      `${fill.feeBps} is not what feeMinor and notionalMinor give, ${feeBps}`,
    );
}

/** What a tick decided, as far as orders rest on it: signed steps to trade, in the order of the universe. */
export interface Deciding {
  readonly tickMs: number;
  readonly ordinal: number;
  readonly frozenAtMs: number;
  readonly deltas: readonly number[];
}

/** Takes the orders along that a tick placed: exactly those that its decision asked for and nobody refused. */
export function placeOrders(
  place: Place,
  orders: Orders,
  execution: Execution,
  symbols: readonly string[],
  deciding: Deciding,
): void {
  const refused = new Set(execution.refused);
  const wanted = symbols.filter((_, i) => deciding.deltas[i] !== 0);
  same(
    place,
    'execution.refused',
    execution.refused,
    wanted.filter((symbol) => refused.has(symbol)),
    'the decision',
  );
  same(
    place,
    'execution.placed',
    execution.placed,
    wanted.filter((symbol) => !refused.has(symbol)),
    'the decision',
  );
  const placed = new Set(execution.placed);
  symbols.forEach((symbol, i) => {
    if (!placed.has(symbol)) return;
    if (orders.has(symbol)) throw flaw(place, 'execution.placed', `${symbol} has a working order already`);
    const delta = deciding.deltas[i]!;
    orders.set(symbol, {
      decidedAtMs: deciding.tickMs,
      decidedOrdinal: deciding.ordinal,
      frozenAtMs: deciding.frozenAtMs,
      side: Math.sign(delta),
      quantity: Math.abs(delta),
      filled: 0,
      feeMinor: 0,
      filledStartMs: -1,
    });
  });
}

const COLUMNS = (['decidedAtMs', 'side', 'quantity', 'filled'] satisfies OrderColumn[]).map((column) =>
  ORDER_COLUMNS.indexOf(column),
);

/** Holds the working orders of a stored state against those that the chain shows. */
export function checkWorking(
  place: Place,
  orders: Orders,
  state: StoredState,
  symbols: readonly string[],
): void {
  const stored = state.orders.map(([symbol, row]) => [
    symbol,
    ...COLUMNS.map((column) => row[column] ?? null),
  ]);
  const shown = symbols.flatMap((symbol) => {
    const order = orders.get(symbol);
    return order ? [[symbol, order.decidedAtMs, order.side, order.quantity, order.filled]] : [];
  });
  same(place, 'state.orders', stored, shown, 'the chain (symbol, decided at, side, quantity, filled)');
}
