import { byCodeUnit } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import { safeInteger } from '../kernel/money.ts';
import type { Item, Parameter, Write } from './ports.ts';

/** Limits that every adapter keeps, so that what one accepts all accept (a DynamoDB sort key ends at 1,024 bytes). */
export const KEY_CHARS_MAX = 512;
export const SEGMENT_CHARS_MAX = 255;
export const NAME_BYTES_MAX = 1_024;
export const BODY_BYTES_MAX = 256 * 1_024;
export const WRITES_MAX = 25;

const SEGMENT = /^[A-Za-z0-9._=-]+$/;

/**
 * Passes an artifact key or projection path on.
 * @throws IntegrityError for anything but `/`-separated names of [A-Za-z0-9._=-]: keys also arrive from stored
 * records, and a hostile one must never reach a file system.
 */
export function checkedKey(key: string): string {
  const reason =
    key.length > KEY_CHARS_MAX ? `over ${KEY_CHARS_MAX} characters` : segmentsFault(key.split('/'));
  if (reason) throw refusedKey(key, reason);
  return key;
}

/** First segments of the keys that have more than one, ascending. */
export const foldersOf = (keys: Iterable<string>): string[] =>
  [
    ...new Set([...keys].filter((key) => key.includes('/')).map((key) => key.slice(0, key.indexOf('/')))),
  ].sort(byCodeUnit);

/** Passes a beginning of keys on: the empty text, or a key that may end in `/`. @throws IntegrityError */
export function checkedPrefix(prefix: string): string {
  if (prefix === '') return prefix;
  const segments = prefix.split('/');
  // The last segment is only a beginning: `.` may go on as `.x`, and nothing may follow the last slash.
  const whole = segments.slice(0, -1);
  const last = segments.at(-1)!;
  const reason =
    prefix.length > KEY_CHARS_MAX
      ? `over ${KEY_CHARS_MAX} characters`
      : (segmentsFault(whole) ?? (last !== '' && !SEGMENT.test(last) ? segmentsFault([last]) : undefined));
  if (reason) throw refusedKey(prefix, reason);
  return prefix;
}

function segmentsFault(segments: readonly string[]): string | undefined {
  for (const segment of segments) {
    if (segment === '') return 'an empty segment';
    if (segment === '.' || segment === '..') return `the segment ${segment}`;
    if (segment.length > SEGMENT_CHARS_MAX) return `a segment over ${SEGMENT_CHARS_MAX} characters`;
    if (!SEGMENT.test(segment)) return 'a character other than [A-Za-z0-9._=-]';
  }
  return undefined;
}

const refusedKey = (key: string, reason: string): IntegrityError =>
  new IntegrityError(`key ${JSON.stringify(key.slice(0, 80))} is refused: ${reason}`, { key, reason });

/** Passes a partition, sort key or parameter name on. @throws RangeError where a store could not hold it. */
export function checkedName(name: string, what: string): string {
  if (name === '') throw new RangeError(`${what} is empty`);
  return checkedText(name, what, NAME_BYTES_MAX);
}

/** Passes a text on that every store gives back unchanged. @throws RangeError naming the limit. */
export function checkedText(text: string, what: string, bytesMax: number = BODY_BYTES_MAX): string {
  if (!text.isWellFormed() || text.includes('\0'))
    throw new RangeError(`${what} holds a lone surrogate or NUL`);
  const bytes = Buffer.byteLength(text);
  if (bytes > bytesMax) throw new RangeError(`${what} is ${bytes} bytes, at most ${bytesMax} are allowed`);
  return text;
}

/** @throws RangeError where a transaction is empty, too long, names an item twice or holds an impossible text. */
export function checkWrites(writes: readonly Write[]): void {
  if (writes.length === 0 || writes.length > WRITES_MAX) {
    throw new RangeError(`a transaction holds 1 to ${WRITES_MAX} writes, not ${writes.length}`);
  }
  const named = new Set<string>();
  for (const write of writes) {
    checkedName(write.item.partition, 'partition');
    checkedName(write.item.sort, 'sort key');
    checkedText(write.item.body, `body of ${nameOf(write.item)}`);
    if (named.has(address(write.item)))
      throw new RangeError(`a transaction names ${nameOf(write.item)} twice`);
    named.add(address(write.item));
  }
}

/** @throws RangeError where a parameter's name or change could not be kept as it is. */
export function checkChange(name: string, change: Omit<Parameter, 'version'>): void {
  checkedName(name, 'parameter name');
  checkedText(change.value, `value of ${name}`);
  checkedText(change.changedBy, `author of ${name}`);
  checkedText(change.description, `description of ${name}`);
  safeInteger(change.changedAtMs, `time of ${name}`);
}

/** One text for an item's place; NUL cannot occur in either part. */
export const address = (item: Pick<Item, 'partition' | 'sort'>): string => `${item.partition}\0${item.sort}`;

/** An item's place for a reader. */
export const nameOf = (item: Pick<Item, 'partition' | 'sort'>): string => `${item.partition} ${item.sort}`;
