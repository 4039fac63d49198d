import type { Timeline } from '../calendar/timeline.ts';
import { holdingRates } from '../execution/costs.ts';
import { feesCovered } from '../execution/fees.ts';
import type { HealthRecord } from '../forecast/health.ts';
import { bit } from '../kernel/codes.ts';
import type { Bars } from '../market-data/bars.ts';
import { value, type Valuation } from '../portfolio/mark.ts';
import { capacityNotional } from '../portfolio/sizing.ts';
import { totalOf, type Books, type Total } from '../risk/books.ts';
import { areDue, clustersOf, type Clusters } from '../risk/clusters.ts';
import type { DataInputs } from '../risk/data-gates.ts';
import { exposureOf } from '../risk/exposure.ts';
import { failRate } from '../risk/failure-window.ts';
import type { GateInputs, ReleasePart } from '../risk/gates.ts';
import { switchCount, type SwitchReading } from '../risk/kill-switch.ts';
import { lossesOf, openMeter } from '../risk/meter.ts';
import { beginTick, type RiskState } from '../risk/risk-state.ts';
import type { View } from './decide.ts';
import type { MarketRules } from './rules.ts';
import type { TickState } from './state.ts';

/** What the gates need that the book and the bar do not tell. */
export interface Circumstances {
  /** Bars that the source had and the calendar does not know. */
  readonly misaligned: number;
  /** Instruments whose bars came from another source than the first, and those on which sources disagree. */
  readonly fallbacks: number;
  readonly disagreements: number;
  /** Seconds from the bar's close to the start of the tick. */
  readonly lateness_s: number;
  /** The kill switch as the gate read it. */
  readonly gate: SwitchReading;
  /** Parts in which what runs differs from the active release. */
  readonly mismatched: readonly ReleasePart[];
  /** The other members' books; null where the market counts alone. */
  readonly books: Books | null;
}

/** What a tick is measured with, beside the state and the bars. */
export interface MeasureInputs {
  readonly rules: MarketRules;
  readonly bars: Bars;
  readonly row: number;
  readonly view: Pick<View, 'features'>;
  readonly now: Circumstances;
  readonly health: HealthRecord;
  /** Bars after this one that the calendar knows; undefined where it ends too soon. */
  readonly upcoming: Timeline | undefined;
}

/** Everything that the gates judge, and what the decision goes on with. */
export interface Measured {
  readonly inputs: GateInputs;
  readonly valuation: Valuation;
  /** The risk state as this tick begins. */
  readonly risk: RiskState;
  readonly clusters: Clusters;
  readonly total: Total;
}

/** Values the settled book and measures everything that the gates judge. Changes nothing. */
export function measure(given: MeasureInputs, state: TickState): Measured {
  const { rules, bars, row, now } = given;
  const { config } = rules;
  const day = bars.sessionDay[row]!;
  const valuation = value(state.book, day, rules.marking);
  const { equity } = valuation;
  const risk = beginTick(state.risk, day, switchCount(now.gate), config);
  const clusters = clustersAt(rules, risk, bars, row);
  const total = totalOf(
    { currency: config.currency, equity, gross: valuation.gross },
    now.books,
    rules.portfolio,
    bars.endMs[row]!,
  );
  const { today } = state.performance;
  const daysAhead = new Set(given.upcoming?.sessionDay);
  return {
    valuation,
    risk,
    clusters,
    total,
    inputs: {
      data: dataOf(rules, bars, row, now),
      health: given.health,
      calendar: {
        covered: given.upcoming !== undefined,
        rulesCovered: [day, ...daysAhead].every((one) => costsCovered(rules, state, one)),
      },
      mismatched: now.mismatched,
      tradingEnabled: now.gate.enabled,
      risk: {
        losses: lossesOf(risk.own, equity),
        exposure: exposureNow(given, state, equity, clusters),
        turnover: today.equityOpen > 0 ? today.traded / today.equityOpen : NaN,
        ordersToday: risk.ordersToday,
        failRate: failRate(risk.failures, config.kill_switch.triggers.execution_fail_rate),
      },
      portfolio: {
        gross: total.gross,
        losses: lossesOf(risk.all ?? openMeter(total.equity), total.equity),
      },
    },
  };
}

/** The clusters in force: those of before, or new ones at the first bar of a session. */
function clustersAt(rules: MarketRules, risk: RiskState, bars: Bars, row: number): Clusters {
  const given = rules.config.limits.correlation;
  const due = areDue(risk.clusters, bars.firstOrdinal + row, bars.sessionDay[row]!, given);
  return due ? clustersOf(bars, row, rules.unusable, given) : risk.clusters;
}

/** The first bar that the clusters need at a tick: where none are due, the tick's own. */
export function firstForClusters(rules: MarketRules, { risk }: TickState, ordinal: number): number {
  const { bars, refresh_bars: refresh } = rules.config.limits.correlation;
  const maybeDue = risk.clusters.ordinal < 0 || ordinal - risk.clusters.ordinal >= refresh;
  return maybeDue ? Math.max(0, ordinal - bars) : ordinal;
}

function exposureNow(
  { rules, view }: MeasureInputs,
  { book, orders }: TickState,
  equity: number,
  clusters: Clusters,
): GateInputs['risk']['exposure'] {
  const { ready, averageNotional } = view.features;
  return exposureOf({
    ...{ book, orders, instruments: rules.instruments, clusters: clusters.groups },
    equity: equity / rules.minorPerUnit,
    // An instrument without features, such as a suspended one, waits by itself and must not halt its market.
    capacityOf: (i) =>
      ready[i] === 1
        ? capacityNotional(rules.config.limits, rules.barsPerDay, averageNotional[i]!)
        : Infinity,
  });
}

/** Whether fees, and what every open position is charged for being held, have a row for the day. */
function costsCovered(rules: MarketRules, { book }: TickState, day: number): boolean {
  if (!feesCovered(rules.costs.fees, day)) return false;
  if (rules.costs.profile.holding.length === 0) return true;
  return rules.instruments.symbols.every((symbol, i) => {
    const held = book.quantity[i]!;
    return held === 0 || holdingRates(rules.costs, held > 0 ? 1 : -1, symbol, day) !== undefined;
  });
}

/** Instruments of a row whose bar is void for this market. */
export function countRed(bars: Bars, row: number, unusable: number): number {
  const n = bars.instruments.length;
  let red = 0;
  for (let i = 0; i < n; i++) if ((bars.flags[row * n + i]! & unusable) !== 0) red++;
  return red;
}

/** Counts the flags of a row; most instruments have none. */
function dataOf({ unusable }: MarketRules, bars: Bars, row: number, now: Circumstances): DataInputs {
  const n = bars.instruments.length;
  let [red, missing, duplicates, stale, suspects] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const flags = bars.flags[row * n + i]!;
    if (flags === 0) continue;
    if ((flags & unusable) !== 0) red++;
    if ((flags & bit.DATA_MISSING) !== 0) missing++;
    if ((flags & (bit.DATA_DUPLICATE | bit.DATA_CONFLICT)) !== 0) duplicates++;
    if ((flags & bit.DATA_STALE_RUN) !== 0) stale++;
    if ((flags & bit.DATA_SPLIT_SUSPECT) !== 0) suspects++;
  }
  const { misaligned, fallbacks, disagreements, lateness_s } = now;
  return {
    ...{ instruments: n, seen: n - missing, red, missing, duplicates, stale, suspects },
    ...{ misaligned, fallbacks, disagreements, lateness_s },
  };
}
