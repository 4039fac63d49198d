import type { HolidayRule, Weekday } from '../config/calendar-schema.ts';
import { DAY_MS, parseIsoDate } from '../kernel/time.ts';

/** Days since 1970-01-01: arithmetic on dates needs no zone and no clock. */
export type DayNumber = number;

/** The day number of a valid ISO date. */
export const dayNumber = (date: string): DayNumber => parseIsoDate(date) / DAY_MS;

/** 0 is Monday, 6 is Sunday; 1970-01-01 was a Thursday. */
export const weekdayOf = (day: DayNumber): number => (((day + 3) % 7) + 7) % 7;

const WEEKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const SATURDAY = 5;
const SUNDAY = 6;

/** The position of a named weekday, 0 for Monday. */
export const weekdayIndex = (weekday: Weekday): number => WEEKDAYS.indexOf(weekday);

/** The day that the rule names in that year, or undefined where the rule is not in force or not observed. */
export function ruleDay(rule: HolidayRule, year: number): DayNumber | undefined {
  if (year < (rule.from_year ?? -Infinity) || year > (rule.to_year ?? Infinity)) return undefined;
  const day = nominalDay(rule, year);
  return day === undefined || rule.except.some(({ date }) => dayNumber(date) === day) ? undefined : day;
}

function nominalDay(rule: HolidayRule, year: number): DayNumber | undefined {
  switch (rule.kind) {
    case 'fixed_date':
      return observed(rule, Date.UTC(year, rule.month - 1, rule.day) / DAY_MS);
    case 'nth_weekday':
      return nthWeekday(year, rule.month, weekdayIndex(rule.weekday), rule.nth) + rule.offset_days;
    case 'easter_offset':
      return easterSunday(year) + rule.offset_days;
  }
}

function observed(rule: Extract<HolidayRule, { kind: 'fixed_date' }>, day: DayNumber): DayNumber | undefined {
  const weekday = weekdayOf(day);
  const policy = weekday === SATURDAY ? rule.on_saturday : weekday === SUNDAY ? rule.on_sunday : 'on_the_day';
  if (policy === 'on_the_day') return day;
  if (policy === 'not_observed') return undefined;
  if (policy === 'preceding_friday') return day - 1;
  return day + (weekday === SATURDAY ? 2 : 1);
}

function nthWeekday(year: number, month: number, weekday: number, nth: number): DayNumber {
  const first = Date.UTC(year, month - 1, 1) / DAY_MS;
  const last = Date.UTC(year, month, 0) / DAY_MS;
  if (nth === -1) return last - ((weekdayOf(last) - weekday + 7) % 7);
  return first + ((weekday - weekdayOf(first) + 7) % 7) + 7 * (nth - 1);
}

/** Western Easter Sunday, by the anonymous Gregorian computus (Nature, 1876-04-20; Meeus, Astronomical Algorithms). */
function easterSunday(year: number): DayNumber {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - Math.floor(b / 4) - g + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const sum = h + l - 7 * m + 114;
  return Date.UTC(year, Math.floor(sum / 31) - 1, (sum % 31) + 1) / DAY_MS;
}
