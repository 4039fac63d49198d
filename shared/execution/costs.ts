import type { CostProfile } from '../config/cost-profile-schema.ts';
import { ConfigError } from '../kernel/errors.ts';
import { chargesBps, chargesOn, expectedFeeBps, feesDependOnPrice, feeTable, type FeeTable } from './fees.ts';
import { holdingTable, ratesOf, type HoldingRate, type HoldingTable } from './holding.ts';
import { impactShare } from './impact.ts';

/** A piecewise constant factor: row k holds up to `upTo[k]`; the last reaches infinity. */
interface Steps {
  readonly upTo: Float64Array;
  readonly factor: Float64Array;
}

/** A cost profile compiled for one market. Everything in bps is of the decision price. */
export interface CostModel {
  readonly fees: FeeTable;
  readonly holding: HoldingTable;
  readonly profile: CostProfile;
  readonly model: CostProfile['model'];
  /** Multiplies every component: 1, except in a report on robustness. */
  readonly scale: number;
  readonly barsPerDay: number;
  readonly barMs: number;
  /** Factors on the half spread, by the bar's move, its volume and the minutes since the session's open. */
  readonly spread: { readonly move: Steps; readonly volume: Steps; readonly time: Steps };
}

/** What a report on robustness changes in a profile. */
export interface CostOptions {
  readonly model?: CostProfile['model'];
  /** Multiplies every component, fees and holding costs among them; above 0. */
  readonly scale?: number;
}

/**
 * Compiles the costs of one market.
 * @param minorPerUnit minor units in one unit of the profile's currency.
 * @param barMs trading time of a bar.
 * @throws ConfigError where the scale is not a number above 0.
 */
export function compileCosts(
  profile: CostProfile,
  minorPerUnit: number,
  barsPerDay: number,
  barMs: number,
  options: CostOptions = {},
): CostModel {
  const { model = profile.model, scale = 1 } = options;
  if (!(scale > 0 && scale < Infinity))
    throw new ConfigError(`cost scale: is ${scale}, expected a number above 0`);
  const { volatility, relative_volume: volume, time_of_day: time } = profile.half_spread;
  const spread = { move: stepsOf(volatility), volume: stepsOf(volume), time: stepsOf(time) };
  const fees = feeTable(profile, minorPerUnit, scale);
  const holding = holdingTable(profile, scale);
  return { fees, holding, profile, model, scale, barsPerDay, barMs, spread };
}

const stepsOf = (rows: readonly { up_to?: number | undefined; factor: number }[]): Steps => ({
  upTo: Float64Array.from(rows, (row) => row.up_to ?? Infinity),
  factor: Float64Array.from(rows, (row) => row.factor),
});

/**
 * Half the spread of an instrument before it is widened, in bps of the price: the quoted one, else the estimate from
 * its bars, else the profile's. Never less than half a tick, since no quote is narrower than a tick, nor than the
 * profile's floor: a noisy estimate may even be negative.
 * @param quotedSpread ask less bid in the currency; counts where it is finite and above 0.
 * @param estimateBps estimated half spread in bps, signed; NaN where there is none.
 * @param tick smallest step of the price, in the currency. Quote and tick count only where the price is above 0.
 */
export function baseHalfSpreadBps(
  costs: CostModel,
  quotedSpread: number,
  estimateBps: number,
  price: number,
  tick: number,
): number {
  const { base_bps: base, floor_bps: floor } = costs.profile.half_spread;
  const isPriced = price > 0 && price < Infinity;
  const isQuoted = isPriced && quotedSpread > 0 && quotedSpread < Infinity;
  const found = isQuoted
    ? (quotedSpread / 2 / price) * 1e4
    : Number.isFinite(estimateBps)
      ? estimateBps
      : base;
  return Math.max(found, floor, isPriced ? (tick / 2 / price) * 1e4 : 0);
}

/**
 * Half the spread in bps: the base widened by how far the bar moved against its volatility, by how much traded
 * against the average, and by the time of day. Thin, wild and first minutes cost more. Under fixed_v1 it is flat.
 * @param baseBps what `baseHalfSpreadBps` gave for the instrument.
 */
export function halfSpreadBps(
  costs: CostModel,
  baseBps: number,
  relativeMove: number,
  relativeVolume: number,
  minutesSinceOpen: number,
): number {
  if (costs.model === 'fixed_v1') return costs.profile.fixed_v1.slippage_bps * costs.scale;
  const { move, volume, time } = costs.spread;
  return (
    baseBps *
    factorAt(move, relativeMove) *
    factorAt(volume, relativeVolume) *
    factorAt(time, minutesSinceOpen) *
    costs.scale
  );
}

/** Half the spread in calm trading, in bps: what a mark or a plan reckons with, knowing no bar to widen it by. */
export const calmHalfSpreadBps = (costs: CostModel, baseBps: number): number =>
  (costs.model === 'fixed_v1' ? costs.profile.fixed_v1.slippage_bps : baseBps) * costs.scale;

