import type { Universe, UniverseRow } from '../config/universe-schema.ts';
import { byCodeUnit } from '../kernel/canonical.ts';
import { powerOfTen } from '../kernel/money.ts';

/** A universe's trading units in columns, in the order of the universe file. */
export interface Instruments {
  readonly symbols: readonly string[];
  /** Steps in one unit: 100,000 where quantities have five decimals. */
  readonly stepsPerUnit: Float64Array;
  readonly quantityDigits: Float64Array;
  readonly priceTick: Float64Array;
  /** Themes by name, ascending, each with its instruments. */
  readonly themes: readonly (readonly [string, readonly number[]])[];
}

/** Compiles the universe, or the part of it that `symbols` names, in the order of the file. */
export function compileInstruments(universe: Universe): Instruments {
  const rows = universe.instruments;
  return {
    symbols: rows.map((row) => row.symbol),
    stepsPerUnit: Float64Array.from(rows, (row) => powerOfTen(row.quantity_digits)),
    quantityDigits: Float64Array.from(rows, (row) => row.quantity_digits),
    priceTick: Float64Array.from(rows, (row) => row.price_tick),
    themes: themesOf(rows),
  };
}

function themesOf(rows: readonly UniverseRow[]): Instruments['themes'] {
  const members = new Map<string, number[]>();
  rows.forEach(({ themes = [] }, i) => {
    for (const theme of new Set(themes)) members.set(theme, [...(members.get(theme) ?? []), i]);
  });
  return [...members].sort(([a], [b]) => byCodeUnit(a, b));
}
