import type { Code } from '../kernel/codes.ts';
import type { Fill } from './fills.ts';
import type { OrderColumn, OrderStatus } from './orders.ts';

/** An order that has ended, with all it was and did; numbers as in the working orders' columns. */
export type EndedOrder = { readonly [column in OrderColumn]: number } & {
  readonly instrument: number;
  readonly endedOrdinal: number;
  readonly status: OrderStatus;
  readonly reason: Code;
  readonly intent: string;
};

/** What happened to orders in a tick, in the order in which it happened. */
export interface TickEvents {
  readonly fills: Fill[];
  readonly ended: EndedOrder[];
}

/** What takes a tick's events: its lists, or a log of many ticks. */
export interface EventSink {
  readonly fills: { push(fill: Fill): unknown };
  readonly ended: { push(order: EndedOrder): unknown };
}

export const noEvents = (): TickEvents => ({ fills: [], ended: [] });