/** The factor of the first row that reaches the value; what is no number counts as the worst, the last. */
function factorAt({ upTo, factor }: Steps, value: number): number {
  const last = upTo.length - 1;
  for (let k = 0; k < last; k++) if (value <= upTo[k]!) return factor[k]!;
  return factor[last]!;
}

/**
 * Market impact in bps: of the order's notional against the average daily traded value, by the profile's law. Under
 * fixed_v1 it is flat.
 *
 * The time over which an order trades is taken to be one bar, T = 1 / barsPerDay, since a bar is what its fill and its
 * volume are measured by. The moment a market order needs on the wire is no such time: the temporary impact of
 * Almgren grows as T^(-3/5), and 75 ms in place of an hour would multiply it by some 640.
 * @param sigmaBar standard deviation of a bar's log return.
 * @param averageNotional traded value of an average bar, above 0.
 */
export function impactBps(
  costs: CostModel,
  sigmaBar: number,
  notional: number,
  averageNotional: number,
): number {
  if (costs.model === 'fixed_v1') return costs.profile.fixed_v1.impact_bps * costs.scale;
  const { barsPerDay, scale } = costs;
  const sigmaDaily = sigmaBar * Math.sqrt(barsPerDay);
  const participation = notional / (averageNotional * barsPerDay);
  return impactShare(costs.profile.impact, sigmaDaily, participation, 1 / barsPerDay) * 1e4 * scale;
}

/**
 * What a price struck `delayMs` before the order could be there may have moved meanwhile, in bps: sigma * sqrt(delay).
 * Under fixed_v1 it is 0: its flat slippage stands for it.
 */
export function latencyBps(costs: CostModel, sigmaBar: number, delayMs: number): number {
  if (delayMs <= 0 || costs.model === 'fixed_v1') return 0;
  return sigmaBar * Math.sqrt(delayMs / costs.barMs) * 1e4 * costs.scale;
}

/**
 * Fee and calm half spread of leaving a position of the side at the price, in bps of it.
 * @throws UncoveredError with code RULES_UNCOVERED where a fee has no row for the date.
 */
export function exitBps(
  costs: CostModel,
  positionSide: 1 | -1,
  dayNumber: number,
  price: number,
  notional: number,
  baseBps: number,
): number {
  const fee = expectedFeeBps(costs.fees, positionSide === 1 ? -1 : 1, dayNumber, price, notional);
  return fee + calmHalfSpreadBps(costs, baseBps);
}

/**
 * What holding a position of the symbol costs on the day, scaled; an empty list where the profile charges that side
 * nothing. Undefined where it does, but one of its charges has no row for symbol and date: nobody knows the cost then.
 */
export const holdingRates = (
  costs: CostModel,
  position: 1 | -1,
  symbol: string,
  dayNumber: number,
): readonly HoldingRate[] | undefined => ratesOf(costs.holding, position, symbol, dayNumber);

/** One bar of a universe as the cost of a round trip sees it, per instrument; `prices` begin at `offset`. */
export interface RoundTrips {
  readonly ready: Float64Array;
  /** Half spread before it is widened, as `baseHalfSpreadBps` gives it. */
  readonly baseBps: Float64Array;
  readonly relativeMove: Float64Array;
  readonly relativeVolume: Float64Array;
  readonly prices: Float64Array;
  readonly offset: number;
  readonly minutesSinceOpen: number;
  readonly dayNumber: number;
  /** Notional at which fees with a minimum are estimated. */
  readonly notional: number;
}

/** Entering and leaving: fees of both sides and the half spread twice, in bps, for every instrument that is ready. */
export function roundTripBps(costs: CostModel, bar: RoundTrips, out: Float64Array): void {
  const { ready, baseBps, relativeMove, relativeVolume, prices, offset, minutesSinceOpen, dayNumber } = bar;
  const { fees } = costs;
  const buying = chargesOn(fees, 1, dayNumber);
  const selling = chargesOn(fees, -1, dayNumber);
  const feesAt = (price: number): number =>
    chargesBps(fees, buying, price, bar.notional) + chargesBps(fees, selling, price, bar.notional);
  const byPrice = feesDependOnPrice(fees, dayNumber);
  const same = byPrice ? 0 : feesAt(1);
  for (let i = 0; i < out.length; i++) {
    if (ready[i] === 0) continue;
    const price = prices[offset + i]!;
    // Features outlive an absent or void bar for a while, but nothing acts on such a bar: it has no cost to tell.
    if (!(price > 0)) {
      out[i] = 0;
      continue;
    }
    const half = halfSpreadBps(costs, baseBps[i]!, relativeMove[i]!, relativeVolume[i]!, minutesSinceOpen);
    out[i] = (byPrice ? feesAt(price) : same) + 2 * half;
  }
}
