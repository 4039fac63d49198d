/** The kill switch as a meter needs to know it: the newest recovery, and the halt under way. */
export interface Restarts {
  /** Record of the newest recovery, or of the opening; -1 where there is none. */
  readonly restart: number;
  /** Record that began the halt under way; -1 where there is none. */
  readonly halt: number;
}

/**
 * Losses of an equity: from its running maximum and from the session's opening (definition 12), since the newest
 * recovery, and beside that since the halt under way began, which is what a recovery is judged by. Minor units.
 */
export interface Meter {
  /** Newest equity. */
  equity: number;
  day: number;
  restart: number;
  peak: number;
  dayOpen: number;
  halt: number;
  haltPeak: number;
  haltDayOpen: number;
}

/** A meter that has seen the starting equity alone. */
export const openMeter = (equity: number): Meter => ({
  ...{ equity, day: -1, restart: -1, peak: equity, dayOpen: equity },
  ...{ halt: -1, haltPeak: equity, haltDayOpen: equity },
});

/** The meter at the beginning of a tick: a new session, a recovery and a new halt each restart what counts from them. */
export function rolled(meter: Meter, day: number, { restart, halt }: Restarts): Meter {
  const next = { ...meter };
  const { equity } = meter;
  if (day !== meter.day) Object.assign(next, { day, dayOpen: equity, haltDayOpen: equity });
  // The first restart is the opening itself: it forgets nothing. Nor does a latch that is gone for a tick.
  if (restart > meter.restart && meter.restart >= 0) Object.assign(next, { peak: equity, dayOpen: equity });
  if (halt !== meter.halt) Object.assign(next, { haltPeak: equity, haltDayOpen: equity });
  return Object.assign(next, { restart, halt });
}

/** What an equity has lost, as negative shares. */
export interface Losses {
  readonly drawdown: number;
  readonly dailyReturn: number;
  readonly drawdownSinceHalt: number;
  readonly dailyReturnSinceHalt: number;
}

/** Holds an equity against a rolled meter. */
export function lossesOf({ peak, dayOpen, halt, haltPeak, haltDayOpen }: Meter, equity: number): Losses {
  const halted = halt >= 0;
  return {
    drawdown: equity / Math.max(peak, equity) - 1,
    dailyReturn: equity / dayOpen - 1,
    drawdownSinceHalt: halted ? equity / Math.max(haltPeak, equity) - 1 : 0,
    dailyReturnSinceHalt: halted ? equity / haltDayOpen - 1 : 0,
  };
}

/**
 * Takes the equity at the end of a tick into a rolled meter.
 * @param fell whether the fall since the halt began is told, and the next one counts from here.
 */
export const observed = (meter: Meter, equity: number, fell = false): Meter => ({
  ...meter,
  equity,
  peak: Math.max(meter.peak, equity),
  haltPeak: fell ? equity : Math.max(meter.haltPeak, equity),
});
