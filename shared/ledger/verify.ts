import { byCodeUnit, type Json, type Sha256 } from '../kernel/canonical.ts';
import { isoUtc } from '../kernel/time.ts';
import type { Reference, Stores } from '../stores/ports.ts';
import { parseStored, readHead, readLatch } from './chain.ts';
import { ledgerPartition, recordSort } from './keys.ts';
import { recordSchema, referenceSchema, type Head, type Latch, type LedgerRecord } from './records.ts';
import { instant, link, type Chain } from './verify-chain.ts';
import { flaw, located, same, type Place } from './verify-flaw.ts';
import { parseCanonical, readAll } from './verify-reading.ts';
import { verifyRelease, type Standing } from './verify-release.ts';
import { assertWithin, dayOfKey, manifestHeads, readPins, tailDay, verifyTail } from './verify-tail.ts';
import { verifyRecovery, verifyTrial } from './verify-recovery.ts';
import { verifyTick, type UpperReaders } from './verify-tick.ts';

/** What was verified of one market. */
export interface Verified {
  readonly market: string;
  /** Records of the chain, and those of them that are ticks with a decision. */
  readonly records: number;
  readonly ticks: number;
  /** The last record; null where the market has written but committed nothing. */
  readonly head: { readonly n: number; readonly sha256: Sha256 } | null;
  /** The newest record that something outside the chain remembers, `--expect` included; null where nothing does. */
  readonly anchored: number | null;
  /** Records that a run wrote and never committed. */
  readonly uncommitted: number;
}

/** What the caller knows beside the folder. */
export interface Expecting {
  /** Hash that the last record must have. */
  readonly expect?: Sha256 | undefined;
}

const MARKET = /^[a-z0-9_]+$/;

/**
 * Markets that have a ledger here, ascending: the top folders of the artifacts and those that the release manifest
 * names, since the state store lists no partitions.
 */
export async function ledgerMarkets(stores: Stores): Promise<string[]> {
  const named = [...(await manifestHeads(stores)).keys()];
  const written = await stores.artifacts.folders();
  return [...new Set([...named, ...written])].filter((market) => MARKET.test(market)).sort(byCodeUnit);
}

/**
 * Recomputes the chain of one market from its first record to its head: every hash, every artifact that a record
 * names, fills against orders, bars and books; then what lies behind the head and what is remembered outside. One
 * record at a time: what is kept does not grow with the chain, but for the names of its record files.
 * @throws IntegrityError naming market, record and field of the first thing that is wrong.
 */
export async function verifyMarket(
  stores: Stores,
  market: string,
  readers: UpperReaders,
  { expect }: Expecting = {},
): Promise<Verified> {
  // Read before the head: a run that goes on meanwhile only ever moves the head forward.
  const pins = await readPins(stores, market);
  const outside: Place = { market, record: null };
  const head = (await located(outside, 'head', () => readHead(stores, market)))?.head;
  assertWithin(market, pins, head?.n ?? -1);
  const latch = await located(outside, 'latch', () => readLatch(stores, market));
  const known = new Set<string>();
  const from = head === undefined ? '' : tailDay(market, head);
  let walk: Walk = { chain: undefined, standing: undefined, ticks: 0, key: '' };
  let expectedAt: number | undefined;
  let passed = 0;
  for (let n = 0; n <= (head?.n ?? -1); n++) {
    walk = await step(stores, { market, record: n }, readers, walk);
    const { sha256 } = walk.chain!;
    for (; pins[passed]?.n === n; passed++) {
      const { source, sha256: pinned } = pins[passed]!;
      same({ market, record: n }, 'anchor', sha256, pinned, source);
    }
    if (sha256 === expect) expectedAt = n;
    if (dayOfKey(walk.key) >= from) known.add(walk.key);
  }
  if (head !== undefined) checkHead(market, head, walk, latch);
  const uncommitted = await verifyTail(stores, market, head, known);
  if (expect !== undefined) checkExpected(market, head, expect, expectedAt);
  return {
    market,
    records: (head?.n ?? -1) + 1,
    ticks: walk.ticks,
    head: head === undefined ? null : { n: head.n, sha256: head.sha256 },
    anchored: expect === undefined ? (pins.at(-1)?.n ?? null) : (head?.n ?? null),
    uncommitted,
  };
}

