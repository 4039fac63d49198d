import { isoUtc } from '../kernel/time.ts';
import type { BarAnchor, BarSize, ExchangeCalendar } from './types.ts';

/**
 * Sessions from..to as CSV with a header, one line a session, instants in UTC; break columns are empty where there
 * is no break, `early_close` is 0 or 1. Ends with a line feed.
 * @throws UncoveredError outside the calendar's bounds.
 */
export function sessionsCsv(calendar: ExchangeCalendar, from: string, to: string): string {
  const lines = ['session,open_utc,close_utc,break_start_utc,break_end_utc,early_close'];
  for (const session of calendar.sessionsIn(from, to)) {
    const { openMs, closeMs, breakStartMs, breakEndMs, earlyClose } = session;
    const instants = [openMs, closeMs, breakStartMs, breakEndMs].map((instant) =>
      instant === null ? '' : isoUtc(instant),
    );
    lines.push([session.session, ...instants, earlyClose ? '1' : '0'].join(','));
  }
  return `${lines.join('\n')}\n`;
}

/**
 * Expected bars of the sessions from..to as CSV with a header, left-closed `[start_utc, end_utc)`. Ends with a line feed.
 * @throws UncoveredError outside the calendar's bounds.
 */
export function barsCsv(
  calendar: ExchangeCalendar,
  period: BarSize,
  anchor: BarAnchor,
  from: string,
  to: string,
): string {
  const { startMs, endMs, session, sessions } = calendar.tradingIndex(from, to, period, anchor);
  const lines = ['start_utc,end_utc,session'];
  for (let bar = 0; bar < startMs.length; bar++) {
    lines.push(`${isoUtc(startMs[bar]!)},${isoUtc(endMs[bar]!)},${sessions[session[bar]!]!.session}`);
  }
  return `${lines.join('\n')}\n`;
}
