import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costProfileSchema } from '../../shared/config/cost-profile-schema.ts';
import { parseYaml } from '../../shared/config/yaml.ts';
import { expectedFeeBps, feeAmount, feesCovered, feeTable } from '../../shared/execution/fees.ts';
import { minorPerUnit } from '../../shared/kernel/money.ts';

const profile = (path: string) =>
  parseYaml(path, readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'), costProfileSchema);
const table = (path: string) => {
  const read = profile(path);
  return feeTable(read, minorPerUnit(read.currency));
};
const day = (date: string): number => Date.parse(date) / 86_400_000;

const FILES = [
  'configs/cost_profiles/ashares_default.yaml',
  'configs/cost_profiles/us_equities_default.yaml',
  'configs/cost_profiles/binance_spot.yaml',
  'samples/configs/cost_profiles/bitstamp_spot_2016.yaml',
  'configs/cost_profiles/binance_perpetual.yaml',
  'configs/cost_profiles/us_equities_per_share.yaml',
] as const;
const [ashares, us, binance, bitstamp, perpetual, perShare] = FILES.map(table) as [
  ...[Table, Table, Table],
  ...[Table, Table, Table],
];
type Table = ReturnType<typeof table>;

const BUY = 1;
const SELL = -1;

describe('fees of an order, worked out by hand on both sides of each change', () => {
  it.each([
    // Commission 2.50 -> minimum 5.00; transfer 0.0255 per mille of 10,000 = 0.255 -> 0.26.
    ['2015-07-31', BUY, 10, 1_000, 526],
    ['2015-08-01', BUY, 10, 1_000, 520],
    // Commission 62.50; transfer 5.00, then 2.50; stamp duty 250.00, then 125.00, on the seller alone.
    ['2022-04-28', BUY, 25, 10_000, 6_750],
    ['2022-04-29', BUY, 25, 10_000, 6_500],
    ['2023-08-27', SELL, 25, 10_000, 31_500],
    ['2023-08-28', SELL, 25, 10_000, 19_000],
    ['2023-08-28', BUY, 25, 10_000, 6_500],
    // 20,000: commission 5.00 by rate and by minimum alike; transfer 0.20; stamp duty 20.00, then 10.00.
    ['2023-08-27', SELL, 20, 1_000, 2_520],
    ['2023-08-28', SELL, 20, 1_000, 1_520],
    // 20,040: commission 5.01, above the minimum; transfer 0.4008 -> 0.40, then 0.2004 -> 0.20.
    ['2022-04-28', BUY, 20.04, 1_000, 541],
    ['2022-04-29', BUY, 20.04, 1_000, 521],
  ] as const)('A-shares %s, side %d at %d, %d shares: %d fen', (date, side, price, quantity, fen) => {
    expect(feeAmount(ashares, side, quantity, price * quantity, day(date))).toBe(fen);
  });

  it.each([
    // 1,000 at 50: commission 5.00; SEC 1.535 -> 1.54, then 0.765 -> 0.77; TAF 0.075 -> 0.08.
    ['2007-03-16', SELL, 50, 1_000, 662],
    ['2007-03-17', SELL, 50, 1_000, 585],
    ['2007-03-17', BUY, 50, 1_000, 500],
    // A commission of 0.50 is raised to 1.00.
    ['2015-01-05', BUY, 50, 100, 100],
    // SEC 0.96; TAF 0.08, then 0.09.
    ['2011-06-30', SELL, 50, 1_000, 604],
    ['2011-07-01', SELL, 50, 1_000, 605],
    // SEC 0.90; TAF 0.09, then 0.095 -> 0.10.
    ['2012-02-29', SELL, 50, 1_000, 599],
    ['2012-03-01', SELL, 50, 1_000, 600],
    // SEC 1.12; TAF 0.10, then 0.12.
    ['2012-06-30', SELL, 50, 1_000, 622],
    ['2012-07-01', SELL, 50, 1_000, 624],
    // SEC 1.035 -> 1.04; TAF 0.12; the commission of 5.00 ends.
    ['2019-10-06', SELL, 50, 1_000, 616],
    ['2019-10-07', SELL, 50, 1_000, 116],
    ['2019-10-07', BUY, 50, 1_000, 0],
    // SEC 0.695 -> 0.70; TAF 0.0166 -> 0.02.
    ['2024-06-03', SELL, 250, 100, 72],
    // 100,000 at 10: SEC 5.10; TAF 11.90 -> cap 5.95, then 13.00 -> 6.49.
    ['2021-12-31', SELL, 10, 100_000, 1_105],
    ['2022-01-01', SELL, 10, 100_000, 1_159],
    // SEC 22.90; TAF 6.49, then 14.50 -> 7.27.
    ['2022-12-31', SELL, 10, 100_000, 2_939],
    ['2023-01-01', SELL, 10, 100_000, 3_017],
    // SEC 8.00; TAF 7.27, then 16.60 -> 8.30.
    ['2023-12-31', SELL, 10, 100_000, 1_527],
    ['2024-01-01', SELL, 10, 100_000, 1_630],
    // TAF 8.30, then 19.50 -> 9.79; SEC 0.00 meanwhile.
    ['2025-12-31', SELL, 10, 100_000, 830],
    ['2026-01-01', SELL, 10, 100_000, 979],
    // 100 at 250: SEC 0.695 -> 0.70, then none; TAF 0.0166 -> 0.02.
    ['2025-05-13', SELL, 250, 100, 72],
    ['2025-05-14', SELL, 250, 100, 2],
    ['2025-05-14', BUY, 250, 100, 0],
    // SEC none, then 0.515 -> 0.52; TAF 0.0195 -> 0.02.
    ['2026-04-03', SELL, 250, 100, 2],
    ['2026-04-04', SELL, 250, 100, 54],
    ['2026-04-04', BUY, 250, 100, 0],
    // TAF alone, below its cap, at it and beyond: 49,000 * 0.000166 = 8.134; 50,000 are 8.30.
    ['2025-06-02', SELL, 10, 49_000, 813],
    ['2025-06-02', SELL, 10, 50_000, 830],
    ['2025-06-02', SELL, 10, 50_001, 830],
    // 50,000 * 0.000195 = 9.75; 50,205 are 9.789975 -> 9.79; 60,000 would be 11.70.
    ['2026-02-02', SELL, 10, 50_000, 975],
    ['2026-02-02', SELL, 10, 50_205, 979],
    ['2026-02-02', SELL, 10, 60_000, 979],
    // 2014: 50,000 at 1: commission 250.00; SEC 0.87, then 1.105 -> 1.11; TAF 5.95, which is its cap.
    ['2014-03-17', SELL, 1, 50_000, 25_682],
    ['2014-03-18', SELL, 1, 50_000, 25_706],
    ['2014-03-18', SELL, 1, 60_000, 30_728],
  ] as const)('US %s, side %d at %d, %d shares: %d cents', (date, side, price, quantity, cents) => {
    expect(feeAmount(us, side, quantity, price * quantity, day(date))).toBe(cents);
  });

  // USD per million as the SEC publishes them: one share sold at 1,000,000 pays no TAF, and 1.00 commission at first.
  const SECTION_31 = [
    ['2007-01-01', 30.7],
    ['2007-03-17', 15.3],
    ['2008-01-25', 11],
    ['2008-04-01', 5.6],
    ['2009-04-10', 25.7],
    ['2010-01-15', 12.7],
    ['2010-04-01', 16.9],
    ['2011-01-21', 19.2],
    ['2012-02-21', 18],
    ['2012-04-01', 22.4],
    ['2013-05-25', 17.4],
    ['2014-03-18', 22.1],
    ['2015-02-14', 18.4],
    ['2016-02-16', 21.8],
    ['2017-07-04', 23.1],
    ['2018-05-22', 13],
    ['2019-04-16', 20.7],
    ['2020-02-18', 22.1],
    ['2021-02-25', 5.1],
    ['2022-05-14', 22.9],
    ['2023-02-27', 8],
    ['2024-05-22', 27.8],
    ['2025-05-14', 0],
    ['2026-04-04', 20.6],
  ] as const;
  it.each(SECTION_31.map((row, i) => [...row, SECTION_31[i - 1]?.[1]] as const))(
    'Section 31 from %s: %d USD per million, %d the day before',
    (from, rate, before) => {
      const commission = (at: number): number => (at < day('2019-10-07') ? 100 : 0);
      const fee = (at: number): number => feeAmount(us, SELL, 1, 1_000_000, at) - commission(at);
      expect(fee(day(from))).toBe(Math.round(rate * 100));
      if (before !== undefined) expect(fee(day(from) - 1)).toBe(Math.round(before * 100));
    },
  );

  it.each([
    // 0.005 a share and at least 1.00, before and after the brokers who charge nothing began to.
    ['2019-10-06', BUY, 50, 1_000, 500],
    ['2019-10-07', BUY, 50, 1_000, 500],
    ['2024-05-21', BUY, 25, 100, 100],
    ['2024-05-22', BUY, 25, 100, 100],
    ['2024-05-22', BUY, 25, 201, 101],
    // 100 at 250: commission 1.00; SEC 0.70, then none; TAF 0.02.
    ['2025-05-13', SELL, 250, 100, 172],
    ['2025-05-14', SELL, 250, 100, 102],
  ] as const)(
    'US by the share %s, side %d at %d, %d shares: %d cents',
    (date, side, price, quantity, cents) => {
      expect(feeAmount(perShare, side, quantity, price * quantity, day(date))).toBe(cents);
    },
  );

  it('has the same regulatory fees in both US profiles', () => {
    const regulatory = (path: string) => profile(path).fees.filter((row) => row.name !== 'commission');
    expect(regulatory(FILES[5])).toEqual(regulatory(FILES[1]));
    expect(regulatory(FILES[1])).toHaveLength(32);
  });

  it('charges takers on crypto in the smallest unit', () => {
    expect(feeAmount(binance, BUY, 0.5, 1_000, day('2017-07-14'))).toBe(100_000_000);
    // 2.5 at 450.12 = 1,125.30, of which 25 bps are 2.81325.
    expect(feeAmount(bitstamp, SELL, 2.5, 1_125.3, day('2016-05-01'))).toBe(281);
    // 5 bps of 1,000 USDT.
    expect(feeAmount(perpetual, SELL, 0.5, 1_000, day('2020-01-01'))).toBe(50_000_000);
  });

  it('charges makers their own rows: 10 bps on spot, 2 bps on perpetuals', () => {
    const maker = (path: string) => feeTable({ ...profile(path), liquidity: 'maker' }, minorPerUnit('USDT'));
    expect(feeAmount(maker(FILES[2]), BUY, 0.5, 1_000, day('2024-06-03'))).toBe(100_000_000);
    expect(feeAmount(maker(FILES[4]), BUY, 0.5, 1_000, day('2024-06-03'))).toBe(20_000_000);
  });

  it('pays a maker the rebate, and a taker never', () => {
    const fees = [
      row({ liquidity: 'taker', fee_bps: 3 }),
      row({ liquidity: 'maker', fee_bps: -0.5 }),
      row({ name: 'levy', fee_bps: 0.1 }),
    ];
    const of = (liquidity: string) => feeTable(costProfileSchema.parse({ ...small(fees), liquidity }), 100);
    const at = day('2020-01-01');
    // 10,000: 3.00 and 0.10; -0.50 and 0.10. 1,500: -0.075 -> -0.07 half up, and 0.015 -> 0.02.
    expect(feeAmount(of('taker'), BUY, 100, 10_000, at)).toBe(310);
    expect(feeAmount(of('maker'), BUY, 100, 10_000, at)).toBe(-40);
    expect(feeAmount(of('maker'), SELL, 15, 1_500, at)).toBe(-5);
    expect(expectedFeeBps(of('maker'), BUY, at, 100, 10_000)).toBeCloseTo(-0.4, 12);
    expect(expectedFeeBps(of('maker'), BUY, at, 100, 0)).toBeCloseTo(-0.4, 12);
    // A rebate too small to be paid is 0, and not -0.
    expect(Object.is(feeAmount(of('maker'), BUY, 1, 0.01, at), 0)).toBe(true);
  });

  it('holds to the rows of its liquidity where dates are concerned', () => {
    const fees = [row({ liquidity: 'taker', effective_to: '2020-06-30' }), row({ liquidity: 'maker' })];
    const of = (liquidity: string) => feeTable(costProfileSchema.parse({ ...small(fees), liquidity }), 100);
    const covered = (liquidity: string, date: string) => feesCovered(of(liquidity), day(date));
    expect([covered('taker', '2020-06-30'), covered('taker', '2020-07-01')]).toEqual([true, false]);
    expect([covered('maker', '2020-06-30'), covered('maker', '2020-07-01')]).toEqual([true, true]);
  });

  it('charges the minimum once where an order fills in parts and the difference is taken', () => {
    const at = day('2020-06-01');
    const first = feeAmount(ashares, BUY, 400, 4_000, at);
    const rest = feeAmount(ashares, BUY, 1_000, 10_000, at) - first;
    expect([first, rest]).toEqual([508, 12]);
    // Beyond the minimum the rate takes over: 40,000 owe 10.00 and 0.80 in all.
    expect(feeAmount(ashares, BUY, 4_000, 40_000, at) - first - rest).toBe(560);
  });

  it('never falls as an order grows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 1e6 }), (quantity, more) => {
        const fee = (shares: number): number =>
          feeAmount(us, SELL, shares, shares * 12.34, day('2024-06-03'));
        expect(Number.isSafeInteger(fee(quantity))).toBe(true);
        expect(fee(quantity + more)).toBeGreaterThanOrEqual(fee(quantity));
      }),
    );
  });
});

