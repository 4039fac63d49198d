import { describe, expect, test } from 'vitest';
import { barsCsv, sessionsCsv } from '../../shared/calendar/csv.ts';
import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import { calendarSchema } from '../../shared/config/calendar-schema.ts';
import { parseYaml } from '../../shared/config/yaml.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';

/** A market no file describes: half an hour off UTC, a break, later hours from a date on, one short and one late day. */
const yaml = `
exchange: XTST
name: Test exchange
time_zone: Asia/Kolkata
sessions_per_year: 250
bound_min: 2025-01-01
bound_max: 2025-12-31
source: none
session_weekdays: [mon, tue, wed, thu, fri]
hours:
  - { from: 2025-01-01, open: '09:15', close: '15:30', break: { start: '12:00', end: '13:00' }, source: none }
  - { from: 2025-07-01, open: '09:15', close: '16:00', break: null, source: none }
closures:
  - source: none
    days:
      - { name: Festival, from: 2025-03-14, to: 2025-03-17 }
dated_early_closes:
  - { date: 2025-03-13, close: '11:45', name: Eve, source: none }
dated_late_opens:
  - { date: 2025-03-18, open: '13:30', name: Storm, source: none }
`;
const parse = (text: string) => parseYaml('xtst.yaml', text, calendarSchema);
const build = (text: string) => exchangeCalendar(parse(text)).sessionsIn('2025-01-01', '2025-12-31');

describe('a market is one file', () => {
  const calendar = exchangeCalendar(parse(yaml));

  test('what the file says, the calendar carries', () => {
    const { exchange, timeZone, sessionsPerYear, boundMin, boundMax } = calendar;
    expect([exchange, timeZone, sessionsPerYear, boundMin, boundMax]).toEqual([
      ...['XTST', 'Asia/Kolkata', 250, '2025-01-01', '2025-12-31'],
    ]);
  });

  test('short and late days lose the break that they do not reach', () => {
    expect(sessionsCsv(calendar, '2025-03-12', '2025-03-18')).toBe(
      'session,open_utc,close_utc,break_start_utc,break_end_utc,early_close\n' +
        '2025-03-12,2025-03-12T03:45:00Z,2025-03-12T10:00:00Z,2025-03-12T06:30:00Z,2025-03-12T07:30:00Z,0\n' +
        '2025-03-13,2025-03-13T03:45:00Z,2025-03-13T06:15:00Z,,,1\n' +
        '2025-03-18,2025-03-18T08:00:00Z,2025-03-18T10:00:00Z,,,0\n',
    );
  });

  test('hours change on their date', () => {
    const [june, july] = calendar.sessionsIn('2025-06-30', '2025-07-01');
    expect([june?.closeMs, july?.closeMs]).toEqual([Date.UTC(2025, 5, 30, 10), Date.UTC(2025, 6, 1, 10, 30)]);
    expect([june?.earlyClose, july?.breakStartMs]).toEqual([false, null]);
  });

  test('full hours are those of the local clock', () => {
    expect(barsCsv(calendar, '60m', 'clock_hour', '2025-03-13', '2025-03-13')).toBe(
      'start_utc,end_utc,session\n' +
        '2025-03-13T03:45:00Z,2025-03-13T04:30:00Z,2025-03-13\n' +
        '2025-03-13T04:30:00Z,2025-03-13T05:30:00Z,2025-03-13\n' +
        '2025-03-13T05:30:00Z,2025-03-13T06:15:00Z,2025-03-13\n',
    );
  });
});

describe('a calendar file is refused', () => {
  test.each([
    ['an unknown key', 'name: Test exchange', 'name: Test\nlunch: long', 'lunch'],
    [
      'a date that does not exist',
      'bound_max: 2025-12-31',
      'bound_max: 2025-02-30',
      'expected a date that exists',
    ],
    ['an unknown zone', 'Asia/Kolkata', 'Asia/Kolkatta', 'expected an IANA time zone'],
    [
      'bounds the wrong way round',
      'bound_max: 2025-12-31',
      'bound_max: 2024-12-31',
      'bound_max: lies before bound_min',
    ],
    [
      'hours that start after the bound',
      'from: 2025-01-01',
      'from: 2025-01-02',
      'starts at bound_min 2025-01-01',
    ],
    ['hours out of order', 'from: 2025-07-01', 'from: 2025-01-01', 'rows ascend by from'],
    ['a break beyond the close', "end: '13:00'", "end: '15:45'", 'times do not ascend'],
    ['a closure the wrong way round', 'to: 2025-03-17', 'to: 2025-03-13', 'lies after to 2025-03-13'],
    [
      'a closure beyond the bounds',
      'to: 2025-03-17',
      'to: 2026-03-17',
      'lies outside 2025-01-01..2025-12-31',
    ],
    [
      'overlapping closures',
      '    days:\n',
      '    days:\n      - { name: A, from: 2025-03-17, to: 2025-03-18 }\n',
      'overlaps Festival',
    ],
    [
      'an early close on a closed day',
      'date: 2025-03-13',
      'date: 2025-03-14',
      '2025-03-14 is closed by a closure',
    ],
    ['a time of 24:30', "close: '11:45'", "close: '24:30'", 'expected a local time'],
    [
      'a fifth weekday of a month',
      'closures:',
      'holidays: [{ kind: nth_weekday, month: 1, weekday: mon, nth: 5, name: n, source: s }]\nclosures:',
      'holidays.0.nth',
    ],
  ])('for %s', (_what, from, to, message) => {
    expect(yaml).toContain(from);
    expect(() => parse(yaml.replace(from, to))).toThrow(ConfigError);
    expect(() => parse(yaml.replace(from, to))).toThrow(message);
  });

  test.each([
    [
      'a dated row on a Sunday',
      'date: 2025-03-13',
      'date: 2025-03-09',
      'XTST: 2025-03-09 (Eve) is no session',
    ],
    [
      'an early close within the break',
      "close: '11:45'",
      "close: '12:30'",
      'starts or ends within the break',
    ],
    ['an early close that is late', "close: '11:45'", "close: '15:45'", 'is longer than the regular'],
    ['a late open after the close', "open: '13:30'", "open: '15:30'", 'is not before its close'],
  ])('once built, for %s', (_what, from, to, message) => {
    expect(yaml).toContain(from);
    expect(() => build(yaml.replace(from, to))).toThrow(ConfigError);
    expect(() => build(yaml.replace(from, to))).toThrow(message);
  });
});
