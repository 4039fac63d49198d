import { expect, it } from 'vitest';
import { operationFigures } from '../../bench/operations-bench.ts';
import { at, MEASURED } from '../../infra/aws/cost/assumptions.ts';

/** What is written down may lie so far above what is measured, and hardly below. */
const OVER = 1.5;
const UNDER = 0.98;

it('the table of what an invocation asks of its stores is what the handlers ask', async () => {
  for (const instruments of [4, 100]) {
    const { of } = await operationFigures(instruments);
    for (const [name, work] of Object.entries(MEASURED)) {
      const seen = of[name as keyof typeof of];
      const written: Record<string, number> = {
        ...{ gets: work.gets, puts: work.puts, readUnits: work.readUnits, writeUnits: work.writeUnits },
        bytesRead: at(work.bytesRead, instruments),
        bytesWritten: at(work.bytesWritten, instruments),
      };
      for (const [what, amount] of Object.entries(written)) {
        const measured = seen[what as keyof typeof seen];
        const place = `${name} of ${instruments} names: ${what} ${amount}, measured ${measured}`;
        expect(amount, place).toBeGreaterThanOrEqual(UNDER * measured);
        expect(amount, place).toBeLessThanOrEqual(OVER * measured + 0.5);
      }
      expect(seen.lists, `${name} lists nothing`).toBe(0);
    }
  }
});
