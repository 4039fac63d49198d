import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { barsCsv, sessionsCsv } from '../shared/calendar/csv.ts';
import { exchangeCalendar } from '../shared/calendar/exchange-calendar.ts';
import type { ExchangeCalendar } from '../shared/calendar/types.ts';
import { calendarSchema } from '../shared/config/calendar-schema.ts';
import { parseYaml } from '../shared/config/yaml.ts';
import { UncoveredError } from '../shared/kernel/errors.ts';
import { isoUtc } from '../shared/kernel/time.ts';

function load(file: string): ExchangeCalendar {
  const url = new URL(`../configs/calendars/${file}.yaml`, import.meta.url);
  return exchangeCalendar(parseYaml(`${file}.yaml`, readFileSync(url, 'utf8'), calendarSchema));
}
const xnys = load('xnys');
const xshg = load('xshg');
const crypto = load('crypto_24x7');
const at = (iso: string): number => Date.parse(iso);
const dates = (calendar: ExchangeCalendar, from: string, to: string): string[] =>
  calendar.sessionsIn(from, to).map(({ session }) => session);
const bars = (calendar: ExchangeCalendar, anchor: 'session_open' | 'clock_hour', day: string): string[] =>
  barsCsv(calendar, '60m', anchor, day, day)
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) =>
      line
        .split(',')
        .slice(0, 2)
        .map((text) => text.slice(11, 16))
        .join('-'),
    );

describe('60-minute bars in New York across a change of clocks', () => {
  test.each([
    ['2025-03-07', '14:30-15:30 15:30-16:30 16:30-17:30 17:30-18:30 18:30-19:30 19:30-20:30 20:30-21:00'],
    ['2025-03-10', '13:30-14:30 14:30-15:30 15:30-16:30 16:30-17:30 17:30-18:30 18:30-19:30 19:30-20:00'],
    ['2025-10-31', '13:30-14:30 14:30-15:30 15:30-16:30 16:30-17:30 17:30-18:30 18:30-19:30 19:30-20:00'],
    ['2025-11-03', '14:30-15:30 15:30-16:30 16:30-17:30 17:30-18:30 18:30-19:30 19:30-20:30 20:30-21:00'],
    // Until 2006 daylight saving ran from April to October: 2006-03-13 is still standard time.
    ['2006-03-13', '14:30-15:30 15:30-16:30 16:30-17:30 17:30-18:30 18:30-19:30 19:30-20:30 20:30-21:00'],
    ['2007-03-12', '13:30-14:30 14:30-15:30 15:30-16:30 16:30-17:30 17:30-18:30 18:30-19:30 19:30-20:00'],
  ])('%s, anchored at the open', (day, expected) => {
    expect(bars(xnys, 'session_open', day).join(' ')).toBe(expected);
  });

  test.each([
    ['2025-03-07', '14:30-15:00 15:00-16:00 16:00-17:00 17:00-18:00 18:00-19:00 19:00-20:00 20:00-21:00'],
    ['2025-03-10', '13:30-14:00 14:00-15:00 15:00-16:00 16:00-17:00 17:00-18:00 18:00-19:00 19:00-20:00'],
  ])('%s, anchored at the full hour', (day, expected) => {
    expect(bars(xnys, 'clock_hour', day).join(' ')).toBe(expected);
  });

  test('New York moving its clocks does not move Shanghai', () => {
    const shanghai = '01:30-02:30 02:30-03:30 05:00-06:00 06:00-07:00';
    for (const day of ['2025-03-07', '2025-03-10', '2025-10-31', '2025-11-03']) {
      expect(bars(xshg, 'session_open', day).join(' '), day).toBe(shanghai);
    }
  });
});

