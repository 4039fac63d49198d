import { describe, expect, it } from 'vitest';
import { judge, type GateInputs } from '../../shared/risk/gates.ts';
import { rulesOf } from '../support/rules.ts';
import { goodInputs } from '../support/state.ts';

/** Limits that a double holds exactly: drawdown -1/4, daily loss -1/8, YELLOW at half of a limit, RED at twice it. */
const { config, portfolio } = rulesOf('crypto', {
  config: {
    limits: {
      ...{ drawdown_min: -0.25, daily_loss_min: -0.125, yellow_at: 0.5, red_at: 2 },
      ...{ gross_max: 0.5, net_max: 0.25, name_max: 0.125, theme_max: 0.25, turnover_max: 4 },
      ...{ orders_per_day_max: 100 },
    },
    kill_switch: {
      triggers: { execution_fail_rate: { above: 0.125, sessions: 5, ticks_min: 20, orders_min: 20 } },
    },
  },
});
const limits = {
  config,
  portfolio: { ...portfolio, limits: { gross_max: 1, drawdown_min: -0.25, daily_loss_min: -0.125 } },
};
const verdict = (given: Partial<GateInputs>) => judge({ ...goodInputs, ...given }, limits);
const { health, data, risk, portfolio: books } = goodInputs;
const { losses, exposure } = risk;
const dataWith = (more: Partial<GateInputs['data']>) => ({ data: { ...data, ...more } });
const riskWith = (more: Partial<GateInputs['risk']>) => ({ risk: { ...risk, ...more } });
const lossWith = (more: Partial<typeof losses>) => riskWith({ losses: { ...losses, ...more } });
const exposed = (more: Partial<typeof exposure>) => riskWith({ exposure: { ...exposure, ...more } });
const allWith = (more: Partial<typeof losses>) => ({
  portfolio: { ...books, losses: { ...losses, ...more } },
});

/** Every row in its place; a gate is never left out, whatever the others say. */
const ORDER = [
  ...['data/bars_seen', 'data/instruments_red', 'data/missing', 'data/duplicates', 'data/stale_runs'],
  ...['data/split_suspects', 'data/misaligned', 'data/fallbacks', 'data/disagreements', 'data/lateness_s'],
  ...['model/health', 'calendar/covered', 'calendar/fee_rows'],
  ...['release/code', 'release/config', 'release/model', 'release/calendar', 'switch/trading_enabled'],
  ...['risk/drawdown', 'risk/daily_loss', 'risk/gross', 'risk/net', 'risk/name', 'risk/theme'],
  ...['risk/cluster', 'risk/capacity', 'risk/turnover', 'risk/orders_today', 'risk/execution_fail_rate'],
  ...['portfolio/gross', 'portfolio/drawdown', 'portfolio/daily_loss'],
  ...['recovery/drawdown', 'recovery/daily_loss'],
  ...['recovery/portfolio_drawdown', 'recovery/portfolio_daily_loss'],
];
const namesOf = ({ rows }: ReturnType<typeof verdict>): string[] =>
  rows.map(({ gate, check }) => `${gate}/${check}`);

