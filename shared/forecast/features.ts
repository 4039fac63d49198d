import type { PolicyRules } from '../config/policy-schema.ts';
import { GRID_SQUARE_BOUND, gridLogPrice, gridSquare, log } from '../kernel/math.ts';
import type { Bars } from '../market-data/bars.ts';

/**
 * Features of a universe at the last bar pushed, one value an instrument. All are finite-memory: the value at a bar
 * is defined on the last `lookbackBars(rules)` bars and is the same to the last bit from any window that holds them,
 * since every running sum is over terms on a binary grid and therefore exact.
 */
export interface Features {
  /** 1 where every feature is defined, else 0 and the rest of the row is meaningless. */
  readonly ready: Float64Array;
  /** Standard deviation of a bar's log return about zero. */
  readonly sigma: Float64Array;
  /** Momentum over the three horizons, in standard deviations of the horizon, bounded to [-3, 3]. */
  readonly momentum: readonly [Float64Array, Float64Array, Float64Array];
  /** Log price minus its mean over the trend window, in volatilities of the window. */
  readonly trend: Float64Array;
  /** Traded value per bar, averaged over the volume window, in the quote currency. */
  readonly averageNotional: Float64Array;
  /** This bar's traded value over that average. */
  readonly relativeVolume: Float64Array;
  /** Absolute return of this bar over sigma. */
  readonly relativeMove: Float64Array;
}

/** Bars that a value depends on: the longest window, one more for its first return, and the carry before it. */
export const lookbackBars = (rules: PolicyRules): number =>
  Math.max(...rules.momentum_bars, rules.volatility_bars, rules.trend_bars, rules.volume_bars) +
  1 +
  rules.carry_bars_max;

/** Sums of squares are exact below 2^9, sums of notionals below 2^53: no bar may bring more than its share of that. */
const SQUARE_SUM_BOUND = 511;
const NOTIONAL_SUM_BOUND = Number.MAX_SAFE_INTEGER;

/** Feeds bars in order and holds the features of the newest. Memory: two rings of the lookback. */
export class FeatureStream {
  readonly features: Features;
  readonly #rules: PolicyRules;
  readonly #n: number;
  readonly #ringRows: number;
  /** A squared return or notional beyond these is cut to them: what a wrong bar brings must leave the sums again. */
  readonly #squareMax: number;
  readonly #notionalMax: number;
  #pushed = 0;
  readonly #logPrice: Float64Array;
  readonly #square: Float64Array;
  readonly #notional: Float64Array;
  readonly #carried: Float64Array;
  readonly #sumSquare: Float64Array;
  readonly #badSquare: Float64Array;
  readonly #sumLog: Float64Array;
  readonly #badLog: Float64Array;
  readonly #sumNotional: Float64Array;

  constructor(instruments: number, rules: PolicyRules) {
    const column = (): Float64Array => new Float64Array(instruments);
    this.#n = instruments;
    this.#rules = rules;
    this.#ringRows =
      Math.max(...rules.momentum_bars, rules.volatility_bars, rules.trend_bars, rules.volume_bars) + 1;
    this.#squareMax = Math.min(GRID_SQUARE_BOUND, SQUARE_SUM_BOUND / rules.volatility_bars);
    this.#notionalMax = Math.floor(NOTIONAL_SUM_BOUND / rules.volume_bars);
    this.#logPrice = new Float64Array(this.#ringRows * instruments).fill(NaN);
    this.#square = new Float64Array(this.#ringRows * instruments).fill(NaN);
    this.#notional = new Float64Array(this.#ringRows * instruments);
    this.#carried = column().fill(Infinity);
    this.#sumSquare = column();
    this.#badSquare = column().fill(rules.volatility_bars);
    this.#sumLog = column();
    this.#badLog = column().fill(rules.trend_bars);
    this.#sumNotional = column();
    this.features = {
      ready: column(),
      sigma: column(),
      momentum: [column(), column(), column()],
      trend: column(),
      averageNotional: column(),
      relativeVolume: column(),
      relativeMove: column(),
    };
  }

