import { canonicalJson, type Json } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';

/** Where verification stands: a market, and the number of the record; null outside the chain's records. */
export interface Place {
  readonly market: string;
  readonly record: number | null;
}

/** A refusal may list every value that is allowed, or repeat a hostile text: one line of it is enough. */
const CHARS_MAX = 500;

/** The error that names market, record and field: `crypto: record 117: decision: artifact ... has hash ...`. */
export function flaw(place: Place, field: string, what: string, cause?: unknown): IntegrityError {
  const { market, record } = place;
  const where = record === null ? market : `${market}: record ${record}`;
  return new IntegrityError(
    `${where}: ${field}: ${what.slice(0, CHARS_MAX)}`,
    { market, record, field },
    { cause },
  );
}

/** Does a piece of work and gives what it refuses its place. @throws IntegrityError */
export async function located<T>(place: Place, field: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof IntegrityError) throw flaw(place, field, error.message, error);
    throw error;
  }
}

/** Holds a stored value against what something else says it is. @throws IntegrityError with both values. */
export function same(place: Place, field: string, found: Json, expected: Json, source: string): void {
  if (found === expected) return;
  const [is, says] = [canonicalJson(found), canonicalJson(expected)];
  if (is !== says) throw flaw(place, field, `is ${shown(is)}, ${source} says ${shown(says)}`);
}

/** Hashes, keys and names read better without their quotes; a hostile text must not fill the screen. */
const shown = (json: string): string => json.replace(/^"(.*)"$/, '$1').slice(0, 200);
