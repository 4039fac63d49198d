import type { Thresholds } from '../config/threshold-schema.ts';
import { windowDays, type MarketStanding } from './standing.ts';

/** Every threshold of the schema, global and per market. */
export type ThresholdName = keyof Thresholds['global'] | keyof Thresholds['markets']['crypto'];

/** What a reader may look at. */
export interface ReadingContext {
  readonly standing: MarketStanding;
  readonly thresholds: Thresholds;
}

/** Why the evidence is too little for a verdict, and what would bring more. Both without a full stop. */
export interface Lack {
  readonly why: string;
  readonly advice: string;
}

/** One figure as read from a standing. */
export interface Reading {
  /** null where the figure is undefined; 1 and 0 stand for true and false. */
  readonly value: number | null;
  /** How the figure came about, with its numbers; no full stop. */
  readonly arithmetic: string;
  /** undefined where the evidence is enough. */
  readonly lack: Lack | undefined;
}

export interface Reader {
  read(context: ReadingContext): Reading;
  /**
   * What a value beyond the limit means: a failure once the evidence is enough; a failure however short the sample,
   * since a loss or a fault has happened and a longer window must not hide it; or itself too little evidence
   * (definitions 10 and 20).
   */
  readonly breach: 'fails' | 'fails_at_once' | 'is_too_little';
  /** What to do about a value beyond the limit. */
  readonly advice: string;
}

/** A number as text: at most 6 decimals, no trailing zeros, never an exponent below 1e21 and never -0. */
export function numberText(value: number): string {
  const text = value.toFixed(6);
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return short === '-0' ? '0' : short;
}

/** The first thing that is lacking. */
export const firstLack = (...lacks: readonly (Lack | undefined)[]): Lack | undefined =>
  lacks.find((lack) => lack !== undefined);

/** The thing that is lacking, where it is. */
export const lackIf = (isLacking: boolean, why: string, advice: string): Lack | undefined =>
  isLacking ? { why, advice } : undefined;

const NEVER_ACTIVE: Lack = {
  why: 'the market was never allowed to trade',
  advice: 'Clear the gates that block the market, so that its window can start',
};

/** A window shorter than both its review day and its least length proves nothing, however good it looks. */
export function shortWindow({ standing, thresholds }: ReadingContext): Lack | undefined {
  if (standing.performance.firstActiveDay < 0) return NEVER_ACTIVE;
  const days = windowDays(standing);
  const needed = Math.max(thresholds.review_at, thresholds.global.forward_window_days.at_least);
  return lackIf(
    days < needed,
    `the window is on day ${days} of ${needed}`,
    `Let the ledger run to day ${needed} of its window`,
  );
}