  /** Takes one bar of every instrument: row `row` of `bars`. `unusable` is the mask of flags that void a bar. */
  push(bars: Bars, row: number, unusable: number): void {
    const n = this.#n;
    const now = (this.#pushed % this.#ringRows) * n;
    this.#pushed++;
    for (let i = 0; i < n; i++) {
      const cell = row * n + i;
      const usable = (bars.flags[cell]! & unusable) === 0;
      this.#take(now, i, usable, usable ? bars.close[cell]! : NaN, usable ? bars.volume[cell]! : 0);
    }
    this.#describe(now);
  }

  /** Updates rings and running sums of one instrument with its newest close and volume. */
  #take(now: number, i: number, usable: boolean, close: number, volume: number): void {
    const rules = this.#rules;
    const before = this.#ago(now, 1) + i;
    const previous = this.#logPrice[before]!;
    const carried = usable ? 0 : this.#carried[i]! + 1;
    this.#carried[i] = carried;
    const logPrice = usable ? gridLogPrice(log(close)) : carried <= rules.carry_bars_max ? previous : NaN;
    const move = logPrice - previous;
    const square = gridSquare(Math.min(move * move, this.#squareMax));
    const notional = usable ? Math.min(Math.round(close * volume), this.#notionalMax) : 0;

    const oldSquare = this.#square[this.#ago(now, rules.volatility_bars) + i]!;
    if (oldSquare === oldSquare) this.#sumSquare[i]! -= oldSquare;
    else this.#badSquare[i]!--;
    if (square === square) this.#sumSquare[i]! += square;
    else this.#badSquare[i]!++;

    const oldLog = this.#logPrice[this.#ago(now, rules.trend_bars) + i]!;
    if (oldLog === oldLog) this.#sumLog[i]! -= oldLog;
    else this.#badLog[i]!--;
    if (logPrice === logPrice) this.#sumLog[i]! += logPrice;
    else this.#badLog[i]!++;

    this.#sumNotional[i]! += notional - this.#notional[this.#ago(now, rules.volume_bars) + i]!;
    this.#logPrice[now + i] = logPrice;
    this.#square[now + i] = square;
    this.#notional[now + i] = notional;
  }

  /** Ring offset of the row so many bars before the one at offset `now`. */
  #ago(now: number, bars: number): number {
    const offset = now - bars * this.#n;
    return offset < 0 ? offset + this.#ringRows * this.#n : offset;
  }

  /** Derives the features of every instrument from rings and sums. */
  #describe(now: number): void {
    const { ready, sigma, momentum, trend, averageNotional, relativeVolume, relativeMove } = this.features;
    const rules = this.#rules;
    const horizons = rules.momentum_bars;
    const [ago0, ago1, ago2] = [
      this.#ago(now, horizons[0]),
      this.#ago(now, horizons[1]),
      this.#ago(now, horizons[2]),
    ];
    const [root0, root1, root2] = [Math.sqrt(horizons[0]), Math.sqrt(horizons[1]), Math.sqrt(horizons[2])];
    const trendRoot = Math.sqrt(rules.trend_bars);
    for (let i = 0; i < this.#n; i++) {
      const logPrice = this.#logPrice[now + i]!;
      const deviation = Math.sqrt(this.#sumSquare[i]! / rules.volatility_bars);
      const mean = this.#sumNotional[i]! / rules.volume_bars;
      const m0 = (logPrice - this.#logPrice[ago0 + i]!) / (deviation * root0);
      const m1 = (logPrice - this.#logPrice[ago1 + i]!) / (deviation * root1);
      const m2 = (logPrice - this.#logPrice[ago2 + i]!) / (deviation * root2);
      sigma[i] = deviation;
      momentum[0][i] = bounded(m0);
      momentum[1][i] = bounded(m1);
      momentum[2][i] = bounded(m2);
      trend[i] = (logPrice - this.#sumLog[i]! / rules.trend_bars) / (deviation * trendRoot);
      averageNotional[i] = mean;
      relativeVolume[i] = this.#notional[now + i]! / mean;
      relativeMove[i] = Math.sqrt(this.#square[now + i]!) / deviation;
      const whole = this.#badSquare[i] === 0 && this.#badLog[i] === 0 && deviation > 0 && mean > 0;
      ready[i] = whole && m0 + m1 + m2 === m0 + m1 + m2 ? 1 : 0;
    }
  }
}

const bounded = (z: number): number => (z > 3 ? 3 : z < -3 ? -3 : z);
