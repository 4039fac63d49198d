import type { MarketConfig } from '../config/market-schema.ts';
import type { Instruments } from '../execution/instruments.ts';
import type { DayRules } from '../execution/trading-rules.ts';

/** What the sizing of a universe needs, in columns; money in whole currency units here, not minor ones. */
export interface SizingInputs {
  readonly config: MarketConfig;
  readonly instruments: Instruments;
  /** The trading rules of instrument i in the session in which an order may first fill; undefined where uncovered. */
  dayRules(i: number): DayRules | undefined;
  readonly barsPerDay: number;
  readonly barsPerYear: number;
  readonly equity: number;
  readonly cash: number;
  /** +1, -1: take that side; 0: close; NaN: hold what is there. */
  readonly direction: Float64Array;
  readonly quantity: Float64Array;
  /** Steps of a holding that cannot be sold in that session yet. */
  readonly locked: Float64Array;
  /** What working orders may still add to the position, signed steps: counted as if it had filled. */
  readonly pending: Float64Array;
  readonly price: Float64Array;
  readonly sigma: Float64Array;
  readonly averageNotional: Float64Array;
  /** Instruments that move together: each group is limited as one name. */
  readonly clusters: readonly (readonly number[])[];
  /** Traded value of the session so far, and orders that it has left. */
  readonly traded: number;
  readonly ordersLeft: number;
  /** Share of every increase that is ordered: 1, or less in a trial. */
  readonly increaseScale: number;
}

/** Targets and changes in signed steps, and the codes of what cut them. */
export interface Sizing {
  readonly uncut: Float64Array;
  readonly target: Float64Array;
  readonly delta: Float64Array;
  /** Bits of the limit codes. */
  readonly limits: Float64Array;
  /** 1 where no trading rules cover the session. */
  readonly uncovered: Float64Array;
}
