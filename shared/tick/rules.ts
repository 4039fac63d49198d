import type { MarketFiles } from '../config/config.ts';
import type { FillSpec } from '../config/fill-spec-schema.ts';
import { dayNumberOf } from '../config/dated.ts';
import type { MarketConfig } from '../config/market-schema.ts';
import type { PortfolioConfig } from '../config/portfolio-schema.ts';
import type { PolicyConfig, PolicyRules } from '../config/policy-schema.ts';
import type { ExchangeCalendar } from '../calendar/types.ts';
import {
  baseHalfSpreadBps,
  calmHalfSpreadBps,
  compileCosts,
  exitBps,
  type CostModel,
  type CostOptions,
} from '../execution/costs.ts';
import { feesCovered } from '../execution/fees.ts';
import { compileInstruments, type Instruments } from '../execution/instruments.ts';
import { compileTradingRules, type TradingRules } from '../execution/trading-rules.ts';
import { lookbackBars } from '../forecast/features.ts';
import { hashJson, type Sha256 } from '../kernel/canonical.ts';
import { minorPerUnit } from '../kernel/money.ts';
import { HOUR_MS, MINUTE_MS } from '../kernel/time.ts';
import { maskOfLevel, QUALITY_LOOKBACK } from '../market-data/quality.ts';
import type { Marking } from '../portfolio/mark.ts';

/** A market compiled once: everything a tick needs to know that does not change within a release. */
export interface MarketRules {
  readonly config: MarketConfig;
  readonly fillSpec: FillSpec;
  /** Hash of the fill contract: every order carries it. */
  readonly fillSpecSha256: Sha256;
  readonly policyConfig: PolicyConfig;
  readonly policy: PolicyRules;
  readonly calendar: ExchangeCalendar;
  readonly instruments: Instruments;
  readonly trading: TradingRules;
  /** Limits over the books of all members, and whether this market is one. */
  readonly portfolio: PortfolioConfig;
  /** Whether nothing may be opened in instrument i in the session. */
  isRestricted(i: number, dayNumber: number): boolean;
  readonly costs: CostModel;
  /** Half spreads as the bars before the first tick show them, signed, in bps; NaN where they show none. */
  readonly spreads: Float64Array;
  readonly marking: Marking;
  readonly minorPerUnit: number;
  readonly capitalMinor: number;
  readonly barsPerDay: number;
  readonly barsPerYear: number;
  /** Quality flags that void a bar for this market. */
  readonly unusable: number;
  /** Rows that a window must hold for features and quality. */
  readonly windowRows: number;
  /** Notional at which fees are estimated before a trade, in whole currency units. */
  readonly typicalNotional: number;
}

/** What a compilation may change of a market's files: how costs are reckoned, for comparisons. */
export interface CompileOptions {
  readonly costs?: CostOptions;
}

/** Compiles a market. Pure: the same files and calendar give the same rules. */
export function compileMarket(
  files: MarketFiles,
  calendar: ExchangeCalendar,
  options: CompileOptions = {},
): MarketRules {
  const { config } = files;
  const minor = minorPerUnit(config.currency);
  const policy = files.policy.by_bar_size[config.bar_size];
  const { barsPerDay, barMs } = barsOfDay(config, calendar);
  const instruments = compileInstruments(files.universe);
  const compiled = {
    config,
    fillSpec: files.fillSpec,
    fillSpecSha256: hashJson(files.fillSpec),
    policyConfig: files.policy,
    policy,
    calendar,
    instruments,
    trading: compileTradingRules(files.tradingRules, files.universe, calendar),
    costs: compileCosts(files.costProfile, minor, barsPerDay, barMs, options.costs),
    minorPerUnit: minor,
    capitalMinor: config.starting_capital * minor,
    barsPerDay,
    barsPerYear: barsPerDay * calendar.sessionsPerYear,
    unusable: maskOfLevel(config.quality, 'RED'),
    portfolio: files.portfolio,
    isRestricted: restrictions(config, instruments.symbols),
    windowRows: Math.max(lookbackBars(policy), QUALITY_LOOKBACK + 1, config.limits.correlation.bars + 1),
    typicalNotional: config.limits.name_max * config.starting_capital,
  };
  return withSpreads(compiled, new Float64Array(instruments.symbols.length).fill(NaN));
}

/** The rules with the half spreads that a release froze: bps per instrument, signed, NaN where there is no estimate. */
export function withSpreads(
  compiled: Omit<MarketRules, 'spreads' | 'marking'>,
  spreads: Float64Array,
): MarketRules {
  const { config, costs, instruments } = compiled;
  return {
    ...compiled,
    spreads,
    marking: {
      stepsPerUnit: instruments.stepsPerUnit,
      minorPerUnit: compiled.minorPerUnit,
      unusable: compiled.unusable,
      suspendedSessionsMax: config.limits.suspended_sessions_max,
      suspensionHaircut: config.limits.suspension_haircut,
      exitBps: (i, side, dayNumber, close, notional) => {
        const base = baseHalfSpreadBps(costs, NaN, spreads[i]!, close, instruments.priceTick[i]!);
        // A date that no fee row covers blocks at the gate; until then a mark leaves out the fee that nobody knows.
        return feesCovered(costs.fees, dayNumber)
          ? exitBps(costs, side, dayNumber, close, notional, base)
          : calmHalfSpreadBps(costs, base);
      },
    },
  };
}

/** The largest gap of a session's open from the close before it, as shares of it, that the price limits allow. */
export const gapLimits =
  ({ trading }: MarketRules) =>
  (i: number, dayNumber: number): { up: number; down: number } => {
    const day = trading.on(i, dayNumber);
    return { up: (day?.upBps ?? Infinity) / 1e4, down: (day?.downBps ?? Infinity) / 1e4 };
  };

/** Bars in a full session and a bar's trading time, from the calendar's longest session of its first month. */
function barsOfDay(config: MarketConfig, calendar: ExchangeCalendar): { barsPerDay: number; barMs: number } {
  const from = calendar.boundMin;
  const index = calendar.tradingIndex(from, `${from.slice(0, 8)}28`, config.bar_size, config.bar_anchor);
  const counts = new Array<number>(index.sessions.length).fill(0);
  for (const session of index.session) counts[session]!++;
  const barsPerDay = Math.max(...counts);
  if (config.bar_size === '60m') return { barsPerDay, barMs: HOUR_MS };
  const session = index.sessions.find((candidate) => !candidate.earlyClose)!;
  const breakMs = session.breakStartMs === null ? 0 : session.breakEndMs! - session.breakStartMs;
  return { barsPerDay, barMs: session.closeMs - session.openMs - breakMs };
}

/** Minutes from the open of the session that holds the instant; 0 where there is none. */
export function minutesSinceOpen({ calendar }: Pick<MarketRules, 'calendar'>, instantMs: number): number {
  const session = calendar.minuteToSession(instantMs);
  return session === undefined ? 0 : (instantMs - session.openMs) / MINUTE_MS;
}

/** The restricted list by instrument and day. */
function restrictions({ restricted }: MarketConfig, symbols: readonly string[]): MarketRules['isRestricted'] {
  if (restricted.length === 0) return () => false;
  const spans = new Map<number, (readonly [number, number])[]>();
  for (const { symbol, from, to } of restricted) {
    const i = symbols.indexOf(symbol);
    const span = [dayNumberOf(from), to === undefined ? Infinity : dayNumberOf(to)] as const;
    spans.set(i, [...(spans.get(i) ?? []), span]);
  }
  return (i, day) => spans.get(i)?.some(([from, to]) => day >= from && day <= to) ?? false;
}
