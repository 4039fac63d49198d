import { turnSwitch } from '../support/chain.ts';
import * as faults from '../support/faults.ts';
import { both, CANCELLED, describeTable, gate, layout, type Row } from '../support/trigger-table.ts';

const { market } = layout;

const operator = (name: string, own: boolean): Row => ({
  ...{ name, trigger: 'operator', by: 'operator', reason: /^odd quotes$/, ends: CANCELLED },
  ...{ blocked: ['KILL_SWITCH'], atUtc: both('2024-07-09T20:00:30Z') },
  fault: async ({ stores, tickMs }) => {
    const who = { by: 'operator', why: 'odd quotes', ...(own ? { market } : {}) };
    await turnSwitch(stores, 'true', tickMs(5) + 30_000, who);
    return {};
  },
});
describeTable([
  operator('operator, all markets', false),
  operator('operator, the market', true),
  gate('data_red', 'DATA_MISSING DATA_LATE DATA_RED', faults.noBars, {
    name: 'data_red, no bar at all',
    blind: true,
    ends: { ACTIVE: ['partially_filled', 'KILL_SWITCH', 240], TRIAL: ['cancelled', 'KILL_SWITCH', 0] },
  }),
  gate('data_red', 'DATA_MISSING DATA_RED', faults.missingBars(2), {
    name: 'data_red, two bars missing',
    blind: true,
    ends: { ACTIVE: ['partially_filled', 'KILL_SWITCH', 240], TRIAL: ['cancelled', 'KILL_SWITCH', 0] },
  }),
  gate('data_red', 'DATA_DISAGREEMENT', faults.inDispute(2), { name: 'data_red, in dispute' }),
  gate(
    'data_red',
    'TICK_LATE',
    () => ({ secondsAfterClose: { ingest: 660, predict: 660, gate: 660, fill: 670 } }),
    {
      ...{ name: 'data_red, late', atUtc: both('2024-07-09T20:11:00Z') },
    },
  ),
  gate('model_red', 'MODEL_BRIER', faults.unhealthy('MODEL_BRIER')),
  gate('drawdown', 'RISK_DRAWDOWN', faults.limits({ drawdown_min: -0.0003 })),
  gate('daily_loss', 'RISK_DAILY_LOSS', faults.limits({ daily_loss_min: -0.0001 })),
  gate('portfolio_drawdown', 'PORTFOLIO_DRAWDOWN', faults.portfolioLimits({ drawdown_min: -0.0003 })),
  gate('portfolio_daily_loss', 'PORTFOLIO_DAILY_LOSS', faults.portfolioLimits({ daily_loss_min: -0.0001 })),
]);
