import { brokenBy, INVARIANTS, type Outcome } from './invariants.ts';
import { planOf, type Plan } from './plan.ts';
import { fillsOf, remainsOf, type Remains } from './remains.ts';
import { runWorld } from './run.ts';
import { switchCounts } from './switch-counts.ts';
import type { Planted, World } from './world.ts';

/** What one seed came to. */
export interface Simulated {
  readonly plan: Plan;
  readonly world: World;
  /** What broke first: an invariant and why; undefined where all hold. */
  readonly broken: { readonly invariant: string; readonly why: string } | undefined;
  readonly placed: number;
  readonly fills: number;
  /** What happened to the switch, by name. */
  readonly turned: ReadonlyMap<string, number>;
}

/** What may be asked of one seed. */
export interface SimulateOptions {
  /** A bug to be found. */
  readonly planted?: Planted;
  /** Whether also those invariants are checked that are due with every n-th seed only. */
  readonly all?: boolean;
  /** The only invariant to be checked, by name. */
  readonly only?: string;
}

/** Runs one seed and holds what is left against every invariant that is due. */
export async function simulate(
  seed: number,
  { planted, all = false, only }: SimulateOptions = {},
): Promise<Simulated> {
  const plan = planOf(seed);
  const world = await runWorld(plan.layout, plan.placements, planted);
  const left = readable(world);
  if (typeof left === 'string') {
    return {
      plan,
      world,
      broken: { invariant: 'chain_is_readable', why: left },
      placed: 0,
      fills: 0,
      turned: new Map(),
    };
  }
  const outcome: Outcome = { plan, world, remains: left };
  return {
    plan,
    world,
    broken: await firstBroken(outcome, all, only),
    placed: left.ticks.reduce((sum, { execution }) => sum + execution.placed.length, 0),
    fills: fillsOf(left).length,
    turned: switchCounts(left),
  };
}

/** What the run left, or why it cannot be read. */
function readable({ contents, layout }: World): Remains | string {
  try {
    return remainsOf(contents, layout.market);
  } catch (error) {
    return String(error);
  }
}

async function firstBroken(
  outcome: Outcome,
  all: boolean,
  only: string | undefined,
): Promise<Simulated['broken']> {
  for (const invariant of INVARIANTS) {
    const { name, everyNth = 1 } = invariant;
    if (only === undefined ? !all && outcome.plan.seed % everyNth !== 0 : only !== name) continue;
    const why = await brokenBy(invariant, outcome);
    if (why !== undefined) return { invariant: name, why };
  }
  return undefined;
}
