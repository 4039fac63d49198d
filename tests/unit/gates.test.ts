import { describe, expect, it } from 'vitest';
import { judge, type GateInputs } from '../../shared/risk/gates.ts';
import { rulesOf } from '../support/rules.ts';
import { goodInputs } from '../support/state.ts';

/** Drawdown limit -15 %, daily loss -5 %, YELLOW at 80 % of a limit, gross 95 %, name 30 %, late after 600 s. */
const { config } = rulesOf('crypto', {
  config: {
    limits: { drawdown_min: -0.15, daily_loss_min: -0.05, yellow_at: 0.8, gross_max: 0.95, name_max: 0.3 },
    sla: { late_after_s: 600 },
    quality: { red_share_max: 0.02 },
  },
});
const verdict = (given: Partial<GateInputs>) => judge({ ...goodInputs, ...given }, config);
const { health } = goodInputs;

describe('the gates of a market', () => {
  it('all is well: GREEN, nothing blocked, every gate in its place', () => {
    const { status, blocked, rows } = verdict({});
    expect([status, blocked]).toEqual(['GREEN', []]);
    expect(rows.map(({ gate, check }) => `${gate}/${check}`)).toEqual([
      'data/bars_seen',
      'data/instruments_red',
      'data/lateness_s',
      'model/health',
      'calendar/covered',
      'calendar/misaligned_bars',
      'calendar/fee_rows',
      'switch/trading_enabled',
      'risk/drawdown',
      'risk/daily_loss',
    ]);
  });

  it.each<[string, Partial<GateInputs>, string, string[]]>([
    ['no bar seen', { instrumentsSeen: 0 }, 'RED', ['DATA_LATE']],
    ['late at the limit', { lateness_s: 600 }, 'GREEN', []],
    ['late beyond it', { lateness_s: 600.5 }, 'RED', ['TICK_LATE']],
    ['the calendar ends', { calendarCovered: false }, 'RED', ['CALENDAR_EXPIRED']],
    ['no fee row', { rulesCovered: false }, 'RED', ['RULES_UNCOVERED']],
    ['a bar off the grid', { misaligned: 1 }, 'YELLOW', []],
    ['trading disabled', { tradingEnabled: false }, 'RED', ['KILL_SWITCH']],
    ['model C', { health: { ...health, grade: 'C', codes: ['MODEL_BRIER'] } }, 'YELLOW', []],
    [
      'model D',
      { health: { ...health, grade: 'D', codes: ['MODEL_UNDERPOWERED'] } },
      'RED',
      ['MODEL_UNDERPOWERED'],
    ],
    [
      'model D without a reason',
      { health: { ...health, grade: 'D', codes: [] } },
      'RED',
      ['MODEL_UNAVAILABLE'],
    ],
    ['model B', { health: { ...health, grade: 'B' } }, 'GREEN', []],
    ['drawdown at 80 % of the limit', { drawdown: -0.119 }, 'GREEN', []],
    ['drawdown beyond 80 % of it', { drawdown: -0.121 }, 'YELLOW', []],
    ['drawdown at the limit', { drawdown: -0.15 }, 'YELLOW', []],
    ['drawdown beyond the limit', { drawdown: -0.1501 }, 'RED', ['RISK_DRAWDOWN']],
    ['a day at -4.1 %', { dailyReturn: -0.041 }, 'YELLOW', []],
    ['a day at -5.1 %', { dailyReturn: -0.051 }, 'RED', ['RISK_DAILY_LOSS']],
    ['a day at +50 %', { dailyReturn: 0.5 }, 'GREEN', []],
  ])('%s', (_, given, status, blocked) => {
    expect(verdict(given)).toMatchObject({ status, blocked });
  });

  it('none is skipped because another is RED; codes come in the order of their list', () => {
    const all = verdict({
      drawdown: -0.5,
      tradingEnabled: false,
      instrumentsSeen: 0,
      calendarCovered: false,
    });
    expect(all.blocked).toEqual(['DATA_LATE', 'CALENDAR_EXPIRED', 'KILL_SWITCH', 'RISK_DRAWDOWN']);
    expect(all.rows).toHaveLength(10);
  });

  it.each([
    'drawdown',
    'dailyReturn',
    'lateness_s',
    'instrumentsRed',
    'instrumentsSeen',
    'misaligned',
  ] as const)('%s that is no number cannot be evaluated and is RED', (name) => {
    expect(verdict({ [name]: NaN })).toMatchObject({ status: 'RED', blocked: ['GATE_UNEVALUABLE'] });
  });
});

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
  ] as const)('of %d instruments %d are RED: %s', (instruments, instrumentsRed, status) => {
    const answer = verdict({ instruments, instrumentsSeen: instruments, instrumentsRed });
    expect(answer.status).toBe(status);
    expect(answer.blocked).toEqual(status === 'RED' ? ['DATA_RED'] : []);
  });
});

describe('the risk budget: what is left of the limit that is used most', () => {
  it.each<[string, Partial<GateInputs>, number, string]>([
    ['nothing used', {}, 1, 'drawdown'],
    ['a third of the drawdown', { drawdown: -0.05 }, 0.6667, 'drawdown'],
    ['half of the day', { drawdown: -0.05, dailyReturn: -0.025 }, 0.5, 'daily_loss'],
    ['gross 76 of 95', { gross: 0.76, name: 0.15 }, 0.2, 'gross'],
    ['name 27 of 30', { gross: 0.76, name: 0.27 }, 0.1, 'name'],
    ['more than all', { drawdown: -0.2 }, 0, 'drawdown'],
    ['gains use nothing', { dailyReturn: 0.04 }, 1, 'drawdown'],
    ['gross cannot be told', { gross: NaN, name: NaN }, 0, 'gross'],
    ['drawdown cannot be told', { drawdown: NaN }, 0, 'drawdown'],
    ['the day cannot be told', { dailyReturn: NaN, name: 0.1 }, 0, 'daily_loss'],
  ])('%s', (_, given, riskBudgetLeft, riskBudgetName) => {
    expect(verdict(given)).toMatchObject({ riskBudgetLeft, riskBudgetName });
  });
});
