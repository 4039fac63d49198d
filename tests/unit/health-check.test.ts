import { describe, expect, it } from 'vitest';
import type { Level } from '../../shared/config/market-schema.ts';
import type { GateRow } from '../../shared/risk/gate-row.ts';
import { judge } from '../../shared/risk/gates.ts';
import {
  goodRun,
  groupsOf,
  missingFor,
  withCheck,
  type HealthCheck,
} from '../../shared/risk/health-check.ts';
import { rulesOf } from '../support/rules.ts';
import { goodInputs } from '../support/state.ts';

const rowOf = (name: string, level: Level): GateRow => {
  const [gate, check] = name.split('/') as [GateRow['gate'], string];
  return { gate, check, subject: '', level, code: level === 'GREEN' ? null : 'DATA_RED', value: 1, limit: 1 };
};
const { config, portfolio } = rulesOf('crypto');
const green = judge(goodInputs, { config, portfolio }).rows;
/** All gates GREEN but one. */
const but = (name: string, level: Level): GateRow[] =>
  green.map((row) => (`${row.gate}/${row.check}` === name ? rowOf(name, level) : row));

describe('the three groups of a health check', () => {
  it('are GREEN where all is', () => {
    expect(groupsOf(green, true)).toEqual({ data: 'GREEN', model: 'GREEN', risk: 'GREEN' });
    expect(groupsOf([], true)).toEqual({ data: 'GREEN', model: 'GREEN', risk: 'GREEN' });
  });

  it.each([
    ['data/missing', 'data'],
    ['data/lateness_s', 'data'],
    ['model/health', 'model'],
    ['risk/gross', 'risk'],
    ['risk/cluster', 'risk'],
    ['risk/turnover', 'risk'],
    ['portfolio/gross', 'risk'],
    ['recovery/drawdown', 'risk'],
    ['recovery/daily_loss', 'risk'],
    ['recovery/portfolio_drawdown', 'risk'],
    ['recovery/portfolio_daily_loss', 'risk'],
  ] as const)('%s is of %s', (name, group) => {
    const all = { data: 'GREEN', model: 'GREEN', risk: 'GREEN' };
    expect(groupsOf(but(name, 'YELLOW'), true)).toEqual({ ...all, [group]: 'YELLOW' });
    expect(groupsOf(but(name, 'RED'), true)).toEqual({ ...all, [group]: 'RED' });
  });

  it.each([
    // What a recovery restarts: a drawdown could never be recovered from if it counted.
    ...['risk/drawdown', 'risk/daily_loss', 'risk/orders_today', 'risk/execution_fail_rate'],
    ...['portfolio/drawdown', 'portfolio/daily_loss'],
    // The halt itself, and what is not asked.
    ...['switch/trading_enabled', 'calendar/covered', 'release/code'],
  ])('%s is of none', (name) => {
    expect(groupsOf(but(name, 'RED'), true)).toEqual({ data: 'GREEN', model: 'GREEN', risk: 'GREEN' });
  });

  it('a chain that lags behind the calendar has no good data', () => {
    expect(groupsOf(green, false)).toEqual({ data: 'RED', model: 'GREEN', risk: 'GREEN' });
  });
});

/** A check of a bar: levels by their first letters, data, model and risk. */
function check(ordinal: number, letters = 'GGG'): HealthCheck {
  const level = (k: number): Level => ({ G: 'GREEN', Y: 'YELLOW', R: 'RED' })[letters[k]!] as Level;
  return {
    ...{ at_utc: '2024-06-10T20:00:00Z', tick_utc: '2024-06-10T20:00:00Z', ordinal },
    ...{ data: level(0), model: level(1), risk: level(2), sha256: `sha256:${ordinal}${letters}` },
  };
}
const checks = (...list: readonly (readonly [number, string?])[]): HealthCheck[] =>
  list.map(([ordinal, letters]) => check(ordinal, letters));

describe('the latest checks', () => {
  it('are kept oldest first, twenty of them', () => {
    let kept: HealthCheck[] = [];
    for (let ordinal = 1; ordinal <= 25; ordinal++) kept = withCheck(kept, check(ordinal));
    expect(kept.map(({ ordinal }) => ordinal)).toEqual(Array.from({ length: 20 }, (_, k) => k + 6));
  });

  it('hold one of a bar, and a second only where it is worse', () => {
    const first = checks([7, 'GYG']);
    expect(withCheck(first, check(7, 'GYG'))).toEqual(first);
    expect(withCheck(first, check(7, 'GGG'))).toEqual(first);
    expect(withCheck(first, check(7, 'GRG'))).toEqual(checks([7, 'GYG'], [7, 'GRG']));
    // Better in one group and worse in another is worse.
    expect(withCheck(first, check(7, 'YGG'))).toEqual(checks([7, 'GYG'], [7, 'YGG']));
    expect(withCheck(first, check(6, 'GGG'))).toEqual(first);
    expect(first).toEqual(checks([7, 'GYG']));
  });
});

