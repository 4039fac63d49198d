import type { Instruments } from '../execution/instruments.ts';
import { pendingIncrease, type WorkingOrders } from '../execution/orders.ts';
import type { Book } from '../portfolio/book.ts';

/** A largest value and the name that it is of; empty where there is none. */
export interface Largest {
  readonly value: number;
  readonly name: string;
}

/** How a book leans once every increasing order has filled and no reducing one has (definition 8); shares of equity. */
export interface Exposure {
  readonly gross: number;
  /** Absolute sum of the signed exposures. */
  readonly net: number;
  readonly name: Largest;
  readonly theme: Largest;
  readonly cluster: Largest;
  /** Largest position over what its market carries: 1 is all of it. */
  readonly capacity: Largest;
}

/** What the exposure of a book is reckoned from. */
export interface ExposureInputs {
  readonly book: Book;
  readonly orders: WorkingOrders;
  readonly instruments: Instruments;
  /** Equity in whole units of the currency. */
  readonly equity: number;
  /** Instruments by group, in the order of the universe: groups that are limited as one name. */
  readonly clusters: readonly (readonly number[])[];
  /** Largest position of instrument i that its market carries, in whole units of the currency. */
  capacityOf(i: number): number;
}

/** Signed steps of instrument i with its increasing order filled: what it may come to. */
export const worstSteps = ({ quantity }: Book, orders: WorkingOrders, i: number): number =>
  quantity[i]! + pendingIncrease(orders, i);

/** Reckons exposures at the last valid closes. An instrument that was never priced counts as nothing: none is held. */
export function exposureOf(inputs: ExposureInputs): Exposure {
  const { book, orders, instruments, equity, clusters } = inputs;
  const { symbols, stepsPerUnit, themes } = instruments;
  const values = new Map<number, number>();
  let [gross, net] = [0, 0];
  const name = new Greatest();
  const capacity = new Greatest();
  for (let i = 0; i < symbols.length; i++) {
    if (book.quantity[i] === 0 && orders.quantity[i] === 0) continue;
    const value = (worstSteps(book, orders, i) * book.lastClose[i]!) / stepsPerUnit[i]!;
    if (value === 0) continue;
    values.set(i, Math.abs(value));
    gross += Math.abs(value);
    net += value;
    name.take(Math.abs(value), symbols[i]!);
    capacity.take(Math.abs(value) / inputs.capacityOf(i), symbols[i]!);
  }
  const share = (value: number): number => (equity > 0 ? value / equity : NaN);
  const ofGroup = (members: readonly number[]): number =>
    members.reduce((sum, i) => sum + (values.get(i) ?? 0), 0);
  const theme = new Greatest();
  const cluster = new Greatest();
  if (values.size > 0) {
    for (const [title, members] of themes) theme.take(ofGroup(members), title);
    for (const members of clusters) cluster.take(ofGroup(members), symbols[members[0]!]!);
  }
  const largest = (found: Greatest): Largest => ({ value: share(found.value), name: found.name });
  return {
    gross: share(gross),
    net: share(Math.abs(net)),
    name: largest(name),
    theme: largest(theme),
    cluster: largest(cluster),
    capacity,
  };
}

/** The greatest of what it takes; what is no number is greater than everything, so that nothing hides it. */
class Greatest implements Largest {
  value = 0;
  name = '';

  take(value: number, name: string): void {
    if (Number.isNaN(this.value) || value <= this.value) return;
    this.value = value;
    this.name = name;
  }
}