describe('half days of XNYS', () => {
  test('bars end at 13:00 New York', () => {
    expect(bars(xnys, 'session_open', '2025-07-03')).toEqual([
      '13:30-14:30',
      '14:30-15:30',
      '15:30-16:30',
      '16:30-17:00',
    ]);
    expect(bars(xnys, 'clock_hour', '2025-07-03')).toEqual([
      '13:30-14:00',
      '14:00-15:00',
      '15:00-16:00',
      '16:00-17:00',
    ]);
    expect(bars(xnys, 'session_open', '2025-11-28')).toEqual([
      '14:30-15:30',
      '15:30-16:30',
      '16:30-17:30',
      '17:30-18:00',
    ]);
    expect(barsCsv(xnys, '1d', 'session_open', '2025-12-24', '2025-12-26')).toBe(
      'start_utc,end_utc,session\n' +
        '2025-12-24T14:30:00Z,2025-12-24T18:00:00Z,2025-12-24\n' +
        '2025-12-26T14:30:00Z,2025-12-26T21:00:00Z,2025-12-26\n',
    );
  });

  // NYSE holiday schedules 1998-2014; the dates also stand in exchange_calendars 4.13.2.
  test('every one from 1998 to 2014', () => {
    const early = xnys.sessionsIn('1998-01-01', '2014-12-31').filter(({ earlyClose }) => earlyClose);
    expect(early.map(({ session }) => session)).toEqual([
      ...['1998-11-27', '1998-12-24', '1999-11-26', '1999-12-31', '2000-07-03', '2000-11-24'],
      ...['2001-07-03', '2001-11-23', '2001-12-24', '2002-07-05', '2002-11-29', '2002-12-24'],
      ...['2003-07-03', '2003-11-28', '2003-12-24', '2003-12-26', '2004-11-26', '2005-11-25'],
      ...['2006-07-03', '2006-11-24', '2007-07-03', '2007-11-23', '2007-12-24', '2008-07-03'],
      ...['2008-11-28', '2008-12-24', '2009-11-27', '2009-12-24', '2010-11-26', '2011-11-25'],
      ...['2012-07-03', '2012-11-23', '2012-12-24', '2013-07-03', '2013-11-29', '2013-12-24'],
      ...['2014-07-03', '2014-11-28', '2014-12-24'],
    ]);
  });

  test('a holiday that moves takes its half day with it', () => {
    // 4 July on a Saturday (2015, 2020, 2026) or Sunday (2021); 25 December on a Saturday (2021, 2027).
    const full = [
      '2015-07-02',
      '2020-07-02',
      '2026-07-02',
      '2021-07-02',
      '2021-12-23',
      '2027-12-23',
      '2022-12-23',
    ];
    for (const day of full) expect(xnys.sessionsIn(day, day)[0]?.earlyClose, day).toBe(false);
    for (const day of ['2015-07-03', '2020-07-03', '2026-07-03', '2021-07-05', '2021-12-24', '2027-12-24']) {
      expect(dates(xnys, day, day), day).toEqual([]);
    }
  });
});

describe('closures of XNYS', () => {
  test.each([
    ['2001-09-10', '2001-09-17', 'attack on the World Trade Center'],
    ['2004-06-10', '2004-06-14', 'Reagan'],
    ['2006-12-29', '2007-01-03', "New Year's Day and Ford"],
    ['2012-10-26', '2012-10-31', 'Sandy'],
    ['2018-12-04', '2018-12-06', 'Bush'],
    ['2025-01-08', '2025-01-10', 'Carter'],
    ['1998-01-16', '1998-01-20', 'the first Martin Luther King, Jr. Day'],
    ['2005-03-24', '2005-03-28', 'Good Friday'],
    ['2024-03-28', '2024-04-01', 'Good Friday'],
    ['2022-06-17', '2022-06-21', 'the first Juneteenth, a Sunday'],
    ['2027-06-17', '2027-06-21', 'Juneteenth on a Saturday'],
    ['2022-12-23', '2022-12-27', 'Christmas on a Sunday'],
  ])('nothing between %s and %s: %s', (from, to) => {
    expect(dates(xnys, from, to)).toEqual([from, to]);
  });

  test("New Year's Day on a Saturday is not observed; before 2022 neither is 19 June", () => {
    for (const day of ['1999-12-31', '2004-12-31', '2010-12-31', '2021-12-31', '2027-12-31']) {
      expect(dates(xnys, day, day), day).toEqual([day]);
    }
    for (const day of ['2020-06-19', '2021-06-18', '2021-06-21'])
      expect(dates(xnys, day, day), day).toEqual([day]);
  });

  test('on 2002-09-11 it opened at noon', () => {
    expect(sessionsCsv(xnys, '2002-09-11', '2002-09-11').split('\n')[1]).toBe(
      '2002-09-11,2002-09-11T16:00:00Z,2002-09-11T20:00:00Z,,,0',
    );
  });
});

