import type { Random } from '../../../shared/kernel/random.ts';
import { check, onDuty, operate, watch, type Job } from './jobs.ts';
import type { Layout } from './layouts.ts';
import type { AroundWrite } from './opened.ts';
import type { RunScript, World } from './world.ts';

/** Something that happens between runs. */
export type Action = (world: World) => void | Promise<void>;

/**
 * What happens to one tick: actions, then its event to all its runs at once, then actions, health checks and what an
 * operator does, one after the other. No run: the event is missing.
 */
export interface TickScript {
  readonly before: Action[];
  runs: RunMaker[];
  /** Draws the order in which runs at once meet. */
  order: number;
  readonly after: Action[];
  checks: RunMaker[];
  operations: RunMaker[];
}

/** Makes a run for the world it happens in: what its hooks remember belongs to that world alone. */
export type RunMaker = (world: World) => RunScript;

/** The lists of a tick's script whose runs something may be done to. */
export type RunList = 'runs' | 'checks' | 'operations';

/** What happens in one world, in order. */
export interface Script {
  /** Where the ledger is opened anew instead of copied: what is done to each opening that fails. */
  readonly openings: ((world: Pick<World, 'fire'>) => AroundWrite)[];
  readonly ticks: readonly TickScript[];
}

/** A run to which nothing happens. */
export const plainRun = (lagS = 0): RunScript => ({ lagS, hooks: [] });

/** A job to which nothing happens. */
export const plainJob =
  (job: Job, lagS = 0): RunMaker =>
  () => ({ lagS, hooks: [], job });

const OPERATORS = { admin: onDuty, replay: operate };

/** A layout as its scene has it: its events, and what is done after every tick. */
export const emptyScript = ({ ticks, scene }: Layout): Script => ({
  openings: [],
  ticks: Array.from({ length: ticks }, (_, k) => ({
    before: [],
    runs: [() => plainRun()],
    order: 0,
    after: [],
    ...(k < ticks - 1 ? afterTick(scene) : { checks: [], operations: [] }),
  })),
});

/** What is done after every tick but the last, whose sign-off is to be of the very end of the chain. */
const afterTick = ({
  checks,
  watcher,
  operator,
}: Layout['scene']): Pick<TickScript, 'checks' | 'operations'> => ({
  checks: checks ? [plainJob(check)] : [],
  operations: [
    ...(watcher ? [plainJob(watch)] : []),
    ...(operator === undefined ? [] : [plainJob(OPERATORS[operator])]),
  ],
});

/** What a fault leaves of what an unbroken run would have done. */
export type Spoils =
  /** Everything: the run ends in the same head. */
  | 'nothing'
  /** The tick's decision and what follows from it; fills of earlier orders in its bar stand. */
  | 'decision'
  /** The tick's bar as well. */
  | 'bar'
  /** The decisions from here on, and fills whose moment is later than the halt. */
  | 'trading'
  /** The tick's decision, since its run fails, and trading from the failure on. */
  | 'failing';

/** A fault at its place, with everything that was drawn for it. */
export interface Placement {
  readonly fault: string;
  readonly tick: number;
  /** Ticks that it touches: nothing else may touch them where heads are compared. */
  readonly touches: readonly number[];
  readonly spoils: Spoils;
  /** What was drawn, as JSON: the same text does the same. */
  readonly detail: string;
  readonly apply: (script: Script) => void;
}

/** Where a fault may be placed. */
export interface Place {
  readonly random: Random;
  readonly layout: Layout;
  readonly tick: number;
}

/** One kind of fault. */
export interface Fault {
  readonly name: string;
  /** Draws what it needs and says what it does; empty where it cannot happen at this place. */
  readonly place: (place: Place) => readonly Placement[];
}

export const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)]!;