describe('dates that no row covers', () => {
  it.each([
    ['ashares', ashares, '2014-12-31', '2015-01-01'],
    ['us', us, '2006-12-31', '2007-01-01'],
    ['us', us, '2027-01-01', '2026-12-31'],
    ['binance', binance, '2017-07-13', '2017-07-14'],
    ['bitstamp', bitstamp, '2018-01-01', '2017-12-31'],
    ['perpetual', perpetual, '2019-12-31', '2020-01-01'],
    ['us by the share', perShare, '2006-12-31', '2007-01-01'],
    ['us by the share', perShare, '2027-01-01', '2026-12-31'],
  ] as const)('%s %s is refused, and its neighbour is covered', (_, fees, outside, inside) => {
    expect(feesCovered(fees, day(inside))).toBe(true);
    expect(feesCovered(fees, day(outside))).toBe(false);
    const refusal = expect.objectContaining({
      name: 'UncoveredError',
      evidence: expect.objectContaining({ code: 'RULES_UNCOVERED', day: outside }),
    });
    expect(() => feeAmount(fees, BUY, 1, 100, day(outside))).toThrow(refusal);
    expect(() => expectedFeeBps(fees, SELL, day(outside), 10, 100)).toThrow(refusal);
  });

  it('names the fee with a gap, for either side', () => {
    const gap = costProfileSchema.parse(
      small([row({ name: 'a' }), row({ name: 'duty', side: 'sell', effective_to: '2020-01-31' })]),
    );
    const fees = feeTable(gap, 100);
    expect(feesCovered(fees, day('2020-01-31'))).toBe(true);
    expect(() => feeAmount(fees, BUY, 1, 100, day('2020-02-01'))).toThrow(/no row of duty covers 2020-02-01/);
  });
});