describe('sessions in a year', () => {
  // Weekdays of the year (counted with Python's datetime) less observed holidays less special closures. The totals
  // agree with the trading days in CRSP's daily stock file: 248 in 2001, else 250 to 253
  // (I. D. Gow, iangow.github.io/notes/published/trading_dates.html), and with Wikipedia, "Trading day".
  test.each([
    [1998, 261, 9, 0, 252],
    [1999, 261, 9, 0, 252],
    [2000, 260, 8, 0, 252],
    [2001, 261, 9, 4, 248],
    [2002, 261, 9, 0, 252],
    [2003, 261, 9, 0, 252],
    [2004, 262, 9, 1, 252],
    [2005, 260, 8, 0, 252],
    [2006, 260, 9, 0, 251],
    [2007, 261, 9, 1, 251],
    [2008, 262, 9, 0, 253],
    [2009, 261, 9, 0, 252],
    [2010, 261, 9, 0, 252],
    [2011, 260, 8, 0, 252],
    [2012, 261, 9, 2, 250],
    [2013, 261, 9, 0, 252],
    [2014, 261, 9, 0, 252],
    [2015, 261, 9, 0, 252],
    [2016, 261, 9, 0, 252],
    [2017, 260, 9, 0, 251],
    [2018, 261, 9, 1, 251],
    [2019, 261, 9, 0, 252],
    [2020, 262, 9, 0, 253],
    [2021, 261, 9, 0, 252],
    [2022, 260, 9, 0, 251],
    [2023, 260, 10, 0, 250],
    [2024, 262, 10, 0, 252],
    [2025, 261, 10, 1, 250],
    [2026, 261, 10, 0, 251],
    [2027, 261, 10, 0, 251],
  ])(
    'XNYS %i: %i weekdays - %i holidays - %i special = %i',
    (year, weekdays, holidays, special, sessions) => {
      expect(weekdays - holidays - special, 'the row itself').toBe(sessions);
      expect(xnys.sessionsIn(`${year}-01-01`, `${year}-12-31`)).toHaveLength(sessions);
    },
  );

  // Weekdays of the year less weekdays in the State Council's holidays, counted by hand from the notices.
  test.each([
    [2015, 261, 17, 244],
    [2016, 261, 17, 244],
    [2017, 260, 16, 244],
    [2018, 261, 18, 243],
    [2019, 261, 17, 244],
    [2020, 262, 19, 243],
    [2021, 261, 18, 243],
    [2022, 260, 18, 242],
    [2023, 260, 18, 242],
    [2024, 262, 20, 242],
    [2025, 261, 18, 243],
    [2026, 261, 19, 242],
  ])('XSHG %i: %i weekdays - %i closed = %i', (year, weekdays, closed, sessions) => {
    expect(weekdays - closed, 'the row itself').toBe(sessions);
    expect(xshg.sessionsIn(`${year}-01-01`, `${year}-12-31`)).toHaveLength(sessions);
  });

  test('crypto has every day', () => {
    expect(crypto.sessionsIn('2024-01-01', '2024-12-31')).toHaveLength(366);
    expect(crypto.sessionsIn('2025-01-01', '2025-12-31')).toHaveLength(365);
  });
});

describe('XSHG', () => {
  test('no bar spans the lunch break', () => {
    expect(bars(xshg, 'session_open', '2025-09-30')).toEqual([
      '01:30-02:30',
      '02:30-03:30',
      '05:00-06:00',
      '06:00-07:00',
    ]);
    expect(bars(xshg, 'clock_hour', '2025-09-30')).toEqual([
      ...['01:30-02:00', '02:00-03:00', '03:00-03:30'],
      ...['05:00-06:00', '06:00-07:00'],
    ]);
    expect(barsCsv(xshg, '1d', 'session_open', '2025-09-30', '2025-10-08')).toBe(
      'start_utc,end_utc,session\n2025-09-30T01:30:00Z,2025-09-30T07:00:00Z,2025-09-30\n',
    );
  });

  test('National Day 2025; the workdays 2025-09-28 and 2025-10-11 fall on a weekend and are no sessions', () => {
    expect(dates(xshg, '2025-09-26', '2025-10-13')).toEqual([
      ...['2025-09-26', '2025-09-29', '2025-09-30'],
      ...['2025-10-09', '2025-10-10', '2025-10-13'],
    ]);
  });

  test('Spring Festival 2026; the workdays 2026-02-14 and 2026-02-28 are no sessions', () => {
    expect(dates(xshg, '2026-02-12', '2026-03-02')).toEqual([
      ...['2026-02-12', '2026-02-13'],
      ...['2026-02-24', '2026-02-25', '2026-02-26', '2026-02-27', '2026-03-02'],
    ]);
  });

  test.each([
    ['2015-09-02', '2015-09-07', 'Victory Day, a single notice'],
    ['2018-12-28', '2019-01-02', "New Year's Day across the year's end"],
    ['2019-04-30', '2019-05-06', 'Labour Day, lengthened in March'],
    ['2020-01-23', '2020-02-03', 'Spring Festival, lengthened in January'],
    ['2024-02-08', '2024-02-19', "Spring Festival with New Year's Eve"],
    ['2026-09-30', '2026-10-08', 'National Day'],
  ])('nothing between %s and %s: %s', (from, to) => {
    expect(dates(xshg, from, to)).toEqual([from, to]);
  });
});

