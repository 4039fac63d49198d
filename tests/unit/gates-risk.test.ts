import { describe, expect, it } from 'vitest';
import type { Exposure } from '../../shared/risk/exposure.ts';
import { judge, type GateInputs } from '../../shared/risk/gates.ts';
import type { Losses } from '../../shared/risk/meter.ts';
import { rulesOf } from '../support/rules.ts';
import { goodInputs } from '../support/state.ts';

/** Limits that a double holds exactly; YELLOW beyond half of a limit, an exposure RED beyond twice it. */
const { config, portfolio } = rulesOf('crypto', {
  config: {
    limits: {
      ...{ drawdown_min: -0.25, daily_loss_min: -0.125, yellow_at: 0.5, red_at: 2 },
      ...{ gross_max: 0.5, net_max: 0.25, name_max: 0.125, theme_max: 0.375, turnover_max: 4 },
      ...{ orders_per_day_max: 100 },
    },
    kill_switch: {
      triggers: { execution_fail_rate: { above: 0.125, sessions: 5, ticks_min: 20, orders_min: 20 } },
    },
  },
});
const limits = {
  config,
  portfolio: { ...portfolio, limits: { gross_max: 1.5, drawdown_min: -0.5, daily_loss_min: -0.0625 } },
};
const { risk, portfolio: books } = goodInputs;
const A_SHADE = 1 / 1_048_576;

const riskWith = (more: Partial<GateInputs['risk']>) => ({ risk: { ...risk, ...more } });
const exposed = (more: Partial<Exposure>) => riskWith({ exposure: { ...risk.exposure, ...more } });
const lost = (more: Partial<Losses>) => riskWith({ losses: { ...risk.losses, ...more } });
const named = (value: number) => ({ value, name: 'THAT' });

interface Row {
  readonly check: string;
  readonly code: string;
  readonly limit: number;
  /** The greatest value that is GREEN and that is YELLOW; null where nothing is RED. */
  readonly green: number;
  readonly yellow: number | null;
  readonly subject?: string;
  given(value: number): Partial<GateInputs>;
}

/** Losses are told as positive numbers here: the smaller the worse would read badly in a table. */
const ROWS: readonly Row[] = [
  {
    ...{ check: 'risk/drawdown', code: 'RISK_DRAWDOWN', limit: -0.25, green: 0.125, yellow: 0.25 },
    given: (loss) => lost({ drawdown: -loss }),
  },
  {
    ...{ check: 'risk/daily_loss', code: 'RISK_DAILY_LOSS', limit: -0.125, green: 0.0625, yellow: 0.125 },
    given: (loss) => lost({ dailyReturn: -loss }),
  },
  {
    ...{ check: 'risk/gross', code: 'RISK_EXPOSURE', limit: 0.5, green: 0.5, yellow: 1 },
    given: (gross) => exposed({ gross }),
  },
  {
    ...{ check: 'risk/net', code: 'RISK_EXPOSURE', limit: 0.25, green: 0.25, yellow: 0.5 },
    given: (net) => exposed({ net }),
  },
  {
    ...{ check: 'risk/name', code: 'RISK_EXPOSURE', limit: 0.125, green: 0.125, yellow: 0.25 },
    ...{ subject: 'THAT', given: (value) => exposed({ name: named(value) }) },
  },
  {
    ...{ check: 'risk/theme', code: 'RISK_EXPOSURE', limit: 0.375, green: 0.375, yellow: 0.75 },
    ...{ subject: 'THAT', given: (value) => exposed({ theme: named(value) }) },
  },
  {
    ...{ check: 'risk/cluster', code: 'RISK_EXPOSURE', limit: 0.125, green: 0.125, yellow: 0.25 },
    ...{ subject: 'THAT', given: (value) => exposed({ cluster: named(value) }) },
  },
  {
    // What is above must be able to shrink: never RED.
    ...{ check: 'risk/capacity', code: 'RISK_CAPACITY', limit: 1, green: 1, yellow: null },
    ...{ subject: 'THAT', given: (value) => exposed({ capacity: named(value) }) },
  },
  {
    ...{ check: 'risk/turnover', code: 'RISK_TURNOVER', limit: 4, green: 4, yellow: null },
    given: (turnover) => riskWith({ turnover }),
  },
  {
    ...{ check: 'risk/execution_fail_rate', code: 'EXECUTION_FAIL_RATE', limit: 0.125 },
    ...{ green: 0.0625, yellow: 0.125, given: (failRate) => riskWith({ failRate }) },
  },
  {
    ...{ check: 'portfolio/gross', code: 'PORTFOLIO_EXPOSURE', limit: 1.5, green: 0.75, yellow: 1.5 },
    given: (gross) => ({ portfolio: { ...books, gross } }),
  },
  {
    ...{ check: 'portfolio/drawdown', code: 'PORTFOLIO_DRAWDOWN', limit: -0.5, green: 0.25, yellow: 0.5 },
    given: (loss) => ({ portfolio: { ...books, losses: { ...books.losses, drawdown: -loss } } }),
  },
  {
    ...{ check: 'portfolio/daily_loss', code: 'PORTFOLIO_DAILY_LOSS', limit: -0.0625 },
    ...{ green: 0.03125, yellow: 0.0625 },
    given: (loss) => ({ portfolio: { ...books, losses: { ...books.losses, dailyReturn: -loss } } }),
  },
  {
    ...{ check: 'recovery/drawdown', code: 'RISK_DRAWDOWN', limit: -0.25, green: 0.125, yellow: 0.25 },
    given: (loss) => lost({ drawdownSinceHalt: -loss }),
  },
  {
    ...{ check: 'recovery/daily_loss', code: 'RISK_DAILY_LOSS', limit: -0.125, green: 0.0625, yellow: 0.125 },
    given: (loss) => lost({ dailyReturnSinceHalt: -loss }),
  },
  {
    ...{ check: 'recovery/portfolio_drawdown', code: 'PORTFOLIO_DRAWDOWN', limit: -0.5 },
    ...{ green: 0.25, yellow: 0.5 },
    given: (loss) => ({ portfolio: { ...books, losses: { ...books.losses, drawdownSinceHalt: -loss } } }),
  },
  {
    ...{ check: 'recovery/portfolio_daily_loss', code: 'PORTFOLIO_DAILY_LOSS', limit: -0.0625 },
    ...{ green: 0.03125, yellow: 0.0625 },
    given: (loss) => ({ portfolio: { ...books, losses: { ...books.losses, dailyReturnSinceHalt: -loss } } }),
  },
];

