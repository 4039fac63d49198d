import { Info, type Zone } from 'luxon';
import { ConfigError } from '../kernel/errors.ts';
import { DAY_MS, MINUTE_MS, isoUtc, utcDay } from '../kernel/time.ts';

/**
 * Asking a zone for its offset costs microseconds, so it is asked once every two days: where both ends of a stretch
 * agree, so does all between. That holds as long as no zone changes its clocks there and back within four days (a
 * wall time looks at two stretches); the closest pair of changes since 1998 lies 7 days apart (Recife, October 2000).
 */
const STRETCH_DAYS = 2;

/**
 * Local wall time of one IANA zone to UTC and back. A wall time is written as the milliseconds it would have if the
 * zone were UTC. Offsets come from `Zone.offset`, which depends on the instant alone; luxon's own conversion of an
 * ambiguous hour depends on what was converted before it.
 */
export class WallClock {
  readonly #zone: Zone;
  readonly #offsets = new Map<number, number>();

  /** @throws ConfigError where the name is no IANA zone. */
  constructor(timeZone: string) {
    this.#zone = Info.normalizeZone(timeZone);
    if (!this.#zone.isValid)
      throw new ConfigError(`${timeZone} is no IANA time zone`, { time_zone: timeZone });
  }

  /** The zone's offset from UTC at the instant, in milliseconds; east is positive. */
  offsetMs(instantMs: number): number {
    const [before, after] = this.#around(instantMs, instantMs);
    return before === after ? before : this.#ask(instantMs);
  }

  /** The local date `YYYY-MM-DD` at the instant. */
  dateAt(instantMs: number): string {
    return utcDay(instantMs + this.offsetMs(instantMs));
  }

  /**
   * The instant of a wall time; of two, the earlier.
   * @throws ConfigError where the clocks skip the wall time (start of daylight saving).
   */
  toUtc(wallMs: number): number {
    // Offsets are shorter than a day, so the instant lies within a day of its wall time.
    const [before, after] = this.#around(wallMs - DAY_MS, wallMs + DAY_MS);
    if (before === after) return wallMs - before;
    for (const offset of [before, after]) {
      if (this.#ask(wallMs - offset) === offset) return wallMs - offset;
    }
    const wall = isoUtc(wallMs).slice(0, 16);
    throw new ConfigError(`${this.#zone.name}: the clocks skip ${wall}; give the calendar other hours`, {
      wall,
    });
  }

  /** The offsets at the ends of the stretches that enclose both instants. */
  #around(fromMs: number, toMs: number): [number, number] {
    const first = Math.floor(fromMs / (STRETCH_DAYS * DAY_MS));
    const last = Math.floor(toMs / (STRETCH_DAYS * DAY_MS)) + 1;
    return [this.#atStretch(first), this.#atStretch(last)];
  }

  #atStretch(stretch: number): number {
    const known = this.#offsets.get(stretch);
    if (known !== undefined) return known;
    const offset = this.#ask(stretch * STRETCH_DAYS * DAY_MS);
    this.#offsets.set(stretch, offset);
    return offset;
  }

  #ask(instantMs: number): number {
    return this.#zone.offset(instantMs) * MINUTE_MS;
  }
}