describe('crypto', () => {
  test.each(['session_open', 'clock_hour'] as const)(
    '24 bars at the full hours, anchored at %s',
    (anchor) => {
      const day = bars(crypto, anchor, '2025-03-09');
      expect(day).toHaveLength(24);
      expect([day[0], day[1], day[23]]).toEqual(['00:00-01:00', '01:00-02:00', '23:00-00:00']);
    },
  );

  test('days meet without a gap: midnight belongs to the day that begins', () => {
    expect(sessionsCsv(crypto, '2024-02-28', '2024-02-29')).toBe(
      'session,open_utc,close_utc,break_start_utc,break_end_utc,early_close\n' +
        '2024-02-28,2024-02-28T00:00:00Z,2024-02-29T00:00:00Z,,,0\n' +
        '2024-02-29,2024-02-29T00:00:00Z,2024-03-01T00:00:00Z,,,0\n',
    );
    expect(crypto.minuteToSession(at('2024-02-28T23:59:59.999Z'))?.session).toBe('2024-02-28');
    expect(crypto.minuteToSession(at('2024-02-29T00:00:00Z'))?.session).toBe('2024-02-29');
  });
});

describe('minuteToSession', () => {
  test.each([
    ['2025-03-10T13:29:59.999Z', undefined],
    ['2025-03-10T13:30:00Z', '2025-03-10'],
    ['2025-03-10T19:59:59.999Z', '2025-03-10'],
    ['2025-03-10T20:00:00Z', undefined],
    ['2025-07-03T16:59:59Z', '2025-07-03'],
    ['2025-07-03T17:00:00Z', undefined],
    ['2025-03-09T15:00:00Z', undefined],
  ])('XNYS %s: open inclusive, close exclusive', (instant, session) => {
    expect(xnys.minuteToSession(at(instant))?.session).toBe(session);
  });

  test.each([
    ['2025-09-30T01:29:59.999Z', undefined],
    ['2025-09-30T01:30:00Z', '2025-09-30'],
    ['2025-09-30T03:29:59.999Z', '2025-09-30'],
    ['2025-09-30T03:30:00Z', undefined],
    ['2025-09-30T04:59:59.999Z', undefined],
    ['2025-09-30T05:00:00Z', '2025-09-30'],
    ['2025-09-30T06:59:59.999Z', '2025-09-30'],
    ['2025-09-30T07:00:00Z', undefined],
    ['2025-10-01T02:00:00Z', undefined],
  ])('XSHG %s: the break is no trading', (instant, session) => {
    expect(xshg.minuteToSession(at(instant))?.session).toBe(session);
  });
});

