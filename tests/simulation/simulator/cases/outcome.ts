import type { StoredState } from '../../../../shared/ledger/artifacts.ts';
import { brokenBy, INVARIANTS, type Outcome } from '../invariants.ts';
import { planOf, type Plan } from '../plan.ts';
import { remainsOf, turnsOf, type Remains } from '../remains.ts';
import { runWorld } from '../run.ts';
import { lasting } from '../twin.ts';

/** Everything of an outcome in hands that may change it. */
export type Open<T> = T extends StoredState
  ? T
  : T extends object
    ? { -readonly [key in keyof T]: Open<T[key]> }
    : T;

/** An invariant, what is done to a good outcome, in words, and how. */
export type Case = readonly [string, string, (left: Open<Remains>, given: Outcome) => void];

/** A finished run, and what it left in hands that may change it. */
export interface Given {
  readonly given: Outcome;
  readonly left: Open<Remains>;
}

async function outcomeOf(plan: Plan): Promise<Given> {
  const world = await runWorld(plan.layout, plan.placements);
  const remains = remainsOf(world.contents, plan.layout.market);
  return { given: { plan, world, remains }, left: remains as Open<Remains> };
}

const SEEDS = Array.from({ length: 5_000 }, (_, seed) => seed);

/** A seed all of whose faults leave no trace, and in which orders are placed, filled and placed again. */
export async function quiet(): Promise<Given> {
  const seed = SEEDS.find((one) => {
    const { placements, apart, layout } = planOf(one);
    return (
      apart &&
      placements.length > 1 &&
      lasting(placements).length === 0 &&
      layout.name === 'us_60m_dst a, alone'
    );
  });
  return outcomeOf(planOf(seed!));
}

/** A seed in which a market is halted, refused, recovered and tried, and trades again. */
export async function recovered(): Promise<Given> {
  for (const seed of SEEDS) {
    const plan = planOf(seed);
    const { placements, apart, layout } = plan;
    if (!apart || !layout.name.startsWith('us_60m_dst')) continue;
    if (!placements.some(({ fault }) => fault === 'request_of_a_wrong_role')) continue;
    const outcome = await outcomeOf(plan);
    const { remains } = outcome.given;
    const trialOrders = remains.ticks.some(
      ({ execution }) => execution.switch.state === 'TRIAL' && execution.placed.length > 0,
    );
    if (trialOrders && turnsOf(remains).some(({ cause }) => cause === 'trial_passed')) return outcome;
  }
  throw new Error('no seed recovers');
}

/** Names of the invariants that an outcome breaks. */
export async function brokenIn(given: Outcome): Promise<string[]> {
  const broken: string[] = [];
  for (const invariant of INVARIANTS)
    if ((await brokenBy(invariant, given)) !== undefined) broken.push(invariant.name);
  return broken;
}

/** The same bytes but for one bit. */
export const changed = (bytes: Uint8Array): Uint8Array => bytes.map((byte, k) => (k === 5 ? byte ^ 1 : byte));
