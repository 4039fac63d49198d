import { HOUR_MS, MINUTE_MS } from '../kernel/time.ts';
import type { BarAnchor, BarSize, Session, TradingIndex } from './types.ts';
import type { WallClock } from './wall-clock.ts';

const CUT_MS = { '1m': MINUTE_MS, '5m': 5 * MINUTE_MS, '60m': HOUR_MS } as const;

/** Cuts sessions into expected bars; see `ExchangeCalendar.tradingIndex`. */
export function cutBars(
  sessions: readonly Session[],
  period: BarSize,
  anchor: BarAnchor,
  clock: WallClock,
): TradingIndex {
  const starts: number[] = [];
  const ends: number[] = [];
  const owners: number[] = [];
  for (const [index, session] of sessions.entries()) {
    for (const [from, to] of period === '1d'
      ? [[session.openMs, session.closeMs] as const]
      : stretches(session)) {
      for (let start = from; start < to;) {
        const end =
          period === '1d' ? to : Math.min(to, start + toNextCut(start, CUT_MS[period], anchor, clock));
        starts.push(start);
        ends.push(end);
        owners.push(index);
        start = end;
      }
    }
  }
  return {
    startMs: Float64Array.from(starts),
    endMs: Float64Array.from(ends),
    session: Int32Array.from(owners),
    sessions,
  };
}

/** The stretches of a session without a pause: one, or one on each side of the break. */
function stretches({ openMs, closeMs, breakStartMs, breakEndMs }: Session): (readonly [number, number])[] {
  if (breakStartMs === null || breakEndMs === null) return [[openMs, closeMs]];
  return [
    [openMs, breakStartMs],
    [breakEndMs, closeMs],
  ];
}

/** Full hours and minutes are those of the local clock: some zones lie half an hour from UTC. */
function toNextCut(startMs: number, sizeMs: number, anchor: BarAnchor, clock: WallClock): number {
  if (anchor === 'session_open') return sizeMs;
  const wall = startMs + clock.offsetMs(startMs);
  return sizeMs - (((wall % sizeMs) + sizeMs) % sizeMs);
}
