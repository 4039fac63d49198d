import type { Sha256 } from '../kernel/canonical.ts';
import { parseIsoUtc } from '../kernel/time.ts';
import type { LedgerRecord, SwitchRecord } from './records.ts';
import { flaw, same, type Place } from './verify-flaw.ts';

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
  /** The newest switch and its record's number; undefined before the first. */
  readonly latch: { readonly to: SwitchRecord['to']; readonly n: number } | undefined;
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
    if (before.latch !== undefined) same(place, 'from', record.from, before.latch.to, 'the switch before');
    const latch = { to: record.to, n: record.n };
    return { ...before, sha256, heads: [...before.heads, sha256], latch };
  }
  same(place, 'ordinal', record.ordinal, before.ordinal + 1, 'the bar before');
  const tickMs = instant(place, 'tick_utc', record.tick_utc);
  if (!(tickMs > before.tickMs))
    throw flaw(place, 'tick_utc', `${record.tick_utc} is not after the bar before`);
  return { ...before, sha256, heads: [sha256], ordinal: record.ordinal, tickMs };
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
  };
}

/** A stored instant in milliseconds. @throws IntegrityError where it is no date that exists. */
export function instant(place: Place, field: string, text: string): number {
  const ms = parseIsoUtc(text);
  if (Number.isNaN(ms)) throw flaw(place, field, `${text} is no instant that exists`);
  return ms;
}
