import * as z from 'zod';
import { DAY_MS, parseIsoDate } from '../kernel/time.ts';

/** A calendar date `2016-01-31` that exists. */
export const isoDate = z
  .string()
  .refine((text) => !Number.isNaN(parseIsoDate(text)), 'expected a date that exists, such as 2016-01-31');

/** The fields of a fact in force from a day to a day, both included; without `effective_to` it has no end yet. */
export const dated = {
  effective_from: isoDate,
  effective_to: isoDate.optional(),
  /** Who published the figure and when, or that it is an assumption and why. */
  source: z.string().min(20),
  /** Whether the figure was read in the source named. */
  confirmed: z.boolean(),
};

/** The days of a row, whatever else it says. */
export interface Dates {
  readonly effective_from: string;
  readonly effective_to?: string | undefined;
}

/** A date that every other comes before, for rows without an end. ISO dates compare as text. */
const NO_END = '9999-12-31';
const lastDate = (row: Dates): string => row.effective_to ?? NO_END;

/**
 * A check of a list of rows, for `superRefine`: dates in order, and no two rows of one key on one day, since which
 * of the two held would be a guess.
 * @param keyOf what a row is about, or the several things it is about; rows that share none may overlap.
 */
export const refuseOverlaps =
  <Row extends Dates>(keyOf: (row: Row) => string | readonly string[]) =>
  (rows: readonly Row[], context: z.RefinementCtx): void => {
    const byKey = new Map<string, Row[]>();
    rows.forEach((row, i) => {
      const keys = keyOf(row);
      const refuse = (field: keyof Dates, message: string): void =>
        context.addIssue({ code: 'custom', path: [i, field], message });
      if (lastDate(row) < row.effective_from) refuse('effective_to', 'lies before effective_from');
      for (const key of typeof keys === 'string' ? [keys] : keys) {
        const earlier = byKey.get(key) ?? [];
        const clash = earlier.find(
          (other) => other.effective_from <= lastDate(row) && row.effective_from <= lastDate(other),
        );
        if (clash !== undefined) {
          refuse(
            'effective_from',
            `${key} from ${row.effective_from} overlaps its row from ${clash.effective_from}`,
          );
        }
        byKey.set(key, [...earlier, row]);
      }
    });
  };

/** The whole day of a date, in days since 1970-01-01: 2016-01-01 is 16801. */
export const dayNumberOf = (date: string): number => parseIsoDate(date) / DAY_MS;

/** Whether the row is in force on the day, in days since 1970-01-01. */
export const inForce = (row: Dates, dayNumber: number): boolean =>
  dayNumberOf(row.effective_from) <= dayNumber &&
  (row.effective_to === undefined || dayNumber <= dayNumberOf(row.effective_to));

/** The days on which the set of rows in force changes, ascending: between two of them the same rows hold. */
export function changeDays(rows: readonly Dates[]): Int32Array {
  const edges = rows.flatMap((row) => [
    dayNumberOf(row.effective_from),
    ...(row.effective_to === undefined ? [] : [dayNumberOf(row.effective_to) + 1]),
  ]);
  return Int32Array.from(new Set(edges)).sort();
}

/** The last index whose day is at or before the given one, by binary search; -1 before the first. */
export function periodAt(firstDays: Int32Array, dayNumber: number): number {
  let low = 0;
  let high = firstDays.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (firstDays[middle]! <= dayNumber) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
