import { createHash } from 'node:crypto';

/** JSON values as RFC 8785 knows them: no undefined, no NaN, no infinities. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** `sha256:` and 64 hexadecimal digits. */
export type Sha256 = `sha256:${string}`;

/** Compares by UTF-16 code units, as RFC 8785 sorts keys; independent of locale. */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Canonical JSON (RFC 8785): keys sorted by UTF-16 code units, no white space, ECMAScript number format.
 * @throws TypeError naming the path of a value that JSON cannot hold (undefined, NaN, infinity, function).
 */
export function canonicalJson(value: Json, path = '$'): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return wellFormed(value, path);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${path}: ${value} has no canonical JSON form`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item: Json, index) => canonicalJson(item, `${path}[${index}]`)).join(',')}]`;
  }
  if (typeof value !== 'object') throw new TypeError(`${path}: ${typeof value} has no canonical JSON form`);
  const members = value as { readonly [key: string]: Json };
  const keys = Object.keys(members).sort(byCodeUnit);
  return `{${keys.map((key) => `${wellFormed(key, path)}:${canonicalJson(members[key] as Json, `${path}.${key}`)}`).join(',')}}`;
}

function wellFormed(text: string, path: string): string {
  if (!text.isWellFormed()) throw new TypeError(`${path}: a lone surrogate has no canonical JSON form`);
  return JSON.stringify(text);
}

/** The hash of raw bytes or of a text's UTF-8, as `sha256sum` prints it, with the algorithm named. */
export function sha256(bytes: Uint8Array | string): Sha256 {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The hash of a value's canonical JSON. */
export const hashJson = (value: Json): Sha256 => sha256(canonicalJson(value));
