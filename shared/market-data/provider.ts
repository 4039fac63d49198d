import type { RawAction } from './actions.ts';

/** One instrument's bars as a source gave them: unsorted, unchecked, nothing filled or repaired. */
export interface RawBars {
  /** Bar START, UTC milliseconds; NaN where the source's stamp could not be read. */
  readonly startMs: Float64Array;
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly close: Float64Array;
  readonly volume: Float64Array;
  /** Traded value; NaN where the source has none. */
  readonly turnover: Float64Array;
  /** Quoted spread, ask less bid, NaN where a bar has none; absent where the source has none at all. */
  readonly spread?: Float64Array;
  /** Whether they came from another source than the first of the market file, and whether sources gave different bars. */
  readonly fallback?: boolean;
  readonly disagrees?: boolean;
}

/** A source of bars. It shows only what a user could have had at `nowMs`: bars that closed by then. */
export interface BarProvider {
  /** `recorded`, `simulated`, ...: written wherever the data is shown. */
  readonly name: string;
  /** True only for a source that can see the present; everything else ends in a rehearsal at best. */
  readonly live: boolean;
  /**
   * Raw bars of each instrument with fromMs <= start and start < toMs that had closed by nowMs, in the order of
   * `instruments`. An instrument the source does not know is an error, one with no bars is empty.
   * @throws ProviderError with the instrument and the cause.
   */
  fetch(instruments: readonly string[], fromMs: number, toMs: number, nowMs: number): Promise<RawBars[]>;
  /**
   * Corporate actions of the instruments whose ex-date lies from `fromDate` to `toDate`, both included, and that were
   * known by nowMs. An instrument the source does not know is an error, one without any action is not.
   * @param fromDate,toDate `YYYY-MM-DD`.
   * @throws ProviderError with the instrument and the cause.
   */
  fetchActions(
    instruments: readonly string[],
    fromDate: string,
    toDate: string,
    nowMs: number,
  ): Promise<RawAction[]>;
  /** What identifies the data beyond doubt for the manifest: file hashes, or seed and parameters. */
  fingerprint(instruments: readonly string[]): Promise<Readonly<Record<string, string>>>;
}

/** An exchange rate: units of one currency for one of another, and the moment it is stamped with. */
export interface ExchangeRate {
  readonly atMs: number;
  readonly rate: number;
  readonly source: string;
}

/** A source of exchange rates. */
export interface RateProvider {
  /**
   * The last rate stamped at or before `atMs`; undefined where there is none.
   * @throws ProviderError where the source cannot be read.
   */
  rate(currency: string, base: string, atMs: number): Promise<ExchangeRate | undefined>;
}
