import { describe, expect, it } from 'vitest';
import { lossesOf, observed, openMeter, rolled } from '../../shared/risk/meter.ts';
import { beginTick, openRisk } from '../../shared/risk/risk-state.ts';
import { rulesOf } from '../support/rules.ts';

const ACTIVE = { restart: 1, halt: -1 };

/** An equity of 1,000 that rose to 1,200 and fell to 900, on day 7 of a switch that opened by record 1. */
const fallen = [1_200, 900].reduce(
  (meter, equity) => observed(rolled(meter, 7, ACTIVE), equity),
  openMeter(1_000),
);

describe('what a meter measures from', () => {
  it.each([
    ['nothing happens', ACTIVE, 900 / 1_200 - 1],
    // The opening's number is smaller than any recovery's.
    ['a recovery by record 9 comes: from the equity then', { restart: 9, halt: -1 }, 0],
    // Only a logged recovery forgets a loss: a latch that cannot be found for a tick is none.
    ['the latch is gone', { restart: -1, halt: -1 }, 900 / 1_200 - 1],
    ['a halt begins', { restart: 1, halt: 5 }, 900 / 1_200 - 1],
  ])('where %s', (_, restarts, drawdown) => {
    const meter = rolled(fallen, 7, restarts);
    expect(lossesOf(meter, 900).drawdown).toBeCloseTo(drawdown, 12);
    expect(lossesOf(meter, 900).dailyReturn).toBeCloseTo(drawdown === 0 ? 0 : 900 / 1_000 - 1, 12);
    // Found again, it is the same as before.
    const found = lossesOf(rolled(meter, 7, { ...restarts, restart: Math.max(1, restarts.restart) }), 900);
    expect(found.drawdown).toBeCloseTo(drawdown, 12);
  });

  it.each([
    ['a recovery by record 9', 9, [0, 0]],
    ['a latch that is gone', -1, [3, 1]],
    ['nothing', 1, [3, 1]],
  ] as const)('orders of the day and failures: %s', (_, restart, [orders, sessions]) => {
    const { config } = rulesOf('crypto');
    const session = { day: 7, ticks: 4, failed: 2, ordersEnded: 0, ordersFailed: 0 };
    const risk = {
      ...openRisk(1_000),
      own: fallen,
      ordersToday: 3,
      failures: { sessions: [session], ordersEnded: 0, ordersFailed: 0 },
    };
    const begun = beginTick(risk, 7, { restart, halt: -1, trial: -1 }, config);
    expect(begun.ordersToday).toBe(orders);
    expect(begun.failures.sessions.filter(({ failed }) => failed === 2)).toHaveLength(sessions);
  });
});