describe('beyond the bounds nothing is guessed', () => {
  test.each([
    ['after bound_max 2026-12-31', () => xshg.sessionsIn('2026-12-01', '2027-01-04'), 'XSHG: 2027-01-04'],
    ['before bound_min 2015-01-01', () => xshg.sessionsIn('2014-12-31', '2015-01-05'), 'XSHG: 2014-12-31'],
    [
      'after bound_max 2027-12-31',
      () => xnys.tradingIndex('2028-01-03', '2028-01-03', '1d', 'session_open'),
      'XNYS: 2028-01-03',
    ],
    ['before bound_min 1998-01-01', () => sessionsCsv(xnys, '1997-12-31', '1998-01-02'), 'XNYS: 1997-12-31'],
    [
      'before bound_min 2010-01-01',
      () => crypto.minuteToSession(at('2009-12-31T23:59:59Z')),
      'CRYPTO_24X7: 2009-12-31',
    ],
    [
      'after bound_max 2026-12-31',
      () => xshg.minuteToSession(at('2026-12-31T16:00:00Z')),
      'XSHG: 2027-01-01',
    ],
  ])('%s', (bound, ask, named) => {
    expect(ask).toThrow(UncoveredError);
    expect(ask).toThrow(`${named} lies ${bound}; update the calendar file`);
  });

  test('the bound itself is covered, to the last local millisecond', () => {
    expect(dates(xshg, '2026-12-31', '2026-12-31')).toEqual(['2026-12-31']);
    expect(xshg.minuteToSession(at('2026-12-31T15:59:59.999Z'))).toBeUndefined();
    expect(xnys.minuteToSession(at('1998-01-01T05:00:00Z'))).toBeUndefined();
  });

  test('what is no date or instant is refused; an empty range is empty', () => {
    for (const text of ['2025-02-29', '2025-1-02', '2025-01-02T00:00:00Z', '']) {
      expect(() => xnys.sessionsIn(text, '2025-12-31'), text).toThrow(RangeError);
    }
    expect(() => xnys.minuteToSession(NaN)).toThrow(RangeError);
    expect(xnys.sessionsIn('2025-12-31', '2025-01-01')).toEqual([]);
  });
});

/** The answer keys are not part of the project: the folder that holds `calendars/` is named by PAPERGATE_FIXTURES. */
const fixtures = process.env.PAPERGATE_FIXTURES;
const missing =
  fixtures === undefined
    ? 'PAPERGATE_FIXTURES is not set: no answer keys to compare with'
    : `${fixtures}/calendars does not exist: no answer keys to compare with`;
const absent = fixtures === undefined || !existsSync(`${fixtures}/calendars`);
if (absent) process.stderr.write(`calendar_alignment: 3 tests skipped, ${missing}\n`);

const expectedBars = z.object({
  cases: z.array(
    z.object({
      id: z.string(),
      exchange: z.enum(['XNYS', 'XSHG']),
      from: z.string(),
      to: z.string(),
      sessions: z.array(
        z.object({
          session: z.string(),
          early_close: z.boolean(),
          starts_utc: z.array(z.string()),
          ends_utc: z.array(z.string()),
        }),
      ),
    }),
  ),
});

describe('answer keys', () => {
  const read = (file: string): Buffer => readFileSync(`${fixtures}/calendars/${file}`);

  test('XNYS 2015-2027 equals its key in every row', ({ skip }) => {
    skip(absent, missing);
    const key = gunzipSync(read('xnys_sessions.csv.gz')).toString();
    expect(key.split('\n')).toHaveLength(3270);
    expect(sessionsCsv(xnys, '2015-01-01', '2027-12-31')).toBe(key);
  });

  test('XSHG 2015-2026 equals its key in every row', ({ skip }) => {
    skip(absent, missing);
    const key = gunzipSync(read('xshg_sessions.csv.gz')).toString();
    expect(key.split('\n')).toHaveLength(2918);
    expect(sessionsCsv(xshg, '2015-01-01', '2026-12-31')).toBe(key);
  });

  test('hourly bars equal the expected ones in 13 weeks', ({ skip }) => {
    skip(absent, missing);
    const { cases } = expectedBars.parse(JSON.parse(read('expected_hourly_bars.json').toString()));
    expect(cases).toHaveLength(13);
    for (const { id, exchange, from, to, sessions } of cases) {
      const calendar = exchange === 'XNYS' ? xnys : xshg;
      const index = calendar.tradingIndex(from, to, '60m', 'session_open');
      const got = index.sessions.map(({ session, earlyClose }, owner) => {
        const own = Array.from(index.session.keys()).filter((bar) => index.session[bar] === owner);
        return {
          session,
          early_close: earlyClose,
          starts_utc: own.map((bar) => isoUtc(index.startMs[bar]!)),
          ends_utc: own.map((bar) => isoUtc(index.endMs[bar]!)),
        };
      });
      expect(got, id).toEqual(sessions);
    }
  });
});
