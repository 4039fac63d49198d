import { describe, expect, it } from 'vitest';
import { Report } from './report.ts';
import { simulate } from './simulate.ts';

/** Declares the test that runs a thousand seeds from one on and holds every invariant against each. */
export function thousandSeeds(first: number): void {
  describe(`seeds ${first} to ${first + 999}`, () => {
    it('keep every invariant, and meet every fault and every crash point', { timeout: 300_000 }, async () => {
      const report = new Report();
      for (let seed = first; seed < first + 1_000; seed++) report.add(await simulate(seed));
      process.stdout.write(report.text());
      expect(report.broken).toEqual([]);
      expect(report.unmet).toEqual([]);
      expect([...report.unlisted], 'writes that are never cut off').toEqual([]);
      // What is never traded cannot be filled twice: nearly every seed fills something.
      expect(report.traded).toBeGreaterThan(900);
      expect(report.placed).toBeGreaterThan(4_000);
      expect(report.fills).toBeGreaterThan(4_000);
    });
  });
}
