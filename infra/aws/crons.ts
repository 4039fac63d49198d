import { timeline } from '../../shared/calendar/timeline.ts';
import type { ExchangeCalendar } from '../../shared/calendar/types.ts';
import { WallClock } from '../../shared/calendar/wall-clock.ts';
import type { MarketConfig } from '../../shared/config/market-schema.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../shared/kernel/time.ts';

/** An expression of EventBridge Scheduler: `cron(minutes hours day-of-month month day-of-week year)`. */
export type Cron = `cron(${string})`;

/** When a market's jobs run, in its own IANA zone. */
export interface MarketCrons {
  readonly timeZone: string;
  /** One for every minute of the hour at which bars close; the calendar decides whether there is a bar. */
  readonly ticks: readonly Cron[];
  readonly health: Cron;
  readonly daily: Cron;
}

const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] as const;
const HOUR_MINUTES = 60;
/** Minutes after a session's regular close at which the day is reported. */
const DAILY_AFTER_MINUTES = 30;
/** From the year on in which all calendars have the sessions of today, so that holidays of long ago add no hours. */
const SINCE = '2015-01-01';

/** A wall time: minutes since local midnight, and the day of the week, 0 for Sunday. */
interface Wall {
  readonly minute: number;
  readonly day: number;
}

/**
 * The expressions of a market, from every bar close that its calendar has since 2015.
 * @throws ConfigError where its bars close too close to each other for one check a bar.
 */
export function marketCrons(calendar: ExchangeCalendar, config: MarketConfig): MarketCrons {
  const { market, bar_size: size, bar_anchor: anchor, schedule_offset_s: offset, sla } = config;
  const since = calendar.boundMin > SINCE ? calendar.boundMin : SINCE;
  const { endMs } = timeline(calendar, size, anchor, since, calendar.boundMax);
  const clock = new WallClock(calendar.timeZone);
  const wallOf = (instantMs: number): Wall => {
    const local = instantMs + clock.offsetMs(instantMs);
    return {
      minute: Math.floor((local % DAY_MS) / MINUTE_MS),
      day: (Math.floor(local / DAY_MS) + 4) % 7,
    };
  };
  if (offset % 60 !== 0)
    throw new ConfigError(
      `market ${market}: schedule_offset_s: is ${offset}; a schedule knows whole minutes: expected a multiple of 60`,
    );
  const fires = Array.from(endMs, (close) => wallOf(close + offset * SECOND_MS));
  const closes = Array.from(endMs, wallOf);
  return {
    timeZone: calendar.timeZone,
    ticks: tickCrons(fires),
    health: hourly(healthMinute(market, endMs, closes, Math.ceil(sla.late_after_s / 60))),
    daily: dailyCron(calendar, since, wallOf),
  };
}

/** One expression for every minute of the hour; an hour or a day too many finds the calendar without a bar. */
function tickCrons(fires: readonly Wall[]): Cron[] {
  const byMinute = new Map<number, { hours: Set<number>; days: Set<number> }>();
  for (const { minute, day } of fires) {
    const at = minute % HOUR_MINUTES;
    const group = byMinute.get(at) ?? { hours: new Set(), days: new Set() };
    group.hours.add(Math.floor(minute / HOUR_MINUTES));
    group.days.add(day);
    byMinute.set(at, group);
  }
  return [...byMinute]
    .sort(([a], [b]) => a - b)
    .map(([minute, { hours, days }]) => cron(minute, hours.size === 24 ? '*' : list(hours), days));
}

const list = (numbers: Iterable<number>): string => [...numbers].sort((a, b) => a - b).join(',');

/** Either the day of the month or that of the week must be `?`. */
function cron(minute: number, hours: string, days: ReadonlySet<number>): Cron {
  if (days.size === 7) return `cron(${minute} ${hours} * * ? *)`;
  const named = [...days].sort((a, b) => a - b).map((day) => DAYS[day]!);
  return `cron(${minute} ${hours} ? * ${named.join(',')} *)`;
}

const hourly = (minute: number): Cron => `cron(${minute} * * * ? *)`;

/**
 * The minute of the hour at which health is looked at, round the clock: after each bar's tick has had its time, and
 * before the next bar closes, so that every bar has a check of its own and three checks are of three bars in a row.
 */
function healthMinute(
  market: string,
  endMs: Float64Array,
  closes: readonly Wall[],
  lateMinutes: number,
): number {
  // Minute of the hour of a close, and minutes to the next one: a few different ones over all years.
  const pairs = new Map<string, readonly [number, number]>();
  for (let k = 0; k + 1 < endMs.length; k++) {
    const pair = [closes[k]!.minute % HOUR_MINUTES, (endMs[k + 1]! - endMs[k]!) / MINUTE_MS] as const;
    pairs.set(pair.join(), pair);
  }
  for (let minute = 0; minute < HOUR_MINUTES; minute += 5) {
    const seen = [...pairs.values()].every(([close, gap]) => {
      const wait = (minute - close + HOUR_MINUTES) % HOUR_MINUTES;
      return (wait > lateMinutes ? wait : wait + HOUR_MINUTES) < gap;
    });
    if (seen) return minute;
  }
  throw new ConfigError(
    `market ${market}: no minute of the hour lies after every tick's ${lateMinutes} minutes and before the next bar's close: shorten sla.late_after_s`,
  );
}

/** Half an hour after the regular close, on every day of the week that has a session. */
function dailyCron(calendar: ExchangeCalendar, since: string, wallOf: (instantMs: number) => Wall): Cron {
  const reports = calendar
    .sessionsIn(since, calendar.boundMax)
    .filter(({ earlyClose }) => !earlyClose)
    .map(({ closeMs }) => wallOf(closeMs + DAILY_AFTER_MINUTES * MINUTE_MS));
  const latest = Math.max(...reports.map(({ minute }) => minute));
  const days = new Set(reports.map(({ day }) => day));
  return cron(latest % HOUR_MINUTES, String(Math.floor(latest / HOUR_MINUTES)), days);
}
