import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import { dateAround, slice, timeline, type Timeline } from '../../shared/calendar/timeline.ts';
import type { BarAnchor, BarSize, ExchangeCalendar } from '../../shared/calendar/types.ts';
import type { Config, MarketFiles } from '../../shared/config/config.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { DAY_MS, parseIsoDate } from '../../shared/kernel/time.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import type { BarProvider, RateProvider } from '../../shared/market-data/provider.ts';
import { recordedProvider } from '../../shared/market-data/providers/recorded.ts';
import { barEndsOf } from '../../shared/market-data/providers/reveal.ts';
import { rateFiles } from '../../shared/market-data/providers/rate-csv.ts';
import { cutUniverse } from '../../shared/release/release.ts';
import { compileMarket, type MarketRules } from '../../shared/tick/rules.ts';
import { fetchBars, fetchExecutionBars } from '../../functions/runtime/fetch-bars.ts';
import { buildProvider, type Recorded } from '../../functions/runtime/providers.ts';

/** What a replay or backtest of one market was asked for. Dates `YYYY-MM-DD`, both included. */
export interface MarketRequest {
  readonly config: Config;
  readonly market: string;
  readonly symbols: readonly string[] | undefined;
  readonly barsFolder: string | undefined;
  readonly from: string;
  readonly to: string;
}

/** A market laid out in time: its bars from the first of the warm-up to the last tick, and those beyond. */
export interface MarketPlan {
  readonly files: MarketFiles;
  readonly rules: MarketRules;
  readonly provider: BarProvider;
  readonly executionProvider: BarProvider | undefined;
  readonly rates: RateProvider | undefined;
  /** Row 0 is the first bar of the warm-up; rows beyond `lastRow` tell where orders may still fill. */
  readonly line: Timeline;
  readonly firstRow: number;
  readonly lastRow: number;
}

/** Lays a market out. @throws ConfigError where the dates hold no bar or the calendar ends before them. */
export function planMarket(request: MarketRequest): MarketPlan {
  const { config, market, from, to } = request;
  const found = config.markets.get(market);
  if (found === undefined) {
    throw new ConfigError(
      `--market: ${market} is unknown; the configuration has ${[...config.markets.keys()].join(', ')}`,
    );
  }
  if (from > to) throw new ConfigError(`--from ${from} lies after --to ${to}`);
  const files = cutUniverse(found, request.symbols);
  const calendar = exchangeCalendar(config.calendars.get(files.config.exchange)!);
  // Asked before anything else: dates that the calendar does not cover are refused, never clipped.
  calendar.sessionsIn(from, to);
  const rules = compileMarket(files, calendar);
  const { bar_size: size, execution_bar_size: finer, bar_anchor: anchor, warmup_bars: warmUp } = files.config;
  // Bars of the warm-up reach back over weekends and holidays; twice the sessions and a month always suffice.
  const daysBack = Math.ceil((warmUp / rules.barsPerDay) * 2) + 31;
  const whole = timeline(
    calendar,
    size,
    anchor,
    dateAround(parseIsoDate(from), -daysBack),
    dateAround(parseIsoDate(to), 45),
  );
  const fromDay = parseIsoDate(from) / DAY_MS;
  const toDay = parseIsoDate(to) / DAY_MS;
  const first = whole.sessionDay.findIndex((day) => day >= fromDay);
  const last = whole.sessionDay.findLastIndex((day) => day <= toDay);
  if (first < 0 || last < first) throw new ConfigError(`${market} has no session from ${from} to ${to}`);
  const begin = Math.max(0, first - warmUp);
  const line = slice(whole, begin, whole.startMs.length);
  const recorded = recordedIn(request, calendar, line, anchor);
  const sourceOf = (bar: BarSize): BarProvider => buildProvider(rules, recorded, bar);
  const provider = sourceOf(size);
  const executionProvider = finer === undefined ? undefined : sourceOf(finer);
  const rates = request.barsFolder === undefined ? undefined : rateFiles(request.barsFolder);
  const rows = { line, firstRow: first - begin, lastRow: last - begin };
  return { files, rules, provider, executionProvider, rates, ...rows };
}

/** Recorded bars of a folder, for the sessions of a line; undefined where no folder was given. */
function recordedIn(
  { barsFolder: folder, to }: MarketRequest,
  calendar: ExchangeCalendar,
  line: Timeline,
  anchor: BarAnchor,
): Recorded {
  if (folder === undefined) return undefined;
  const since = clip(calendar, dateAround(line.startMs[0]!, -2));
  const until = clip(calendar, dateAround(parseIsoDate(to), 2));
  return (prefix, bar) => {
    const index = calendar.tradingIndex(since, until, bar, anchor);
    return recordedProvider({ folder, prefix, bar, barEndMs: barEndsOf(index) });
  };
}

const clip = (calendar: { boundMin: string; boundMax: string }, date: string): string =>
  date < calendar.boundMin ? calendar.boundMin : date > calendar.boundMax ? calendar.boundMax : date;

/** Rows [from, to) of a plan as its source shows them at `nowMs`, on the grid and flagged. */
export async function planBars(plan: MarketPlan, from: number, to: number, nowMs: number): Promise<Bars> {
  const grid = { firstOrdinal: from, ...slice(plan.line, from, to) };
  return (await fetchBars(plan.rules, plan.provider, grid, undefined, nowMs)).bars;
}

/** The finer bars of rows [from, to) as their source shows them at `nowMs`; undefined where orders fill in decision bars. */
export async function planExecutionBars(
  plan: MarketPlan,
  from: number,
  to: number,
  nowMs: number,
): Promise<Bars | undefined> {
  const [fromMs, toMs] = [plan.line.startMs[from]!, plan.line.endMs[to - 1]!];
  return fetchExecutionBars(plan.rules, plan.executionProvider, fromMs, toMs, nowMs);
}

/** What identifies all bars of a plan beyond doubt, the finer ones among them. */
export async function planFingerprint({
  rules,
  provider,
  executionProvider,
}: MarketPlan): Promise<Readonly<Record<string, string>>> {
  const { symbols } = rules.instruments;
  return { ...(await provider.fingerprint(symbols)), ...(await executionProvider?.fingerprint(symbols)) };
}
