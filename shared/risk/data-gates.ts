import type { Level, MarketConfig } from '../config/market-schema.ts';
import type { Code } from '../kernel/codes.ts';
import { condition, row, type GateRow } from './gate-row.ts';

/** What the newest bars show, counted in instruments. */
export interface DataInputs {
  readonly instruments: number;
  readonly seen: number;
  readonly red: number;
  readonly missing: number;
  readonly duplicates: number;
  readonly stale: number;
  readonly suspects: number;
  /** Bars where the calendar expects none. */
  readonly misaligned: number;
  /** Instruments whose bars came from another source than the first, and those on which sources disagree. */
  readonly fallbacks: number;
  readonly disagreements: number;
  /** Seconds between the bar's close and the start of the tick. */
  readonly lateness_s: number;
}

/** A share of a number, rounded down: 0.29 of 100 is 29, though its double is a shade less. */
const wholeShare = (share: number, of: number): number => Math.floor(share * of + 1e-9);

/**
 * As many instruments as may be bad before the market is: a share of them, at least one in a small universe, but never
 * all (definition 11).
 */
const tolerated = (instruments: number, share: number): number =>
  Math.min(instruments - 1, Math.max(1, wholeShare(share, instruments)));

type Rate = MarketConfig['gates']['missing_rate'];

/** As many as may be suspect: a share, at least one. What is suspect may still be used, so that all may be. */
const suspected = (instruments: number, share: number): number => Math.max(1, wholeShare(share, instruments));

/** A count: YELLOW above a share of the instruments, RED above the limit. */
function counted(
  check: string,
  code: Code,
  count: number,
  instruments: number,
  rate: Rate,
  limit: number,
): GateRow {
  const level: Level =
    count > limit ? 'RED' : count > wholeShare(rate.yellow, instruments) ? 'YELLOW' : 'GREEN';
  return row('data', check, level, code, count, limit);
}

/** Gates of the newest bars: every one is evaluated, in this order. */
export function dataRows(data: DataInputs, { gates, quality, sla }: MarketConfig): GateRow[] {
  const { instruments, seen, lateness_s } = data;
  const late = lateness_s > sla.late_after_s;
  const bad = (check: string, code: Code, value: number, rate: Rate): GateRow =>
    counted(check, code, value, instruments, rate, tolerated(instruments, rate.red));
  const suspect = (check: string, code: Code, value: number, rate: Rate): GateRow =>
    counted(check, code, value, instruments, rate, suspected(instruments, rate.red));
  return [
    row('data', 'bars_seen', seen > 0 ? 'GREEN' : 'RED', 'DATA_LATE', seen, 1),
    bad('instruments_red', 'DATA_RED', data.red, { yellow: 0, red: quality.red_share_max }),
    bad('missing', 'DATA_MISSING', data.missing, gates.missing_rate),
    suspect('duplicates', 'DATA_DUPLICATE', data.duplicates, gates.duplicate_rate),
    bad('stale_runs', 'DATA_STALE_RUN', data.stale, gates.stale_rate),
    bad('split_suspects', 'DATA_SPLIT_SUSPECT', data.suspects, gates.split_suspect_rate),
    suspect('misaligned', 'CALENDAR_MISALIGNED', data.misaligned, gates.misaligned_rate),
    row(
      'data',
      'fallbacks',
      data.fallbacks > 0 ? gates.fallback : 'GREEN',
      'DATA_FALLBACK',
      data.fallbacks,
      0,
    ),
    suspect('disagreements', 'DATA_DISAGREEMENT', data.disagreements, gates.disagreement_rate),
    row('data', 'lateness_s', late ? 'RED' : 'GREEN', 'TICK_LATE', lateness_s, sla.late_after_s),
  ];
}

/** Whether the calendar and the dated tables cover what a decision needs to know. */
export interface CalendarInputs {
  readonly covered: boolean;
  readonly rulesCovered: boolean;
}

export const calendarRows = ({ covered, rulesCovered }: CalendarInputs): GateRow[] => [
  condition('calendar', 'covered', covered, 'CALENDAR_EXPIRED'),
  condition('calendar', 'fee_rows', rulesCovered, 'RULES_UNCOVERED'),
];
