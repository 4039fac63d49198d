import type { CalendarConfig } from '../config/calendar-schema.ts';
import { ConfigError } from '../kernel/errors.ts';
import { DAY_MS, MINUTE_MS, utcDay } from '../kernel/time.ts';
import { dayNumber, ruleDay, weekdayIndex, weekdayOf, type DayNumber } from './rules.ts';
import type { Session } from './types.ts';
import type { WallClock } from './wall-clock.ts';

type Hours = CalendarConfig['hours'][number];

/**
 * The sessions of one year, ascending, within the calendar's bounds.
 * @throws ConfigError where an early close or late open falls into the break, or a wall time does not exist.
 */
export function sessionsOfYear(config: CalendarConfig, clock: WallClock, year: number): Session[] {
  const first = Math.max(Date.UTC(year, 0, 1) / DAY_MS, dayNumber(config.bound_min));
  const last = Math.min(Date.UTC(year, 11, 31) / DAY_MS, dayNumber(config.bound_max));
  const weekdays = new Set(config.session_weekdays.map(weekdayIndex));
  const closed = closedDays(config, year, first, last);
  const closes = earlyCloses(config, year);
  const opens = new Map(config.dated_late_opens.map(({ date, open }) => [dayNumber(date), open]));
  const isSession = (day: DayNumber): boolean => weekdays.has(weekdayOf(day)) && !closed.has(day);
  assertDatedRowsHit(config, first, last, isSession);
  const sessions: Session[] = [];
  for (let day = first; day <= last; day++) {
    if (!isSession(day)) continue;
    sessions.push(sessionOn(day, hoursOn(config, day), opens.get(day), closes.get(day), clock));
  }
  return sessions;
}

/** A dated row on a weekend or a holiday would be silently without effect: most likely its date is mistyped. */
function assertDatedRowsHit(
  { exchange, dated_early_closes, dated_late_opens }: CalendarConfig,
  first: DayNumber,
  last: DayNumber,
  isSession: (day: DayNumber) => boolean,
): void {
  for (const { date, name } of [...dated_early_closes, ...dated_late_opens]) {
    const day = dayNumber(date);
    if (day >= first && day <= last && !isSession(day)) {
      throw new ConfigError(
        `${exchange}: ${date} (${name}) is no session; correct its date in the calendar file`,
      );
    }
  }
}

/** A holiday may be observed in the year before or after its own (1 January on a Saturday), so three years count. */
const neighbours = (year: number): number[] => [year - 1, year, year + 1];

function closedDays(config: CalendarConfig, year: number, first: DayNumber, last: DayNumber): Set<DayNumber> {
  const closed = new Set<DayNumber>();
  for (const rule of config.holidays) {
    for (const ruleYear of neighbours(year)) {
      const day = ruleDay(rule, ruleYear);
      if (day !== undefined) closed.add(day);
    }
  }
  for (const { from, to } of config.closures.flatMap((group) => group.days)) {
    const end = Math.min(dayNumber(to), last);
    for (let day = Math.max(dayNumber(from), first); day <= end; day++) closed.add(day);
  }
  return closed;
}

/** Close by day; the dated table wins over the rules. A rule's day that is closed has no session to shorten. */
function earlyCloses(config: CalendarConfig, year: number): Map<DayNumber, string> {
  const closes = new Map<DayNumber, string>();
  for (const rule of config.early_closes) {
    for (const ruleYear of neighbours(year)) {
      const day = ruleDay(rule, ruleYear);
      if (day !== undefined) closes.set(day, rule.close);
    }
  }
  for (const { date, close } of config.dated_early_closes) closes.set(dayNumber(date), close);
  return closes;
}

function hoursOn(config: CalendarConfig, day: DayNumber): Hours {
  const hours = config.hours.findLast(({ from }) => dayNumber(from) <= day);
  if (hours === undefined)
    throw new ConfigError(`${config.exchange} has no hours on ${utcDay(day * DAY_MS)}`);
  return hours;
}

function sessionOn(
  day: DayNumber,
  hours: Hours,
  lateOpen: string | undefined,
  earlyClose: string | undefined,
  clock: WallClock,
): Session {
  const date = utcDay(day * DAY_MS);
  const open = lateOpen ?? hours.open;
  const close = earlyClose ?? hours.close;
  const pause = breakWithin(date, hours, open, close);
  const utc = (time: string): number => clock.toUtc(day * DAY_MS + minutesOf(time) * MINUTE_MS);
  return Object.freeze({
    session: date,
    openMs: utc(open),
    closeMs: utc(close),
    breakStartMs: pause === null ? null : utc(pause.start),
    breakEndMs: pause === null ? null : utc(pause.end),
    earlyClose: close < hours.close,
  });
}

/** The break that a session with these times has: none where it opens after it or closes before it. */
function breakWithin(date: string, hours: Hours, open: string, close: string): Hours['break'] {
  const pause = hours.break;
  if (open >= close)
    throw new ConfigError(`${date}: opens at ${open}, which is not before its close ${close}`);
  if (open < hours.open || close > hours.close) {
    throw new ConfigError(
      `${date}: ${open}..${close} is longer than the regular ${hours.open}..${hours.close}`,
    );
  }
  if (pause === null || close <= pause.start || open >= pause.end) return null;
  if (open < pause.start && close > pause.end) return pause;
  throw new ConfigError(
    `${date}: ${open}..${close} starts or ends within the break ${pause.start}..${pause.end}`,
  );
}

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
