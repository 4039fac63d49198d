import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readConfigFiles } from '../../functions/runtime/config-files.ts';
import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import { timeline } from '../../shared/calendar/timeline.ts';
import type { BarAnchor, BarSize } from '../../shared/calendar/types.ts';
import { parseConfig } from '../../shared/config/config.ts';
import { codesOf } from '../../shared/kernel/codes.ts';
import { isoUtc, parseIsoUtc } from '../../shared/kernel/time.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import { ingestBars, misalignedKind } from '../../shared/market-data/ingest.ts';
import { parseBarCsv } from '../../shared/market-data/providers/bar-csv.ts';
import { maskOfLevel } from '../../shared/market-data/quality.ts';

const fixtures = process.env['PAPERGATE_FIXTURES'];
const folder = fixtures === undefined ? '' : join(fixtures, 'bars');
const here = fixtures !== undefined && existsSync(folder);
if (!here)
  process.stderr.write('defects of real bars: skipped, PAPERGATE_FIXTURES names no folder with bars/\n');

const files = readConfigFiles(new URL('../../configs', import.meta.url).pathname);
const config = parseConfig(files.texts, files.origin);

/** One real file on its market's grid, flagged as the shipped configuration flags it. */
function seen(
  market: string,
  file: string,
  from: string,
  to: string,
  size: BarSize = '60m',
  anchor: BarAnchor = 'session_open',
) {
  const { config: rules } = config.markets.get(market)!;
  const calendar = exchangeCalendar(config.calendars.get(rules.exchange)!);
  const line = timeline(calendar, size, anchor, from, to);
  const raw = parseBarCsv(gunzipSync(readFileSync(join(folder, `${file}.csv.gz`))), file);
  const within = raw.startMs.map((start) =>
    start >= line.startMs[0]! && start < line.endMs.at(-1)! ? 1 : 0,
  );
  const keep = (column: Float64Array): Float64Array => column.filter((_, k) => within[k] === 1);
  const { startMs, open, high, low, close, volume, turnover } = raw;
  const columns = { startMs, open, high, low, close, volume, turnover };
  const cut = Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, keep(column)]),
  ) as unknown as typeof raw;
  const { bars, misaligned } = ingestBars(
    [file],
    { firstOrdinal: 0, ...line },
    [cut],
    undefined,
    rules.quality,
  );
  const red = maskOfLevel(rules.quality, 'RED');
  const at = (start: string): { codes: string[]; red: boolean; close: number; low: number } => {
    const row = bars.startMs.indexOf(parseIsoUtc(start));
    const flags = bars.flags[row]!;
    return { codes: codesOf(flags), red: (flags & red) !== 0, close: bars.close[row]!, low: bars.low[row]! };
  };
  return { bars, misaligned, at, kinds: misaligned.map(({ startMs }) => misalignedKind(calendar, startMs)) };
}

const starts = (bars: Bars, code: string): string[] =>
  [...bars.flags].flatMap((flags, row) =>
    codesOf(flags).includes(code as never) ? [isoUtc(bars.startMs[row]!)] : [],
  );

describe.skipIf(!here)('what happened on the exchange survives', () => {
  it('the halt of 2023-03-24: a bar without volume, then none', () => {
    const { at } = seen('crypto', 'CRYPTO_BTCUSDT_1h', '2023-03-20', '2023-03-26');
    expect(at('2023-03-24T12:00:00Z')).toMatchObject({ codes: ['DATA_ZERO_VOLUME'], red: false });
    expect(at('2023-03-24T13:00:00Z')).toMatchObject({ codes: ['DATA_MISSING'], red: true });
    expect(at('2023-03-24T14:00:00Z').red).toBe(false);
  });

  it('the crash of 2025-10-10 in DOT keeps its prices and may be traded on', () => {
    const { at } = seen('crypto', 'CRYPTO_DOTUSDT_1h', '2025-10-01', '2025-10-12');
    expect(at('2025-10-10T21:00:00Z')).toEqual({
      codes: ['DATA_OUTLIER'],
      red: false,
      close: 2.886,
      low: 0.633,
    });
  });

  it('gaps of real news keep their prices', () => {
    const { at } = seen('us_equities', 'US_NVDA_1h', '2023-05-01', '2024-08-09');
    expect(at('2023-05-25T13:30:00Z')).toMatchObject({ codes: ['DATA_OUTLIER'], red: false });
    expect(at('2024-08-05T13:30:00Z').red).toBe(false);
    const raw = seen('us_equities', 'USRAW_AAPL_1h', '2000-09-01', '2000-10-06', '60m', 'clock_hour');
    expect(raw.at('2000-09-29T13:30:00Z')).toMatchObject({ codes: ['DATA_OUTLIER'], red: false });
  });

  it('a halt of the exchange is missing bars and nothing more', () => {
    const { bars } = seen('us_equities', 'USRAW_AAPL_1h', '2013-08-21', '2013-08-23', '60m', 'clock_hour');
    expect(starts(bars, 'DATA_MISSING')).toEqual(['2013-08-22T17:00:00Z', '2013-08-22T18:00:00Z']);
  });

  it('ex-dividend drops of A-shares are not errors', () => {
    expect(seen('ashares', 'CN_600036_60m', '2025-07-01', '2025-07-15').at('2025-07-11T01:30:00Z').red).toBe(
      false,
    );
    expect(seen('ashares', 'CN_600519_60m', '2025-06-16', '2025-06-30').at('2025-06-26T01:30:00Z').red).toBe(
      false,
    );
  });
});