describe('the gates of a market', () => {
  it('all is well: GREEN, nothing blocked, every gate in its place', () => {
    const made = verdict({});
    expect([made.status, made.blocked]).toEqual(['GREEN', []]);
    expect(namesOf(made)).toEqual(ORDER);
    expect(made.rows.every(({ level, code }) => level === 'GREEN' && code === null)).toBe(true);
  });

  it('none is skipped because others are RED; codes come in the order of their list, each once', () => {
    const made = verdict({
      ...dataWith({ seen: 0, red: 4, missing: 4, stale: 4, suspects: 4, lateness_s: 601, misaligned: 2 }),
      health: { ...health, grade: 'D', codes: ['MODEL_BRIER'] },
      calendar: { covered: false, rulesCovered: false },
      mismatched: ['calendar', 'code', 'model', 'config'],
      tradingEnabled: false,
      risk: {
        losses: { drawdown: -0.5, dailyReturn: -0.5, drawdownSinceHalt: -0.5, dailyReturnSinceHalt: -0.5 },
        exposure: { ...exposure, gross: 9 },
        ...{ turnover: 0, ordersToday: 100, failRate: 1 },
      },
      portfolio: {
        gross: 9,
        losses: { drawdown: -0.5, dailyReturn: -0.5, drawdownSinceHalt: -0.5, dailyReturnSinceHalt: -0.5 },
      },
    });
    expect(namesOf(made)).toEqual(ORDER);
    expect(made.blocked).toEqual([
      ...['DATA_MISSING', 'DATA_STALE_RUN', 'DATA_SPLIT_SUSPECT', 'DATA_LATE', 'DATA_RED'],
      ...['CALENDAR_EXPIRED', 'CALENDAR_MISALIGNED', 'RULES_UNCOVERED', 'MODEL_BRIER'],
      ...['TICK_LATE', 'KILL_SWITCH', 'RELEASE_MISMATCH', 'RISK_DRAWDOWN', 'RISK_DAILY_LOSS'],
      ...['RISK_EXPOSURE', 'ORDER_THROTTLE', 'EXECUTION_FAIL_RATE'],
      ...['PORTFOLIO_EXPOSURE', 'PORTFOLIO_DRAWDOWN', 'PORTFOLIO_DAILY_LOSS'],
    ]);
  });

  it.each<[string, Partial<GateInputs>, string, string[]]>([
    ['the calendar ends', { calendar: { covered: false, rulesCovered: true } }, 'RED', ['CALENDAR_EXPIRED']],
    ['no fee row', { calendar: { covered: true, rulesCovered: false } }, 'RED', ['RULES_UNCOVERED']],
    ['trading disabled', { tradingEnabled: false }, 'RED', ['KILL_SWITCH']],
    ['model C', { health: { ...health, grade: 'C', codes: ['MODEL_BRIER'] } }, 'YELLOW', []],
    ['model B', { health: { ...health, grade: 'B' } }, 'GREEN', []],
    ['model D, no reason', { health: { ...health, grade: 'D' } }, 'RED', ['MODEL_UNAVAILABLE']],
    [
      'model D, too few',
      { health: { ...health, grade: 'D', codes: ['MODEL_UNDERPOWERED'] } },
      'RED',
      ['MODEL_UNDERPOWERED'],
    ],
  ])('%s', (_, given, status, blocked) => {
    expect(verdict(given)).toMatchObject({ status, blocked });
  });

  it('a health record of several codes has a row each, with its figure', () => {
    const { rows } = verdict({
      health: {
        ...{ source: 'oos', samples: 12, brier: 0.31, coverage: 0.4, grade: 'D' },
        codes: ['MODEL_UNDERPOWERED', 'MODEL_BRIER', 'MODEL_COVERAGE'],
      },
    });
    const told = rows.filter(({ gate }) => gate === 'model');
    expect(told.map(({ check, level, code, value, limit }) => [check, level, code, value, limit])).toEqual([
      ['samples', 'RED', 'MODEL_UNDERPOWERED', 12, 0],
      ['health', 'RED', 'MODEL_BRIER', 0.31, 0.25],
      ['coverage', 'RED', 'MODEL_COVERAGE', 0.4, 0.8],
    ]);
  });

  it.each(['code', 'config', 'model', 'calendar'] as const)(
    'another %s than the release has: RED',
    (part) => {
      const { status, blocked, rows } = verdict({ mismatched: [part] });
      expect([status, blocked]).toEqual(['RED', ['RELEASE_MISMATCH']]);
      const red = rows.filter(({ level }) => level === 'RED').map(({ gate, check }) => `${gate}/${check}`);
      expect(red).toEqual([`release/${part}`]);
    },
  );

  it.each<[string, Partial<GateInputs>, string[]]>([
    ['bars seen', dataWith({ seen: NaN }), ['data/bars_seen']],
    ['RED bars', dataWith({ red: NaN }), ['data/instruments_red']],
    ['missing bars', dataWith({ missing: NaN }), ['data/missing']],
    ['duplicates', dataWith({ duplicates: NaN }), ['data/duplicates']],
    ['stale runs', dataWith({ stale: NaN }), ['data/stale_runs']],
    ['suspects', dataWith({ suspects: NaN }), ['data/split_suspects']],
    ['bars off the grid', dataWith({ misaligned: NaN }), ['data/misaligned']],
    ['fallbacks', dataWith({ fallbacks: NaN }), ['data/fallbacks']],
    ['disagreements', dataWith({ disagreements: NaN }), ['data/disagreements']],
    ['lateness', dataWith({ lateness_s: Infinity }), ['data/lateness_s']],
    ['Brier score', { health: { ...health, brier: NaN } }, ['model/health']],
    ['drawdown', lossWith({ drawdown: NaN }), ['risk/drawdown']],
    ['the day', lossWith({ dailyReturn: NaN }), ['risk/daily_loss']],
    ['gross', exposed({ gross: NaN }), ['risk/gross']],
    ['net', exposed({ net: NaN }), ['risk/net']],
    ['the largest name', exposed({ name: { value: NaN, name: 'A' } }), ['risk/name']],
    ['the largest theme', exposed({ theme: { value: NaN, name: 'A' } }), ['risk/theme']],
    ['the largest cluster', exposed({ cluster: { value: NaN, name: 'A' } }), ['risk/cluster']],
    ['capacity', exposed({ capacity: { value: Infinity, name: 'A' } }), ['risk/capacity']],
    ['turnover', riskWith({ turnover: NaN }), ['risk/turnover']],
    ['orders', riskWith({ ordersToday: NaN }), ['risk/orders_today']],
    ['failures', riskWith({ failRate: NaN }), ['risk/execution_fail_rate']],
    ['the gross of all', { portfolio: { ...books, gross: NaN } }, ['portfolio/gross']],
    ['the drawdown of all', allWith({ drawdown: NaN }), ['portfolio/drawdown']],
    ['the day of all', allWith({ dailyReturn: NaN }), ['portfolio/daily_loss']],
  ])('%s that cannot be measured is RED, and says so', (_, given, red) => {
    const { status, blocked, rows } = verdict(given);
    expect([status, blocked]).toEqual(['RED', ['GATE_UNEVALUABLE']]);
    const bad = rows.filter(({ level }) => level !== 'GREEN');
    expect(bad.map(({ gate, check }) => `${gate}/${check}`)).toEqual(red);
    expect(bad[0]).toMatchObject({ value: 0, limit: 0, code: 'GATE_UNEVALUABLE' });
  });
});

