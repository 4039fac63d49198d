import type { ExchangeCalendar } from '../calendar/types.ts';
import { changeDays, dayNumberOf, inForce, periodAt, type Dates } from '../config/dated.ts';
import type { PriceLimitRow, TradingRulesConfig } from '../config/trading-rules-schema.ts';
import type { Universe, UniverseRow } from '../config/universe-schema.ts';
import { ConfigError } from '../kernel/errors.ts';
import { DAY_MS, utcDay } from '../kernel/time.ts';
import type { DayRules } from './day-rules.ts';

export {
  exRightsReference,
  priceLimits,
  wholeFillSteps,
  wholeOrderSteps,
  type DayRules,
} from './day-rules.ts';

/** The trading rules of a universe, compiled once: every lookup is a search of a few steps, and builds nothing. */
export interface TradingRules {
  readonly name: string;
  readonly version: number;
  /**
   * The rules of instrument i on a session's date, in days since 1970-01-01. undefined where no row covers the date
   * or the instrument is not listed yet: nothing may trade then (`RULES_UNCOVERED`).
   */
  on(i: number, dayNumber: number): DayRules | undefined;
  /**
   * The tax withheld from a dividend, in bps of the gross amount; undefined where no row covers it.
   * @param dayNumber the ex-date, in days since 1970-01-01.
   * @param heldDays calendar days from the purchase to the day on which the holding period is judged.
   */
  withholdingBps(i: number, dayNumber: number, heldDays: number): number | undefined;
}

/** An instrument's days, cut where its rules change; instruments that share all their rules share the object. */
interface Table {
  readonly firstDays: Int32Array;
  readonly rules: readonly (DayRules | undefined)[];
}

/**
 * Compiles the rules for a universe. Pure: the same files and calendar give the same rules.
 * Sessions since a listing are counted by the calendar; those before its first date count as none, so that a limit
 * applies, which only ever blocks.
 * @throws ConfigError where an instrument's `listed_on` is no session of the calendar.
 */
export function compileTradingRules(
  config: TradingRulesConfig,
  universe: Universe,
  calendar: ExchangeCalendar,
): TradingRules {
  const shared = new Map<string, Table>();
  const tables = universe.instruments.map((row): Table => {
    if (row.listed_on !== undefined || row.special_treatment !== undefined)
      return tableOf(config, row, calendar);
    const known = shared.get(row.board) ?? tableOf(config, row, calendar);
    shared.set(row.board, known);
    return known;
  });
  const boards = universe.instruments.map((row) => row.board);
  // Shorter holdings come first, so that the first row which reaches a holding is its row.
  const dividends = config.dividends.toSorted((a, b) => bandOf(a) - bandOf(b));
  return {
    name: config.name,
    version: config.version,
    on(i, dayNumber) {
      const { firstDays, rules } = tables[i]!;
      return rules[periodAt(firstDays, dayNumber)];
    },
    withholdingBps: (i, dayNumber, heldDays) =>
      dividends.find((row) => row.board === boards[i] && heldDays <= bandOf(row) && inForce(row, dayNumber))
        ?.withholding_bps,
  };
}

const bandOf = (row: TradingRulesConfig['dividends'][number]): number => row.held_days_max ?? Infinity;

function tableOf(config: TradingRulesConfig, instrument: UniverseRow, calendar: ExchangeCalendar): Table {
  const { board, special_treatment: warnings = [] } = instrument;
  const ofBoard = <Row extends { readonly board: string }>(rows: readonly Row[]): Row[] =>
    rows.filter((row) => row.board === board);
  const lots = ofBoard(config.lots);
  const settlement = ofBoard(config.settlement);
  const limits = ofBoard(config.price_limits);
  const warned = warnings.map(({ from, to }): Dates => ({ effective_from: from, effective_to: to }));
  const limitRow = (day: number): PriceLimitRow | undefined => {
    const special = warned.some((row) => inForce(row, day));
    return limits.find((row) => row.special_treatment === special && inForce(row, day));
  };
  const listing = listingOf(config, instrument, calendar, limitRow);
  const firstDays = [...changeDays([...lots, ...settlement, ...limits, ...warned]), ...listing.days];
  const days = Int32Array.from(new Set(firstDays)).sort();
  const rules = Array.from(days, (day): DayRules | undefined => {
    const lot = lots.find((row) => inForce(row, day));
    const sale = settlement.find((row) => inForce(row, day));
    const limit = limitRow(day);
    if (day < listing.day || lot === undefined || sale === undefined || limit === undefined) return undefined;
    return Object.freeze({
      minSteps: lot.min_steps,
      incrementSteps: lot.increment_steps,
      notionalMin: lot.notional_min,
      sellAfterSessions: sale.sell_after_sessions,
      ...(listing.limitsOn(day) ?? { upBps: limit.up_bps ?? Infinity, downBps: limit.down_bps ?? Infinity }),
    });
  });
  return { firstDays: days, rules };
}

type Limits = Pick<DayRules, 'upBps' | 'downBps'>;

interface Listing {
  /** Day of the first session; minus infinity where it is not told. */
  readonly day: number;
  /** Days on which the rules of a new listing change. */
  readonly days: readonly number[];
  /** Limits that hold instead of the board's, undefined where those do. */
  limitsOn(dayNumber: number): Limits | undefined;
}

/** More calendar days than the sessions of a new listing (20 at most) ever took, with the longest holidays. */
const LISTING_SPAN_DAYS = 60;

/**
 * What holds in the first sessions of a listing. The row in force on the listing's own day decides: a change of the
 * rules never gave days without a limit to a share that had been listed before.
 */
function listingOf(
  { name }: TradingRulesConfig,
  { symbol, listed_on: listedOn }: UniverseRow,
  calendar: ExchangeCalendar,
  limitRow: (dayNumber: number) => PriceLimitRow | undefined,
): Listing {
  if (listedOn === undefined) return { day: -Infinity, days: [], limitsOn: () => undefined };
  const day = dayNumberOf(listedOn);
  if (listedOn < calendar.boundMin || listedOn > calendar.boundMax)
    return { day, days: [day], limitsOn: () => undefined };
  const horizon = utcDay((day + LISTING_SPAN_DAYS) * DAY_MS);
  const to = horizon < calendar.boundMax ? horizon : calendar.boundMax;
  const sessions = calendar.sessionsIn(listedOn, to).map(({ session }) => dayNumberOf(session));
  if (sessions[0] !== day) {
    throw new ConfigError(
      `trading rules ${name}: ${symbol} is listed on ${listedOn}, which is no session of ${calendar.exchange}`,
    );
  }
  const row = limitRow(day);
  const first = row?.first_session_up_bps;
  const special: Limits | undefined =
    first === undefined
      ? { upBps: Infinity, downBps: Infinity }
      : { upBps: first, downBps: row!.first_session_down_bps! };
  const count = first === undefined ? (row?.unlimited_sessions ?? 0) : 1;
  // The day after the last of them, or after all that the calendar knows: the board's own limits hold again.
  const end = sessions[count] ?? sessions.at(-1)! + 1;
  return { day, days: [day, end], limitsOn: (at) => (day <= at && at < end ? special : undefined) };
}