describe('the fee a decision expects', () => {
  it('is in bps of the notional, minimum and cap included', () => {
    // SEC 0.278 bps; TAF 0.000166 / 50 = 0.0332 bps.
    expect(expectedFeeBps(us, SELL, day('2024-06-03'), 50, 50_000)).toBeCloseTo(0.3112, 12);
    // At 1,000,000 the cap of 8.30 is 0.083 bps.
    expect(expectedFeeBps(us, SELL, day('2024-06-03'), 10, 1_000_000)).toBeCloseTo(0.361, 12);
    // The minimum of 5 on 10,000 is 5 bps; transfer 0.1 bps.
    expect(expectedFeeBps(ashares, BUY, day('2024-06-03'), 10, 10_000)).toBeCloseTo(5.1, 12);
    expect(expectedFeeBps(ashares, BUY, day('2024-06-03'), 10, 0)).toBeCloseTo(2.6, 12);
    expect(expectedFeeBps(binance, BUY, day('2024-06-03'), 60_000, 500)).toBeCloseTo(10, 12);
  });
});

const row = (change: object = {}) => ({
  name: 'commission',
  side: 'both',
  basis: 'notional',
  fee_bps: 1,
  effective_from: '2020-01-01',
  source: 'made up for this test alone',
  confirmed: false,
  ...change,
});
const open = [{ factor: 1 }];
const small = (fees: object[], spread: object = {}) => ({
  name: 'small',
  version: 1,
  currency: 'USD',
  model: 'dynamic_v1',
  fees,
  half_spread: {
    ...{ base_bps: 1, floor_bps: 0, volatility: open, relative_volume: open, time_of_day: open },
    ...spread,
  },
  impact: { model: 'square_root', y: 1 },
  fixed_v1: { slippage_bps: 1, impact_bps: 1 },
  holding: [],
});

