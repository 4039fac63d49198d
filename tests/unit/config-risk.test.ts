import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readConfigFiles } from '../../functions/runtime/config-files.ts';
import { parseConfig } from '../../shared/config/config.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';

const shipped = readConfigFiles(fileURLToPath(new URL('../../configs', import.meta.url))).texts;

/** What a configuration with one text in one file replaced is refused with; the text must be there. */
function refusal(path: string, from: string | RegExp, to: string): string {
  const before = shipped.get(path)!;
  const after = before.replace(from, to);
  expect(after, `${path} holds no ${from}`).not.toBe(before);
  try {
    parseConfig(new Map(shipped).set(path, after));
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    // Where a line moves is of no matter here.
    return (error as ConfigError).message.replace(/yaml:\d+:/g, 'yaml:');
  }
  throw new Error('nothing was refused');
}
const MARKET = 'markets/crypto.yaml';
const restricted = (row: string): string => `restricted:\n  - ${row}\n`;
const inMarket = (from: string | RegExp, to: string): string => refusal(MARKET, from, to);

describe('the restricted list', () => {
  test('names an instrument of the universe', () => {
    const row = '{ symbol: DOGEUSDT, from: 2024-01-01, reason: an insider list }';
    expect(inMarket('restricted: []\n', restricted(row))).toBe(
      'markets/crypto.yaml: restricted: DOGEUSDT is not in universe crypto_v1; name an instrument that it has',
    );
  });

  test.each([
    [
      'no reason to speak of',
      '{ symbol: BTCUSDT, from: 2024-01-01, reason: because }',
      'restricted.0.reason',
    ],
    ['no reason', '{ symbol: BTCUSDT, from: 2024-01-01 }', 'restricted.0.reason'],
    ['no beginning', '{ symbol: BTCUSDT, reason: an insider list }', 'restricted.0.from'],
    [
      'a day that does not exist',
      '{ symbol: BTCUSDT, from: 2024-02-30, reason: an insider list }',
      'restricted.0.from',
    ],
    [
      'an end before its beginning',
      '{ symbol: BTCUSDT, from: 2024-02-02, to: 2024-02-01, reason: an insider list }',
      'restricted.0.to',
    ],
  ])('has rows with %s refused', (_, row, path) => {
    expect(inMarket('restricted: []\n', restricted(row))).toContain(`markets/crypto.yaml: ${path}: `);
  });
});

describe('the portfolio', () => {
  const refused = (from: string | RegExp, to: string): string => refusal('portfolio.yaml', from, to);

  test('has members that exist, each once', () => {
    expect(refused('members: []', 'members: [crypto, moon]')).toBe(
      'portfolio.yaml: members: moon does not exist; known are ashares, crypto, us_equities',
    );
    expect(refused('members: []', 'members: [crypto, ashares, crypto]')).toBe(
      'portfolio.yaml: members: expected every market once',
    );
  });

  test.each([
    ['base_currency: USD', 'base_currency: EUR', 'base_currency'],
    ['rate_age_days_max: 3', 'rate_age_days_max: 3.01', 'rate_age_days_max'],
    ['rate_age_days_max: 3', 'rate_age_days_max: 0', 'rate_age_days_max'],
    ['drawdown_min: -0.15', 'drawdown_min: 0.15', 'limits.drawdown_min'],
    ['drawdown_min: -0.15', 'drawdown_min: 0', 'limits.drawdown_min'],
    ['daily_loss_min: -0.05', 'daily_loss_min: -1', 'limits.daily_loss_min'],
    ['gross_max: 1.5', 'gross_max: 0', 'limits.gross_max'],
    ['head_behind_bars_max: 2', 'head_behind_bars_max: -1', 'head_behind_bars_max'],
  ])('%s may not be %s', (from, to, path) => {
    expect(refused(from, to)).toContain(`portfolio.yaml: ${path}: `);
  });

  test('must be there', () => {
    const without = new Map([...shipped].filter(([path]) => path !== 'portfolio.yaml'));
    expect(() => parseConfig(without)).toThrow('portfolio.yaml: is missing; every configuration needs it');
  });
});