describe('the run of good checks', () => {
  it.each<[string, HealthCheck[], Level, number]>([
    ['of none', [], 'GREEN', 0],
    ['of three bars in a row', checks([5], [6], [7]), 'GREEN', 3],
    ['ends where a bar was left out', checks([4], [6], [7]), 'GREEN', 2],
    ['ends where one is bad', checks([5], [6, 'GRG'], [7]), 'GREEN', 1],
    ['is none where the newest is bad', checks([5], [6], [7, 'RGG']), 'GREEN', 0],
    ['YELLOW is bad where GREEN is asked for', checks([5], [6, 'GYG'], [7]), 'GREEN', 1],
    ['and good where it is allowed', checks([5], [6, 'GYG'], [7, 'YYY']), 'YELLOW', 3],
    ['RED is always bad', checks([5], [6, 'GGR'], [7]), 'YELLOW', 1],
    ['one bar checked twice is one bar', checks([5], [6], [6, 'GYG'], [7]), 'YELLOW', 2],
  ])('%s', (_, list, levelMax, run) => {
    expect(goodRun(list, levelMax)).toBe(run);
  });
});

describe('what a request to start again lacks', () => {
  const recovery = { checks: 3, check_age_bars_max: 6, level_max: 'GREEN' as const };
  const admin = { actor: 'admin', role: 'ops_admin', reason: 'data is back' };
  const three = checks([5], [6], [7]);
  const lacks = (more: Partial<typeof admin> | { role: undefined }, list = three, due = 7, halted = 0) =>
    missingFor({ ...admin, ...more }, list, { halted, due }, recovery);

  it('nothing, and it is granted', () => {
    expect(lacks({})).toEqual([]);
  });

  it('the role', () => {
    expect(lacks({ actor: 'operator', role: 'ops_operator' })).toEqual([
      { condition: 'role', detail: 'operator is ops_operator; only an ops_admin may start again' },
    ]);
    expect(lacks({ actor: 'mallory', role: undefined })).toEqual([
      { condition: 'role', detail: 'mallory is no operator; only an ops_admin may start again' },
    ]);
  });

  it('a reason of ten characters, blanks at its ends not counted', () => {
    const detail = 'a reason of at least 10 characters is needed';
    for (const reason of ['', '123456789', '   123456789   ', '\t\n        '])
      expect(lacks({ reason })).toEqual([{ condition: 'reason', detail }]);
    expect(lacks({ reason: ' 1234567890 ' })).toEqual([]);
  });

  it('good checks of consecutive bars', () => {
    const detail = (count: number) =>
      `${count} of 3 health checks on consecutive bars since the halt are good`;
    expect(lacks({}, checks([4], [6], [7]))).toEqual([{ condition: 'checks', detail: detail(2) }]);
    expect(lacks({}, checks([5], [6], [7, 'GGR']))).toEqual([{ condition: 'checks', detail: detail(0) }]);
    expect(lacks({}, checks([6], [7]))).toEqual([{ condition: 'checks', detail: detail(2) }]);
    expect(lacks({}, [])).toEqual([{ condition: 'checks', detail: detail(0) }]);
    // What was good at the halt's own bar or before it earns nothing.
    expect(lacks({}, three, 7, 4)).toEqual([]);
    expect(lacks({}, three, 7, 5)).toEqual([{ condition: 'checks', detail: detail(2) }]);
    expect(lacks({}, three, 7, 7)).toEqual([{ condition: 'checks', detail: detail(0) }]);
    // An older bad one does not matter.
    expect(lacks({}, checks([4, 'RRR'], [5], [6], [7]))).toEqual([]);
  });

  it('checks that are not too old', () => {
    expect(lacks({}, three, 11)).toEqual([]);
    expect(lacks({}, three, 12)).toEqual([
      { condition: 'check_age', detail: 'the oldest of them is 7 bars old, at most 6 count' },
    ]);
    // The oldest that counts is the third from the end, whatever lies before it.
    expect(lacks({}, checks([1], [2], [5], [6], [7]), 11)).toEqual([]);
  });

  it('everything at once', () => {
    const missing = lacks({ role: undefined, reason: '' }, checks([5, 'RGG'], [6, 'RGG'], [7, 'RGG']), 20);
    expect(missing.map(({ condition }) => condition)).toEqual(['role', 'reason', 'checks', 'check_age']);
  });
});
