import type { PolicyRules } from '../config/policy-schema.ts';
import { GRID_SQUARE_BOUND, gridLogPrice, gridSquare, log } from '../kernel/math.ts';
import { actionsWithin } from '../market-data/actions.ts';
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
  /** Log price minus its mean over the trend window, in volatilities of the window. Prices adjusted as of this bar. */
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
  /**
   * Log of the last close that still counts, lifted by the corporate actions since the stream began: only differences
   * between rows mean anything, and they are the holder's returns. NaN where no close counts.
   */
  readonly logPrice: Float64Array;
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
  /** Last valid close, and the sum of log factors of the corporate actions since the stream began, on the grid. */
  readonly #lastClose: Float64Array;
  readonly #adjusted: Float64Array;
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
    this.logPrice = column();
    this.#carried = column().fill(Infinity);
    this.#lastClose = column();
    this.#adjusted = column();
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
    const now = (this.#pushed % this.#ringRows) * this.#n;
    this.#pushed++;
    this.#takeActions(bars, row);
    this.#takeCloses(now, bars, row * this.#n, unusable);
    this.#sumSquares(now);
    this.#sumLogs(now);
    this.#sumNotionals(now, bars, row * this.#n, unusable);
    this.#describe(now);
  }

  /**
   * Corporate actions of the row, known before its open: from here on prices are lifted by what was split off or paid
   * out, so that returns across the ex-date are those of the holder. Only differences of log prices are used, so it
   * does not matter where the sum began.
   */
  #takeActions(bars: Bars, row: number): void {
    const ordinal = bars.firstOrdinal + row;
    for (const { instrument: i, ratio, amount } of actionsWithin(bars.actions, ordinal, ordinal + 1)) {
      const before = this.#lastClose[i]!;
      if (!(before > amount)) continue;
      this.#adjusted[i]! += gridLogPrice(log((before * ratio) / (before - amount)));
      this.#lastClose[i] = (before - amount) / ratio;
    }
  }

  /** Log price of every instrument: this bar's close, or the last one while it may be carried. */
  #takeCloses(now: number, { flags, close }: Bars, cells: number, unusable: number): void {
    const logPrice = this.#logPrice;
    const carried = this.#carried;
    const before = this.#ago(now, 1);
    const carryMax = this.#rules.carry_bars_max;
    for (let i = 0; i < this.#n; i++) {
      if ((flags[cells + i]! & unusable) === 0) {
        carried[i] = 0;
        this.#lastClose[i] = close[cells + i]!;
        logPrice[now + i] = gridLogPrice(log(close[cells + i]!)) + this.#adjusted[i]!;
      } else {
        carried[i]!++;
        logPrice[now + i] = carried[i]! <= carryMax ? logPrice[before + i]! : NaN;
      }
    }
  }

  /** Squared returns and their running sum over the volatility window; how many of them are undefined. */
  #sumSquares(now: number): void {
    const [logPrice, square, sum, bad] = [this.#logPrice, this.#square, this.#sumSquare, this.#badSquare];
    const before = this.#ago(now, 1);
    const leaving = this.#ago(now, this.#rules.volatility_bars);
    const squareMax = this.#squareMax;
    for (let i = 0; i < this.#n; i++) {
      const move = logPrice[now + i]! - logPrice[before + i]!;
      const old = square[leaving + i]!;
      if (old === old) sum[i]! -= old;
      else bad[i]!--;
      if (move === move) {
        const raw = move * move;
        const term = gridSquare(raw < squareMax ? raw : squareMax);
        sum[i]! += term;
        square[now + i] = term;
      } else {
        bad[i]!++;
        square[now + i] = NaN;
      }
    }
  }

  /** Running sum of log prices over the trend window. */
  #sumLogs(now: number): void {
    const [logPrice, sum, bad] = [this.#logPrice, this.#sumLog, this.#badLog];
    const leaving = this.#ago(now, this.#rules.trend_bars);
    for (let i = 0; i < this.#n; i++) {
      const old = logPrice[leaving + i]!;
      const term = logPrice[now + i]!;
      if (old === old) sum[i]! -= old;
      else bad[i]!--;
      if (term === term) sum[i]! += term;
      else bad[i]!++;
    }
  }

  /** Traded values, in whole currency units, and their running sum over the volume window. */
  #sumNotionals(now: number, { flags, close, volume }: Bars, cells: number, unusable: number): void {
    const [notional, sum] = [this.#notional, this.#sumNotional];
    const leaving = this.#ago(now, this.#rules.volume_bars);
    const notionalMax = this.#notionalMax;
    for (let i = 0; i < this.#n; i++) {
      const usable = (flags[cells + i]! & unusable) === 0;
      const raw = usable ? Math.round(close[cells + i]! * volume[cells + i]!) : 0;
      const term = raw < notionalMax ? raw : notionalMax;
      sum[i]! += term - notional[leaving + i]!;
      notional[now + i] = term;
    }
  }

  /** Ring offset of the row so many bars before the one at offset `now`. */
  #ago(now: number, bars: number): number {
    const offset = now - bars * this.#n;
    return offset < 0 ? offset + this.#ringRows * this.#n : offset;
  }

  /** Derives the features of every instrument from rings and sums. */
  #describe(now: number): void {
    this.logPrice.set(this.#logPrice.subarray(now, now + this.#n));
    const { ready, sigma, momentum, trend, averageNotional, relativeVolume, relativeMove } = this.features;
    const [logs, squares, notionals] = [this.#logPrice, this.#square, this.#notional];
    const [sumSquare, sumLog, sumNotional] = [this.#sumSquare, this.#sumLog, this.#sumNotional];
    const [badSquare, badLog] = [this.#badSquare, this.#badLog];
    const {
      momentum_bars: horizons,
      volatility_bars: volatilityBars,
      trend_bars: trendBars,
      volume_bars: volumeBars,
    } = this.#rules;
    const [ago0, ago1, ago2] = [
      this.#ago(now, horizons[0]),
      this.#ago(now, horizons[1]),
      this.#ago(now, horizons[2]),
    ];
    const [root0, root1, root2] = [Math.sqrt(horizons[0]), Math.sqrt(horizons[1]), Math.sqrt(horizons[2])];
    const [momentum0, momentum1, momentum2] = momentum;
    const trendRoot = Math.sqrt(trendBars);
    for (let i = 0; i < this.#n; i++) {
      const logPrice = logs[now + i]!;
      const deviation = Math.sqrt(sumSquare[i]! / volatilityBars);
      const mean = sumNotional[i]! / volumeBars;
      const m0 = (logPrice - logs[ago0 + i]!) / (deviation * root0);
      const m1 = (logPrice - logs[ago1 + i]!) / (deviation * root1);
      const m2 = (logPrice - logs[ago2 + i]!) / (deviation * root2);
      sigma[i] = deviation;
      momentum0[i] = bounded(m0);
      momentum1[i] = bounded(m1);
      momentum2[i] = bounded(m2);
      // Multiplied out before it is divided: the numerator is exact, so that it is the same from any window.
      trend[i] = (logPrice * trendBars - sumLog[i]!) / (trendBars * deviation * trendRoot);
      averageNotional[i] = mean;
      relativeVolume[i] = notionals[now + i]! / mean;
      relativeMove[i] = Math.sqrt(squares[now + i]!) / deviation;
      const whole = badSquare[i] === 0 && badLog[i] === 0 && deviation > 0 && mean > 0;
      ready[i] = whole && m0 + m1 + m2 === m0 + m1 + m2 ? 1 : 0;
    }
  }
}

const bounded = (z: number): number => (z > 3 ? 3 : z < -3 ? -3 : z);
