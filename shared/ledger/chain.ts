import type * as z from 'zod';
import { canonicalJson, sha256, type Json } from '../kernel/canonical.ts';
import { ConflictError, IntegrityError } from '../kernel/errors.ts';
import type { ArtifactStore, Item, Reference, Stores, Write } from '../stores/ports.ts';
import { contentKey, HEAD, LATCH, ledgerPartition, recordSort, type ArtifactKind } from './keys.ts';
import {
  headSchema,
  latchSchema,
  recordSchema,
  type Head,
  type Latch,
  type LedgerRecord,
} from './records.ts';

const utf8 = new TextEncoder();
const text = new TextDecoder('utf-8', { fatal: true });

/** Stores bytes under a key named by their hash and returns the reference that a record may hold. */
export async function putContent(
  artifacts: ArtifactStore,
  market: string,
  kind: ArtifactKind,
  atMs: number,
  bytes: Uint8Array,
  extension = 'json',
): Promise<Reference> {
  const hash = sha256(bytes);
  const reference = { key: contentKey(market, kind, atMs, hash, extension), sha256: hash };
  await artifacts.putIfAbsent(reference.key, bytes);
  return reference;
}

/** Stores a value as canonical JSON. */
export const putJson = (
  artifacts: ArtifactStore,
  market: string,
  kind: ArtifactKind,
  atMs: number,
  value: Json,
): Promise<Reference> => putContent(artifacts, market, kind, atMs, utf8.encode(canonicalJson(value)));

/** The bytes of a reference. @throws IntegrityError where they are absent or are not what the hash says. */
export async function getChecked(artifacts: ArtifactStore, reference: Reference): Promise<Uint8Array> {
  const bytes = await artifacts.get(reference.key);
  const found = sha256(bytes);
  if (found !== reference.sha256) {
    throw new IntegrityError(
      `artifact ${reference.key} has hash ${found}, the ledger says ${reference.sha256}`,
      { ...reference, found },
    );
  }
  return bytes;
}

/** Parses the JSON of a reference against its schema. @throws IntegrityError naming the key. */
export async function getJson<T>(
  artifacts: ArtifactStore,
  reference: Reference,
  schema: z.ZodType<T>,
): Promise<T> {
  return parseStored(text.decode(await getChecked(artifacts, reference)), schema, reference.key);
}

/** Parses stored JSON. @throws IntegrityError naming what it was and the first problem. */
export function parseStored<T>(body: string, schema: z.ZodType<T>, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (cause) {
    throw new IntegrityError(`${what} is not JSON`, { what }, { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0]!;
  throw new IntegrityError(`${what}: ${first.path.join('.') || '(root)'}: ${first.message}`, { what });
}

/** The head of a market's chain with its stored text; undefined where the market has no ledger here. */
export async function readHead(
  stores: Stores,
  market: string,
): Promise<{ head: Head; body: string } | undefined> {
  const item = await stores.state.get(ledgerPartition(market), HEAD);
  return item === undefined
    ? undefined
    : { head: parseStored(item.body, headSchema, `head of ${market}`), body: item.body };
}

/** The latch; undefined counts as HALTED wherever it is read. */
export async function readLatch(stores: Stores, market: string): Promise<Latch | undefined> {
  const item = await stores.state.get(ledgerPartition(market), LATCH);
  return item === undefined ? undefined : parseStored(item.body, latchSchema, `latch of ${market}`);
}

/** What a commit moves beside the head: the state after the record, and items such as a claim or the latch. */
export interface Commit {
  readonly atMs: number;
  readonly record: LedgerRecord;
  readonly head: Omit<Head, 'n' | 'sha256' | 'key' | 'mode' | 'release_sha256'>;
  /** Stored text of the head that the record follows; undefined for the first record. */
  readonly previousHead: string | undefined;
  readonly also: readonly Write[];
}

/**
 * Appends one record: its bytes first, then one conditional transaction that names it and moves the head from n-1 to
 * n. Whoever finds the head moved loses and changes nothing.
 * @throws ConflictError where another writer was first.
 */
export async function commit(
  stores: Stores,
  { atMs, record, head, previousHead, also }: Commit,
): Promise<Head> {
  const { market } = record;
  const checked = recordSchema.parse(record);
  const reference = await putJson(stores.artifacts, market, 'record', atMs, checked as unknown as Json);
  const next: Head = {
    ...head,
    ...reference,
    n: record.n,
    mode: record.mode,
    release_sha256: record.release_sha256,
  };
  const partition = ledgerPartition(market);
  const item = (sort: string, value: Json): Item => ({ partition, sort, body: canonicalJson(value) });
  const headItem = item(HEAD, next as unknown as Json);
  const move: Write =
    previousHead === undefined
      ? { item: headItem, expect: 'absent' }
      : { item: headItem, expect: 'equals', body: previousHead };
  await stores.state.transact([
    move,
    { item: item(recordSort(record.n), { ...reference }), expect: 'absent' },
    ...also,
  ]);
  return next;
}

/** Whether an error is a lost race, which the loser answers by reading the winner's result. */
export const isConflict = (error: unknown): error is ConflictError => error instanceof ConflictError;

const REWRITE_TRIES = 5;

/**
 * Replaces an item beside the chain by what `change` makes of its text, with other writes in one transaction; where
 * another writer was first, what that one wrote is changed in turn.
 * @throws ConflictError where others come first every time.
 */
export async function rewriteItem(
  { state }: Pick<Stores, 'state'>,
  { partition, sort }: Pick<Item, 'partition' | 'sort'>,
  change: (body: string | undefined) => string,
  also: readonly Write[] = [],
): Promise<void> {
  for (let left = REWRITE_TRIES; ; left--) {
    const before = await state.get(partition, sort);
    const item: Item = { partition, sort, body: change(before?.body) };
    const moved: Write =
      before === undefined ? { item, expect: 'absent' } : { item, expect: 'equals', body: before.body };
    try {
      return await state.transact([...also, moved]);
    } catch (error) {
      if (!isConflict(error) || left <= 1) throw error;
    }
  }
}
