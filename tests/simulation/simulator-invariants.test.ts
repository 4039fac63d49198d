import { describe, expect, it } from 'vitest';
import { LEDGER_CASES } from './simulator/cases/ledger.ts';
import { brokenIn, quiet, recovered } from './simulator/cases/outcome.ts';
import { SWITCH_CASES } from './simulator/cases/switch.ts';
import { brokenBy, INVARIANTS } from './simulator/invariants.ts';

const invariant = (name: string) => INVARIANTS.find((one) => one.name === name)!;

describe('an invariant', () => {
  it('holds for a run whose faults leave no trace', async () => {
    const { given } = await quiet();
    expect(given.plan.placements.length).toBeGreaterThan(1);
    expect(await brokenIn(given)).toEqual([]);
  });

  it('holds for a run that is halted, refused, recovered and tried', async () => {
    expect(await brokenIn((await recovered()).given)).toEqual([]);
  });

  it.each([
    ...LEDGER_CASES.map(([...one]) => [...one, quiet] as const),
    ...SWITCH_CASES.map(([...one]) => [...one, recovered] as const),
  ])('%s breaks for %s', async (name, _, spoil, run) => {
    const { given, left } = await run();
    spoil(left, given);
    expect(await brokenBy(invariant(name), given)).toEqual(expect.any(String));
  });

  it('is broken by one case at least, each of them', () => {
    const untested = new Set(INVARIANTS.map(({ name }) => name));
    for (const [name] of [...LEDGER_CASES, ...SWITCH_CASES]) untested.delete(name);
    // Both need a run of their own: a missed tick, and a ledger that its own backtest does not repeat.
    expect([...untested]).toEqual(['a_missed_tick_is_never_decided', 'backtest_agrees']);
  });
});
