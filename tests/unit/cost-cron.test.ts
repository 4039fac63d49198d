import { describe, expect, it } from 'vitest';
import { runsPerMonth } from '../../infra/aws/cost/cron.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';

// 2026 has 365 days, 52 weeks and one Thursday more: 261 weekdays, 52 Saturdays, 52 Sundays.
describe('runs of a schedule in a mean month', () => {
  it.each([
    ['cron(1 * * * ? *)', 365 * 24],
    ['cron(0/15 * * * ? *)', 365 * 96],
    ['cron(31 10,11 ? * MON-FRI *)', 261 * 2],
    ['cron(31 10-15 ? * 2-6 *)', 261 * 6],
    ['cron(0 9 ? * THU *)', 53],
    ['cron(0 9 ? * SUN,SAT *)', 104],
    ['cron(0 9 1 * ? *)', 12],
    ['cron(0 9 31 * ? *)', 7],
    ['cron(0 9 1 JAN-MAR ? *)', 3],
    ['cron(0 9 * * ? 2026)', 365],
    ['cron(0 9 * * ? 2027)', 0],
    ['rate(1 hour)', 365 * 24],
    ['rate(5 minutes)', 365 * 288],
    ['rate(1 day)', 365],
  ])('%s fires %d times a year', (expression, perYear) => {
    expect(runsPerMonth(expression) * 12).toBeCloseTo(perYear, 9);
  });

  it.each([
    'cron(1 * * *)',
    'cron(1 * L * ? *)',
    'cron(1 * ? * 2#1 *)',
    'cron(60 * * * ? *)',
    'cron(1 * ? * FRI-MON *)',
    'cron(1 0/0 * * ? *)',
    'rate(0 hours)',
    'rate(1 week)',
    'at(2026-01-01T00:00:00)',
    'hourly',
  ])('%s is refused', (expression) => {
    expect(() => runsPerMonth(expression)).toThrow(ConfigError);
  });
});
