import * as z from 'zod';
import { sha256 as hashOf, type Sha256 } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import { DAY_MS, utcDay } from '../kernel/time.ts';
import type { Stores } from '../stores/ports.ts';
import { readAnchors } from './anchors.ts';
import { readHead } from './chain.ts';
import { ledgerPartition, recordSort } from './keys.ts';
import { headSchema, recordSchema, type Head } from './records.ts';
import { instant } from './verify-chain.ts';
import { flaw, located, type Place } from './verify-flaw.ts';
import { parseCanonical } from './verify-reading.ts';

/** A record's hash as something outside the chain remembers it. */
export interface Pin {
  readonly source: string;
  readonly n: number;
  readonly sha256: Sha256;
}

export const MANIFEST = 'release_manifest.json';
const { n, sha256 } = headSchema.shape;
const manifestSchema = z.looseObject({
  ledger_head: z.record(z.string(), z.looseObject({ n, sha256 })).optional(),
});

/** Heads by market as the release manifest of the last run names them; none where there is no manifest. */
export async function manifestHeads(stores: Stores): Promise<ReadonlyMap<string, Pin>> {
  const bytes = await stores.projections.read(MANIFEST);
  if (bytes === undefined) return new Map();
  const heads = manifestSchema.safeParse(jsonOf(bytes));
  if (!heads.success) {
    const { path, message } = heads.error.issues[0]!;
    throw new IntegrityError(`${MANIFEST}: ${path.join('.') || '(root)'}: ${message}`, { file: MANIFEST });
  }
  const entries = Object.entries(heads.data.ledger_head ?? {});
  return new Map(
    entries.map(([market, head]) => [market, { source: MANIFEST, n: head.n, sha256: head.sha256 }]),
  );
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new IntegrityError(`${MANIFEST} is not JSON`, { file: MANIFEST }, { cause });
  }
}

/** Everything outside the chain that remembers a record of the market, ascending. @throws IntegrityError */
export function readPins(stores: Stores, market: string): Promise<Pin[]> {
  return located({ market, record: null }, 'anchors', async () => {
    const anchors = await readAnchors(stores, market);
    const pins = anchors.map((anchor): Pin => ({ source: 'an anchor', n: anchor.n, sha256: anchor.sha256 }));
    const named = (await manifestHeads(stores)).get(market);
    return (named === undefined ? pins : [...pins, named]).sort((a, b) => a.n - b.n);
  });
}

/** @throws IntegrityError where a pin names a record that the chain does not have. */
export function assertWithin(market: string, pins: readonly Pin[], headN: number): void {
  const pin = pins.at(-1);
  if (pin === undefined || pin.n <= headN) return;
  const chain = headN < 0 ? 'there is no chain' : `the chain ends with record ${headN}`;
  throw flaw(
    { market, record: pin.n },
    'anchor',
    `${pin.source} has its hash, ${pin.sha256}, but ${chain}: its tail was cut`,
  );
}

/** Sort keys that begin so lie behind the item of record n: ten digits each, so that no query reads the chain's. */
function prefixesAfter(headN: number): string[] {
  const digits = [...recordSort(Math.max(headN, 0)).slice('record/'.length)];
  if (headN < 0) return ['record/'];
  return digits.flatMap((digit, place) =>
    Array.from(
      { length: 9 - Number(digit) },
      (_, k) => `record/${digits.slice(0, place).join('')}${Number(digit) + 1 + k}`,
    ),
  );
}

/** The day before the head's: records that a run wrote and never committed lie from here on. */
export const tailDay = (market: string, head: Head): string =>
  utcDay(instant({ market, record: head.n }, 'head.tick_utc', head.tick_utc) - DAY_MS);

/** The day in a record's key, empty where it is none. */
export const dayOfKey = (key: string): string => /^[^/]+\/record\/(\d{4}-\d{2}-\d{2})\//.exec(key)?.[1] ?? '';

const RECORD_KEY = /^[^/]+\/record\/\d{4}-\d{2}-\d{2}\/[0-9TZ.]+-([0-9a-f]{24})\.json$/;

/**
 * Looks behind the head. An artifact of the next record, which nothing names, is what a run leaves that was killed
 * between its two writes. An item, or the record after the next, exists only where the head had been further.
 * @param known keys of the chain's own records from `tailDay` on.
 * @returns records that were written but never committed.
 * @throws IntegrityError where the head was moved back.
 */
export async function verifyTail(
  stores: Stores,
  market: string,
  head: Head | undefined,
  known: ReadonlySet<string>,
): Promise<number> {
  const headN = head?.n ?? -1;
  const items: number[] = [];
  for (const prefix of prefixesAfter(headN)) {
    const found = await stores.state.query(ledgerPartition(market), prefix);
    items.push(...found.map(({ sort }) => Number(sort.slice('record/'.length))));
  }
  const from = head === undefined ? '' : tailDay(market, head);
  const written = await stores.artifacts.list(`${market}/record/`);
  const unnamed = written.filter((key) => RECORD_KEY.test(key) && dayOfKey(key) >= from && !known.has(key));
  const numbers: number[] = [];
  for (const key of unnamed) numbers.push(await numberOf(stores, market, key));
  // Read last: a run may be committing while this reads, and what it commits is not behind its head.
  const latest = (await readHead(stores, market))?.head.n ?? -1;
  const beyond = items.find((number) => !(number <= latest));
  if (beyond !== undefined) {
    throw flaw(
      { market, record: beyond },
      'item',
      `exists, but ${headText(latest)}: the head was moved back`,
    );
  }
  const later = numbers.find((number) => number > latest + 1);
  if (later !== undefined) {
    const what = `was written, which needs record ${later - 1} committed, but ${headText(latest)}: the tail was cut`;
    throw flaw({ market, record: later }, 'record', what);
  }
  return numbers.filter((number) => number > headN).length;
}

const headText = (n: number): string => (n < 0 ? 'there is no head' : `the head is record ${n}`);

/** The number of a record that no item names; its bytes must still be what its name says. */
async function numberOf(stores: Stores, market: string, key: string): Promise<number> {
  const place: Place = { market, record: null };
  const bytes = await stores.artifacts.get(key);
  const record = parseCanonical(place, 'record', bytes, recordSchema, key);
  const hash = RECORD_KEY.exec(key)![1]!;
  const whole = hashOf(bytes);
  if (!whole.startsWith(`sha256:${hash}`)) throw flaw(place, 'record', `artifact ${key} has hash ${whole}`);
  return record.n;
}
