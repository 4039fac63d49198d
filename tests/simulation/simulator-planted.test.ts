import { afterAll, describe, expect, it, vi } from 'vitest';
import type * as Checks from '../../shared/risk/health-check.ts';
import type * as Machine from '../../shared/risk/switch-machine.ts';
import { planOf } from './simulator/plan.ts';
import { PLANTED, type PlantedBug } from './simulator/planted.ts';
import { simulate } from './simulator/simulate.ts';

/** Seeds that a bug may survive. */
const SEEDS_MAX = 400;

/** Which bug the switch's own code has at the moment; none for runs of the product. */
const bug = vi.hoisted(() => ({ now: '' }));

vi.mock('../../shared/risk/switch-machine.ts', async (original) => {
  const machine = await original<typeof Machine>();
  const nextStep: typeof machine.nextStep = (facts) => {
    const step = machine.nextStep(facts);
    if (step?.turn === undefined) return step;
    const { turn } = step;
    if (bug.now === 'no trial' && turn.cause === 'recovery')
      return { ...step, turn: { ...turn, to: 'ACTIVE' } };
    const halts = turn.from !== 'HALTED' && turn.to === 'HALTED';
    if (bug.now === 'reaches back' && halts)
      return { ...step, turn: { ...turn, atMs: turn.atMs - 3 * 86_400_000 } };
    return step;
  };
  return { ...machine, nextStep };
});

vi.mock('../../shared/risk/health-check.ts', async (original) => {
  const checks = await original<typeof Checks>();
  const missingFor: typeof checks.missingFor = (...asked) => {
    const missing = checks.missingFor(...asked);
    return bug.now === 'no checks' ? missing.filter(({ condition }) => condition !== 'checks') : missing;
  };
  return { ...checks, missingFor };
});

/** Bugs of the switch's code itself, which nothing from outside can plant. */
const OF_THE_SWITCH: readonly PlantedBug[] = [
  { name: 'no trial', breaks: 'no_way_to_active_but_through_a_trial', shows: /^recovery_asked|^request_/ },
  {
    name: 'no checks',
    breaks: 'a_recovery_is_asked_for_and_earned',
    shows: /^request_too_early|^check_missing/,
  },
  {
    name: 'reaches back',
    breaks: 'no_earlier_fill_undone',
    shows: /^switch_flips|_artifact$|^provider_lies/,
  },
].map((given) => ({
  ...given,
  make: () => {
    bug.now = given.name;
    return {};
  },
}));

describe('a bug that is planted', () => {
  afterAll(() => void (bug.now = ''));

  it.each([...PLANTED, ...OF_THE_SWITCH])(
    'is found: $name, by $breaks',
    { timeout: 120_000 },
    async (planted) => {
      let found = 0;
      for (let seed = 1; seed <= SEEDS_MAX && found === 0; seed++) {
        if (!planOf(seed).placements.some(({ fault }) => planted.shows.test(fault))) continue;
        const { broken } = await simulate(seed, { planted, only: planted.breaks });
        if (broken?.invariant === planted.breaks) found = seed;
      }
      process.stdout.write(`${planted.name}: found by seed ${found}\n`);
      expect(found).toBeGreaterThan(0);
    },
  );

  it.each([...new Set([...PLANTED, ...OF_THE_SWITCH].map(({ breaks }) => breaks))])(
    'is what breaks %s: without one it holds',
    async (breaks) => {
      bug.now = '';
      for (let seed = 1; seed <= 12; seed++)
        expect((await simulate(seed, { only: breaks })).broken).toBeUndefined();
    },
  );
});
