import { describe, expect, it } from 'vitest';
import { brokenBy, INVARIANTS, type Outcome } from './simulator/invariants.ts';
import { planOf } from './simulator/plan.ts';
import { remainsOf, type Remains, type TickRemains } from './simulator/remains.ts';
import { runWorld } from './simulator/run.ts';
import { lasting } from './simulator/twin.ts';
import type { FillTry } from './simulator/world.ts';
import type { StoredState } from '../../shared/ledger/artifacts.ts';

/** Everything of an outcome in hands that may change it. */
type Open<T> = T extends StoredState
  ? T
  : T extends object
    ? { -readonly [key in keyof T]: Open<T[key]> }
    : T;

/** A seed all of whose faults leave no trace, and in which orders are placed, filled and placed again. */
const SEED = Array.from({ length: 5_000 }, (_, seed) => seed).find((seed) => {
  const { placements, apart, layout } = planOf(seed);
  return (
    apart &&
    placements.length > 1 &&
    lasting(placements).length === 0 &&
    layout.name === 'us_60m_dst a, alone'
  );
})!;

async function outcome(): Promise<{ given: Outcome; left: Open<Remains> }> {
  const plan = planOf(SEED);
  const world = await runWorld(plan.layout, plan.placements);
  const remains = remainsOf(world.contents, plan.layout.market);
  return { given: { plan, world, remains }, left: remains as Open<Remains> };
}

const brokenIn = async (given: Outcome): Promise<string[]> => {
  const broken: string[] = [];
  for (const invariant of INVARIANTS)
    if ((await brokenBy(invariant, given)) !== undefined) broken.push(invariant.name);
  return broken;
};

/** The first tick that filled something, and the one before it, which placed the order. */
const filling = (ticks: readonly Open<TickRemains>[]): [Open<TickRemains>, Open<TickRemains>] => {
  const k = ticks.findIndex(({ execution }) => execution.fills.length > 0);
  return [ticks[k - 1]!, ticks[k]!];
};

const change = (bytes: Uint8Array): Uint8Array => bytes.map((byte, k) => (k === 5 ? byte ^ 1 : byte));

const CASES: readonly [string, string, (left: Open<Remains>, given: Outcome) => void][] = [
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
      world.firstPackets.set(key, change(world.firstPackets.get(key)!));
    },
  ],
  [
    'ledger_verifies',
    'an artifact of the chain that changed',
    ({ ticks }, { world: { contents } }) => {
      const { key } = ticks[0]!.record.position;
      contents.artifacts.set(key, change(contents.artifacts.get(key)!));
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
      contents.files.set(path, change(contents.files.get(path)!));
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

describe('an invariant', () => {
  it('holds for a run whose faults leave no trace', async () => {
    const { given } = await outcome();
    expect(given.plan.placements.length).toBeGreaterThan(1);
    expect(await brokenIn(given)).toEqual([]);
  });

  it.each(CASES)('%s breaks for %s', async (name, _, spoil) => {
    const { given, left } = await outcome();
    spoil(left, given);
    expect(await brokenIn(given)).toContain(name);
  });

  it('is broken by one case at least, each of them', () => {
    const untested = new Set(INVARIANTS.map(({ name }) => name));
    for (const [name] of CASES) untested.delete(name);
    // Both need a run of their own: a missed tick, and a ledger that its own backtest does not repeat.
    expect([...untested]).toEqual(['a_missed_tick_is_never_decided', 'backtest_agrees']);
  });
});
