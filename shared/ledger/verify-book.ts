import { bookColumns } from '../portfolio/book.ts';
import type { Execution, PositionReport, StoredState } from './artifacts.ts';
import type { TickRecord } from './records.ts';
import { flaw, same, type Place } from './verify-flaw.ts';

/** What the fills so far make of the book, by nothing but sums. Money in minor units, quantities in steps. */
export interface Tally {
  readonly capital: number;
  readonly cash: number;
  readonly fees: number;
  /** Signed quantity by symbol; flat ones are left out. */
  readonly quantities: ReadonlyMap<string, number>;
}

/** The tally after a tick's fills. */
export function addFills(before: Tally, { fills }: Execution, symbols: readonly string[]): Tally {
  const quantities = new Map(before.quantities);
  let { cash, fees } = before;
  for (const { instrument, side, quantity, notionalMinor, feeMinor } of fills) {
    const symbol = symbols[instrument]!;
    const held = (quantities.get(symbol) ?? 0) + side * quantity;
    if (held === 0) quantities.delete(symbol);
    else quantities.set(symbol, held);
    cash -= side * notionalMinor + feeMinor;
    fees += feeMinor;
  }
  return { ...before, cash, fees, quantities };
}

/** A row of a stored book: what it holds of one instrument. */
interface Held {
  readonly symbol: string;
  readonly quantity: number;
  readonly cost: number;
  readonly realised: number;
  readonly lots: readonly number[];
}

const [QUANTITY, COST, REALISED] = (['quantity', 'cost', 'realisedBy'] as const).map((column) =>
  bookColumns.indexOf(column),
) as [number, number, number];

const heldIn = (state: StoredState): Held[] =>
  state.positions.map(([symbol, row, lots]) => ({
    symbol,
    quantity: row[QUANTITY] ?? NaN,
    cost: row[COST] ?? NaN,
    realised: row[REALISED] ?? NaN,
    lots,
  }));

/** Holds a stored state against the tally: money, quantities and lots to the unit, and debits equal to credits. */
export function checkState(place: Place, state: StoredState, tally: Tally): void {
  const posted = 'the sum of all fills';
  same(place, 'state.capital', state.capital, tally.capital, 'the first record');
  same(place, 'state.cash', state.cash, tally.cash, posted);
  same(place, 'state.fees', state.fees, tally.fees, posted);
  const seen = new Set<string>();
  let cost = 0;
  for (const held of heldIn(state)) {
    const field = `state.positions.${held.symbol}`;
    if (seen.has(held.symbol)) throw flaw(place, field, 'is listed twice');
    seen.add(held.symbol);
    same(place, `${field}.quantity`, held.quantity, tally.quantities.get(held.symbol) ?? 0, posted);
    same(place, `${field}.lots`, sumOf(held.lots, 0), held.quantity, 'its quantity');
    same(place, `${field}.lots`, sumOf(held.lots, 1), held.cost, 'its cost');
    cost += held.cost;
  }
  for (const symbol of tally.quantities.keys()) {
    if (!seen.has(symbol))
      throw flaw(place, `state.positions.${symbol}`, `is absent, ${posted} says it is held`);
  }
  const equal = state.capital + state.realised - state.fees;
  same(
    place,
    'state',
    state.cash + cost,
    equal,
    'capital, realised gains and fees (cash and positions at cost)',
  );
}

/** Lots are flat triples of steps, cost and fee. */
const sumOf = (lots: readonly number[], column: number): number =>
  lots.reduce((sum, value, k) => (k % 3 === column ? sum + value : sum), 0);

/** Holds a tick's figures, its position report and its state against each other. */
export function checkFigures(
  place: Place,
  record: TickRecord,
  report: PositionReport,
  state: StoredState,
): void {
  same(place, 'equity', record.equity, record.cash + record.positions_value, 'cash plus positions_value');
  for (const field of ['cash', 'fees', 'realised'] as const) {
    same(place, field, record[field], state[field], 'its state');
  }
  same(place, 'position.market', report.market, place.market, 'the record');
  same(place, 'position.tick_utc', report.tick_utc, record.tick_utc, 'the record');
  same(place, 'position.equity', report.equity, record.equity, 'the record');
  same(place, 'position.cash', report.cash, record.cash, 'the record');
  const value = report.positions.reduce((sum, position) => sum + position.value, 0);
  same(place, 'position.positions', value, record.positions_value, "the record's positions_value");
  const reported = report.positions.map((row) => [row.instrument, row.quantity, row.cost, row.realised]);
  const held = heldIn(state).filter(({ quantity }) => quantity !== 0);
  const stored = held.map((row) => [row.symbol, row.quantity, row.cost, row.realised]);
  same(place, 'position.positions', reported, stored, 'the state (symbol, quantity, cost, realised)');
}
