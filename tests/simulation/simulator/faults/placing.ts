import { SECOND_MS } from '../../../../shared/kernel/time.ts';
import { closeOf, type Layout } from '../layouts.ts';
import {
  plainRun,
  type Placement,
  type RunList,
  type Script,
  type Spoils,
  type TickScript,
} from '../script.ts';
import type { Hook } from '../hooks.ts';
import type { World } from '../world.ts';

/** One placement as the list that a fault returns. */
export const placed = (
  fault: string,
  tick: number,
  spoils: Spoils,
  drawn: Readonly<Record<string, unknown>>,
  apply: (script: Script) => void,
  touches: readonly number[] = [tick],
): Placement[] => [{ fault, tick, touches, spoils, detail: JSON.stringify(drawn), apply }];

/** Seconds from one tick's close to another's. */
export const gapS = (layout: Layout, from: number, to: number): number =>
  (closeOf(layout, to) - closeOf(layout, from)) / SECOND_MS;

/** The status that a finished execution tells. */
export const statusOf = (output: unknown): unknown => (output as { status?: unknown } | undefined)?.status;

/** Does something to every run of a tick, or to its checks or operations. */
export function strike(script: TickScript, hook: (world: World) => Hook, list: RunList = 'runs'): void {
  script[list] = script[list].map((make) => (world) => {
    const run = make(world);
    return { ...run, hooks: [...run.hooks, hook(world)] };
  });
}

/** Delivers the event of a tick once more, at the same moments of its own clock, right after it went wrong. */
export function again({ ticks }: Script, tick: number): void {
  ticks[tick]!.after.unshift((world) => world.deliver(tick, [plainRun()]));
}
