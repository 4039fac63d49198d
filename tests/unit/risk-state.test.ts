import { describe, expect, it } from 'vitest';
import type { Level } from '../../shared/config/market-schema.ts';
import type { Code } from '../../shared/kernel/codes.ts';
import { IntegrityError } from '../../shared/kernel/errors.ts';
import { noClusters } from '../../shared/risk/clusters.ts';
import {
  beginTick,
  endTick,
  openRisk,
  parsedRisk,
  type RiskState,
  type SwitchCount,
  type TickEnd,
} from '../../shared/risk/risk-state.ts';
import type { GateRow } from '../../shared/risk/gate-row.ts';
import { rulesOf } from '../support/rules.ts';
import { greenVerdict } from '../support/state.ts';

const { config } = rulesOf('crypto', {
  config: {
    kill_switch: {
      triggers: {
        ...{ data_red_ticks: 2, model_red_ticks: 3 },
        execution_fail_rate: { above: 0.5, sessions: 2, ticks_min: 3, orders_min: 3 },
      },
    },
  },
});

const ACTIVE: SwitchCount = { restart: 1, halt: -1, trial: -1 };
/** Recovered by record 9: on trial. */
const TRIAL: SwitchCount = { restart: 9, halt: -1, trial: 9 };
const DAY = 100;

const row = (gate: GateRow['gate'], level: Level): GateRow => ({
  ...{ gate, check: 'x', subject: '', level, code: null, value: 0, limit: 0 },
});
const red = (gate: 'data' | 'model') => ({ ...greenVerdict, rows: [row(gate, 'RED')] });
const end = (more: Partial<TickEnd> = {}): TickEnd => ({
  ...{ ordinal: 50, decidedAtMs: 7, verdict: greenVerdict, equity: 1000, equityOfAll: NaN, late: false },
  ...{ placed: 0, ordersEnded: 0, ordersFailed: 0, clusters: noClusters, working: () => false },
  ...more,
});
const tick = (risk: RiskState, more: Partial<TickEnd> = {}, count = ACTIVE, day = DAY): RiskState =>
  endTick(beginTick(risk, day, count, config), end(more), config);

