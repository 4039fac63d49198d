import type { BookPosting } from '../execution/events.ts';
import type { HoldingRate } from '../execution/holding.ts';
import { toMinor } from '../kernel/money.ts';
import type { Book } from './book.ts';

/** UTC multiples of the interval in (fromMs, toMs]. */
const multiplesIn = (intervalMs: number, fromMs: number, toMs: number): number =>
  Math.floor(toMs / intervalMs) - Math.floor(fromMs / intervalMs);

/**
 * Charges instrument i for having been held from one instant to another, at the last valid close.
 * @returns a posting for every charge that fell due.
 */
export function chargeHolding(
  book: Book,
  i: number,
  ordinal: number,
  charges: readonly HoldingRate[],
  span: { readonly fromMs: number; readonly toMs: number },
  units: { readonly stepsPerUnit: number; readonly minorPerUnit: number },
): BookPosting[] {
  const held = book.quantity[i]!;
  const value = Math.abs(held / units.stepsPerUnit) * book.lastClose[i]!;
  return charges.flatMap(({ name, bps, intervalMs, source: said }): BookPosting[] => {
    const source = `${name}: ${said}`;
    const times = multiplesIn(intervalMs, span.fromMs, span.toMs);
    const cash = -toMinor((value * bps * times) / 1e4, units.minorPerUnit);
    if (cash === 0) return [];
    book.cash += cash;
    book.holding += cash;
    return [
      {
        ...{ kind: 'holding', instrument: i, ordinal, quantityBefore: held, quantityAfter: held },
        ...{
          cash,
          due: 0,
          cost: 0,
          income: cash,
          withheld: 0,
          ratio: 1,
          rate: bps * times,
          payDay: -1,
          source,
        },
      },
    ];
  });
}
