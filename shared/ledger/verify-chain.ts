import type { Sha256 } from '../kernel/canonical.ts';
import { parseIsoUtc } from '../kernel/time.ts';
import type { Latch, LedgerRecord } from './records.ts';
import { flaw, same, type Place } from './verify-flaw.ts';
import { turnLatch } from './verify-switch.ts';

/** What the chain has shown up to and with one record. */
export interface Chain {
  readonly mode: 'forward' | 'replay';
  readonly releaseSha256: Sha256;
  /** Hash of the newest record. */
  readonly sha256: Sha256;
  /** Hashes that a decision of the next tick may have seen as the head: the newest bar's record and switches since. */
  readonly heads: readonly Sha256[];
  /** The newest bar that has a record. */
  readonly ordinal: number;
  readonly tickMs: number;
  /** The latch as the switch records make it; undefined before the first. */
  readonly latch: Latch | undefined;
  /** The latches in force since the newest bar's record: a step of the next tick may have read any of them. */
  readonly latches: readonly Latch[];
}

/**
 * Holds a record against the one before: number, hash, market, mode, release, kind, and bars one after the other.
 * @returns the chain with it; for a release, `tickMs` is still to be read from its window.
 * @throws IntegrityError naming the field.
 */
export function link(place: Place, before: Chain | undefined, record: LedgerRecord, sha256: Sha256): Chain {
  same(place, 'n', record.n, place.record, 'its item');
  same(place, 'market', record.market, place.market, 'its folder');
  same(place, 'prev', record.prev, before?.sha256 ?? null, `the hash of record ${record.n - 1}`);
  if (before === undefined) return first(place, record, sha256);
  same(place, 'mode', record.mode, before.mode, 'the first record');
  same(place, 'release_sha256', record.release_sha256, before.releaseSha256, 'the first record');
  if (record.kind === 'release') throw flaw(place, 'kind', 'is release, which only record 0 may be');
  if (record.kind === 'switch') {
    instant(place, 'at_utc', record.at_utc);
    const latch = turnLatch(place, before.latch, record, before.ordinal);
    const latches = [...before.latches, latch];
    return { ...before, sha256, heads: [...before.heads, sha256], latch, latches };
  }
  same(place, 'ordinal', record.ordinal, before.ordinal + 1, 'the bar before');
  const tickMs = instant(place, 'tick_utc', record.tick_utc);
  if (!(tickMs > before.tickMs))
    throw flaw(place, 'tick_utc', `${record.tick_utc} is not after the bar before`);
  const latches = before.latch === undefined ? [] : [before.latch];
  return { ...before, sha256, heads: [sha256], ordinal: record.ordinal, tickMs, latches };
}

function first(place: Place, record: LedgerRecord, sha256: Sha256): Chain {
  if (record.kind !== 'release')
    throw flaw(place, 'kind', `is ${record.kind}, but a chain begins with a release`);
  same(place, 'release_sha256', record.release_sha256, record.release.sha256, "the release's reference");
  return {
    mode: record.mode,
    releaseSha256: record.release_sha256,
    sha256,
    heads: [sha256],
    ordinal: record.ordinal,
    tickMs: NaN,
    latch: undefined,
    latches: [],
  };
}

/** A stored instant in milliseconds. @throws IntegrityError where it is no date that exists. */
export function instant(place: Place, field: string, text: string): number {
  const ms = parseIsoUtc(text);
  if (Number.isNaN(ms)) throw flaw(place, field, `${text} is no instant that exists`);
  return ms;
}
