import type { CostProfile } from '../config/cost-profile-schema.ts';
import { expectedFeeBps, feeTable, type FeeTable } from './fees.ts';

/** A cost profile compiled for one market. Everything in bps is of the decision price. */
export interface CostModel {
  readonly fees: FeeTable;
  readonly profile: CostProfile;
  readonly barsPerDay: number;
  readonly barMs: number;
}

export function compileCosts(
  profile: CostProfile,
  minorPerUnit: number,
  barsPerDay: number,
  barMs: number,
): CostModel {
  return { fees: feeTable(profile, minorPerUnit), profile, barsPerDay, barMs };
}

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
  const table = costs.profile.half_spread;
  return (
    table.base_bps *
    factorAt(table.volatility, relativeMove) *
    factorAt(table.relative_volume, relativeVolume) *
    factorAt(table.time_of_day, minutesSinceOpen)
  );
}

/** The factor of the first row that reaches the value; the last row is open-ended. */
function factorAt(rows: readonly { up_to?: number | undefined; factor: number }[], value: number): number {
  for (const row of rows) if (row.up_to === undefined || value <= row.up_to) return row.factor;
  return rows[rows.length - 1]!.factor;
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

/** Entering and leaving: fees of both sides and the half spread twice, in bps. */
export function roundTripBps(
  costs: CostModel,
  halfSpread: number,
  dayNumber: number,
  price: number,
  notional: number,
): number {
  const fees = costs.fees;
  return (
    expectedFeeBps(fees, 1, dayNumber, price, notional) +
    expectedFeeBps(fees, -1, dayNumber, price, notional) +
    2 * halfSpread
  );
}
