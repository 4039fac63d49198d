import type { CalendarConfig } from '../config/calendar-schema.ts';
import { UncoveredError } from '../kernel/errors.ts';
import { parseIsoDate } from '../kernel/time.ts';
import { cutBars } from './trading-index.ts';
import type { ExchangeCalendar, Session } from './types.ts';
import { WallClock } from './wall-clock.ts';
import { sessionsOfYear } from './year.ts';

/**
 * The calendar that a calendar file describes (`calendarSchema`). Pure: answers depend on the configuration alone,
 * not on the clock, the process's zone or earlier calls. A year is built when first asked for, then kept.
 * @throws UncoveredError from every method for a date outside `bound_min`..`bound_max`.
 * @throws RangeError from every method for a text that is no date or an instant that is not finite.
 */
export function exchangeCalendar(config: CalendarConfig): ExchangeCalendar {
  const { exchange, bound_min: boundMin, bound_max: boundMax } = config;
  const clock = new WallClock(config.time_zone);
  const years = new Map<number, readonly Session[]>();

  const yearOf = (year: number): readonly Session[] => {
    const known = years.get(year);
    if (known) return known;
    const built = sessionsOfYear(config, clock, year);
    years.set(year, built);
    return built;
  };
  const sessionsIn = (from: string, to: string): Session[] => {
    for (const date of [from, to]) assertCovered(exchange, date, boundMin, boundMax);
    const sessions: Session[] = [];
    for (let year = Number(from.slice(0, 4)); year <= Number(to.slice(0, 4)); year++) {
      for (const session of yearOf(year)) {
        if (session.session >= from && session.session <= to) sessions.push(session);
      }
    }
    return sessions;
  };

  return {
    exchange,
    timeZone: config.time_zone,
    sessionsPerYear: config.sessions_per_year,
    boundMin,
    boundMax,
    sessionsIn,
    minuteToSession(instantMs) {
      if (!Number.isFinite(instantMs)) throw new RangeError(`${exchange}: ${instantMs} is no instant`);
      const date = clock.dateAt(instantMs);
      assertCovered(exchange, date, boundMin, boundMax);
      // Sessions lie within their own local day (open < close <= 24:00), so no other session can hold the instant.
      const session = find(yearOf(Number(date.slice(0, 4))), date);
      return session && isTrading(session, instantMs) ? session : undefined;
    },
    tradingIndex: (from, to, period, anchor) => cutBars(sessionsIn(from, to), period, anchor, clock),
  };
}

function assertCovered(exchange: string, date: string, boundMin: string, boundMax: string): void {
  if (date >= boundMin && date <= boundMax && !Number.isNaN(parseIsoDate(date))) return;
  if (Number.isNaN(parseIsoDate(date))) throw new RangeError(`${exchange}: ${date} is no date YYYY-MM-DD`);
  const [side, bound] = date < boundMin ? ['before bound_min', boundMin] : ['after bound_max', boundMax];
  throw new UncoveredError(
    `${exchange}: ${date} lies ${side} ${bound}; update the calendar file of ${exchange} (configs/calendars/) ` +
      'with the published sessions and move the bound',
    { exchange, date, bound_min: boundMin, bound_max: boundMax },
  );
}

/** Binary search by date; ISO dates compare as text. */
function find(sessions: readonly Session[], date: string): Session | undefined {
  let low = 0;
  let high = sessions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sessions[middle]!.session < date) low = middle + 1;
    else high = middle;
  }
  return sessions[low]?.session === date ? sessions[low] : undefined;
}

function isTrading({ openMs, closeMs, breakStartMs, breakEndMs }: Session, instantMs: number): boolean {
  if (instantMs < openMs || instantMs >= closeMs) return false;
  return breakStartMs === null || breakEndMs === null || instantMs < breakStartMs || instantMs >= breakEndMs;
}
