import type { CostProfile } from '../config/cost-profile-schema.ts';
import { expectedFeeBps, feesDependOnPrice, feeTable, type FeeTable } from './fees.ts';

/** A piecewise constant factor: row k holds up to `upTo[k]`; the last reaches infinity. */
interface Steps {
  readonly upTo: Float64Array;
  readonly factor: Float64Array;
}

/** A cost profile compiled for one market. Everything in bps is of the decision price. */
export interface CostModel {
  readonly fees: FeeTable;
  readonly profile: CostProfile;
  readonly barsPerDay: number;
  readonly barMs: number;
  /** Factors on the half spread, by the bar's move, its volume and the minutes since the session's open. */
  readonly spread: { readonly move: Steps; readonly volume: Steps; readonly time: Steps };
}

export function compileCosts(
  profile: CostProfile,
  minorPerUnit: number,
  barsPerDay: number,
  barMs: number,
): CostModel {
  const { volatility, relative_volume: volume, time_of_day: time } = profile.half_spread;
  const spread = { move: stepsOf(volatility), volume: stepsOf(volume), time: stepsOf(time) };
  return { fees: feeTable(profile, minorPerUnit), profile, barsPerDay, barMs, spread };
}

const stepsOf = (rows: readonly { up_to?: number | undefined; factor: number }[]): Steps => ({
  upTo: Float64Array.from(rows, (row) => row.up_to ?? Infinity),
  factor: Float64Array.from(rows, (row) => row.factor),
});

/**
 * Half the spread in bps: the base widened by how far the bar moved against its volatility, by how much traded
 * against the average, and by the time of day. Thin, wild and first minutes cost more.
 */
export function halfSpreadBps(
  costs: CostModel,
  relativeMove: number,
  relativeVolume: number,
  minutesSinceOpen: number,
): number {
  const { move, volume, time } = costs.spread;
  return (
    costs.profile.half_spread.base_bps *
    factorAt(move, relativeMove) *
    factorAt(volume, relativeVolume) *
    factorAt(time, minutesSinceOpen)
  );
}

/** The factor of the first row that reaches the value; what is no number counts as the worst, the last. */
function factorAt({ upTo, factor }: Steps, value: number): number {
  const last = upTo.length - 1;
  for (let k = 0; k < last; k++) if (value <= upTo[k]!) return factor[k]!;
  return factor[last]!;
}

/**
 * Market impact in bps by the square-root law, Y * sigma * sqrt(Q / V): sigma a day's volatility, Q the order's
 * notional, V the average daily traded value (Almgren et al. 2005; Toth et al. 2011 for Y of order one).
 */
export function impactBps(
  costs: CostModel,
  sigmaBar: number,
  notional: number,
  averageNotional: number,
): number {
  const daily = averageNotional * costs.barsPerDay;
  return costs.profile.impact.y * sigmaBar * Math.sqrt(costs.barsPerDay) * Math.sqrt(notional / daily) * 1e4;
}

/** What a price struck `delayMs` before the order could be there may have moved meanwhile: sigma * sqrt(delay). */
export function latencyBps(costs: CostModel, sigmaBar: number, delayMs: number): number {
  return delayMs <= 0 ? 0 : sigmaBar * Math.sqrt(delayMs / costs.barMs) * 1e4;
}

/** Fee and base half spread of leaving a position of the side at the price, in bps of it. */
export function exitBps(
  costs: CostModel,
  positionSide: 1 | -1,
  dayNumber: number,
  price: number,
  notional: number,
): number {
  const fee = expectedFeeBps(costs.fees, positionSide === 1 ? -1 : 1, dayNumber, price, notional);
  return fee + costs.profile.half_spread.base_bps;
}

/** One bar of a universe as the cost of a round trip sees it, per instrument; `prices` begin at `offset`. */
export interface RoundTrips {
  readonly ready: Float64Array;
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
  const { ready, relativeMove, relativeVolume, prices, offset, minutesSinceOpen, dayNumber } = bar;
  const byPrice = feesDependOnPrice(costs.fees, dayNumber);
  const same = byPrice ? 0 : bothFees(costs, dayNumber, 1, bar.notional);
  for (let i = 0; i < out.length; i++) {
    if (ready[i] === 0) continue;
    const price = prices[offset + i]!;
    // Features outlive an absent or void bar for a while, but nothing acts on such a bar: it has no cost to tell.
    if (!(price > 0)) {
      out[i] = 0;
      continue;
    }
    const half = halfSpreadBps(costs, relativeMove[i]!, relativeVolume[i]!, minutesSinceOpen);
    out[i] = (byPrice ? bothFees(costs, dayNumber, price, bar.notional) : same) + 2 * half;
  }
}

const bothFees = ({ fees }: CostModel, dayNumber: number, price: number, notional: number): number =>
  expectedFeeBps(fees, 1, dayNumber, price, notional) + expectedFeeBps(fees, -1, dayNumber, price, notional);
