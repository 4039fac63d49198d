import type * as z from 'zod';
import { canonicalJson, sha256, type Json } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import type { ArtifactStore, Reference } from '../stores/ports.ts';
import { flaw, type Place } from './verify-flaw.ts';

/** An artifact to read: its reference, and the kind whose folder it must lie in. */
export interface Wanted {
  readonly reference: Reference;
  readonly kind: string;
}

/**
 * Reads several artifacts at once and holds each against its hash, in the order given, so that the first bad field
 * is the same on every store.
 * @throws IntegrityError naming the field whose artifact is absent, elsewhere or not what its reference says.
 */
export async function readAll<Field extends string>(
  place: Place,
  artifacts: ArtifactStore,
  wanted: Readonly<Record<Field, Wanted>>,
  whoSays = 'the record',
): Promise<Record<Field, Uint8Array>> {
  const entries = Object.entries(wanted) as [Field, Wanted][];
  const answers = await Promise.all(
    entries.map(([, { reference }]) => settled(artifacts.find(reference.key))),
  );
  const read = {} as Record<Field, Uint8Array>;
  entries.forEach(([field, { reference, kind }], k) => {
    const { bytes, error } = answers[k]!;
    if (error instanceof IntegrityError) throw flaw(place, field, error.message, error);
    if (error !== undefined) throw error;
    read[field] = checked(place, field, reference, kind, bytes, whoSays);
  });
  return read;
}

interface Answer {
  readonly bytes?: Uint8Array | undefined;
  readonly error?: unknown;
}

const settled = (answer: Promise<Uint8Array | undefined>): Promise<Answer> =>
  answer.then(
    (bytes) => ({ bytes }),
    (error: unknown) => ({ error }),
  );

function checked(
  place: Place,
  field: string,
  { key, sha256: said }: Reference,
  kind: string,
  bytes: Uint8Array | undefined,
  whoSays: string,
): Uint8Array {
  if (!key.startsWith(`${place.market}/${kind}/`)) {
    throw flaw(place, field, `names ${key.slice(0, 200)}, expected a key below ${place.market}/${kind}/`);
  }
  if (bytes === undefined) throw flaw(place, field, `artifact ${key} is missing`);
  const found = sha256(bytes);
  if (found !== said) throw flaw(place, field, `artifact ${key} has hash ${found}, ${whoSays} says ${said}`);
  return bytes;
}

/**
 * Parses an artifact by its schema.
 * @throws IntegrityError where it is no JSON, breaks the schema, or its bytes are not the canonical ones.
 */
export function parseCanonical<T>(
  place: Place,
  field: string,
  bytes: Uint8Array,
  schema: z.ZodType<T>,
  what: string,
): T {
  const value = parseJson(place, field, bytes, what);
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const first = parsed.error.issues[0]!;
    throw flaw(place, [field, ...first.path.map(String)].join('.'), `${what}: ${first.message}`);
  }
  if (!isText(bytes, canonicalOf(value)))
    throw flaw(place, field, `${what} is not canonical JSON (RFC 8785)`);
  return parsed.data;
}

function parseJson(place: Place, field: string, bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw flaw(place, field, `${what} is not JSON`, cause);
  }
}

/** Canonical text of parsed JSON; an empty one, which no JSON has, where a lone surrogate leaves it without any. */
function canonicalOf(value: unknown): string {
  try {
    return canonicalJson(value as Json);
  } catch (error) {
    if (error instanceof TypeError) return '';
    throw error;
  }
}

/** Whether the bytes are exactly the text's UTF-8. */
export const isText = (bytes: Uint8Array, text: string): boolean =>
  Buffer.compare(bytes, Buffer.from(text)) === 0;