/** What is known after some record of the chain. */
interface Walk {
  readonly chain: Chain | undefined;
  readonly standing: Standing | undefined;
  readonly ticks: number;
  /** Key of the newest record. */
  readonly key: string;
  /** What the head must name beside the newest record. */
  readonly window?: Reference;
  readonly state?: Reference;
}

async function step(stores: Stores, place: Place, readers: UpperReaders, before: Walk): Promise<Walk> {
  const { record, reference } = await readRecord(stores, place);
  const { artifacts } = stores;
  const chain = link(place, before.chain, record, reference.sha256);
  const next = { ...before, chain, key: reference.key };
  if (record.kind === 'release') {
    const { standing, tickMs } = await verifyRelease(place, artifacts, record);
    return { ...next, chain: { ...chain, tickMs }, standing, window: record.window, state: record.state };
  }
  if (record.kind === 'tick') {
    const seen = { ...before.chain!, tickMs: chain.tickMs };
    const standing = await verifyTick(place, artifacts, readers, before.standing!, record, seen);
    return { ...next, standing, ticks: before.ticks + 1, window: record.window, state: record.state };
  }
  if (record.kind === 'switch') {
    const { rules, recent } = before.standing!;
    const seen = { latch: before.chain!.latch, ordinal: chain.ordinal, recent };
    await verifyRecovery(place, artifacts, record, rules, seen);
    await verifyTrial(place, artifacts, record, rules, before.state!, seen);
  } else instant(place, 'recorded_at_utc', record.recorded_at_utc);
  return next;
}

async function readRecord(
  stores: Stores,
  place: Place,
): Promise<{ record: LedgerRecord; reference: Reference }> {
  const { market, record: n } = place;
  const item = await stores.state.get(ledgerPartition(market), recordSort(n!));
  if (item === undefined) throw flaw(place, 'item', 'is missing, though the head lies at or behind it');
  const reference = await located(place, 'item', () => parseStored(item.body, referenceSchema, 'its item'));
  const { sha256: bytes } = await readAll(
    place,
    stores.artifacts,
    { sha256: { reference, kind: 'record' } },
    'its item',
  );
  return { record: parseCanonical(place, 'record', bytes, recordSchema, reference.key), reference };
}

/** Holds the head and latch items, which every step rests on, against the records that they sum up. */
function checkHead(market: string, head: Head, walk: Walk, latch: Latch | undefined): void {
  const place: Place = { market, record: head.n };
  const { mode, releaseSha256, sha256, ordinal, tickMs, latch: switched } = walk.chain!;
  const expected: Omit<Head, 'n'> = {
    sha256,
    key: walk.key,
    mode,
    release_sha256: releaseSha256,
    tick_utc: isoUtc(tickMs),
    ordinal,
    window: walk.window!,
    state: walk.state!,
    settled_ordinal: walk.standing!.settledOrdinal,
  };
  for (const field of Object.keys(expected) as (keyof typeof expected)[]) {
    same(place, `head.${field}`, head[field] as Json, expected[field] as Json, 'the chain');
  }
  // A switch that a run records meanwhile lies behind the head that was read.
  if (latch !== undefined && latch.record > head.n) return;
  same(place, 'latch', latch?.state ?? null, switched?.state ?? null, 'the newest switch record');
  for (const field of Object.keys(switched ?? {}) as (keyof Latch)[])
    same(place, `latch.${field}`, latch![field], switched![field], 'the switch records');
}

function checkExpected(
  market: string,
  head: Head | undefined,
  expect: Sha256,
  expectedAt: number | undefined,
): void {
  if (head?.sha256 === expect) return;
  const why =
    expectedAt === undefined
      ? 'which no record has: the chain was cut, rewound or written anew'
      : `which is record ${expectedAt}: the chain went on since`;
  throw flaw(
    { market, record: head?.n ?? null },
    'head',
    `is ${head?.sha256 ?? 'absent'}, --expect says ${expect}, ${why}`,
  );
}