describe('a limit is used up to and with its bound, and no shade beyond', () => {
  it.each(ROWS)('$check', ({ check, code, limit, green, yellow, subject = '', given }) => {
    const at = (value: number) => {
      const made = judge({ ...goodInputs, ...given(value) }, limits);
      const found = made.rows.find((row) => `${row.gate}/${row.check}` === check)!;
      const others = made.rows.filter((row) => row !== found);
      expect(others.every(({ level }) => level === 'GREEN')).toBe(true);
      return { ...made, found };
    };
    const well = at(green);
    expect([well.found.level, well.found.code, well.found.limit]).toEqual(['GREEN', null, limit]);
    expect(Math.abs(well.found.value)).toBe(green);
    expect(well.found.subject).toBe(subject);
    const near = at(green + A_SHADE);
    expect([near.found.level, near.found.code, near.blocked]).toEqual(['YELLOW', code, []]);
    const blocks = !check.startsWith('recovery/');
    expect(near.status).toBe(blocks ? 'YELLOW' : 'GREEN');
    if (yellow === null) {
      expect(at(1_000_000).found.level).toBe('YELLOW');
      return;
    }
    expect(at(yellow).found.level).toBe('YELLOW');
    const beyond = at(yellow + A_SHADE);
    expect([beyond.found.level, beyond.found.code]).toEqual(['RED', code]);
    expect([beyond.status, beyond.blocked]).toEqual(blocks ? ['RED', [code]] : ['GREEN', []]);
  });

  it('orders of the day are RED with the last one allowed (RTS 6: disabled when the number is reached)', () => {
    const at = (ordersToday: number) => judge({ ...goodInputs, ...riskWith({ ordersToday }) }, limits).status;
    expect([at(50), at(51), at(99), at(100)]).toEqual(['GREEN', 'YELLOW', 'YELLOW', 'RED']);
    expect(judge({ ...goodInputs, ...riskWith({ ordersToday: 100 }) }, limits).blocked).toEqual([
      'ORDER_THROTTLE',
    ]);
  });

  it('a gain is no loss, and nothing at all is used by it', () => {
    const gains = { drawdown: 0, dailyReturn: 0.5, drawdownSinceHalt: 0, dailyReturnSinceHalt: 0.5 };
    const made = judge(
      { ...goodInputs, ...riskWith({ losses: gains }), portfolio: { ...books, losses: gains } },
      limits,
    );
    expect(made).toMatchObject({ status: 'GREEN', riskBudgetLeft: 1 });
  });
});