describe('the trial after a recovery (definition 13)', () => {
  const begun = tick(openRisk(1000), {}, TRIAL);

  it('has not begun before its first order: empty ticks do not end it', () => {
    expect(begun.trial).toEqual({ record: 9, ordinal: -1, level: 'GREEN', over: false });
    const waited = tick(tick(begun, { ordinal: 51 }, TRIAL), { ordinal: 52 }, TRIAL);
    expect(waited.trial).toEqual({ record: 9, ordinal: -1, level: 'GREEN', over: false });
  });

  it('what was RED before its first order is no part of it', () => {
    const waited = tick(begun, { ordinal: 51, verdict: { ...greenVerdict, status: 'RED' } }, TRIAL);
    const placing = tick(waited, { ordinal: 52, placed: 2 }, TRIAL);
    expect(placing.trial).toEqual({ record: 9, ordinal: 52, level: 'GREEN', over: false });
  });

  it('lasts until all orders of its first placing tick have ended', () => {
    const asked: number[] = [];
    const working = (ordinals: number[]) => (ordinal: number) => {
      asked.push(ordinal);
      return ordinals.includes(ordinal);
    };
    const placing = tick(begun, { ordinal: 52, placed: 2, working: working([52]) }, TRIAL);
    const still = tick(placing, { ordinal: 53, placed: 1, working: working([52, 53]) }, TRIAL);
    expect(still.trial).toEqual({ record: 9, ordinal: 52, level: 'GREEN', over: false });
    // The order of bar 53 still works: it is not of the first window.
    const over = tick(still, { ordinal: 54, working: working([53]) }, TRIAL);
    expect(over.trial).toEqual({ record: 9, ordinal: 52, level: 'GREEN', over: true });
    expect(new Set(asked)).toEqual(new Set([52]));
  });

  it('does not end with the tick that placed, though nothing seems to work yet', () => {
    expect(tick(begun, { ordinal: 52, placed: 1 }, TRIAL).trial.over).toBe(false);
  });

  it('is judged by the worst level from its first placing tick to its last', () => {
    const judged = (...levels: Level[]) =>
      levels.reduce(
        (risk, status, k) =>
          tick(
            risk,
            {
              ordinal: 52 + k,
              placed: k === 0 ? 1 : 0,
              verdict: { ...greenVerdict, status },
              working: () => k < levels.length - 1,
            },
            TRIAL,
          ),
        begun,
      ).trial;
    expect(judged('GREEN', 'YELLOW', 'GREEN')).toMatchObject({ level: 'YELLOW', over: true });
    expect(judged('YELLOW', 'GREEN')).toMatchObject({ level: 'YELLOW', over: true });
    expect(judged('GREEN', 'GREEN', 'RED')).toMatchObject({ level: 'RED', over: true });
  });

  it('that is over stays as it ended', () => {
    const placing = tick(begun, { ordinal: 52, placed: 1, working: () => true }, TRIAL);
    const over = tick(placing, { ordinal: 53 }, TRIAL);
    const later = tick(over, { ordinal: 54, verdict: { ...greenVerdict, status: 'RED' } }, TRIAL);
    expect(later.trial).toEqual({ record: 9, ordinal: 52, level: 'GREEN', over: true });
  });

  it('another one begins anew, and none is under way while trading is free', () => {
    const placing = tick(begun, { ordinal: 52, placed: 1, working: () => true }, TRIAL);
    const second = tick(placing, { ordinal: 53 }, { restart: 15, halt: -1, trial: 15 });
    expect(second.trial).toEqual({ record: 15, ordinal: -1, level: 'GREEN', over: false });
    const free = tick(placing, { ordinal: 53, placed: 3 }, { restart: 9, halt: -1, trial: -1 });
    expect(free.trial).toEqual({ record: -1, ordinal: -1, level: 'GREEN', over: false });
  });
});

describe('what a tick counts', () => {
  it('orders by session, and from a recovery on', () => {
    const first = tick(openRisk(1000), { placed: 3 });
    const second = tick(first, { placed: 2 });
    expect(second.ordersToday).toBe(5);
    expect(beginTick(second, DAY, ACTIVE, config).ordersToday).toBe(5);
    expect(beginTick(second, DAY + 1, ACTIVE, config).ordersToday).toBe(0);
    expect(beginTick(second, DAY, { ...ACTIVE, restart: 9 }, config).ordersToday).toBe(0);
    // A halt alone starts nothing anew.
    expect(beginTick(second, DAY, { ...ACTIVE, halt: 7 }, config).ordersToday).toBe(5);
  });

  it('RED ticks in a row, of data and of model each', () => {
    let risk = tick(openRisk(1000), { verdict: red('data') });
    risk = tick(risk, { verdict: red('data') });
    expect([risk.redData, risk.redModel]).toEqual([2, 0]);
    risk = tick(risk, { verdict: red('model') });
    expect([risk.redData, risk.redModel]).toEqual([0, 1]);
    risk = tick(risk);
    expect([risk.redData, risk.redModel]).toEqual([0, 0]);
  });

  it('the equity over all books from when it is first known; what is unknown leaves it as it was', () => {
    const unknown = tick(openRisk(1000), {});
    expect(unknown.all).toBeNull();
    const known = tick(unknown, { equityOfAll: 5000 });
    expect(known.all).toMatchObject({ equity: 5000, peak: 5000, dayOpen: 5000 });
    const lost = tick(known, { equityOfAll: NaN });
    expect(lost.all).toMatchObject({ equity: 5000, peak: 5000 });
    expect(tick(lost, { equityOfAll: 4000 }).all).toMatchObject({ equity: 4000, peak: 5000 });
  });

  it('failures, which a recovery forgets', () => {
    const late = tick(tick(openRisk(1000), { late: true }), { late: true, ordersEnded: 4, ordersFailed: 1 });
    expect(late.failures.sessions).toEqual([
      { day: DAY, ticks: 2, failed: 2, ordersEnded: 4, ordersFailed: 1 },
    ]);
    const { failures } = beginTick(late, DAY, { ...ACTIVE, restart: 9 }, config);
    expect(failures.sessions).toEqual([{ day: DAY, ticks: 0, failed: 0, ordersEnded: 0, ordersFailed: 0 }]);
  });

  it('changes nothing that it was given', () => {
    const before = tick(openRisk(1000), { placed: 1, equityOfAll: 5 });
    const copy = structuredClone(before);
    tick(before, { placed: 4, equityOfAll: 9, late: true }, TRIAL, DAY + 1);
    expect(before).toEqual(copy);
  });
});