describe('the rows of a recovery', () => {
  it('are RED and YELLOW like any other, but block nothing', () => {
    const since = { drawdownSinceHalt: -0.3, dailyReturnSinceHalt: -0.1 };
    const made = verdict({ ...lossWith(since), ...allWith(since) });
    expect([made.status, made.blocked]).toEqual(['GREEN', []]);
    const told = made.rows.filter(({ gate }) => gate === 'recovery');
    expect(told.map(({ check, level, code }) => [check, level, code])).toEqual([
      ['drawdown', 'RED', 'RISK_DRAWDOWN'],
      ['daily_loss', 'YELLOW', 'RISK_DAILY_LOSS'],
      ['portfolio_drawdown', 'RED', 'PORTFOLIO_DRAWDOWN'],
      ['portfolio_daily_loss', 'YELLOW', 'PORTFOLIO_DAILY_LOSS'],
    ]);
    // What they say is no part of the budget either.
    expect([made.riskBudgetLeft, made.riskBudgetName]).toEqual([1, 'drawdown']);
  });

  it('that cannot be measured block nothing', () => {
    const since = { drawdownSinceHalt: NaN, dailyReturnSinceHalt: NaN };
    expect(verdict({ ...lossWith(since), ...allWith(since) })).toMatchObject({
      ...{ status: 'GREEN', blocked: [], riskBudgetLeft: 1 },
    });
  });
});

describe('the risk budget: what is left of the limit that is used most', () => {
  it.each<[string, Partial<GateInputs>, number, string]>([
    ['nothing used', {}, 1, 'drawdown'],
    ['a fifth of the drawdown', lossWith({ drawdown: -0.05 }), 0.8, 'drawdown'],
    ['half of the day', lossWith({ drawdown: -0.05, dailyReturn: -0.0625 }), 0.5, 'daily_loss'],
    ['gross 2 of 5', exposed({ gross: 0.2 }), 0.6, 'gross'],
    ['gross 2 of 5, name 4 of 5', exposed({ gross: 0.2, name: { value: 0.1, name: 'A' } }), 0.2, 'name'],
    ['net 2 of 5', exposed({ net: 0.1 }), 0.6, 'net'],
    ['theme 2 of 5', exposed({ theme: { value: 0.1, name: 'x' } }), 0.6, 'theme'],
    ['a cluster counts as one name', exposed({ cluster: { value: 0.1, name: 'A' } }), 0.2, 'cluster'],
    ['capacity', exposed({ capacity: { value: 0.75, name: 'A' } }), 0.25, 'capacity'],
    ['turnover 3 of 4', riskWith({ turnover: 3 }), 0.25, 'turnover'],
    ['60 orders of 100', riskWith({ ordersToday: 60 }), 0.4, 'orders_today'],
    ['failures', riskWith({ failRate: 0.1 }), 0.2, 'execution_fail_rate'],
    ['the books of all', { portfolio: { ...books, gross: 0.3 } }, 0.7, 'portfolio_gross'],
    ['the drawdown of all', allWith({ drawdown: -0.2 }), 0.2, 'portfolio_drawdown'],
    ['the day of all', allWith({ dailyReturn: -0.1 }), 0.2, 'portfolio_daily_loss'],
    ['more than all', lossWith({ drawdown: -0.4 }), 0, 'drawdown'],
    ['gains use nothing', lossWith({ dailyReturn: 0.04 }), 1, 'drawdown'],
    ['a third, to four decimals', exposed({ gross: 1 / 3 }), 0.3333, 'gross'],
    ['of two alike the first', exposed({ gross: 0.25, net: 0.125 }), 0.5, 'gross'],
    ['gross cannot be told', exposed({ gross: NaN }), 0, 'gross'],
    ['drawdown cannot be told', lossWith({ drawdown: NaN }), 0, 'drawdown'],
    ['the books of all cannot be told', { portfolio: { ...books, gross: NaN } }, 0, 'portfolio_gross'],
  ])('%s', (_, given, riskBudgetLeft, riskBudgetName) => {
    expect(verdict(given)).toMatchObject({ riskBudgetLeft, riskBudgetName });
  });
});
