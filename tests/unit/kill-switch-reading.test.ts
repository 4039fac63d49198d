import { describe, expect, it } from 'vitest';
import type { Latch } from '../../shared/ledger/records.ts';
import { readSwitch, switchCount, type SwitchParameters } from '../../shared/risk/kill-switch.ts';
import type { Parameter } from '../../shared/stores/ports.ts';

const at = (time: string): number => Date.parse(`2024-06-10T${time}Z`);
const NOW = at('12:00:00');

const parameter = (more: Partial<Parameter> = {}): Parameter => ({
  ...{ value: 'false', version: 4, changedAtMs: at('08:00:00'), changedBy: 'admin', description: '' },
  ...more,
});
/** Both parameters at `false` in the versions 4 and 6 that the latch's newest record answered. */
const both: SwitchParameters = { all: parameter(), own: parameter({ version: 6 }) };
const latch: Latch = {
  ...{ state: 'ACTIVE', since_utc: '2024-06-10T09:00:00Z', turned: 12, ordinal: 200, restart: 8 },
  ...{ parameter_version: 4, market_version: 6, record: 13 },
};
const read = (more: Partial<SwitchParameters>, from: Latch | undefined = latch) =>
  readSwitch({ ...both, ...more }, from, NOW);
const halted = (more: Partial<SwitchParameters>, from: Latch | undefined = latch): string | false => {
  const { enabled, haltAtMs } = read(more, from);
  expect(enabled).toBe(haltAtMs === null);
  return haltAtMs !== null && new Date(haltAtMs).toISOString().slice(11, 19);
};

describe('trading is enabled', () => {
  it('where both parameters are exactly false and the latch is ACTIVE', () => {
    expect(read({})).toEqual({
      ...{ enabled: true, state: 'ACTIVE', turned: 12, restart: 8, version: 4, marketVersion: 6 },
      haltAtMs: null,
    });
  });

  it('in a trial too', () => {
    expect(read({}, { ...latch, state: 'TRIAL' })).toMatchObject({ enabled: true, state: 'TRIAL' });
  });
});

describe('trading is disabled, from a moment on', () => {
  it.each<[string, Partial<SwitchParameters>, string]>([
    // What cannot be read has no moment: it counts from now.
    ['the parameter of all is missing', { all: undefined }, '12:00:00'],
    ["the market's own is missing", { own: undefined }, '12:00:00'],
    ['both are missing', { all: undefined, own: undefined }, '12:00:00'],
    [
      'the parameter of all is true',
      { all: parameter({ value: 'true', version: 5, changedAtMs: at('10:00:00') }) },
      '10:00:00',
    ],
    [
      "the market's own is true",
      { own: parameter({ value: 'true', version: 7, changedAtMs: at('11:00:00') }) },
      '11:00:00',
    ],
    [
      'both are true: the first of them counts',
      {
        all: parameter({ value: 'true', version: 5, changedAtMs: at('11:00:00') }),
        own: parameter({ value: 'true', version: 7, changedAtMs: at('10:30:00') }),
      },
      '10:30:00',
    ],
    ['it is true though in the version answered', { all: parameter({ value: 'true' }) }, '08:00:00'],
    [
      'one is true and the other cannot be read',
      { all: undefined, own: parameter({ value: 'true', changedAtMs: at('10:00:00'), version: 7 }) },
      '10:00:00',
    ],
    [
      'false again in a version that no record answered',
      { all: parameter({ version: 6, changedAtMs: at('11:30:00') }) },
      '11:30:00',
    ],
    [
      "the same of the market's own",
      { own: parameter({ version: 7, changedAtMs: at('11:31:00') }) },
      '11:31:00',
    ],
    ['a version before the one answered', { all: parameter({ version: 3 }) }, '08:00:00'],
  ])('%s', (_, parameters, from) => {
    expect(halted(parameters)).toBe(from);
  });

  it.each(['', ' ', 'False', 'FALSE', 'false ', ' false', 'false\n', '"false"', '0', 'no', 'true'])(
    'at %j, which is not exactly false',
    (value) => {
      expect(halted({ all: parameter({ value }) })).toBe('08:00:00');
      expect(halted({ own: parameter({ value, version: 6 }) })).toBe('08:00:00');
    },
  );

  it('where the latch is HALTED: from when it is', () => {
    expect(halted({}, { ...latch, state: 'HALTED' })).toBe('09:00:00');
    const later = { all: parameter({ value: 'true', version: 5, changedAtMs: at('10:00:00') }) };
    expect(halted(later, { ...latch, state: 'HALTED' })).toBe('09:00:00');
  });

  it('where there is no latch: it counts as HALTED, from now', () => {
    const reading = readSwitch(both, undefined, NOW);
    expect(reading).toEqual({
      ...{ enabled: false, state: 'HALTED', turned: -1, restart: -1, version: 4, marketVersion: 6 },
      haltAtMs: NOW,
    });
    const off = { ...both, all: parameter({ value: 'true', changedAtMs: at('07:00:00') }) };
    expect(readSwitch(off, undefined, NOW).haltAtMs).toBe(at('07:00:00'));
  });

  it('where there is nothing at all', () => {
    expect(readSwitch({ all: undefined, own: undefined }, undefined, NOW)).toEqual({
      ...{ enabled: false, state: 'HALTED', turned: -1, restart: -1, version: 0, marketVersion: 0 },
      haltAtMs: NOW,
    });
  });
});

describe('what the risk state counts by', () => {
  it.each([
    ['ACTIVE', { restart: 8, halt: -1, trial: -1 }],
    ['HALTED', { restart: 8, halt: 12, trial: -1 }],
    ['TRIAL', { restart: 8, halt: -1, trial: 12 }],
  ] as const)('%s', (state, counts) => {
    expect(switchCount(read({}, { ...latch, state }))).toEqual(counts);
  });

  it('a parameter that is off alone begins no halt: its record does', () => {
    const reading = read({ all: undefined });
    expect(switchCount(reading)).toEqual({ restart: 8, halt: -1, trial: -1 });
  });
});
