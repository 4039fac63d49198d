import { describe, expect, it } from 'vitest';
import type { Latch } from '../../shared/ledger/records.ts';
import { readSwitch, readingOf, storedSwitch, switchCount } from '../../shared/risk/kill-switch.ts';
import type { Parameter } from '../../shared/stores/ports.ts';
import { latchAt, NOON, parameter } from '../support/switch-facts.ts';

/** An hour after the latch turned; parameters changed as many seconds after noon as their version says. */
const NOW = NOON + 3_600_000;
const all = parameter('false', 7);
const own = parameter('false', 3);

describe('the switch as a step reads it', () => {
  it.each(['ACTIVE', 'TRIAL'] as const)(
    'is enabled in %s, with both at the false that was answered',
    (state) => {
      expect(readSwitch({ all, own }, latchAt(state), NOW)).toEqual({
        ...{ enabled: true, state, turned: 5, restart: 1, version: 7, marketVersion: 3, haltAtMs: null },
      });
    },
  );

  it.each<[string, Parameter | undefined, Parameter | undefined, Latch | undefined, number]>([
    ['the latch is HALTED: since then', all, own, latchAt('HALTED'), NOON],
    ['there is no latch: since now', all, own, undefined, NOW],
    ['that of all markets is missing: since now', undefined, own, latchAt('ACTIVE'), NOW],
    ['the own one is missing: since now', all, undefined, latchAt('ACTIVE'), NOW],
    ['both are missing', undefined, undefined, latchAt('ACTIVE'), NOW],
    [
      'a newer version says true: since it was put',
      parameter('true', 8),
      own,
      latchAt('ACTIVE'),
      NOON + 8_000,
    ],
    ['a newer version says false', all, parameter('false', 4), latchAt('TRIAL'), NOON + 4_000],
    [
      'an older version says false: it was made anew',
      all,
      parameter('false', 2),
      latchAt('TRIAL'),
      NOON + 2_000,
    ],
    // A ledger may be opened beside a parameter that somebody had put long before.
    ['the answered version is true', all, parameter('true', 3), latchAt('ACTIVE'), NOON + 3_000],
    ['the answered version is almost false', parameter('False', 7), own, latchAt('ACTIVE'), NOON + 7_000],
    ['the answered version has a blank', all, parameter('false ', 3), latchAt('ACTIVE'), NOON + 3_000],
    ['the answered version is empty', all, parameter('', 3), latchAt('ACTIVE'), NOON + 3_000],
    [
      'several reasons: since the earliest',
      parameter('true', 9),
      parameter('true', 4),
      latchAt('HALTED'),
      NOON,
    ],
    [
      'two puts: since the earlier',
      parameter('true', 9),
      parameter('no', 4),
      latchAt('ACTIVE'),
      NOON + 4_000,
    ],
  ])('is disabled where %s', (_, first, second, latch, haltAtMs) => {
    const reading = readSwitch({ all: first, own: second }, latch, NOW);
    expect([reading.enabled, reading.haltAtMs]).toEqual([false, haltAtMs]);
    expect(reading.state).toBe(latch?.state ?? 'HALTED');
    expect([reading.version, reading.marketVersion]).toEqual([first?.version ?? 0, second?.version ?? 0]);
    expect(readingOf(storedSwitch(reading)), 'and stored').toEqual(reading);
  });

  it.each([
    ['ACTIVE', { restart: 1, halt: -1, trial: -1 }],
    ['TRIAL', { restart: 1, halt: -1, trial: 5 }],
    ['HALTED', { restart: 1, halt: 5, trial: -1 }],
  ] as const)('in %s is counted by', (state, count) => {
    expect(switchCount(readSwitch({ all, own }, latchAt(state), NOW))).toEqual(count);
    expect(switchCount(readSwitch({ all, own }, undefined, NOW))).toEqual({
      restart: -1,
      halt: -1,
      trial: -1,
    });
  });
});
