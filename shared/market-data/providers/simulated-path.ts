import type { TradingIndex } from '../../calendar/types.ts';
import { seededRandom, type Random } from '../../kernel/random.ts';
import type { RawBars } from '../provider.ts';

/** The knobs of a simulated market. Returns are fractions of the price, a bar at a time. */
export interface SimulatedMarket {
  /** Price step: 1/n or n. */
  readonly tick: number;
  /** Long-run standard deviation of a bar's return, gaps and jumps apart. */
  readonly volatility: number;
  /** GARCH(1,1): weight of the last variance and of the last squared return; their sum is below 1. */
  readonly persistence: number;
  readonly reaction: number;
  /** Share of the shock's variance that all instruments have in common. */
  readonly correlation: number;
  /** Standard deviation of the gap over a night, in those of a bar. No gap where bars meet. */
  readonly gapScale: number;
  /** Chance of a jump of 4 to 10 standard deviations in a bar. */
  readonly jumpProbability: number;
  /** Drift of a bar in a trending regime, in standard deviations; 0 is a martingale. */
  readonly trendStrength: number;
  /** Mean length of a regime (up, flat, down) in bars. */
  readonly regimeBars: number;
  /** Price around which instruments start, half to twice of it. */
  readonly startPrice: number;
  /** Mean volume of a bar, in whole units. */
  readonly volumePerBar: number;
}

/** What all instruments share: where bars lie, and the market's own shocks. */
export interface IndexPath {
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  /** 1 where a bar opens after a closed stretch into a new session. */
  readonly gapBefore: Uint8Array;
  /** Volume multiple of each bar: high at both ends of a session, low in the middle. */
  readonly volumeShape: Float64Array;
  readonly shocks: Float64Array;
}

/** No bar's move may be larger, so that prices stay positive. */
const MOVE_MAX = 0.5;
/** Bound of the variance, in long-run ones: the cluster after a jump ends. */
const VARIANCE_MAX = 50;

/** One standard normal a bar that all instruments feel. */
export function marketShocks(seed: string, count: number): Float64Array {
  const random = seededRandom(seed);
  return new Float64Array(count).map(() => normal(random));
}

/** Where the gaps are and how volume lies over each session. */
export function indexPath(index: TradingIndex, shocks: Float64Array): IndexPath {
  const { startMs, endMs, session } = index;
  const count = startMs.length;
  const gapBefore = new Uint8Array(count);
  const volumeShape = new Float64Array(count);
  for (let first = 0; first < count;) {
    let last = first;
    while (last + 1 < count && session[last + 1] === session[first]) last++;
    if (first > 0 && startMs[first]! > endMs[first - 1]!) gapBefore[first] = 1;
    for (let bar = first; bar <= last; bar++) {
      const fromMiddle = last > first ? (2 * (bar - first)) / (last - first) - 1 : 0.6;
      volumeShape[bar] = 0.6 + 1.2 * fromMiddle * fromMiddle;
    }
    first = last + 1;
  }
  return { startMs: startMs.slice(), endMs: endMs.slice(), gapBefore, volumeShape, shocks };
}

/**
 * One instrument's bars over the whole index. Draws the same count of numbers for every bar, so that a knob changes
 * sizes, never which number falls on which bar. Plain arithmetic and sqrt: the same bytes on any processor.
 */
export function simulateBars(seed: string, path: IndexPath, market: SimulatedMarket): RawBars {
  const random = seededRandom(seed);
  const count = path.startMs.length;
  const column = (): Float64Array => new Float64Array(count);
  const [open, high, low, close, volume, turnover] = [
    column(),
    column(),
    column(),
    column(),
    column(),
    column(),
  ];
  const round = rounding(market.tick);
  const own = Math.sqrt(1 - market.correlation);
  const common = Math.sqrt(market.correlation);
  const meanVariance = market.volatility * market.volatility;
  const base = (1 - market.persistence - market.reaction) * meanVariance;
  let variance = meanVariance;
  let price = market.startPrice * (0.5 + 1.5 * random.uniform());
  let trend = 0;
  for (let bar = 0; bar < count; bar++) {
    const deviation = Math.sqrt(variance);
    const gap = normal(random) * market.gapScale * deviation;
    if (path.gapBefore[bar] === 1) price *= 1 + bounded(gap);
    trend = nextRegime(random, trend, market.regimeBars);
    const shock = deviation * (own * normal(random) + common * path.shocks[bar]!);
    const move = bounded(shock + jump(random, market) + trend * market.trendStrength * market.volatility);
    const opened = price;
    price *= 1 + move;
    const wick = 0.8 * deviation * price;
    open[bar] = round(opened);
    close[bar] = round(price);
    high[bar] = round(Math.max(opened, price) + wick * random.uniform());
    low[bar] = round(Math.min(opened, price) - wick * random.uniform());
    const busy = 0.5 + (0.5 * Math.abs(move)) / market.volatility;
    volume[bar] = Math.max(
      1,
      Math.round(market.volumePerBar * path.volumeShape[bar]! * busy * (0.6 + 0.8 * random.uniform())),
    );
    turnover[bar] = volume[bar]! * ((open[bar]! + high[bar]! + low[bar]! + close[bar]!) / 4);
    variance = Math.min(
      VARIANCE_MAX * meanVariance,
      base + market.persistence * variance + market.reaction * move * move,
    );
  }
  return { startMs: path.startMs, open, high, low, close, volume, turnover };
}

/** A standard normal, nearly: the sum of 12 uniforms has mean 6 and variance 1, and needs no logarithm. */
function normal(random: Random): number {
  let sum = -6;
  for (let draw = 0; draw < 12; draw++) sum += random.uniform();
  return sum;
}

/** Up (1), flat (0) or down (-1); a regime ends with chance 1 / `regimeBars`. */
function nextRegime(random: Random, current: number, regimeBars: number): number {
  const ends = random.uniform() * regimeBars < 1;
  const next = random.below(3) - 1;
  return ends ? next : current;
}

/** Zero but for a jump of 4 to 10 standard deviations, up or down alike. */
function jump(random: Random, market: SimulatedMarket): number {
  const happens = random.uniform() < market.jumpProbability;
  const size = 2 * random.uniform() - 1;
  if (!happens) return 0;
  return market.volatility * (size < 0 ? 6 * size - 4 : 6 * size + 4);
}

const bounded = (move: number): number => Math.min(MOVE_MAX, Math.max(-MOVE_MAX, move));

/** Rounds to the tick, never below one tick; a division by a whole number gives the nearest float64. */
function rounding(tick: number): (price: number) => number {
  const perUnit = Math.round(1 / tick);
  if (tick < 1) return (price) => Math.max(1, Math.round(price * perUnit)) / perUnit;
  return (price) => Math.max(1, Math.round(price / tick)) * tick;
}
