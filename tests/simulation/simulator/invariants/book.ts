import type { Invariant } from '../invariants.ts';
import type { TickRemains } from '../remains.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** What must hold of money and quantities on every record. */
export const BOOK_INVARIANTS: readonly Invariant[] = [
  {
    name: 'cash_and_positions_are_equity',
    broken: ({ remains: { ticks } }) => {
      for (const { record, position } of ticks) {
        const values = sum(position.positions.map(({ value }) => value));
        if (record.positions_value !== values)
          return `${record.tick_utc}: positions are worth ${values}, the record says ${record.positions_value}`;
        if (record.cash + record.receivable + values !== record.equity || position.equity !== record.equity)
          return `${record.tick_utc}: ${record.cash} + ${record.receivable} + ${values} is not ${record.equity}`;
      }
      return undefined;
    },
  },
  {
    name: 'postings_balance',
    broken: ({ world: { layout }, remains: { ticks } }) => {
      const book = new Sums(layout.plan.rules.capitalMinor);
      for (const tick of ticks) {
        book.add(tick);
        const why = book.differs(tick, layout.plan.rules.instruments.symbols);
        if (why !== undefined) return `${tick.record.tick_utc}: ${why}`;
      }
      return undefined;
    },
  },
];

/** A book kept from nothing but what the executions say was filled and posted. Money in minor units. */
class Sums {
  readonly #capital: number;
  #cash: number;
  #fees = 0;
  #due = 0;
  #income = 0;
  readonly #held = new Map<number, number>();

  constructor(capital: number) {
    this.#capital = capital;
    this.#cash = capital;
  }

  add({ execution: { fills, postings } }: TickRemains): void {
    for (const posting of postings) {
      this.#cash += posting.cash;
      this.#due += posting.due;
      // A split's income is realised, not earned.
      if (posting.kind === 'split') this.#held.set(posting.instrument, posting.quantityAfter);
      else this.#income += posting.income;
    }
    for (const fill of fills) {
      this.#cash -= fill.side * fill.notionalMinor + fill.feeMinor;
      this.#fees += fill.feeMinor;
      this.#held.set(fill.instrument, (this.#held.get(fill.instrument) ?? 0) + fill.side * fill.quantity);
    }
  }

  differs({ record, position, state }: TickRemains, symbols: readonly string[]): string | undefined {
    const costs = sum(position.positions.map(({ cost }) => cost));
    const debits = this.#cash + this.#due + costs;
    const credits = this.#capital + record.realised + record.dividends + record.holding - this.#fees;
    const held = [...this.#held]
      .filter(([, quantity]) => quantity !== 0)
      .map(([i, quantity]) => `${symbols[i]} ${quantity}`);
    const reported = position.positions.map(({ instrument, quantity }) => `${instrument} ${quantity}`);
    const pairs: readonly (readonly [string, unknown, unknown])[] = [
      ['cash', record.cash, this.#cash],
      ['cash of the state', state.cash, this.#cash],
      ['fees', record.fees, this.#fees],
      ['receivable', record.receivable, this.#due],
      ['dividends and holding', record.dividends + record.holding, this.#income],
      ['debits and credits', debits, credits],
      ['quantities', reported.sort().join(), held.sort().join()],
    ];
    const wrong = pairs.find(([, is, expected]) => is !== expected);
    return wrong && `${wrong[0]}: ${String(wrong[1])}, the fills and postings add up to ${String(wrong[2])}`;
  }
}
