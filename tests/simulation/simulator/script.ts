import type { Random } from '../../../shared/kernel/random.ts';
import type { Layout } from './layouts.ts';
import type { AroundWrite } from './opened.ts';
import type { RunScript, World } from './world.ts';

/** Something that happens between runs. */
export type Action = (world: World) => void | Promise<void>;

/** What happens to one tick: actions, then its event to all its runs at once, then actions. No run: the event is missing. */
export interface TickScript {
  readonly before: Action[];
  runs: RunMaker[];
  /** Draws the order in which runs at once meet. */
  order: number;
  readonly after: Action[];
}

/** Makes a run for the world it happens in: what its hooks remember belongs to that world alone. */
export type RunMaker = (world: World) => RunScript;

/** What happens in one world, in order. */
export interface Script {
  /** Where the ledger is opened anew instead of copied: what is done to each opening that fails. */
  readonly openings: ((world: Pick<World, 'fire'>) => AroundWrite)[];
  readonly ticks: readonly TickScript[];
}

/** A run to which nothing happens. */
export const plainRun = (lagS = 0): RunScript => ({ lagS, hooks: [] });

export const emptyScript = (ticks: number): Script => ({
  openings: [],
  ticks: Array.from({ length: ticks }, () => ({ before: [], runs: [() => plainRun()], order: 0, after: [] })),
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
  | 'trading';

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
