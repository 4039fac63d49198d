import type { CostProfile, FeeRow } from '../config/cost-profile-schema.ts';
import { changeDays, inForce, periodAt } from '../config/dated.ts';
import { UncoveredError } from '../kernel/errors.ts';
import { toMinor } from '../kernel/money.ts';
import { DAY_MS, utcDay } from '../kernel/time.ts';

/** Rates are whole numbers of 1e-8, so that amount times rate is exact and only the division rounds. */
const RATE_STEPS = 1e8;

/**
 * One fee as it is charged, amounts in minor units. Exactly one of the two rates is not zero, unless both are. A
 * notional rate below zero is a rebate.
 */
export interface Charge {
  readonly notionalRate: number;
  readonly shareRate: number;
  readonly min: number;
  readonly max: number;
}

/** Days on which the same rows hold; `uncovered` names the fees that have none. */
interface Period {
  readonly buy: readonly Charge[];
  readonly sell: readonly Charge[];
  readonly uncovered: readonly string[];
}

/** A cost profile's fees, cut into periods by day: build it once, then every lookup is a search of a few steps. */
export interface FeeTable {
  readonly profileName: string;
  readonly minorPerUnit: number;
  /** Every fee is multiplied by it: 1, except where a report asks what dearer or cheaper fees would have done. */
  readonly scale: number;
  /** First day of each period, ascending, in days since 1970-01-01. */
  readonly firstDays: Int32Array;
  readonly periods: readonly Period[];
}

/**
 * Compiles the fees that the profile's liquidity is charged.
 * @param minorPerUnit minor units in one unit of the profile's currency.
 * @param scale multiplies every fee after its minimum and maximum.
 */
export function feeTable(profile: CostProfile, minorPerUnit: number, scale = 1): FeeTable {
  const names = [...new Set(profile.fees.map((row) => row.name))];
  const charged = profile.fees.filter((row) => (row.liquidity ?? profile.liquidity) === profile.liquidity);
  const firstDays = changeDays(charged);
  const periods = Array.from(firstDays, (day): Period => {
    const held = charged.filter((row) => inForce(row, day));
    const charges = (side: 'buy' | 'sell'): Charge[] =>
      held.filter((row) => row.side === 'both' || row.side === side).map((row) => charge(row, minorPerUnit));
    const uncovered = names.filter((name) => !held.some((row) => row.name === name));
    return { buy: charges('buy'), sell: charges('sell'), uncovered };
  });
  return { profileName: profile.name, minorPerUnit, scale, firstDays, periods };
}

const charge = (row: FeeRow, minorPerUnit: number): Charge => ({
  notionalRate: Math.round((row.fee_bps ?? 0) * (RATE_STEPS / 1e4)),
  shareRate: Math.round((row.per_share ?? 0) * RATE_STEPS) * minorPerUnit,
  // Without a minimum nothing is raised: a rebate stays below zero.
  min: row.min_amount === undefined ? -Infinity : toMinor(row.min_amount, minorPerUnit),
  max: row.max_amount === undefined ? Infinity : toMinor(row.max_amount, minorPerUnit),
});

/** The period that holds the day, or undefined before the first. */
const periodOf = (table: FeeTable, dayNumber: number): Period | undefined =>
  table.periods[periodAt(table.firstDays, dayNumber)];

/** Whether every fee of the table has a row for the trade date; where not, the gate answers `RULES_UNCOVERED`. */
export function feesCovered(table: FeeTable, dayNumber: number): boolean {
  return periodOf(table, dayNumber)?.uncovered.length === 0;
}

/**
 * The fees of a side on a day, for `chargesBps`: a caller with many prices of one day looks them up once.
 * @throws UncoveredError with code RULES_UNCOVERED where a fee has no row for the date.
 */
export function chargesOn(table: FeeTable, sideSign: 1 | -1, dayNumber: number): readonly Charge[] {
  const period = periodOf(table, dayNumber);
  if (period?.uncovered.length === 0) return sideSign === 1 ? period.buy : period.sell;
  const day = utcDay(dayNumber * DAY_MS);
  throw new UncoveredError(
    `cost profile ${table.profileName}: no row of ${period?.uncovered.join(', ') ?? 'any fee'} covers ${day}`,
    { code: 'RULES_UNCOVERED', profile: table.profileName, day, fees: period?.uncovered ?? [] },
  );
}

/**
 * The fees of one order, in minor units; below zero where a maker's rebate outweighs the rest. Each fee is rounded half
 * up to whole minor units after its minimum, maximum and the table's scale; the notional is rounded to minor units
 * first, as the trade itself settles.
 * An order that fills in parts is charged once: call with what it traded in all so far and charge the difference.
 * @param sideSign 1 for a buy, -1 for a sell.
 * @param quantityUnits shares or coins traded, positive.
 * @param notional traded value in the currency, positive.
 * @param dayNumber trade date in days since 1970-01-01.
 * @throws UncoveredError with code RULES_UNCOVERED where a fee has no row for the date.
 * @throws RangeError where the notional is not finite or beyond the safe integers.
 */
export function feeAmount(
  table: FeeTable,
  sideSign: 1 | -1,
  quantityUnits: number,
  notional: number,
  dayNumber: number,
): number {
  const rows = chargesOn(table, sideSign, dayNumber);
  const notionalMinor = toMinor(notional, table.minorPerUnit);
  let sum = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const owed = (notionalMinor * row.notionalRate + quantityUnits * row.shareRate) / RATE_STEPS;
    sum += Math.round(within(row, owed) * table.scale);
  }
  return sum;
}

const within = (row: Charge, amount: number): number =>
  amount < row.min ? row.min : amount > row.max ? row.max : amount;

/**
 * The fees of an order of this notional at this price in bps of the notional, before rounding to minor units:
 * what a decision expects to pay. A notional of 0 gives the rates alone, without minimum and maximum.
 * @throws UncoveredError with code RULES_UNCOVERED where a fee has no row for the date.
 */
export const expectedFeeBps = (
  table: FeeTable,
  sideSign: 1 | -1,
  dayNumber: number,
  price: number,
  notional: number,
): number => chargesBps(table, chargesOn(table, sideSign, dayNumber), price, notional);

/** `expectedFeeBps` of the charges that `chargesOn` gave for a side and day. */
export function chargesBps(
  { minorPerUnit, scale }: FeeTable,
  rows: readonly Charge[],
  price: number,
  notional: number,
): number {
  let bps = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const rate = (row.notionalRate + row.shareRate / minorPerUnit / price) / RATE_STEPS;
    bps +=
      notional > 0
        ? (within(row, rate * notional * minorPerUnit) / (notional * minorPerUnit)) * 1e4
        : rate * 1e4;
  }
  return bps * scale;
}

/** Whether any fee in force is charged by the share, so that its bps depend on the price. */
export function feesDependOnPrice(table: FeeTable, dayNumber: number): boolean {
  const charged = ([1, -1] as const).flatMap((side) => chargesOn(table, side, dayNumber));
  return charged.some((row) => row.shareRate !== 0);
}
