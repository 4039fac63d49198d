import type { CostProfile, HoldingRow } from '../config/cost-profile-schema.ts';
import { changeDays, inForce, periodAt } from '../config/dated.ts';
import { HOUR_MS } from '../kernel/time.ts';

/** A charge on a position: bps of its value at every UTC multiple of the interval that passes while it is held. */
export interface HoldingRate {
  readonly name: string;
  /** Below zero the holder receives it. */
  readonly bps: number;
  readonly intervalMs: number;
  readonly source: string;
}

/** The charges of the instruments that some row names, and of all others; undefined where a charge has no row. */
interface Period {
  readonly named: ReadonlyMap<string, readonly HoldingRate[] | undefined>;
  readonly others: readonly HoldingRate[] | undefined;
}

/** What holding one side costs, cut into periods by day. */
interface Side {
  readonly firstDays: Int32Array;
  readonly periods: readonly Period[];
}

/** A profile's holding costs: build it once, then a lookup is a search of a few steps and makes no object. */
export interface HoldingTable {
  readonly long: Side;
  readonly short: Side;
}

/** Compiles the holding rows of a profile. @param scale multiplies every rate. */
export function holdingTable(profile: CostProfile, scale: number): HoldingTable {
  return { long: sideOf(profile.holding, 'long', scale), short: sideOf(profile.holding, 'short', scale) };
}

function sideOf(all: readonly HoldingRow[], position: 'long' | 'short', scale: number): Side {
  const rows = all.filter((row) => row.position === position || row.position === 'both');
  const charges = new Set(rows.map((row) => row.name));
  const symbols = new Set(rows.flatMap((row) => row.symbols ?? []));
  const firstDays = changeDays(rows);
  const periods = Array.from(firstDays, (day): Period => {
    const held = rows.filter((row) => inForce(row, day));
    const rates = (symbol: string | undefined): readonly HoldingRate[] | undefined => {
      const own = held.filter((row) => row.symbols === undefined || row.symbols.includes(symbol ?? ''));
      const isWhole = new Set(own.map((row) => row.name)).size === charges.size;
      return isWhole ? own.map((row) => rateOf(row, scale)) : undefined;
    };
    return {
      named: new Map([...symbols].map((symbol) => [symbol, rates(symbol)])),
      others: rates(undefined),
    };
  });
  return { firstDays, periods };
}

const rateOf = (row: HoldingRow, scale: number): HoldingRate => ({
  name: row.name,
  bps: row.bps * scale,
  intervalMs: row.interval_h * HOUR_MS,
  source: row.source,
});

const NO_CHARGE: readonly HoldingRate[] = [];

/** What holding the position costs on the day; see `holdingRates` in costs.ts. */
export function ratesOf(
  table: HoldingTable,
  position: 1 | -1,
  symbol: string,
  dayNumber: number,
): readonly HoldingRate[] | undefined {
  const { firstDays, periods } = position === 1 ? table.long : table.short;
  if (periods.length === 0) return NO_CHARGE;
  const period = periods[periodAt(firstDays, dayNumber)];
  if (period === undefined) return undefined;
  return period.named.has(symbol) ? period.named.get(symbol) : period.others;
}
