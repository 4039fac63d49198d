import type { EndedOrder, EventSink } from '../execution/events.ts';
import { fillMoment, type Moment } from '../execution/fills.ts';
import { clearOrder, orderFigures, type OrderStatus } from '../execution/orders.ts';
import type { Code } from '../kernel/codes.ts';
import type { Bars } from '../market-data/bars.ts';
import { observeTrade, TRADE_SHARE_MIN } from '../portfolio/performance.ts';
import { fillOrder, type At } from './fill-order.ts';
import { minutesSinceOpen, type MarketRules } from './rules.ts';
import type { TickState } from './state.ts';

/** Ends for which data, rules or the system are to blame; those by the market's rules or the switch are no failures. */
const TECHNICAL: ReadonlySet<Code> = new Set<Code>([
  'NO_BAR',
  'STALE_BAR',
  'RULES_UNCOVERED',
  'DEADLINE_PASSED',
]);

/**
 * The bars in which orders fill: the decision bar itself, or finer ones within it. `bars` holds rows [from, to) of one
 * decision bar, whose ordinal it is.
 */
export interface ExecutionRows {
  readonly bars: Bars;
  readonly from: number;
  readonly to: number;
  readonly ordinal: number;
  /** Whether the rows are finer than the decision bar: a row struck before the freeze then never fills. */
  readonly finer: boolean;
  /** Flags of the decision bar's instruments. */
  readonly flags: Float64Array;
}

/**
 * Fills the working orders that are due in one execution row, posts the fills and ends orders that are complete, past
 * their deadline or cancelled. Orders that reduce come first, since what they free must not depend on the file's
 * order. An order whose cancellation lies after the row's start still fills in it: a halt is no free option.
 */
export function settle(
  rules: MarketRules,
  state: TickState,
  rows: ExecutionRows,
  row: number,
  events: EventSink,
): void {
  const { quantity, increases } = state.orders;
  const open: number[] = [];
  for (let i = 0; i < quantity.length; i++) if (quantity[i] !== 0) open.push(i);
  if (open.length === 0) return;
  const { bars, ordinal, flags } = rows;
  const at: At = { bars, row, ordinal, flags, minutes: minutesSinceOpen(rules, bars.startMs[row]!) };
  const last = row === rows.to - 1;
  for (const increasing of [0, 1]) {
    for (const i of open)
      if (quantity[i] !== 0 && increases[i] === increasing)
        settleOrder(rules, state, at, i, rows.finer, last, events);
  }
}

function settleOrder(
  rules: MarketRules,
  state: TickState,
  at: At,
  i: number,
  finer: boolean,
  last: boolean,
  events: EventSink,
): void {
  const { orders } = state;
  if (at.ordinal < orders.decidedOrdinal[i]! + rules.fillSpec.delay_bars) return;
  const barStartMs = at.bars.startMs[at.row]!;
  if (orders.cancelAtMs[i]! <= barStartMs) {
    const status = orders.filled[i]! > 0 ? 'partially_filled' : 'cancelled';
    return endOrder(state, at, i, status, orders.cancelCode[i] as Code, events);
  }
  const moment = momentOf(rules, orders.frozenAtMs[i]!, barStartMs, finer);
  if (moment !== 'too_early') {
    orders.lastCode[i] = fillOrder(rules, state, at, i, moment === 'struck_before_freeze', events);
    if (orders.filled[i] === orders.quantity[i]) return endOrder(state, at, i, 'filled', 'FILLED', events);
  } else if (!finer) return;
  if (last && at.ordinal >= orders.deadlineOrdinal[i]!) {
    const partly = orders.filled[i]! > 0;
    const reason = partly ? 'DEADLINE' : ((orders.lastCode[i] || 'DEADLINE') as Code);
    endOrder(state, at, i, partly ? 'partially_filled' : 'expired', reason, events);
  }
}

/** Among finer bars there is always one that opens after the freeze: what opened before it never fills. */
function momentOf(rules: MarketRules, frozenAtMs: number, barStartMs: number, finer: boolean): Moment {
  if (!finer) return fillMoment(rules.fillSpec, frozenAtMs, barStartMs);
  return barStartMs >= frozenAtMs + rules.fillSpec.latency_ms_min ? 'after_freeze' : 'too_early';
}

/** Ends an order, counts it as a trade where it reduced exposure by enough, and frees its place. */
export function endOrder(
  state: TickState,
  at: Pick<At, 'ordinal'>,
  i: number,
  status: OrderStatus,
  reason: Code,
  events: EventSink,
): void {
  const { orders, book, performance } = state;
  events.ended.push({
    ...orderFigures(orders, i),
    instrument: i,
    endedOrdinal: at.ordinal,
    status,
    reason,
    intent: orders.intent[i]!,
  } satisfies EndedOrder);
  performance.ordersEnded++;
  if (TECHNICAL.has(reason)) performance.ordersFailed++;
  const day = book.sessionDay;
  const counts = orders.closedMinor[i]! >= TRADE_SHARE_MIN * performance.today.equityClose;
  if (orders.increases[i] === 0 && orders.filled[i]! > 0 && counts && book.lastTradeDay[i] !== day) {
    book.lastTradeDay[i] = day;
    observeTrade(performance, orders.realisedMinor[i]!);
  }
  clearOrder(orders, i);
}
