import { canonicalJson, type Json } from '../kernel/canonical.ts';
import type { TickCounts } from '../ledger/certificates.ts';
import { PACKET_COLUMNS, parsePacket } from './packet.ts';
import type { TickImage } from './tick-image.ts';

/** One field in which two images of a tick differ; values as canonical JSON, empty where a side has none. */
export interface Difference {
  readonly kind: keyof TickCounts;
  readonly tickUtc: string;
  /** Symbol, or empty where the field is of the whole tick. */
  readonly instrument: string;
  readonly field: string;
  readonly a: string;
  readonly b: string;
}

/** Rows in which two sides differ, by kind, and the fields. A row counts once, however many of its fields differ. */
export interface Differences {
  readonly counts: TickCounts;
  readonly fields: readonly Difference[];
}

/** A count of nothing, for every kind. */
export const noCounts = (): Record<keyof TickCounts, number> => ({
  decisions: 0,
  orders: 0,
  fills: 0,
  postings: 0,
  equity: 0,
  states: 0,
});

type Row = Readonly<Record<string, unknown>>;
const text = (value: unknown): string => (value === undefined ? '' : canonicalJson(value as Json));

/**
 * Compares two images of one tick: every row of the packet, every column of orders, fills and postings, the equity.
 * Where only a hash differs, the part that it names counts as one row.
 * @param symbols names by instrument, for what is stored by number.
 */
export function differencesOf(a: TickImage, b: TickImage, symbols: readonly string[]): Differences {
  const found = new Collector(a.tickUtc, symbols);
  if (a.packetSha256 !== b.packetSha256) found.packets(a, b);
  if (a.forecastSha256 !== b.forecastSha256)
    found.whole('decisions', 'forecast', a.forecastSha256, b.forecastSha256);
  if (a.executionSha256 !== b.executionSha256) found.executions(a, b);
  if (a.equity !== b.equity) found.whole('equity', 'equity', a.equity, b.equity);
  if (a.stateSha256 !== b.stateSha256) found.whole('states', 'state', a.stateSha256, b.stateSha256);
  return found;
}

class Collector implements Differences {
  readonly counts = noCounts();
  readonly fields: Difference[] = [];
  readonly #tickUtc: string;
  readonly #symbols: readonly string[];

  constructor(tickUtc: string, symbols: readonly string[]) {
    this.#tickUtc = tickUtc;
    this.#symbols = symbols;
  }

  whole(kind: keyof TickCounts, field: string, a: unknown, b: unknown): void {
    this.counts[kind]++;
    this.#field(kind, '', field, text(a), text(b));
  }

  packets(a: TickImage, b: TickImage): void {
    const [left, right] = [parsePacket(a.packet, 'packet'), parsePacket(b.packet, 'packet')];
    this.#row('decisions', '', left.header, right.header);
    const named = (row: readonly unknown[] | undefined): Row | undefined =>
      row && Object.fromEntries(PACKET_COLUMNS.map((column, k) => [column, row[k]]));
    for (let i = 0; i < Math.max(left.rows.length, right.rows.length); i++)
      this.#row('decisions', this.#symbols[i] ?? '', named(left.rows[i]), named(right.rows[i]));
  }

  executions({ execution: a }: TickImage, { execution: b }: TickImage): void {
    this.#list('fills', 'fill', a.fills, b.fills);
    this.#list('orders', 'order', a.ended, b.ended);
    this.#list('postings', 'posting', a.postings, b.postings);
    const placing = (one: TickImage['execution']): Row => ({
      placed: one.placed,
      refused: one.refused,
      placing_refused: one.placing_refused,
    });
    this.#row('orders', '', placing(a), placing(b));
  }

  #list(kind: keyof TickCounts, name: string, a: readonly Row[], b: readonly Row[]): void {
    for (let k = 0; k < Math.max(a.length, b.length); k++) {
      const instrument = this.#symbols[Number((a[k] ?? b[k]!)['instrument'])] ?? '';
      this.#row(kind, instrument, a[k], b[k], `${name}.`);
    }
  }

  /** Counts a row where any of its fields differs, or one side lacks it. */
  #row(
    kind: keyof TickCounts,
    instrument: string,
    a: Row | undefined,
    b: Row | undefined,
    prefix = '',
  ): void {
    if (text(a) === text(b)) return;
    this.counts[kind]++;
    if (a === undefined || b === undefined)
      return this.#field(kind, instrument, prefix.slice(0, -1) || 'row', text(a), text(b));
    for (const name of Object.keys(a)) {
      const [left, right] = [text(a[name]), text(b[name])];
      if (left !== right) this.#field(kind, instrument, `${prefix}${name}`, left, right);
    }
  }

  #field(kind: keyof TickCounts, instrument: string, field: string, a: string, b: string): void {
    this.fields.push({ kind, tickUtc: this.#tickUtc, instrument, field, a, b });
  }
}