describe('a cost profile', () => {
  it.each(FILES)('%s names its schema and is named as its file', (path) => {
    const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    expect(text).toMatch(/^# yaml-language-server: \$schema=[./a-z]+\/cost_profile\.schema\.json\n/);
    expect(path).toContain(`/${profile(path).name}.yaml`);
  });

  it.each([
    ['overlapping rows', [row(), row({ effective_from: '2021-01-01' })], /overlaps its row from 2020-01-01/],
    [
      'two rows that share one day',
      [row({ effective_to: '2021-01-01' }), row({ effective_from: '2021-01-01' })],
      /overlaps/,
    ],
    ['both rates', [row({ per_share: 0.01 })], /expected fee_bps with basis notional, or per_share/],
    ['no rate', [row({ fee_bps: undefined })], /expected fee_bps with basis notional, or per_share/],
    [
      'the rate of the other basis',
      [row({ basis: 'shares' })],
      /expected fee_bps with basis notional, or per_share/,
    ],
    ['an end before the start', [row({ effective_to: '2019-12-31' })], /lies before effective_from/],
    ['a maximum below the minimum', [row({ min_amount: 2, max_amount: 1 })], /is below min_amount/],
    ['a date that does not exist', [row({ effective_from: '2021-02-29' })], /expected a date that exists/],
    ['a rate finer than the arithmetic', [row({ fee_bps: 0.00001 })], /expected at most 4 decimals/],
    ['an unknown key', [row({ rate: 1 })], /rate/],
    ['a rebate to anyone but makers', [row({ fee_bps: -1 })], /only a row with liquidity maker/],
    ['a rebate to takers', [row({ fee_bps: -1, liquidity: 'taker' })], /only a row with liquidity maker/],
    [
      'a rebate with a minimum',
      [row(), row({ name: 'b', fee_bps: -1, liquidity: 'maker', min_amount: 1 })],
      /is a rebate, which has neither/,
    ],
    ['fees for makers alone where takers trade', [row({ liquidity: 'maker' })], /no row for liquidity taker/],
    [
      'a row for either beside one for makers',
      [row(), row({ liquidity: 'maker' })],
      /commission of a maker from 2020-01-01 overlaps/,
    ],
  ])('refuses %s', (_, fees, message) => {
    expect(costProfileSchema.safeParse(small(fees)).error?.message).toMatch(message);
  });

  it.each([
    ['a last row with an end', [{ up_to: 1, factor: 1 }], /open-ended/],
    ['a factor that narrows', [{ factor: 0.9 }], />=1/],
    ['an open-ended row in the middle', [{ factor: 1 }, { factor: 2 }], /open-ended/],
    [
      'descending rows',
      [{ up_to: 2, factor: 1 }, { up_to: 1, factor: 2 }, { factor: 3 }],
      /expected up_to to ascend/,
    ],
  ])('refuses a factor table with %s', (_, rows, message) => {
    expect(costProfileSchema.safeParse(small([row()], { volatility: rows })).error?.message).toMatch(message);
  });

  it.each([
    ['an impact without a model', { impact: { y: 1 } }, /model/],
    [
      "Almgren's impact without the shares",
      { impact: { model: 'almgren', gamma: 0.3, eta: 0.1 } },
      /shares_over/,
    ],
    ['a constant of the other law', { impact: { model: 'square_root', y: 1, eta: 0.1 } }, /eta/],
    ['a model of another name', { model: 'none' }, /model/],
    ['a spread without a floor', { half_spread: { base_bps: 1 } }, /floor_bps/],
    ['no figures for fixed_v1', { fixed_v1: undefined }, /fixed_v1/],
    ['no word on holding', { holding: undefined }, /holding/],
  ])('refuses %s', (_, change, message) => {
    expect(costProfileSchema.safeParse({ ...small([row()]), ...change }).error?.message).toMatch(message);
  });

  it('trades as a taker where it does not say', () => {
    expect(costProfileSchema.parse(small([row()])).liquidity).toBe('taker');
  });

  it('lets rows of one fee follow one another, and of two fees overlap', () => {
    const fees = [
      row({ effective_to: '2020-12-31' }),
      row({ effective_from: '2021-01-01' }),
      row({ name: 'levy' }),
      row({ name: 'trade', liquidity: 'taker' }),
      row({ name: 'trade', liquidity: 'maker' }),
    ];
    expect(costProfileSchema.safeParse(small(fees)).success).toBe(true);
  });
});
