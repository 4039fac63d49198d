/** One session's ticks and orders, and those of them that failed. */
export interface SessionCount {
  readonly day: number;
  ticks: number;
  failed: number;
  ordersEnded: number;
  ordersFailed: number;
}

/** Failures by session over the last few of them, and how many orders had ended when it was last counted. */
export interface FailureWindow {
  readonly sessions: readonly SessionCount[];
  readonly ordersEnded: number;
  readonly ordersFailed: number;
}

export const openWindow = (): FailureWindow => ({ sessions: [], ordersEnded: 0, ordersFailed: 0 });

/** The window after a recovery: what failed before it is forgotten. */
export const restartedWindow = (window: FailureWindow): FailureWindow => ({ ...window, sessions: [] });

const emptyCount = (day: number): SessionCount => ({
  ...{ day, ticks: 0, failed: 0 },
  ...{ ordersEnded: 0, ordersFailed: 0 },
});

/** The sessions with one of the day: at the end where there is none yet. */
const withDay = (sessions: FailureWindow['sessions'], day: number): FailureWindow['sessions'] =>
  sessions.some((one) => one.day === day) ? sessions : [...sessions, emptyCount(day)];

/** The window as a session begins: the newest `sessions` of them. */
export function rolledWindow(window: FailureWindow, day: number, sessions: number): FailureWindow {
  return { ...window, sessions: withDay(window.sessions, day).slice(-sessions) };
}

/** Counts one tick of a session; late, missed and failed ones are failures. */
export function addTick(window: FailureWindow, day: number, failed: boolean): FailureWindow {
  const counted = (one: SessionCount): SessionCount => ({
    ...one,
    ticks: one.ticks + 1,
    failed: one.failed + (failed ? 1 : 0),
  });
  const sessions = withDay(window.sessions, day);
  return { ...window, sessions: sessions.map((one) => (one.day === day ? counted(one) : one)) };
}

/** Counts the orders that have ended since the last time, into the newest session. */
export function addEnded(window: FailureWindow, ended: number, failed: number): FailureWindow {
  const last = window.sessions.at(-1);
  if (last === undefined) return { ...window, ordersEnded: ended, ordersFailed: failed };
  const newest = {
    ...last,
    ordersEnded: last.ordersEnded + ended - window.ordersEnded,
    ordersFailed: last.ordersFailed + failed - window.ordersFailed,
  };
  return { sessions: [...window.sessions.slice(0, -1), newest], ordersEnded: ended, ordersFailed: failed };
}

/** The larger share of failed ticks and of failed orders, each once there are enough to judge; 0 before. */
export function failRate(
  { sessions }: FailureWindow,
  { ticks_min: ticksMin, orders_min: ordersMin }: { readonly ticks_min: number; readonly orders_min: number },
): number {
  const sum = (pick: (one: SessionCount) => number): number =>
    sessions.reduce((total, one) => total + pick(one), 0);
  const share = (part: number, whole: number, least: number): number => (whole >= least ? part / whole : 0);
  return Math.max(
    share(
      sum((one) => one.failed),
      sum((one) => one.ticks),
      ticksMin,
    ),
    share(
      sum((one) => one.ordersFailed),
      sum((one) => one.ordersEnded),
      ordersMin,
    ),
  );
}
