import { parseIsoUtc } from '../../../../shared/kernel/time.ts';
import type { LedgerRecord, SwitchRecord } from '../../../../shared/ledger/records.ts';
import type { Invariant, Outcome } from '../invariants.ts';
import { haltsOf, turnsOf, type Remains, type TickRemains } from '../remains.ts';
import { latchIn } from '../switch-truth.ts';

/** From, to and cause of every turn that there is, as the manual draws them. */
const DRAWN: ReadonlySet<string> = new Set([
  'none ACTIVE opened',
  'ACTIVE HALTED halt',
  'TRIAL HALTED halt',
  'TRIAL HALTED trial_failed',
  'HALTED TRIAL recovery',
  'TRIAL ACTIVE trial_passed',
  'HALTED HALTED refusal',
  'ACTIVE ACTIVE acknowledged',
  'TRIAL TRIAL acknowledged',
]);

/** What must hold of the way that the switch takes through a chain. */
export const TURN_INVARIANTS: readonly Invariant[] = [
  {
    name: 'no_way_to_active_but_through_a_trial',
    broken: ({ world, remains }) => {
      let state = 'none';
      for (const { n, from, to, cause } of turnsOf(remains)) {
        if (from !== state) return `record ${n} turns from ${from}, the switch was ${state}`;
        if (!DRAWN.has(`${from} ${to} ${cause}`)) return `record ${n} turns from ${from} to ${to}: ${cause}`;
        state = to;
      }
      const latch = latchIn(world.contents, world.layout.market)!.state;
      return latch === state ? undefined : `the latch is ${latch}, the chain ends in ${state}`;
    },
  },
  {
    name: 'a_trial_passes_by_its_orders',
    broken: ({ remains }) => {
      for (const { n, cause } of turnsOf(remains)) {
        if (cause !== 'trial_passed') continue;
        const why = unearned(remains, n);
        if (why !== undefined) return `record ${n} ends a trial well: ${why}`;
      }
      return undefined;
    },
  },
  {
    name: 'a_halt_stands_at_its_cause',
    broken: (outcome) => {
      for (const halt of haltsOf(outcome.remains))
        if (!causesOf(outcome, halt).includes(parseIsoUtc(halt.at_utc)))
          return `record ${halt.n} halts by ${halt.trigger} from ${halt.at_utc}, when nothing happened`;
      return undefined;
    },
  },
  {
    name: 'a_red_market_is_halted',
    broken: ({ remains }) => {
      const { ticks } = remains;
      for (const [k, { record, packet }] of ticks.entries()) {
        const red = packet.header.gates.find(
          ({ gate, level }) => (gate === 'data' || gate === 'model') && level === 'RED',
        );
        const next = ticks[k + 1];
        if (red === undefined || next === undefined) continue;
        if (stateBefore(remains.records, next.record.n) !== 'HALTED')
          return `${record.tick_utc} was RED by ${red.gate} ${red.check}, and nothing halted before the next tick`;
      }
      return undefined;
    },
  },
  {
    name: 'every_halt_is_heard',
    broken: ({ world, remains, plan }) => {
      // While a parameter is missing the market is disabled as it is; nothing else is answered then.
      if (plan.placements.some(({ fault }) => fault === 'switch_missing')) return undefined;
      const halts = haltsOf(remains);
      const unheard = world.puts.find(
        ({ value, latch }) =>
          value !== 'false' && latch!.state !== 'HALTED' && !halts.some(({ n }) => n > latch!.record),
      );
      return (
        unheard && `${unheard.which} was put to ${JSON.stringify(unheard.value)}, and nothing was halted`
      );
    },
  },
  {
    name: 'the_market_never_frees_itself',
    broken: ({ world }) => {
      const put = world.puts.find(({ changedBy, value }) => changedBy === 'papergate' && value !== 'true');
      return put && `papergate put the parameter of ${put.which} to ${put.value}: ${put.description}`;
    },
  },
];

/** The state in which the records before number n leave the switch. */
const stateBefore = (records: readonly LedgerRecord[], n: number): string =>
  records.slice(0, n).findLast((record) => record.kind === 'switch')?.to ?? 'none';

/** Why a trial that a record ended well should not have; undefined where it should. */
function unearned({ records, ticks }: Remains, n: number): string | undefined {
  const recovery = records
    .slice(0, n)
    .findLast((record) => record.kind === 'switch' && record.cause === 'recovery');
  if (recovery === undefined) return 'there was no recovery';
  const tried = ticks.filter(
    ({ record, packet }) =>
      record.n > recovery.n && record.n < n && packet.header.switch.turned === recovery.n,
  );
  const first = tried.findIndex(({ execution }) => execution.placed.length > 0);
  if (first < 0) return 'no order was placed in it';
  const bad = tried.slice(first).find(({ record }) => record.gate_status !== 'GREEN');
  if (bad !== undefined) return `${bad.record.tick_utc} was ${bad.record.gate_status}`;
  const working = stillWorking(
    tried[first]!,
    ticks.filter(({ record }) => record.n < n),
  );
  return working === undefined ? undefined : `its order of ${working} was still working`;
}

/** A symbol whose order of a tick no later tick ended. */
const stillWorking = (
  { record, execution, packet }: TickRemains,
  ticks: readonly TickRemains[],
): string | undefined =>
  execution.placed.find((symbol) => {
    const instrument = packet.rows.findIndex(([name]) => name === symbol);
    return !ticks.some(({ execution: { ended } }) =>
      ended.some((one) => one.instrument === instrument && one.decidedOrdinal === record.ordinal),
    );
  });

/** Moments at which what halted may have happened, as the world saw it. */
export function causesOf({ world, remains }: Outcome, halt: SwitchRecord): number[] {
  if (halt.trigger === 'operator')
    return world.puts
      .filter(
        ({ which, version }) => version === (which === 'all' ? halt.parameter_version : halt.market_version),
      )
      .map(({ changedAtMs }) => changedAtMs);
  if (halt.trigger === 'integrity' || halt.trigger === 'failed_runs') return [...world.failuresMs];
  const tick = remains.ticks.findLast(({ record }) => record.n < halt.n);
  return tick === undefined ? [] : [parseIsoUtc(tick.packet.header.frozen_at_utc)];
}