describe('the operators', () => {
  const refused = (row: string): string =>
    refusal('operators.yaml', 'operators:\n', `operators:\n  - ${row}\n`);

  test('are each listed once, in one role', () => {
    expect(refused('{ name: admin, role: ops_viewer }')).toBe(
      'operators.yaml: operators.1.name: admin is listed twice',
    );
    expect(refused('{ name: viewer, role: ops_viewer }')).toBe(
      'operators.yaml: operators.3.name: viewer is listed twice',
    );
  });

  test.each([
    ['{ name: deputy, role: root }', 'operators.0.role'],
    ['{ name: deputy }', 'operators.0.role'],
    ['{ name: "a b", role: ops_admin }', 'operators.0.name'],
    ['{ name: "", role: ops_admin }', 'operators.0.name'],
  ])('%s is none', (row, path) => {
    expect(refused(row)).toContain(`operators.yaml: ${path}: `);
  });

  test('must be there', () => {
    const without = new Map([...shipped].filter(([path]) => path !== 'operators.yaml'));
    expect(() => parseConfig(without)).toThrow('operators.yaml: is missing; every configuration needs it');
  });
});

describe('the limits and gates of a market', () => {
  test.each([
    ['trial_scale: 0.25', 'trial_scale: 0.26', 'kill_switch.trial_scale'],
    ['trial_scale: 0.25', 'trial_scale: 0', 'kill_switch.trial_scale'],
    ['recovery: { checks: 3,', 'recovery: { checks: 2,', 'kill_switch.recovery.checks'],
    ['check_age_bars_max: 6', 'check_age_bars_max: 2', 'kill_switch.recovery.check_age_bars_max'],
    ['level_max: GREEN', 'level_max: RED', 'kill_switch.recovery.level_max'],
    ['data_red_ticks: 1', 'data_red_ticks: 0', 'kill_switch.triggers.data_red_ticks'],
    ['failed_runs: 3', 'failed_runs: 0', 'kill_switch.triggers.failed_runs'],
    ['above: 0.05', 'above: 1.1', 'kill_switch.triggers.execution_fail_rate.above'],
    ['sessions: 5', 'sessions: 0', 'kill_switch.triggers.execution_fail_rate.sessions'],
    ['missing_rate: { yellow: 0,', 'missing_rate: { yellow: 0.03,', 'gates.missing_rate'],
    ['fallback: YELLOW', 'fallback: ORANGE', 'gates.fallback'],
    ['red_at: 1.5', 'red_at: 0.9', 'limits.red_at'],
    ['yellow_at: 0.8', 'yellow_at: 1.1', 'limits.yellow_at'],
    ['price_collar: 0.2', 'price_collar: 0', 'limits.price_collar'],
    ['abs_min: 0.9', 'abs_min: 0', 'limits.correlation.abs_min'],
    ['bars: 120', 'bars: 9', 'limits.correlation.bars'],
    ['orders_per_tick_max: 50', 'orders_per_tick_max: 0', 'limits.orders_per_tick_max'],
    ['orders_per_day_max: 200', 'orders_per_day_max: 0', 'limits.orders_per_day_max'],
    ['order_notional_max: 50000', 'order_notional_max: 0', 'limits.order_notional_max'],
    ['drawdown_min: -0.15', 'drawdown_min: 0.15', 'limits.drawdown_min'],
    ['  net_max: 0.95\n', '', 'limits.net_max'],
    ['restricted: []\n', '', 'restricted'],
  ])('%s may not be %j', (from, to, path) => {
    expect(inMarket(from, to)).toContain(`markets/crypto.yaml: ${path}: `);
  });

  test('a theme has a plain name', () => {
    const path = 'universes/crypto_v1.yaml';
    expect(refusal(path, 'themes: [smart_contracts]', 'themes: [Smart Contracts]')).toContain(
      `${path}: instruments.1.themes.0: `,
    );
  });
});
