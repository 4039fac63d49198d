import { describe, expect, it } from 'vitest';
import { CRASH_POINTS } from './simulator/crash-points.ts';
import { FAULTS } from './simulator/faults.ts';
import { planOf } from './simulator/plan.ts';
import { EXPECTED } from './simulator/report.ts';
import { fingerprintOf } from './simulator/fingerprint.ts';
import { simulate } from './simulator/simulate.ts';
import { thousandSeeds } from './simulator/thousand-seeds.ts';

thousandSeeds(1);

describe('a seed', () => {
  it('plans the same on every call, and another seed something else', () => {
    const text = (seed: number): string =>
      JSON.stringify([planOf(seed).layout.name, planOf(seed).placements]);
    for (let seed = 0; seed < 50; seed++) expect(text(seed)).toBe(text(seed));
    expect(new Set(Array.from({ length: 50 }, (_, seed) => text(seed))).size).toBeGreaterThan(45);
  });

  it('ends in the same bytes, to the last item and artifact, whenever it is run', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const [first, second] = [await simulate(seed), await simulate(seed)];
      expect(fingerprintOf(second), `seed ${seed}`).toBe(fingerprintOf(first));
    }
  });
});

describe('the list', () => {
  it('names every fault and crash point once', () => {
    expect(new Set(EXPECTED).size).toBe(EXPECTED.length);
    expect([FAULTS.length, CRASH_POINTS.length]).toEqual([60, 144]);
  });
});
