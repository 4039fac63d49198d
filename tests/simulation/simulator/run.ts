import { copyContents } from '../../../shared/stores/memory.ts';
import { Killed } from './errors.ts';
import type { Layout } from './layouts.ts';
import { openedOnce, openOver, type Opened } from './opened.ts';
import { emptyScript, type Placement, type Script } from './script.ts';
import { World, type Planted } from './world.ts';

/** Runs a layout with some faults from its opening to its last tick. */
export async function runWorld(
  layout: Layout,
  placements: readonly Placement[],
  planted?: Planted,
): Promise<World> {
  const script = emptyScript(layout);
  for (const placement of placements) placement.apply(script);
  const fired = new Map<string, number>();
  const world = new World(layout, await opening(layout, script, fired), planted);
  for (const [name, count] of fired) world.fired.set(name, count);
  for (const [k, tick] of script.ticks.entries()) {
    for (const act of tick.before) await act(world);
    const runs = tick.runs.map((make) => make(world));
    if (runs.length > 0) await world.deliver(k, runs, tick.order);
    for (const act of tick.after) await act(world);
    for (const make of [...tick.checks, ...tick.operations]) await world.deliver(k, [make(world)]);
  }
  return world;
}

/** A copy of the layout's ledger; where openings are to be killed, one opened anew until none is killed any more. */
async function opening(layout: Layout, { openings }: Script, fired: Map<string, number>): Promise<Opened> {
  if (openings.length === 0) return openedOnce(layout);
  const contents = copyContents();
  const fire = (name: string): void => void fired.set(name, (fired.get(name) ?? 0) + 1);
  for (const make of openings) {
    try {
      await openOver(contents, layout, make({ fire }));
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }
  return openOver(contents, layout);
}
