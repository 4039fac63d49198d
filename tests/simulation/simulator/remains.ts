import type { Execution, PositionReport, StoredState } from '../../../shared/ledger/artifacts.ts';
import type { LedgerRecord, SwitchRecord, TickRecord } from '../../../shared/ledger/records.ts';
import type { MemoryContents } from '../../../shared/stores/memory.ts';
import type { Reference } from '../../../shared/stores/ports.ts';
import type { PacketHeader, PacketRow } from '../../../shared/tick/packet.ts';

/** A committed tick with what it names, as it lies there. */
export interface TickRemains {
  readonly record: TickRecord;
  readonly packet: { readonly header: PacketHeader; readonly rows: readonly PacketRow[] };
  readonly execution: Execution;
  readonly position: PositionReport;
  readonly state: StoredState;
}

/** What a finished run left: the chain from its first record on, each with its hash, and its ticks. */
export interface Remains {
  readonly head: string;
  readonly records: readonly LedgerRecord[];
  readonly hashes: readonly string[];
  readonly ticks: readonly TickRemains[];
}

/**
 * Reads a chain as an outsider would, with nothing of the product but the names of its fields.
 * @throws Error where an item or an artifact is missing, or is no JSON.
 */
export function remainsOf({ items, artifacts }: MemoryContents, market: string): Remains {
  const item = (sort: string): string => {
    const found = [...items.values()].find(
      (one) => one.partition === `ledger/${market}` && one.sort === sort,
    );
    if (found === undefined) throw new Error(`item ${sort} is missing`);
    return found.body;
  };
  const text = ({ key }: Reference): string => {
    const bytes = artifacts.get(key);
    if (bytes === undefined) throw new Error(`artifact ${key} is missing`);
    return Buffer.from(bytes).toString();
  };
  const json = <T>(reference: Reference): T => JSON.parse(text(reference)) as T;
  const head = JSON.parse(item('head')) as { n: number; sha256: string };
  const named = Array.from(
    { length: head.n + 1 },
    (_, n) => JSON.parse(item(`record/${String(n).padStart(10, '0')}`)) as Reference,
  );
  const records = named.map((reference) => json<LedgerRecord>(reference));
  const ticks = records
    .filter((record) => record.kind === 'tick')
    .map((record) => {
      const [header, ...rows] = text(record.decision).trim().split('\n');
      return {
        record,
        packet: {
          header: JSON.parse(header!) as PacketHeader,
          rows: rows.map((row) => JSON.parse(row) as PacketRow),
        },
        execution: json<Execution>(record.execution),
        position: json<PositionReport>(record.position),
        state: json<StoredState>(record.state),
      };
    });
  return { head: head.sha256, records, hashes: named.map(({ sha256 }) => sha256), ticks };
}

export type StoredFill = Execution['fills'][number];

/** All fills of a chain in the order in which they were posted. */
export const fillsOf = ({ ticks }: Remains): StoredFill[] =>
  ticks.flatMap(({ execution }) => execution.fills);

/** All turns of the switch, refusals and acknowledgements among them, in the order of the chain. */
export const turnsOf = ({ records }: Remains): SwitchRecord[] =>
  records.filter((record) => record.kind === 'switch');

/** Turns that halted a market which traded. */
export const haltsOf = (remains: Remains): SwitchRecord[] =>
  turnsOf(remains).filter(({ from, to }) => to === 'HALTED' && (from === 'ACTIVE' || from === 'TRIAL'));
