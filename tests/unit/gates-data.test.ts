import { describe, expect, it } from 'vitest';
import { judge, type GateInputs } from '../../shared/risk/gates.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { rulesOf } from '../support/rules.ts';
import { goodInputs } from '../support/state.ts';

type Data = GateInputs['data'];
type Gates = MarketRules['config']['gates'];

/** Late after 600 s; RED above 2 % of the instruments, but for what is only suspect: above 10 %. */
const rulesWith = (gates: Partial<Gates> = {}): MarketRules =>
  rulesOf('crypto', {
    config: {
      sla: { late_after_s: 600 },
      quality: { red_share_max: 0.02 },
      gates: {
        missing_rate: { yellow: 0, red: 0.02 },
        duplicate_rate: { yellow: 0, red: 0.1 },
        stale_rate: { yellow: 0, red: 0.02 },
        split_suspect_rate: { yellow: 0, red: 0.02 },
        disagreement_rate: { yellow: 0, red: 0.02 },
        misaligned_rate: { yellow: 0, red: 0.1 },
        fallback: 'YELLOW',
        ...gates,
      },
    },
  });
const rules = rulesWith();
const verdict = (data: Partial<Data>, { config, portfolio } = rules) =>
  judge({ ...goodInputs, data: { ...goodInputs.data, ...data } }, { config, portfolio });
const rowOf = (check: string, data: Partial<Data>, used = rules) =>
  verdict(data, used).rows.find((row) => row.gate === 'data' && row.check === check)!;

describe('the scope of RED (definition 11)', () => {
  it.each([
    // instruments, RED among them, and what the market is: more than 2 %, and never one alone unless it is all.
    [1, 0, 'GREEN'],
    [1, 1, 'RED'],
    [2, 1, 'YELLOW'],
    [2, 2, 'RED'],
    [4, 1, 'YELLOW'],
    [4, 2, 'RED'],
    [49, 1, 'YELLOW'],
    [49, 2, 'RED'],
    [99, 1, 'YELLOW'],
    [99, 2, 'RED'],
    [100, 2, 'YELLOW'],
    [100, 3, 'RED'],
    [500, 10, 'YELLOW'],
    [500, 11, 'RED'],
  ] as const)('of %d instruments %d are RED: %s', (instruments, red, status) => {
    const answer = verdict({ instruments, seen: instruments, red });
    expect(answer.status).toBe(status);
    expect(answer.blocked).toEqual(status === 'RED' ? ['DATA_RED'] : []);
  });
});

describe('rates of the newest bars', () => {
  it.each([
    ['instruments_red', 'red', 'DATA_RED'],
    ['missing', 'missing', 'DATA_MISSING'],
    ['stale_runs', 'stale', 'DATA_STALE_RUN'],
    ['split_suspects', 'suspects', 'DATA_SPLIT_SUSPECT'],
  ] as const)('%s: one is tolerated, but never all, and 2 %% of many', (check, field, code) => {
    const level = (instruments: number, count: number): string =>
      rowOf(check, { instruments, seen: instruments, [field]: count }).level;
    expect([level(4, 0), level(4, 1), level(4, 2)]).toEqual(['GREEN', 'YELLOW', 'RED']);
    expect(level(1, 1)).toBe('RED');
    expect([level(100, 2), level(100, 3)]).toEqual(['YELLOW', 'RED']);
    expect([level(149, 2), level(149, 3), level(150, 3)]).toEqual(['YELLOW', 'RED', 'YELLOW']);
    expect(rowOf(check, { instruments: 100, seen: 100, [field]: 3 })).toEqual({
      ...{ gate: 'data', check, subject: '', level: 'RED', code, value: 3, limit: 2 },
    });
  });

  it.each([
    ['duplicates', 'duplicates', 'DATA_DUPLICATE'],
    ['misaligned', 'misaligned', 'CALENDAR_MISALIGNED'],
  ] as const)('%s: one is tolerated even where it is all, and a tenth of many', (check, field, code) => {
    const row = (instruments: number, count: number) =>
      rowOf(check, { instruments, seen: instruments, [field]: count });
    expect([row(4, 0).level, row(4, 1).level, row(4, 2).level]).toEqual(['GREEN', 'YELLOW', 'RED']);
    expect([row(1, 1).level, row(1, 2).level]).toEqual(['YELLOW', 'RED']);
    expect([row(39, 3).level, row(39, 4).level, row(40, 4).level]).toEqual(['YELLOW', 'RED', 'YELLOW']);
    expect(row(39, 4)).toEqual({
      ...{ gate: 'data', check, subject: '', level: 'RED', code, value: 4, limit: 3 },
    });
  });

  it('disagreements: as of what is suspect, 2 % of many', () => {
    const row = (instruments: number, disagreements: number) =>
      rowOf('disagreements', { instruments, seen: instruments, disagreements });
    expect([row(1, 1).level, row(4, 1).level, row(4, 2).level]).toEqual(['YELLOW', 'YELLOW', 'RED']);
    expect([row(100, 2).level, row(100, 3).level]).toEqual(['YELLOW', 'RED']);
    expect(row(100, 3)).toMatchObject({ code: 'DATA_DISAGREEMENT', value: 3, limit: 2 });
  });

  it('YELLOW begins above its own share', () => {
    const used = rulesWith({
      missing_rate: { yellow: 0.05, red: 0.1 },
      duplicate_rate: { yellow: 0.25, red: 1 },
    });
    const missing = (count: number) =>
      rowOf('missing', { instruments: 100, seen: 100, missing: count }, used).level;
    expect([missing(5), missing(6), missing(10), missing(11)]).toEqual(['GREEN', 'YELLOW', 'YELLOW', 'RED']);
    const twice = (count: number) => rowOf('duplicates', { duplicates: count }, used).level;
    // A quarter of four is one; all four may be, since what is suspect can be used.
    expect([twice(1), twice(2), twice(4)]).toEqual(['GREEN', 'YELLOW', 'YELLOW']);
  });

  it('all bad is RED even where the file would tolerate all', () => {
    const used = rulesWith({ missing_rate: { yellow: 1, red: 1 } });
    expect(rowOf('missing', { missing: 3 }, used).level).toBe('GREEN');
    expect(rowOf('missing', { missing: 4 }, used).level).toBe('RED');
  });
});

describe('bars of another source', () => {
  it.each(['GREEN', 'YELLOW', 'RED'] as const)('mean what the market file says: %s', (fallback) => {
    const used = rulesWith({ fallback });
    expect(rowOf('fallbacks', { fallbacks: 0 }, used)).toMatchObject({ level: 'GREEN', code: null });
    const { status, blocked } = verdict({ fallbacks: 1 }, used);
    expect(status).toBe(fallback);
    expect(blocked).toEqual(fallback === 'RED' ? ['DATA_FALLBACK'] : []);
    expect(rowOf('fallbacks', { fallbacks: 3 }, used)).toMatchObject({ value: 3, limit: 0 });
  });
});

describe('the tick itself', () => {
  it.each([
    [{ seen: 0 }, 'RED', ['DATA_LATE']],
    [{ seen: 1 }, 'GREEN', []],
    [{ lateness_s: 600 }, 'GREEN', []],
    [{ lateness_s: 600.5 }, 'RED', ['TICK_LATE']],
  ])('%j: %s', (data, status, blocked) => {
    expect(verdict(data)).toMatchObject({ status, blocked });
  });
});
