import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { costProfileSchema } from '../../shared/config/cost-profile-schema.ts';
import { parseYaml } from '../../shared/config/yaml.ts';
import { compileCosts, holdingRates, type CostModel } from '../../shared/execution/costs.ts';

const day = (date: string): number => Date.parse(date) / 86_400_000;
const HOUR = 3_600_000;

const shipped = (name: string): CostModel => {
  const path = new URL(`../../configs/cost_profiles/${name}.yaml`, import.meta.url);
  return compileCosts(parseYaml(name, readFileSync(path, 'utf8'), costProfileSchema), 100, 7, HOUR);
};
const row = (change: object = {}) => ({
  name: 'borrow',
  position: 'short',
  bps: 1,
  interval_h: 24,
  effective_from: '2020-01-01',
  source: 'made up for this test alone',
  confirmed: false,
  ...change,
});
const open = [{ factor: 1 }];
const profile = (holding: object[]) => ({
  name: 'small',
  version: 1,
  currency: 'USD',
  model: 'dynamic_v1',
  fees: [
    {
      ...{ name: 'fee', side: 'both', basis: 'notional', fee_bps: 1, effective_from: '2020-01-01' },
      ...{ source: 'made up for this test alone', confirmed: false },
    },
  ],
  half_spread: { base_bps: 1, floor_bps: 0, volatility: open, relative_volume: open, time_of_day: open },
  impact: { model: 'square_root', y: 1 },
  fixed_v1: { slippage_bps: 1, impact_bps: 1 },
  holding,
});
const costs = (holding: object[], scale = 1): CostModel =>
  compileCosts(costProfileSchema.parse(profile(holding)), 100, 7, HOUR, { scale });
const brief = (rates: ReturnType<typeof holdingRates>) =>
  rates?.map(({ name, bps, intervalMs }) => [name, bps, intervalMs]);

describe('what holding a position costs', () => {
  it.each(['us_equities_default', 'us_equities_per_share'])('%s: a dated borrow for shorts alone', (name) => {
    const us = shipped(name);
    for (const symbol of ['AAPL', 'MSFT', 'NVDA', 'SPY', 'GE']) {
      // 50 bps a year over 360 days are 0.13888... a day.
      expect(brief(holdingRates(us, -1, symbol, day('2007-01-01')))).toEqual([['borrow', 0.1389, 24 * HOUR]]);
      expect(holdingRates(us, -1, symbol, day('2006-12-31'))).toBeUndefined();
      expect(holdingRates(us, 1, symbol, day('2006-12-31'))).toEqual([]);
    }
    expect(holdingRates(us, -1, 'GME', day('2021-01-28'))).toBeUndefined();
    expect(holdingRates(us, -1, 'AAPL', day('2024-01-02'))![0]!.source).toMatch(/50 bps a year/);
  });

  it('a perpetual pays funding every 8 hours, long and short', () => {
    const perpetual = shipped('binance_perpetual');
    for (const side of [1, -1] as const) {
      expect(brief(holdingRates(perpetual, side, 'BTCUSDT', day('2020-01-01')))).toEqual([
        ['funding', 1, 8 * HOUR],
      ]);
      expect(holdingRates(perpetual, side, 'BTCUSDT', day('2019-12-31'))).toBeUndefined();
    }
  });

  it.each(['binance_spot', 'ashares_default'])('%s charges nothing and lends nothing', (name) => {
    expect(holdingRates(shipped(name), 1, '600519', day('2024-01-02'))).toEqual([]);
    expect(holdingRates(shipped(name), -1, '600519', day('2024-01-02'))).toEqual([]);
  });

  it('changes from one day to the next, both days of a row included', () => {
    const table = costs([
      row({ symbols: ['AAA'], effective_to: '2020-06-30' }),
      row({ symbols: ['AAA'], bps: 3, effective_from: '2020-07-01', effective_to: '2020-12-31' }),
      row({ symbols: ['BBB'], bps: 7 }),
    ]);
    const bps = (symbol: string, date: string) =>
      holdingRates(table, -1, symbol, day(date))?.map((rate) => rate.bps);
    expect([bps('AAA', '2020-06-30'), bps('AAA', '2020-07-01')]).toEqual([[1], [3]]);
    expect([bps('AAA', '2020-12-31'), bps('AAA', '2021-01-01')]).toEqual([[3], undefined]);
    expect([bps('BBB', '2021-01-01'), bps('CCC', '2020-06-30')]).toEqual([[7], undefined]);
  });

  it('is unknown where one of several charges is', () => {
    const table = costs([row({ symbols: ['AAA'] }), row({ name: 'custody', position: 'both', bps: 2 })]);
    expect(brief(holdingRates(table, -1, 'AAA', day('2020-01-01')))).toEqual([
      ['borrow', 1, 24 * HOUR],
      ['custody', 2, 24 * HOUR],
    ]);
    expect(holdingRates(table, -1, 'BBB', day('2020-01-01'))).toBeUndefined();
    expect(brief(holdingRates(table, 1, 'BBB', day('2020-01-01')))).toEqual([['custody', 2, 24 * HOUR]]);
  });

  it('grows with the scale, and may be received as funding', () => {
    const rows = [row({ name: 'funding', bps: -0.5, interval_h: 8 })];
    expect(brief(holdingRates(costs(rows, 2), -1, 'AAA', day('2020-01-01')))).toEqual([
      ['funding', -1, 8 * HOUR],
    ]);
  });
});

describe('holding rows', () => {
  it.each([
    ['a borrow that is received', [row({ bps: -1 })], /is below 0: only funding may be received/],
    ['hours that do not divide a day', [row({ interval_h: 5 })], /expected hours that divide a day/],
    ['a rate finer than four decimals', [row({ bps: 0.13888 })], /expected at most 4 decimals/],
    ['a symbol named twice', [row({ symbols: ['AAA', 'AAA'] })], /names an instrument twice/],
    ['an end before the start', [row({ effective_to: '2019-12-31' })], /lies before effective_from/],
    [
      'two rows for one symbol',
      [row({ symbols: ['AAA'] }), row({ symbols: ['BBB', 'AAA'] })],
      /short of AAA from/,
    ],
    [
      'a row for all beside one for a symbol',
      [row(), row({ symbols: ['AAA'] })],
      /short of AAA from .* overlaps/,
    ],
    ['a row for both sides beside one for shorts', [row({ position: 'both' }), row()], /overlaps/],
    ['an unknown key', [row({ rate: 1 })], /rate/],
  ])('refuses %s', (_, rows, message) => {
    expect(costProfileSchema.safeParse(profile(rows)).error?.message).toMatch(message);
  });

  it('lets rows of other symbols, sides, dates and names stand side by side', () => {
    const rows = [
      row({ symbols: ['AAA'], effective_to: '2020-12-31' }),
      row({ symbols: ['AAA'], effective_from: '2021-01-01' }),
      row({ symbols: ['BBB'] }),
      row({ position: 'long' }),
      row({ name: 'custody' }),
    ];
    expect(costProfileSchema.safeParse(profile(rows)).error?.message).toBeUndefined();
  });
});
