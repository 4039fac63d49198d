import type { TickRemains } from '../remains.ts';
import type { FillTry } from '../world.ts';
import { changed, type Case, type Open } from './outcome.ts';

/** The first tick that filled something, and the one before it, which placed the order. */
const filling = (ticks: readonly Open<TickRemains>[]): [Open<TickRemains>, Open<TickRemains>] => {
  const k = ticks.findIndex(({ execution }) => execution.fills.length > 0);
  return [ticks[k - 1]!, ticks[k]!];
};

/** What breaks each invariant of chain, orders, money and projections. */
export const LEDGER_CASES: readonly Case[] = [
  [
    'no_double_fill',
    'a fill that comes again in the next tick',
    ({ ticks }) => {
      const [, tick] = filling(ticks);
      ticks[ticks.indexOf(tick) + 1]!.execution.fills.push(tick.execution.fills[0]!);
    },
  ],
  [
    'no_double_fill',
    'a fill of more than was ordered',
    ({ ticks }) => void (filling(ticks)[1].execution.fills[0]!.quantity += 1e6),
  ],
  [
    'no_double_fill',
    'a second order while the first is working',
    ({ ticks }) => {
      const { placed } = filling(ticks)[0].execution;
      placed.push(placed[0]!);
    },
  ],
  [
    'no_fill_without_an_earlier_verdict',
    'a verdict of another release',
    ({ ticks }) => void (filling(ticks)[0].packet.header.release_sha256 = `sha256:${'2'.repeat(64)}`),
  ],
  [
    'no_fill_without_an_earlier_verdict',
    'a fill that was decided by no tick',
    ({ ticks }) => void (filling(ticks)[1].execution.fills[0]!.decidedOrdinal -= 100),
  ],
  [
    'no_fill_without_an_earlier_verdict',
    'a fill that its own tick decided',
    ({ ticks }) => {
      const [, { execution, record }] = filling(ticks);
      execution.fills[0]!.decidedOrdinal = record.ordinal;
    },
  ],
  [
    'no_fill_without_an_earlier_verdict',
    'a fill on the other side',
    ({ ticks }) => void (filling(ticks)[1].execution.fills[0]!.side *= -1),
  ],
  [
    'no_fill_without_an_earlier_verdict',
    'a price that formed before the verdict',
    ({ ticks }) => {
      const [fill] = filling(ticks)[1].execution.fills;
      fill!.barStartMs -= 3_600_000;
      fill!.struckBeforeFreeze = 0;
    },
  ],
  [
    'no_order_placed_while_halted',
    'an execution that says it was halted and placed',
    ({ ticks }) => void (filling(ticks)[0].execution.switch.enabled = false),
  ],
  [
    'no_order_placed_while_halted',
    'an execution that was worked out while the switch was off',
    (_, { world }) => {
      for (const one of world.fillTries as Open<FillTry>[]) one.truths = [{ enabled: false, turned: 1 }];
    },
  ],
  [
    'no_order_placed_while_halted',
    'an execution that nobody saw',
    (_, { world }) => void (world.fillTries.length = 0),
  ],
  [
    'cash_and_positions_are_equity',
    'a cent more of equity',
    ({ ticks }) => void ticks.at(-1)!.record.equity++,
  ],
  [
    'cash_and_positions_are_equity',
    'a cent more of positions',
    ({ ticks }) => void ticks.at(-1)!.record.positions_value++,
  ],
  [
    'postings_balance',
    'a fee that nobody paid',
    ({ ticks }) => void filling(ticks)[1].execution.fills[0]!.feeMinor++,
  ],
  [
    'postings_balance',
    'a position at another cost',
    ({ ticks }) => void ticks.at(-1)!.position.positions[0]!.cost++,
  ],
  [
    'postings_balance',
    'a position of another size',
    ({ ticks }) => void ticks.at(-1)!.position.positions[0]!.quantity++,
  ],
  ['one_record_a_tick', 'a record that is gone', ({ records }) => void records.splice(4, 1)],
  [
    'one_record_a_tick',
    'a record that is there twice',
    ({ records }) => void records.splice(4, 0, records[4]!),
  ],
  ['chain_goes_on', 'a last tick that was missed', ({ records }) => void (records.at(-1)!.kind = 'missed')],
  ['committed_records_stay', 'a record that a run was told of', ({ hashes }) => void hashes.splice(4, 1)],
  [
    'first_packet_stands',
    'a packet that was another at first',
    ({ ticks }, { world }) => {
      const { key } = ticks[0]!.record.decision;
      world.firstPackets.set(key, changed(world.firstPackets.get(key)!));
    },
  ],
  [
    'ledger_verifies',
    'an artifact of the chain that changed',
    ({ ticks }, { world: { contents } }) => {
      const { key } = ticks[0]!.record.position;
      contents.artifacts.set(key, changed(contents.artifacts.get(key)!));
    },
  ],
  ['same_head_as_an_unbroken_run', 'another head', (left) => void (left.head = `sha256:${'3'.repeat(64)}`)],
  [
    'no_earlier_fill_undone',
    'a fill that is gone',
    ({ ticks }) => void filling(ticks)[1].execution.fills.shift(),
  ],
  [
    'projections_equal_a_rebuild',
    'a sign-off of another head',
    (_, { world: { contents, layout } }) => {
      const path = `signoff/${layout.market}/release_signoff.md`;
      contents.files.set(path, changed(contents.files.get(path)!));
    },
  ],
  [
    'runs_fail_only_for_a_cause',
    'a run that failed by itself',
    (_, { world }) => {
      const failure = { input: {}, step: 'gate', error: new Error('why'), stopped: undefined } as const;
      world.runs.push({
        tick: 2,
        job: undefined,
        struck: false,
        killed: false,
        ending: { failure, noted: true },
      });
    },
  ],
  ['nothing_odd_on_the_way', 'a complaint', (_, { world }) => void world.complaints.push('odd')],
];
