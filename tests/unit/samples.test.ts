import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  aShareBarStart,
  barsOfAShareMinutes,
  barsToCsv,
  daysOfUsRows,
  hoursOfFiveMinutes,
  newYorkOpen,
  type AShareMinute,
} from '../../samples/convert.ts';
import type { BarSize } from '../../shared/calendar/types.ts';
import type { RawBars } from '../../shared/market-data/provider.ts';
import { recordedProvider } from '../../shared/market-data/providers/recorded.ts';

const folder = fileURLToPath(new URL('../../samples/bars', import.meta.url));
const utc = (instantMs: number): string => new Date(instantMs).toISOString();

async function sample(prefix: string, symbol: string, bar: BarSize): Promise<RawBars> {
  const provider = recordedProvider({ folder, prefix, bar, barEndMs: () => undefined });
  return (await provider.fetch([symbol], -Infinity, Infinity, Infinity))[0]!;
}

/** One hour of five-minute rows: volume 0.1 each, closes 1..12, the high in row 3, the low in row 7. */
const hour = Array.from({ length: 12 }, (_, row) => ({
  date: `2016-01-02 00:${String(row * 5).padStart(2, '0')}:00`,
  open: row === 0 ? '0.75' : String(row),
  high: row === 3 ? '99.994' : String(row + 1),
  low: row === 7 ? '0.125' : '0.75',
  close: row === 11 ? '11.57999999999998' : String(row + 1),
  volume: '0.1',
}));
const from = Date.parse('2016-01-02T00:00:00Z');

describe('hoursOfFiveMinutes', () => {
  it('takes first open, highest high, lowest low, last close and the exact sum of volume, whatever the order', () => {
    const shuffled = [...hour.slice(5), ...hour.slice(0, 5)];
    expect(hoursOfFiveMinutes(shuffled, from, from + 3_600_000)).toMatchObject([
      { startMs: from, open: 0.75, high: 99.99, low: 0.13, close: 11.58, volume: '1.2' },
    ]);
  });

  it('leaves out rows before and after the range, and refuses an hour that is not whole', () => {
    expect(hoursOfFiveMinutes(hour, from + 3_600_000, from + 7_200_000)).toEqual([]);
    expect(() => hoursOfFiveMinutes(hour.slice(1), from, from + 3_600_000)).toThrow(
      'does not have its 12 parts',
    );
    expect(() => hoursOfFiveMinutes([...hour, hour[3]!], from, from + 3_600_000)).toThrow('12 parts');
    expect(() => hoursOfFiveMinutes([{ ...hour[0], date: '02.01.2016' }], from, from + 1)).toThrow(
      '02.01.2016',
    );
    expect(() => hoursOfFiveMinutes([{ ...hour[0]!, volume: '' }], from, from + 1)).toThrow('volume ""');
  });
});

describe('barsOfAShareMinutes', () => {
  it('puts a minute, stamped with its end, into the bar that holds it', () => {
    const starts = [931, 1030, 1031, 1130, 1301, 1400, 1401, 1500].map((time) =>
      utc(aShareBarStart(20240614, time)),
    );
    expect(starts).toEqual(
      ['01:30', '01:30', '02:30', '02:30', '05:00', '05:00', '06:00', '06:00'].map(
        (at) => `2024-06-14T${at}:00.000Z`,
      ),
    );
    for (const time of [930, 1131, 1300, 1501]) {
      expect(() => aShareBarStart(20240614, time), `${time}`).toThrow('lies in no session');
    }
  });

  it('sums shares, and yuan to the fen', () => {
    const minutes = Array.from({ length: 60 }, (_, k): AShareMinute => {
      const time = k < 29 ? 931 + k : 1000 + (k - 29);
      return [20240614, 10, 10 + k / 100, 11 + k / 100, 9 + k / 100, 10.5 + k / 100, 100, 1050.1, time];
    });
    expect(barsOfAShareMinutes(minutes)).toMatchObject([
      {
        startMs: Date.parse('2024-06-14T01:30:00Z'),
        open: 10,
        high: 11.59,
        low: 9,
        close: 11.09,
        volume: '6000',
        turnover: '63006',
      },
    ]);
    expect(() => barsOfAShareMinutes(minutes.slice(1))).toThrow(
      '2024-06-14T01:30:00Z does not have its 60 parts',
    );
  });
});

describe('daysOfUsRows', () => {
  it('starts a day at 09:30 New York, summer and winter', () => {
    expect(utc(newYorkOpen('2014-03-07'))).toBe('2014-03-07T14:30:00.000Z');
    expect(utc(newYorkOpen('2014-03-10'))).toBe('2014-03-10T13:30:00.000Z');
    expect(utc(newYorkOpen('2014-11-03'))).toBe('2014-11-03T14:30:00.000Z');
  });

  it('reads either kind of header, newest first, between two dates', () => {
    const upper = {
      Open: '27.26',
      High: '27.38',
      Low: '27.16',
      Close: '27.29',
      Volume: '27077000',
      'Adj Close': '1',
    };
    const rows = ['2015-06-08', '2015-06-05', '2015-06-04'].map((Date) => ({ Date, ...upper }));
    const bars = daysOfUsRows(rows, '2015-06-04', '2015-06-05');
    expect(bars.map(({ startMs }) => utc(startMs))).toEqual([
      '2015-06-04T13:30:00.000Z',
      '2015-06-05T13:30:00.000Z',
    ]);
    expect(bars[0]).toMatchObject({ open: 27.26, high: 27.38, low: 27.16, close: 27.29, volume: '27077000' });
    const lower = { date: '2015-06-05', open: '1', high: '2', low: '1', close: '2', volume: '3' };
    expect(daysOfUsRows([lower], '2015-06-05', '2015-06-05')).toHaveLength(1);
    expect(() => daysOfUsRows([{ ...lower, date: '6/5/2015' }], '2015-01-01', '2015-12-31')).toThrow(
      '6/5/2015',
    );
  });
});