describe.skipIf(!here)("a vendor's errors are flagged", () => {
  it('nine absent US bars', () => {
    const { bars } = seen('us_equities', 'US_AAPL_1h', '2026-01-29', '2026-02-03');
    expect(starts(bars, 'DATA_MISSING')).toEqual([
      ...[
        '2026-01-30T16:30:00Z',
        '2026-01-30T17:30:00Z',
        '2026-01-30T18:30:00Z',
        '2026-01-30T19:30:00Z',
        '2026-01-30T20:30:00Z',
      ],
      ...['2026-02-02T14:30:00Z', '2026-02-02T15:30:00Z', '2026-02-02T16:30:00Z', '2026-02-02T17:30:00Z'],
    ]);
  });

  it('bars of no volume with real prices: 10, 11, 12 and 4 of them, as awk counts', () => {
    const counts = ['AAPL', 'MSFT', 'NVDA', 'SPY'].map((symbol) => {
      const { bars } = seen('us_equities', `US_${symbol}_1h`, '2023-04-24', '2026-03-20');
      return starts(bars, 'DATA_ZERO_VOLUME').length;
    });
    expect(counts).toEqual([10, 11, 12, 4]);
  });

  it('the last half hour of a half day is absent', () => {
    const { at } = seen('us_equities', 'US_AAPL_1h', '2025-11-24', '2025-11-28');
    expect(at('2025-11-28T17:30:00Z').codes).toEqual(['DATA_MISSING']);
  });

  it.each([
    ['2009-09-21', '2009-09-21T17:30:00Z', 10.59],
    ['2010-08-31', '', 25.3],
    ['2011-01-03', '', 32.65],
  ])('the bad tick of %s', (day, _, low) => {
    const from = isoUtc(parseIsoUtc(`${day}T00:00:00Z`) - 20 * 86_400_000).slice(0, 10);
    const { bars } = seen('us_equities', 'USRAW_AAPL_1h', from, day, '60m', 'clock_hour');
    const row = bars.low.indexOf(low);
    expect(isoUtc(bars.startMs[row]!).slice(0, 10)).toBe(day);
    expect(codesOf(bars.flags[row]!)).toContain('DATA_OUTLIER');
  });

  it('prices of zero or less', () => {
    const fund = seen(
      'ashares',
      'defects/CN_510050_1d_qfq-zero-and-negative-prices',
      '2015-01-05',
      '2015-01-09',
      '1d',
    );
    expect(fund.bars.startMs.length).toBe(5);
    const gone = seen(
      'ashares',
      'defects/CN_600777_60m_zero-price-while-suspended',
      '2025-01-02',
      '2026-03-31',
    );
    const bad = starts(gone.bars, 'DATA_NON_POSITIVE');
    expect(bad.length).toBeGreaterThan(0);
    expect(bad.every((start) => gone.at(start).red)).toBe(true);
  });

  it('a feed on three grids that then froze', () => {
    const { misaligned, bars, kinds } = seen(
      'crypto',
      'defects/CRYPTO_XBTUSD_1h_three-grids-newest-first-frozen-feed',
      '2015-12-01',
      '2016-04-27',
    );
    expect(misaligned.length).toBeGreaterThan(0);
    expect(new Set(kinds)).toEqual(new Set(['off_grid']));
    expect(starts(bars, 'DATA_STALE_RUN').length).toBeGreaterThan(100);
  });

  it('New York time labelled Z', () => {
    const { misaligned, bars } = seen(
      'us_equities',
      'defects/US_AAPL_1h_new-york-time-labelled-Z',
      '2023-08-23',
      '2023-08-31',
    );
    expect(misaligned.length).toBeGreaterThan(20);
    expect(starts(bars, 'DATA_MISSING').length).toBeGreaterThan(20);
  });

  it('phantom bars at the close', () => {
    const { kinds } = seen(
      'us_equities',
      'defects/US_AAPL_1h_phantom-bar-at-close',
      '2025-05-30',
      '2026-03-20',
    );
    expect(kinds.filter((kind) => kind === 'phantom_at_close').length).toBeGreaterThan(0);
  });
});
