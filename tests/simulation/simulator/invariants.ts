import { BOOK_INVARIANTS } from './invariants/book.ts';
import { CHAIN_INVARIANTS } from './invariants/chain.ts';
import { ORDER_INVARIANTS } from './invariants/orders.ts';
import { PROJECTION_INVARIANTS } from './invariants/projections.ts';
import { RECOVERY_INVARIANTS } from './invariants/recovery.ts';
import { SWITCH_INVARIANTS } from './invariants/switch.ts';
import { TURN_INVARIANTS } from './invariants/turns.ts';
import { TWIN_INVARIANTS } from './invariants/twins.ts';
import type { Plan } from './plan.ts';
import type { Remains } from './remains.ts';
import type { World } from './world.ts';

/** A finished run and what it left. */
export interface Outcome {
  readonly plan: Plan;
  readonly world: World;
  readonly remains: Remains;
}

/** What must hold after every run, whatever happened in it. */
export interface Invariant {
  readonly name: string;
  /** Seeds between two that are checked, where checking takes long; 1 by default. */
  readonly everyNth?: number;
  /** What is wrong first, in words; undefined where nothing is. */
  readonly broken: (outcome: Outcome) => string | undefined | Promise<string | undefined>;
}

export const INVARIANTS: readonly Invariant[] = [
  ...CHAIN_INVARIANTS,
  ...ORDER_INVARIANTS,
  ...SWITCH_INVARIANTS,
  ...TURN_INVARIANTS,
  ...RECOVERY_INVARIANTS,
  ...BOOK_INVARIANTS,
  ...TWIN_INVARIANTS,
  ...PROJECTION_INVARIANTS,
];

/** What is wrong with an outcome by one invariant; what cannot even be worked out is wrong too. */
export async function brokenBy({ broken }: Invariant, outcome: Outcome): Promise<string | undefined> {
  try {
    return await broken(outcome);
  } catch (error) {
    return String(error);
  }
}