it('barsToCsv writes the header of recorded bars, with turnover where there is some', () => {
  const bar = { startMs: from, open: 1, high: 2, low: 0.5, close: 1.5, volume: '3.25' };
  expect(barsToCsv([bar])).toBe('ts_utc,open,high,low,close,volume\n2016-01-02T00:00:00Z,1,2,0.5,1.5,3.25\n');
  expect(barsToCsv([{ ...bar, turnover: '4.5' }])).toBe(
    'ts_utc,open,high,low,close,volume,turnover\n2016-01-02T00:00:00Z,1,2,0.5,1.5,3.25,4.5\n',
  );
});

describe('samples/bars', () => {
  it('holds the files that its README lists', () => {
    expect(readdirSync(folder).sort()).toEqual([
      'CN_000001_60m.csv',
      'CN_000151_60m.csv',
      'CN_600000_60m.csv',
      'CRYPTO_XBTUSD_60m.csv',
      'US_AAPL_1d.csv',
      'US_GE_1d.csv',
      'US_MSFT_1d.csv',
    ]);
  });

  // Ranges and counts by a Python script that read the packages itself.
  it.each([
    ['CRYPTO', 'XBTUSD', '60m', 1_536, '2016-01-02T00:00:00.000Z', '2016-03-05T23:00:00.000Z'],
    ['CN', '000001', '60m', 268, '2024-06-14T01:30:00.000Z', '2024-09-18T06:00:00.000Z'],
    ['CN', '000151', '60m', 268, '2024-06-14T01:30:00.000Z', '2024-09-18T06:00:00.000Z'],
    ['CN', '600000', '60m', 268, '2024-06-14T01:30:00.000Z', '2024-09-18T06:00:00.000Z'],
    ['US', 'AAPL', '1d', 521, '2013-05-13T13:30:00.000Z', '2015-06-05T13:30:00.000Z'],
    ['US', 'GE', '1d', 521, '2013-05-13T13:30:00.000Z', '2015-06-05T13:30:00.000Z'],
    ['US', 'MSFT', '1d', 521, '2013-05-13T13:30:00.000Z', '2015-06-05T13:30:00.000Z'],
  ] as const)(
    '%s %s %s: ascending, whole, each bar a possible one',
    async (prefix, symbol, bar, count, first, last) => {
      const { startMs, open, high, low, close, volume } = await sample(prefix, symbol, bar);
      expect(startMs).toHaveLength(count);
      expect([utc(startMs[0]!), utc(startMs[count - 1]!)]).toEqual([first, last]);
      for (let k = 0; k < count; k++) {
        if (k > 0) expect(startMs[k]!).toBeGreaterThan(startMs[k - 1]!);
        expect(low[k]!).toBeGreaterThan(0);
        expect(low[k]!).toBeLessThanOrEqual(Math.min(open[k]!, close[k]!));
        expect(high[k]!).toBeGreaterThanOrEqual(Math.max(open[k]!, close[k]!));
        expect(volume[k]!).toBeGreaterThanOrEqual(0);
      }
    },
  );

  it("adds up to Bitstamp's own daily bars of 2016-01-02 and 03, to the satoshi", async () => {
    const { high, low, close, volume } = await sample('CRYPTO', 'XBTUSD', '60m');
    const day = (first: number): number[] => [
      Math.max(...high.slice(first, first + 24)),
      Math.min(...low.slice(first, first + 24)),
      close[first + 23]!,
      Math.round(volume.slice(first, first + 24).reduce((sum, coins) => sum + coins, 0) * 1e8) / 1e8,
    ];
    expect(day(0)).toEqual([435.99, 430.42, 433.55, 2972.06344935]);
    expect(day(24)).toEqual([434.09, 424.06, 431.04, 4571.09703841]);
  });

  it('holds the turnover of A-shares in yuan: it lies within the range of the prices', async () => {
    for (const symbol of ['000001', '000151', '600000']) {
      const { high, low, volume, turnover } = await sample('CN', symbol, '60m');
      for (let k = 0; k < volume.length; k++) {
        const vwap = turnover[k]! / volume[k]!;
        expect(vwap).toBeGreaterThanOrEqual(low[k]! * (1 - 1e-5));
        expect(vwap).toBeLessThanOrEqual(high[k]! * (1 + 1e-5));
      }
    }
  });

  it('has the rows that were worked out apart', async () => {
    const row = ({ open, high, low, close, volume, turnover }: RawBars, k: number): number[] =>
      [open, high, low, close, volume, turnover].map((column) => column[k]!);
    expect(row(await sample('CN', '000001', '60m'), 0)).toEqual([
      10.15, 10.16, 9.99, 10.1, 91543300, 922962373,
    ]);
    expect(row(await sample('US', 'MSFT', '1d'), 0)).toEqual([32.61, 33.07, 32.55, 33.03, 36027600, NaN]);
    expect(row(await sample('US', 'AAPL', '1d'), 520)).toEqual([
      129.5,
      129.690002,
      128.360001,
      128.649994,
      35626800,
      NaN,
    ]);
  });
});