describe('what trips the switch', () => {
  const blocked = (...codes: Code[]) => ({ ...greenVerdict, status: 'RED' as const, blocked: codes });

  it.each<[Code, string]>([
    ['RISK_DRAWDOWN', 'drawdown'],
    ['RISK_DAILY_LOSS', 'daily_loss'],
    ['PORTFOLIO_DRAWDOWN', 'portfolio_drawdown'],
    ['PORTFOLIO_DAILY_LOSS', 'portfolio_daily_loss'],
    ['ORDER_THROTTLE', 'order_throttle'],
    ['EXECUTION_FAIL_RATE', 'execution_fail_rate'],
  ])('%s once', (code, trigger) => {
    expect(tick(openRisk(1000), { verdict: blocked(code) }).trips).toEqual([trigger]);
  });

  it.each<Code>([
    'KILL_SWITCH',
    'RISK_EXPOSURE',
    'PORTFOLIO_EXPOSURE',
    'CALENDAR_EXPIRED',
    'RELEASE_MISMATCH',
  ])('not %s', (code) => {
    expect(tick(openRisk(1000), { verdict: blocked(code) }).trips).toEqual([]);
  });

  it('RED data or model as many ticks in a row as the file says', () => {
    const once = tick(openRisk(1000), { verdict: red('data') });
    expect(once.trips).toEqual([]);
    expect(tick(once, { verdict: red('data') }).trips).toEqual(['data_red']);
    let model = openRisk(1000);
    for (const trips of [[], [], ['model_red'], ['model_red']]) {
      model = tick(model, { verdict: red('model') });
      expect(model.trips).toEqual(trips);
    }
  });

  it('several at once, in their order; and nothing that is over', () => {
    const verdict = { ...blocked('EXECUTION_FAIL_RATE', 'RISK_DRAWDOWN'), rows: [row('data', 'RED')] };
    const tripped = tick(tick(openRisk(1000), { verdict: red('data') }), { verdict });
    expect(tripped.trips).toEqual(['data_red', 'drawdown', 'execution_fail_rate']);
    expect(tick(tripped).trips).toEqual([]);
  });
});

describe('a stored risk state', () => {
  it('comes back as it was', () => {
    const risk = tick(openRisk(1000), { equityOfAll: 5, placed: 1 });
    expect(parsedRisk(JSON.parse(JSON.stringify(risk)))).toEqual(risk);
  });

  it.each<[string, object, string]>([
    ['a field too many', { more: 1 }, 'stored state: risk.'],
    ['another trigger', { trips: ['boredom'] }, 'stored state: risk.trips.0: '],
    ['half an order', { ordersToday: 0.5 }, 'stored state: risk.ordersToday: '],
    ['no meter', { own: null }, 'stored state: risk.own: '],
  ])('with %s is refused by name', (_, change, message) => {
    expect(() => parsedRisk({ ...openRisk(1000), ...change })).toThrow(IntegrityError);
    expect(() => parsedRisk({ ...openRisk(1000), ...change })).toThrow(message);
  });
});
