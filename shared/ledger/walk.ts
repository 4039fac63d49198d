import { IntegrityError } from '../kernel/errors.ts';
import type { Sha256 } from '../kernel/canonical.ts';
import type { Stores } from '../stores/ports.ts';
import { getJson, parseStored, readHead } from './chain.ts';
import { ledgerPartition, recordSort } from './keys.ts';
import { recordSchema, referenceSchema, type Head, type LedgerRecord } from './records.ts';

/** A record as it stands in the chain. */
export interface Linked {
  readonly record: LedgerRecord;
  readonly sha256: Sha256;
}

/** The records of a market from the first to the head, one at a time, each checked against its hash and its place. */
export async function* walkChain(stores: Stores, market: string): AsyncGenerator<Linked> {
  const at = await readHead(stores, market);
  if (at === undefined) return;
  let prev: Sha256 | null = null;
  for (let n = 0; n <= at.head.n; n++) {
    const item = await stores.state.get(ledgerPartition(market), recordSort(n));
    if (item === undefined)
      throw new IntegrityError(`record ${n} of ${market} is not there, the head says ${at.head.n}`);
    const reference = parseStored(item.body, referenceSchema, `record ${n} of ${market}`);
    const record = await getJson(stores.artifacts, reference, recordSchema);
    if (record.n !== n || record.prev !== prev)
      throw new IntegrityError(`record ${n} of ${market} does not follow record ${n - 1}`);
    prev = reference.sha256;
    yield { record, sha256: reference.sha256 };
  }
}

/** The newest record from the head back that is of a kind asked for; the first record where none is. */
export async function walkBack(
  { artifacts, state }: Stores,
  head: Head,
  wanted: (record: LedgerRecord) => boolean,
): Promise<LedgerRecord> {
  let record = await getJson(artifacts, head, recordSchema);
  while (!wanted(record) && record.n > 0) {
    const item = await state.get(ledgerPartition(record.market), recordSort(record.n - 1));
    const reference = parseStored(
      item?.body ?? '',
      referenceSchema,
      `record ${record.n - 1} of ${record.market}`,
    );
    record = await getJson(artifacts, reference, recordSchema);
  }
  return record;
}

/** When a record was made. */
export function momentOf(record: LedgerRecord): string {
  if (record.kind === 'tick') return record.finished_at_utc;
  return record.kind === 'release' || record.kind === 'switch' ? record.at_utc : record.recorded_at_utc;
}
