import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CRASH_POINTS } from './simulator/crash-points.ts';
import { FAULTS } from './simulator/faults.ts';
import { planOf } from './simulator/plan.ts';
import { EXPECTED, Report } from './simulator/report.ts';
import { fingerprintOf } from './simulator/fingerprint.ts';
import { simulate } from './simulator/simulate.ts';

const MAIN = fileURLToPath(new URL('simulator/main.ts', import.meta.url));

/** Simulates a thousand seeds in a process of its own, on another core where there is one. */
const beside = (first: number): Promise<{ code: number | null; told: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, '--first-seed', `${first}`, '--seeds', '1000']);
    let told = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => void (told += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, told }));
  });

describe('two thousand seeds', () => {
  const title = 'keep every invariant, and meet every fault, every crash point and every turn of the switch';
  it(title, { timeout: 600_000 }, async () => {
    const second = beside(1_001);
    const report = new Report();
    for (let seed = 1; seed <= 1_000; seed++) report.add(await simulate(seed));
    process.stdout.write(report.text());
    expect(report.broken).toEqual([]);
    expect(report.unmet).toEqual([]);
    expect(report.tooFew).toEqual([]);
    expect([...report.unlisted], 'writes that are never cut off').toEqual([]);
    const { code, told } = await second;
    process.stdout.write(told);
    expect(code, told).toBe(0);
  });
});

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
    expect([FAULTS.length, CRASH_POINTS.length]).toEqual([65, 144]);
  });
});
