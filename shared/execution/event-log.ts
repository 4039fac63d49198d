import { CODES, type Code } from '../kernel/codes.ts';
import type { BookPosting, EndedOrder, TickEvents } from './events.ts';
import { FILL_COLUMNS, type Fill } from './fills.ts';
import { ORDER_COLUMNS, ORDER_STATUS, type OrderColumn } from './orders.ts';

const CODE_LIST = Object.keys(CODES) as Code[];
const CODE_INDEX = new Map<string, number>(CODE_LIST.map((code, index) => [code, index]));
/** Numbers of an ended order beyond its own columns: instrument, ordinal, status, reason, intent. */
const ENDED_EXTRA = 5;
const FIRST_ROWS = 1_024;

/** Rows of numbers in one growing column block: what many short-lived events are kept in. */
class Rows {
  readonly width: number;
  count = 0;
  #data: Float64Array;

  constructor(width: number) {
    this.width = width;
    this.#data = new Float64Array(FIRST_ROWS * width);
  }

  /** The offset of a new row in `data`, which may have grown. */
  grow(): number {
    const offset = this.count++ * this.width;
    if (offset + this.width > this.#data.length) {
      const wider = new Float64Array(this.#data.length * 2);
      wider.set(this.#data);
      this.#data = wider;
    }
    return offset;
  }

  get data(): Float64Array {
    return this.#data;
  }
}

/**
 * Fills and ended orders of a whole backtest as columns of numbers. It takes events like a tick's lists do and gives
 * them back as such; between the two nothing is kept as an object.
 */
export class EventLog {
  readonly #fills = new Rows(FILL_COLUMNS.length);
  readonly #ended = new Rows(ORDER_COLUMNS.length + ENDED_EXTRA);
  /** Dividends, splits and charges are few: they stay objects. */
  readonly #postings: BookPosting[] = [];
  /** What a tick's functions push into. */
  readonly sink = {
    fills: { push: (fill: Fill) => this.#addFill(fill) },
    ended: { push: (order: EndedOrder) => this.#addEnded(order) },
    postings: this.#postings,
  };

  get fillCount(): number {
    return this.#fills.count;
  }

  #addFill(fill: Fill): void {
    const at = this.#fills.grow();
    const { data } = this.#fills;
    for (let k = 0; k < FILL_COLUMNS.length; k++) data[at + k] = fill[FILL_COLUMNS[k]!];
  }

  #addEnded(order: EndedOrder): void {
    let at = this.#ended.grow();
    const { data } = this.#ended;
    for (let k = 0; k < ORDER_COLUMNS.length; k++) data[at++] = order[ORDER_COLUMNS[k]!];
    data[at++] = order.instrument;
    data[at++] = order.endedOrdinal;
    data[at++] = ORDER_STATUS.indexOf(order.status);
    data[at++] = CODE_INDEX.get(order.reason)!;
    data[at] = CODE_INDEX.get(order.intent) ?? -1;
  }

  /** Everything as a tick's lists, in the order in which it happened. */
  events(): TickEvents {
    const fills = Array.from({ length: this.#fills.count }, (_, row) => {
      const at = row * FILL_COLUMNS.length;
      return Object.fromEntries(FILL_COLUMNS.map((column, k) => [column, this.#fills.data[at + k]!])) as Fill;
    });
    const ended = Array.from({ length: this.#ended.count }, (_, row): EndedOrder => {
      const at = row * this.#ended.width;
      const extra = at + ORDER_COLUMNS.length;
      const { data } = this.#ended;
      const figures = Object.fromEntries(ORDER_COLUMNS.map((column, k) => [column, data[at + k]!]));
      return {
        ...(figures as { [column in OrderColumn]: number }),
        instrument: data[extra]!,
        endedOrdinal: data[extra + 1]!,
        status: ORDER_STATUS[data[extra + 2]!]!,
        reason: CODE_LIST[data[extra + 3]!]!,
        intent: data[extra + 4]! < 0 ? '' : CODE_LIST[data[extra + 4]!]!,
      };
    });
    return { fills, ended, postings: [...this.#postings] };
  }
}
