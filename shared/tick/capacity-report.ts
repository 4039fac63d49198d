import { impactBps } from '../execution/costs.ts';
import { IntegrityError } from '../kernel/errors.ts';
import {
  bookCapacity,
  capacityOf,
  netBps,
  sizeWithin,
  type Capacity,
  type Prospect,
  type Size,
} from '../portfolio/capacity.ts';
import { capacityNotional } from '../portfolio/sizing.ts';
import { PACKET_COLUMNS, type PacketRow } from './packet.ts';
import type { MarketRules } from './rules.ts';

/** Means over the ticks of a ledger at which an instrument's action was LONG or SHORT. */
export interface CapacityRow {
  readonly instrument: string;
  readonly ticks_acted: number;
  /** The size of the forecast median move, |q50|. */
  readonly edge_bps: number;
  /** Fees and half spreads of both sides, fees at the market's typical order. */
  readonly round_trip_bps: number;
  /** Volatility of a bar. */
  readonly sigma_bps: number;
  /** Traded value of a bar, in the currency. */
  readonly average_notional: number;
  /** Sizes in the currency; null where impact does not grow with size, so that there is none. */
  readonly break_even: number | null;
  readonly optimal: number | null;
  /** The largest position that the market file allows, by the average traded value. */
  readonly limit: number;
  /** The optimal size within the limit, and what keeps it from being larger. */
  readonly size: number;
  readonly binding: Size['binding'];
  /** What a round trip of the size keeps, in bps of it and in the currency; null where there is no size. */
  readonly net_bps: number | null;
  readonly net: number | null;
}

/** What sizes the forecasts of a ledger carry. Money in the market's currency. */
export interface CapacityReport {
  readonly market: string;
  readonly currency: string;
  /** The edge is what the models said, never what trades earned. */
  readonly edge_source: 'forecasts';
  readonly ticks: number;
  readonly first_tick_utc: string;
  readonly last_tick_utc: string;
  readonly instruments: readonly CapacityRow[];
  /** Instruments that have no size, and why. */
  readonly without_size: readonly { readonly instrument: string; readonly why: string }[];
  /** Sums of the instruments; null where size costs nothing, so that there is no bound. */
  readonly book: {
    readonly break_even: number | null;
    readonly optimal: number | null;
    readonly size: number;
    /** All optimal sizes held at once, as a multiple of the newest equity, beside the market's limit. */
    readonly gross_exposure: number | null;
    readonly gross_max: number;
    /** Capital at which that limit leaves room for the optimal sizes, and for those within the limits, and no more. */
    readonly capital_at_optimal: number | null;
    readonly capital_at_size: number;
  };
}

/** Running sums of what one instrument's packets said. */
interface Sums {
  acted: number;
  edgeBps: number;
  roundTripBps: number;
  sigma: number;
  averageNotional: number;
}

const MAGNITUDE = PACKET_COLUMNS.indexOf('magnitude');
const NUMBERS = {
  roundTripBps: PACKET_COLUMNS.indexOf('round_trip_bps'),
  sigma: PACKET_COLUMNS.indexOf('sigma'),
  averageNotional: PACKET_COLUMNS.indexOf('average_notional'),
} as const;

/** Takes in the packets of a market one by one and reports what sizes they carry; holds sums only. */
export class CapacityTally {
  private readonly sums = new Map<string, Sums>();
  private ticks = 0;
  private firstTickUtc = '';
  private lastTickUtc = '';

  /** @throws IntegrityError where an instrument acted on no forecast. */
  add(tickUtc: string, rows: readonly PacketRow[]): void {
    if (this.ticks++ === 0) this.firstTickUtc = tickUtc;
    this.lastTickUtc = tickUtc;
    for (const row of rows) this.addRow(tickUtc, row);
  }

  private addRow(tickUtc: string, row: PacketRow): void {
    const [symbol, action] = row;
    let sums = this.sums.get(symbol);
    if (sums === undefined) {
      sums = { acted: 0, edgeBps: 0, roundTripBps: 0, sigma: 0, averageNotional: 0 };
      this.sums.set(symbol, sums);
    }
    if (action !== 'LONG' && action !== 'SHORT') return;
    const magnitude = row[MAGNITUDE] as PacketRow[7];
    if (magnitude === null) throw new IntegrityError(`${tickUtc}: ${symbol} is ${action} without a forecast`);
    sums.acted++;
    sums.edgeBps += Math.abs(magnitude.q50) * 1e4;
    for (const name of ['roundTripBps', 'sigma', 'averageNotional'] as const)
      sums[name] += Number(row[NUMBERS[name]]);
  }

  /** @param equity newest equity of the book, in the currency. */
  report(rules: MarketRules, equity: number): CapacityReport {
    const { market, currency, limits } = rules.config;
    const sizes: ReturnType<typeof sized>[] = [];
    const withoutSize: { instrument: string; why: string }[] = [];
    for (const [instrument, sums] of this.sums) {
      if (sums.acted === 0) {
        withoutSize.push({ instrument, why: 'never acted' });
        continue;
      }
      const one = sized(rules, instrument, sums);
      sizes.push(one);
      if (one.binding === 'cost')
        withoutSize.push({ instrument, why: 'the edge does not pay the round trip' });
    }
    const book = bookCapacity(sizes, limits.gross_max);
    return {
      ...{ market, currency, edge_source: 'forecasts', ticks: this.ticks },
      ...{ first_tick_utc: this.firstTickUtc, last_tick_utc: this.lastTickUtc },
      ...{ instruments: sizes.map(({ row }) => row), without_size: withoutSize },
      book: {
        break_even: finite(book.breakEven),
        optimal: finite(book.optimal),
        size: book.size,
        gross_exposure: equity > 0 ? finite(book.optimal / equity) : null,
        gross_max: limits.gross_max,
        capital_at_optimal: finite(book.capitalAtOptimal),
        capital_at_size: book.capitalAtSize,
      },
    };
  }
}

function sized(rules: MarketRules, instrument: string, sums: Sums): Capacity & Size & { row: CapacityRow } {
  const { acted } = sums;
  const sigma = sums.sigma / acted;
  const averageNotional = sums.averageNotional / acted;
  const prospect: Prospect = {
    edgeBps: sums.edgeBps / acted,
    roundTripBps: sums.roundTripBps / acted,
    averageNotional,
    impactBps: (notional) => impactBps(rules.costs, sigma, notional, averageNotional),
  };
  const capacity = capacityOf(prospect);
  const limit = capacityNotional(rules.config.limits, rules.barsPerDay, averageNotional);
  const { size, binding } = sizeWithin(capacity, limit);
  const kept = size > 0 ? netBps(prospect, size) : null;
  const row = {
    ...{ instrument, ticks_acted: acted },
    edge_bps: prospect.edgeBps,
    round_trip_bps: prospect.roundTripBps,
    sigma_bps: sigma * 1e4,
    average_notional: averageNotional,
    break_even: finite(capacity.breakEven),
    optimal: finite(capacity.optimal),
    ...{ limit, size, binding, net_bps: kept },
    net: kept === null ? null : (kept / 1e4) * size,
  };
  return { ...capacity, size, binding, row };
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
