import { isoUtc } from '../../../../shared/kernel/time.ts';
import { verifyMarket } from '../../../../shared/ledger/verify.ts';
import { memoryStores } from '../../../../shared/stores/memory.ts';
import { VERIFY_READERS } from '../../../../shared/tick/verify-readers.ts';
import { closeOf } from '../layouts.ts';
import type { Invariant } from '../invariants.ts';

/** What must hold of the chain itself, and of what runs were told of it. */
export const CHAIN_INVARIANTS: readonly Invariant[] = [
  {
    name: 'nothing_odd_on_the_way',
    broken: ({ world }) => world.complaints[0],
  },
  {
    name: 'runs_fail_only_for_a_cause',
    broken: ({ world }) => {
      const ran = world.runs.find(({ struck, ending }) => !struck && ending.failure !== undefined);
      return (
        ran &&
        `a run of tick ${ran.tick} to which nothing was done failed: ${String(ran.ending.failure!.error)}`
      );
    },
  },
  {
    name: 'ledger_verifies',
    broken: async ({ world: { contents, layout } }) => {
      await verifyMarket(memoryStores({ contents }), layout.market, VERIFY_READERS);
      return undefined;
    },
  },
  {
    name: 'one_record_a_tick',
    broken: ({ world: { layout }, remains: { records } }) => {
      const told = records.flatMap((record) => ('tick_utc' in record ? [record.tick_utc] : []));
      const due = Array.from({ length: layout.ticks }, (_, k) => isoUtc(closeOf(layout, k)));
      return told.join() === due.join()
        ? undefined
        : `the chain has ${told.join(', ')}, due were ${due.join(', ')}`;
    },
  },
  {
    name: 'chain_goes_on',
    broken: ({ remains: { records } }) => {
      const last = records.findLast(({ kind }) => kind !== 'switch')!;
      return last.kind === 'tick' ? undefined : `the last tick met nothing, and its record is ${last.kind}`;
    },
  },
  {
    name: 'a_missed_tick_is_never_decided',
    broken: ({ plan: { placements, apart }, world: { layout }, remains: { records } }) => {
      if (!apart) return undefined;
      for (const { fault, tick } of placements) {
        if (fault !== 'missing_event') continue;
        const closed = isoUtc(closeOf(layout, tick));
        const record = records.find((one) => 'tick_utc' in one && one.tick_utc === closed);
        if (record?.kind !== 'missed') return `no event of ${closed} came, and its record is ${record?.kind}`;
      }
      return undefined;
    },
  },
  {
    name: 'committed_records_stay',
    broken: ({ world, remains: { hashes } }) => {
      for (const { tick, ending } of world.runs) {
        const { record_sha256: told } = (ending.output ?? {}) as { record_sha256?: string };
        if (told !== undefined && !hashes.includes(told))
          return `a run of tick ${tick} was told that ${told} is committed, which the chain does not have`;
      }
      return undefined;
    },
  },
  {
    name: 'first_packet_stands',
    broken: ({ world: { contents, firstPackets }, remains: { ticks } }) => {
      for (const { record } of ticks) {
        const [first, stands] = [
          firstPackets.get(record.decision.key),
          contents.artifacts.get(record.decision.key),
        ];
        if (first === undefined || stands === undefined || Buffer.compare(first, stands) !== 0)
          return `the packet of ${record.tick_utc} is not the one that was frozen first`;
      }
      return undefined;
    },
  },
];
