import { parseIsoUtc } from '../../../shared/kernel/time.ts';
import type { Layout } from './layouts.ts';
import { remainsOf, type StoredFill } from './remains.ts';
import { runWorld } from './run.ts';
import type { Placement } from './script.ts';
import type { Planted, World } from './world.ts';

/** What is kept of a run that others are held against. */
export interface Twin {
  readonly head: string;
  readonly fills: readonly (StoredFill & { readonly placedAtMs: number })[];
  /** Times at which the market put its own parameter back. */
  readonly putBacks: number;
}

/** Times at which the market put its own parameter back. */
export const putBacksOf = ({ puts }: Pick<World, 'puts'>): number =>
  puts.filter(({ changedBy }) => changedBy === 'papergate').length;

const twins = new Map<string, Promise<Twin>>();
/** Twins kept at most: most are met once, and those without any fault again and again. */
const TWINS_MAX = 4_000;

/** Faults that leave a trace, which the twin of a run meets too. */
export const lasting = (placements: readonly Placement[]): Placement[] =>
  placements.filter(({ spoils }) => spoils !== 'nothing');

/** The run that meets only these faults, and the same bug; made once, since most seeds share theirs. */
export function twinOf(
  layout: Layout,
  placements: readonly Placement[],
  planted: Planted | undefined,
): Promise<Twin> {
  const key = [
    planted?.name,
    layout.name,
    ...placements.map(({ fault, tick, detail }) => `${fault}@${tick} ${detail}`),
  ].join('\n');
  const known = twins.get(key) ?? make(layout, placements, planted);
  if (twins.size > TWINS_MAX) twins.clear();
  twins.set(key, known);
  return known;
}

async function make(
  layout: Layout,
  placements: readonly Placement[],
  planted: Planted | undefined,
): Promise<Twin> {
  const world = await runWorld(layout, placements, planted);
  const remains = remainsOf(world.contents, layout.market);
  const placedAt = new Map(
    remains.ticks.map(({ record }) => [record.ordinal, parseIsoUtc(record.finished_at_utc)]),
  );
  const fills = remains.ticks.flatMap(({ execution }) =>
    execution.fills.map((fill) => ({ ...fill, placedAtMs: placedAt.get(fill.decidedOrdinal) ?? NaN })),
  );
  return { head: remains.head, fills, putBacks: putBacksOf(world) };
}
