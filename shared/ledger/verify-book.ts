import { bookColumns, LOT } from '../portfolio/book.ts';
import type { Execution, PositionReport, StoredState } from './artifacts.ts';
import type { TickRecord } from './records.ts';
import { flaw, same, type Place } from './verify-flaw.ts';

/** What the fills and postings so far make of the book, by nothing but sums. Money in minor units, quantities in steps. */
export interface Tally {
  readonly capital: number;
  readonly cash: number;
  readonly fees: number;
  /** Dividends booked and not paid, dividends earned, and charges for holding. */
  readonly receivable: number;
  readonly dividends: number;
  readonly holding: number;
  /** Signed quantity by symbol; flat ones are left out. */
  readonly quantities: ReadonlyMap<string, number>;
}

/** What a tick's fills and postings do to a tally, in the order of their bars; postings of a bar come before its fills. */
export function addEvents(
  place: Place,
  before: Tally,
  execution: Execution,
  symbols: readonly string[],
): Tally {
  const tally = { ...before, quantities: new Map(before.quantities) };
  const steps = [
    ...execution.postings.map((posting, k) => ({ ordinal: posting.ordinal, fill: 0, k, posting })),
    ...execution.fills.map((fill, k) => ({ ordinal: fill.ordinal, fill: 1, k, posting: undefined })),
  ];
  // Charges are posted before and after a bar's fills; they leave quantities alone, so that their order is free.
  steps.sort((a, b) => a.ordinal - b.ordinal || a.fill - b.fill || a.k - b.k);
  for (const { k, posting } of steps) {
    if (posting === undefined) addFill(tally, execution.fills[k]!, symbols);
    else addPosting(place, `execution.postings.${k}`, tally, posting, symbols);
  }
  return tally;
}

interface OpenTally extends Omit<Tally, 'quantities'> {
  cash: number;
  fees: number;
  receivable: number;
  dividends: number;
  holding: number;
  readonly quantities: Map<string, number>;
}

function addFill(tally: OpenTally, fill: Execution['fills'][number], symbols: readonly string[]): void {
  const { instrument, side, quantity, notionalMinor, feeMinor } = fill;
  setQuantity(
    tally,
    symbols[instrument]!,
    (tally.quantities.get(symbols[instrument]!) ?? 0) + side * quantity,
  );
  tally.cash -= side * notionalMinor + feeMinor;
  tally.fees += feeMinor;
}

/** A posting may change only what its kind says: a payment moves cash alone, a charge costs what it takes. */
function addPosting(
  place: Place,
  field: string,
  tally: OpenTally,
  posting: Execution['postings'][number],
  symbols: readonly string[],
): void {
  const symbol = symbols[posting.instrument];
  if (symbol === undefined) throw flaw(place, `${field}.instrument`, 'is not in the universe');
  const { kind, quantityAfter, cash, due, cost, income } = posting;
  const held = tally.quantities.get(symbol) ?? 0;
  const charge = kind === 'holding';
  // A charge on what was held before a fill of the same bar may name the quantity before it.
  if (!charge) same(place, `${field}.quantityBefore`, posting.quantityBefore, held, 'the sum of all fills');
  if (kind !== 'split')
    same(place, `${field}.quantityAfter`, quantityAfter, posting.quantityBefore, 'its kind');
  const expected = {
    dividend: [0, income, 0],
    payment: [-due, due, 0],
    holding: [income, 0, 0],
    split: [income - cost, 0, cost],
  }[kind];
  same(place, field, [cash, due, cost], expected, 'its kind (cash, due, cost)');
  if (kind === 'split') setQuantity(tally, symbol, quantityAfter);
  if (kind === 'dividend') tally.dividends += income;
  if (charge) tally.holding += income;
  tally.cash += cash;
  tally.receivable += due;
}

function setQuantity({ quantities }: OpenTally, symbol: string, steps: number): void {
  if (steps === 0) quantities.delete(symbol);
  else quantities.set(symbol, steps);
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
  same(place, 'state.dividends', state.dividends, tally.dividends, 'the sum of all postings');
  same(place, 'state.holding', state.holding, tally.holding, 'the sum of all postings');
  const due = state.dues.reduce((sum, [, , amount]) => sum + amount, 0);
  same(place, 'state.dues', due, tally.receivable, 'the sum of all postings');
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
  const earned = state.realised + state.dividends + state.holding - state.fees;
  same(
    place,
    'state',
    state.cash + due + cost,
    state.capital + earned,
    'capital and what was earned, less fees (cash, dividends due and positions at cost)',
  );
}

/** Lots are flat: steps, cost, fee and day of each. */
const sumOf = (lots: readonly number[], column: number): number =>
  lots.reduce((sum, value, k) => (k % LOT === column ? sum + value : sum), 0);

/** A tally of a book that has not traded. */
export const openTally = (capital: number): Tally => ({
  ...{ capital, cash: capital, fees: 0, receivable: 0, dividends: 0, holding: 0 },
  quantities: new Map(),
});

/** Holds a tick's figures, its position report and its state against each other. */
export function checkFigures(
  place: Place,
  record: TickRecord,
  report: PositionReport,
  state: StoredState,
): void {
  const { cash, receivable, positions_value: positions } = record;
  same(place, 'equity', record.equity, cash + receivable + positions, 'cash, receivable and positions_value');
  same(place, 'position.receivable', report.receivable, receivable, 'the record');
  for (const field of ['cash', 'fees', 'realised', 'dividends', 'holding'] as const) {
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
