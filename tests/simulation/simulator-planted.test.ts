import { describe, expect, it } from 'vitest';
import { planOf } from './simulator/plan.ts';
import { PLANTED } from './simulator/planted.ts';
import { simulate } from './simulator/simulate.ts';

/** Seeds that a bug may survive. */
const SEEDS_MAX = 400;

describe('a bug that is planted', () => {
  it.each(PLANTED)('is found: $name, by $breaks', { timeout: 120_000 }, async (planted) => {
    const met = new Set<string>();
    for (let seed = 1; seed <= SEEDS_MAX && !met.has(planted.breaks); seed++) {
      if (!planOf(seed).placements.some(({ fault }) => planted.shows.test(fault))) continue;
      const { broken } = await simulate(seed, { planted });
      if (broken !== undefined) met.add(broken.invariant);
    }
    expect([...met]).toContain(planted.breaks);
  });
});
