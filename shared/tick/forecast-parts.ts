import * as z from 'zod';
import { IntegrityError } from '../kernel/errors.ts';
import { partOfSchema } from '../ledger/parts.ts';
import { referenceSchema } from '../ledger/records.ts';
import { forecastSchema, type StoredForecast } from './forecast-codec.ts';

/** What a part of a forecast is of: its slice, and the window that it was made from. */
export const forecastPartOfSchema = partOfSchema.extend({ window: referenceSchema });
export type ForecastPartOf = z.infer<typeof forecastPartOfSchema>;

/** The forecast of one slice of a universe. */
export const forecastPartSchema = z.strictObject({
  v: z.literal(1),
  part: forecastPartOfSchema,
  forecast: forecastSchema,
});
export type ForecastPart = z.infer<typeof forecastPartSchema>;

/**
 * The forecast of the universe from those of its slices, in its order: columns one after the other, counts added up.
 * @throws IntegrityError where a column is not of its slice's instruments.
 */
export function joinForecasts(parts: readonly ForecastPart[]): StoredForecast {
  const counts = parts.map(({ forecast }) => forecast.drift_counts);
  const columns = parts.map(({ forecast: { v: _, instruments: __, drift_counts: ___, ...rest } }) => rest);
  return forecastSchema.parse({
    v: 1,
    instruments: parts.reduce((sum, { part }) => sum + part.symbols.length, 0),
    drift_counts: counts[0]!.map((row, feature) =>
      row.map((_, bin) => counts.reduce((sum, other) => sum + other[feature]![bin]!, 0)),
    ),
    ...(joinColumns(columns, parts, 'forecast') as object),
  });
}

/** Columns of one or several instruments by name; a family that is added brings its own along. */
type Columns = readonly number[] | readonly Columns[] | { readonly [name: string]: Columns };

function joinColumns(columns: readonly Columns[], parts: readonly ForecastPart[], place: string): Columns {
  const [first] = columns as readonly [Columns, ...Columns[]];
  if (!Array.isArray(first)) {
    const records = columns as readonly { readonly [name: string]: Columns }[];
    return Object.fromEntries(
      Object.keys(first).map((name) => [
        name,
        joinColumns(
          records.map((record) => record[name]!),
          parts,
          `${place}.${name}`,
        ),
      ]),
    );
  }
  if (Array.isArray(first[0])) {
    const lists = columns as readonly (readonly Columns[])[];
    return lists[0]!.map((_, k) =>
      joinColumns(
        lists.map((list) => list[k]!),
        parts,
        `${place}.${k}`,
      ),
    );
  }
  return (columns as readonly (readonly number[])[]).flatMap((column, k) => {
    const { shard, of, symbols } = parts[k]!.part;
    if (column.length === symbols.length) return column;
    throw new IntegrityError(
      `${place} of part ${shard} of ${of} has ${column.length} values, its slice ${symbols.length} instruments`,
    );
  });
}
