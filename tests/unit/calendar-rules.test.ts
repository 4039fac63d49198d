import { describe, expect, test } from 'vitest';
import { ruleDay, weekdayOf } from '../../shared/calendar/rules.ts';
import { WallClock } from '../../shared/calendar/wall-clock.ts';
import type { HolidayRule } from '../../shared/config/calendar-schema.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { DAY_MS, isoUtc, utcDay } from '../../shared/kernel/time.ts';

const date = (rule: HolidayRule, year: number): string | undefined => {
  const day = ruleDay(rule, year);
  return day === undefined ? undefined : utcDay(day * DAY_MS);
};
const base = { name: 'a day', source: 'a notice', except: [] };
const fixed = (fields: Partial<Extract<HolidayRule, { kind: 'fixed_date' }>>): HolidayRule => ({
  ...base,
  kind: 'fixed_date',
  month: 12,
  day: 25,
  on_saturday: 'preceding_friday',
  on_sunday: 'following_monday',
  ...fields,
});
const nth = (fields: Partial<Extract<HolidayRule, { kind: 'nth_weekday' }>>): HolidayRule => ({
  ...base,
  kind: 'nth_weekday',
  month: 11,
  weekday: 'thu',
  nth: 4,
  offset_days: 0,
  ...fields,
});

describe('a fixed date', () => {
  test.each([
    ['on a weekday stays', fixed({}), 2024, '2024-12-25'],
    ['on a Saturday moves to Friday', fixed({}), 2021, '2021-12-24'],
    ['on a Sunday moves to Monday', fixed({}), 2022, '2022-12-26'],
    ['on a Saturday moves to Monday', fixed({ on_saturday: 'following_monday' }), 2021, '2021-12-27'],
    ['on a Saturday is not observed', fixed({ on_saturday: 'not_observed' }), 2021, undefined],
    ['on a Sunday is not observed', fixed({ on_sunday: 'not_observed' }), 2022, undefined],
    ['may move into the year before', fixed({ month: 1, day: 1 }), 2022, '2021-12-31'],
  ])('%s', (_what, rule, year, expected) => {
    expect(date(rule, year)).toBe(expected);
  });

  test('holds in its years only, and not on its exceptions', () => {
    const rule = fixed({
      from_year: 2022,
      to_year: 2024,
      except: [{ date: '2023-12-25', source: 'a notice' }],
    });
    expect([2021, 2022, 2023, 2024, 2025].map((year) => date(rule, year))).toEqual([
      ...[undefined, '2022-12-26', undefined, '2024-12-25', undefined],
    ]);
  });
});

test.each([
  ['fourth Thursday', nth({}), 2025, '2025-11-27'],
  ['fourth Thursday of a month that starts on one', nth({}), 2018, '2018-11-22'],
  ['first Monday, the first itself', nth({ month: 9, weekday: 'mon', nth: 1 }), 2025, '2025-09-01'],
  ['last Monday, the last itself', nth({ month: 5, weekday: 'mon', nth: -1 }), 2027, '2027-05-31'],
  ['last Monday, the fourth', nth({ month: 5, weekday: 'mon', nth: -1 }), 2025, '2025-05-26'],
  [
    'the day after, in the next month',
    nth({ month: 5, weekday: 'mon', nth: -1, offset_days: 1 }),
    2027,
    '2027-06-01',
  ],
])('nth weekday: %s', (_what, rule, year, expected) => {
  expect(date(rule, year)).toBe(expected);
});

// Earliest and latest Easter of the period among them; dates from the U.S. Census Bureau's table of Easter dates.
test.each([
  [1999, '1999-04-04'],
  [2000, '2000-04-23'],
  [2008, '2008-03-23'],
  [2011, '2011-04-24'],
  [2024, '2024-03-31'],
  [2025, '2025-04-20'],
  [2027, '2027-03-28'],
  [2038, '2038-04-25'],
])('Easter Sunday %i is %s', (year, expected) => {
  expect(date({ ...base, kind: 'easter_offset', offset_days: 0 }, year)).toBe(expected);
});

test('weekdays count from Monday, before 1970 too', () => {
  // 1970-01-01 was a Thursday, 1969-12-28 a Sunday.
  expect([0, 1, 4, -1, -4].map(weekdayOf)).toEqual([3, 4, 0, 2, 6]);
});

describe('wall time', () => {
  const newYork = new WallClock('America/New_York');
  const wall = (text: string): string => isoUtc(newYork.toUtc(Date.parse(`${text}Z`)));

  test('follows the offset on each side of a change', () => {
    expect(wall('2025-03-09T01:59')).toBe('2025-03-09T06:59:00Z');
    expect(wall('2025-03-09T03:00')).toBe('2025-03-09T07:00:00Z');
    expect(wall('2025-11-02T00:59')).toBe('2025-11-02T04:59:00Z');
    expect(wall('2025-11-02T02:00')).toBe('2025-11-02T07:00:00Z');
  });

  test('that comes twice is the earlier; that never comes is refused', () => {
    expect(wall('2025-11-02T01:30')).toBe('2025-11-02T05:30:00Z');
    expect(() => wall('2025-03-09T02:30')).toThrow(ConfigError);
    expect(() => wall('2025-03-09T02:30')).toThrow('America/New_York: the clocks skip 2025-03-09T02:30');
  });

  test('gives the local date, west and east of the date line', () => {
    expect(newYork.dateAt(Date.parse('2025-03-10T03:59:59Z'))).toBe('2025-03-09');
    expect(newYork.dateAt(Date.parse('2025-03-10T04:00:00Z'))).toBe('2025-03-10');
    expect(new WallClock('Pacific/Kiritimati').dateAt(Date.parse('2025-03-10T10:00:00Z'))).toBe('2025-03-11');
  });

  test('an unknown zone is refused', () => {
    expect(() => new WallClock('Mars/Olympus')).toThrow('Mars/Olympus is no IANA time zone');
  });
});
