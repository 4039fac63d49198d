import type { SwitchRecord } from '../../../../shared/ledger/records.ts';
import { turnsOf, type Remains } from '../remains.ts';
import type { Put } from '../world.ts';
import { changed, type Case, type Open } from './outcome.ts';

const turned = (left: Open<Remains>, cause: string): Open<SwitchRecord> =>
  turnsOf(left as Remains).find((one) => one.cause === cause) as Open<SwitchRecord>;

/** The first tick under a trial that placed something. */
const tried = (left: Open<Remains>) =>
  left.ticks.find(({ execution }) => execution.switch.state === 'TRIAL' && execution.placed.length > 0)!;

/** The tick whose bar a health check of the recovery is of. */
const checkedTick = (left: Open<Remains>) => {
  const { n } = turned(left, 'recovery');
  return left.ticks.findLast(({ record }) => record.n < n)!;
};

/** What breaks each invariant of the switch, in a run that halts, recovers and trades again. */
export const SWITCH_CASES: readonly Case[] = [
  [
    'no_way_to_active_but_through_a_trial',
    'a recovery straight to ACTIVE',
    (left) => void (turned(left, 'recovery').to = 'ACTIVE'),
  ],
  [
    'no_way_to_active_but_through_a_trial',
    'a recovery that no record tells',
    (left) => {
      const at = left.records.findIndex((one) => one.kind === 'switch' && one.cause === 'recovery');
      left.records.splice(at, 1);
    },
  ],
  [
    'no_way_to_active_but_through_a_trial',
    'a halt that is called a refusal',
    (left) => void (turned(left, 'halt').cause = 'refusal'),
  ],
  [
    'a_trial_passes_by_its_orders',
    'a trial in which nothing was placed',
    (left) => {
      for (const { execution } of left.ticks) if (execution.switch.state === 'TRIAL') execution.placed = [];
    },
  ],
  [
    'a_trial_passes_by_its_orders',
    'an order that is still working',
    (left) => {
      for (const { execution } of left.ticks) execution.ended = [];
    },
  ],
  [
    'a_trial_passes_by_its_orders',
    'a tick of it that was YELLOW',
    (left) => void (tried(left).record.gate_status = 'YELLOW'),
  ],
  [
    'a_trial_orders_a_quarter',
    'an order of four times as much',
    (left) => {
      const { packet } = tried(left);
      const delta = packet.header.columns.indexOf('delta');
      for (const row of packet.rows) (row as unknown[])[delta] = 5 * Number(row[delta]);
    },
  ],
  [
    'a_halt_stands_at_its_cause',
    'a halt that is dated an hour back',
    (left) => {
      const halt = turned(left, 'halt');
      halt.at_utc = new Date(Date.parse(halt.at_utc) - 3_600_000).toISOString().replace('.000Z', 'Z');
    },
  ],
  [
    'a_red_market_is_halted',
    'a RED market whose next tick trades',
    ({ ticks }) => {
      const at = ticks.findIndex((_, k) => ticks[k + 1]?.execution.switch.enabled);
      const row = ticks[at]!.packet.header.gates.find(({ gate }) => gate === 'data')!;
      row.level = 'RED';
    },
  ],
  [
    'every_halt_is_heard',
    'a halt that no record tells',
    (left) =>
      void (left.records = left.records.filter((one) => one.kind !== 'switch' || one.cause !== 'halt')),
  ],
  [
    'the_market_never_frees_itself',
    'a parameter that the market put to false',
    (_, { world }) => {
      const put = world.puts.find(({ changedBy }) => changedBy === 'papergate') as Open<Put>;
      put.value = 'false';
    },
  ],
  [
    'a_recovery_is_asked_for_and_earned',
    'somebody who may not ask',
    (left) => void (turned(left, 'recovery').actor = 'operator'),
  ],
  [
    'a_recovery_is_asked_for_and_earned',
    'a reason that is none',
    (left) => void (turned(left, 'recovery').reason = 'because'),
  ],
  [
    'a_recovery_is_asked_for_and_earned',
    'a request that nobody made',
    (_, { world }) => {
      for (const put of world.puts as Open<Put>[]) put.version += 100;
    },
  ],
  [
    'a_recovery_is_asked_for_and_earned',
    'two checks in place of three',
    (left) => void turned(left, 'recovery').evidence.pop(),
  ],
  [
    'a_recovery_is_asked_for_and_earned',
    'checks in another order',
    (left) => void turned(left, 'recovery').evidence.reverse(),
  ],
  [
    'a_recovery_is_asked_for_and_earned',
    'a check of a bar that was RED',
    (left) => {
      const row = checkedTick(left).packet.header.gates.find(({ gate }) => gate === 'data')!;
      row.level = 'RED';
    },
  ],
  [
    'a_recovery_is_asked_for_and_earned',
    'a check whose file says RED',
    (left, { world: { contents } }) => {
      const [last] = turned(left, 'recovery').evidence.slice(-1);
      const digits = last!.slice('sha256:'.length, 'sha256:'.length + 24);
      const key = [...contents.artifacts.keys()].find((one) => one.includes(digits))!;
      const text = Buffer.from(contents.artifacts.get(key)!).toString();
      contents.artifacts.set(key, Buffer.from(text.replace('"data":"GREEN"', '"data":"RED"')));
    },
  ],
  [
    'no_order_placed_while_halted',
    'a switch that turned between gate and fill',
    (left) => void tried(left).packet.header.switch.turned--,
  ],
  [
    'no_order_placed_while_halted',
    'an order of other code than the release',
    (left) => void (tried(left).execution.release_mismatch = true),
  ],
  [
    'ledger_verifies',
    'a health check that changed',
    (_, { world: { contents } }) => {
      for (const [key, bytes] of contents.artifacts)
        if (key.includes('/health/')) contents.artifacts.set(key, changed(bytes));
    },
  ],
];
