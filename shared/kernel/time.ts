/**
 * Time is an input. Instants are milliseconds since 1970-01-01T00:00:00Z; texts are UTC.
 * `systemClock` is the only reader of the wall clock in the project.
 */
export interface Clock {
  /** Now, in milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** A clock that stands where it was last set: replays and tests. */
export class SimulatedClock implements Clock {
  #now: number;
  constructor(startMs: number) {
    this.#now = startMs;
  }
  now(): number {
    return this.#now;
  }
  /** Sets the clock; earlier than now is allowed only by building a new clock. */
  advanceTo(instantMs: number): void {
    if (!(instantMs >= this.#now)) {
      throw new RangeError(`a clock does not go back: ${isoUtc(this.#now)} to ${isoUtc(instantMs)}`);
    }
    this.#now = instantMs;
  }
}

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** `2026-11-22T10:00:00Z`; milliseconds appear only where there are some. */
export function isoUtc(instantMs: number): string {
  const text = new Date(instantMs).toISOString();
  return text.endsWith('.000Z') ? `${text.slice(0, 19)}Z` : text;
}

/** `20261122T100000Z`, for keys and ids. */
export const compactUtc = (instantMs: number): string => isoUtc(instantMs).replaceAll(/[-:]/g, '');

/** The UTC day `2026-11-22` that holds the instant. */
export const utcDay = (instantMs: number): string => new Date(instantMs).toISOString().slice(0, 10);

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z$/;

/**
 * Parses a UTC instant such as `2026-11-22T10:00:00Z`; NaN where the text is anything else (another offset,
 * a date that does not exist).
 */
export function parseIsoUtc(text: string): number {
  if (!ISO.test(text)) return NaN;
  const instant = Date.parse(text);
  return Number.isNaN(instant) || utcDay(instant) !== text.slice(0, 10) ? NaN : instant;
}

/** Parses a calendar date `2026-11-22` to its UTC midnight; NaN where it is not a date that exists. */
export const parseIsoDate = (text: string): number =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) ? parseIsoUtc(`${text}T00:00:00Z`) : NaN;
