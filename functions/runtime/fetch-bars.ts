import type { Bars } from '../../shared/market-data/bars.ts';
import type { Grid, Misaligned } from '../../shared/market-data/align.ts';
import { isoUtc } from '../../shared/kernel/time.ts';
import type { Ask } from '../../shared/ledger/bar-parts.ts';
import { ingestBars } from '../../shared/market-data/ingest.ts';
import { actionDates } from '../../shared/market-data/place-actions.ts';
import type { BarProvider } from '../../shared/market-data/provider.ts';
import { executionBars, executionGrid } from '../../shared/tick/execution-grid.ts';
import { gapLimits, type MarketRules } from '../../shared/tick/rules.ts';

/** Bars on the grid, what lay off it, and instruments whose bars came from elsewhere or are in dispute. */
export interface FetchedBars {
  readonly bars: Bars;
  readonly misaligned: readonly Misaligned[];
  readonly fallbacks: number;
  readonly disagreements: number;
}

/**
 * A grid's bars and corporate actions as their source shows them at `nowMs`, flagged in the light of the bars before.
 * @param past bars that end where the grid begins; undefined for the first bars of a ledger.
 */
export async function fetchBars(
  rules: MarketRules,
  provider: BarProvider,
  grid: Grid,
  past: Bars | undefined,
  nowMs: number,
): Promise<FetchedBars> {
  const { symbols } = rules.instruments;
  const raw = await provider.fetch(symbols, grid.startMs[0]!, grid.endMs.at(-1)!, nowMs);
  const { fromDate, toDate } = actionDates(grid, past);
  const actions = await provider.fetchActions(symbols, fromDate, toDate, nowMs);
  const facts = { actions, maxGap: gapLimits(rules) };
  return {
    ...ingestBars(symbols, grid, raw, past, rules.config.quality, facts),
    fallbacks: raw.filter(({ fallback }) => fallback === true).length,
    disagreements: raw.filter(({ disagrees }) => disagrees === true).length,
  };
}

/** The finer bars between two instants; undefined where orders fill in decision bars. */
export async function fetchExecutionBars(
  rules: MarketRules,
  provider: BarProvider | undefined,
  fromMs: number,
  toMs: number,
  nowMs: number,
): Promise<Bars | undefined> {
  if (provider === undefined) return undefined;
  const grid = executionGrid(rules, fromMs, toMs);
  const raw = await provider.fetch(rules.instruments.symbols, grid.startMs[0]!, toMs, nowMs);
  return executionBars(rules, grid, raw);
}

/**
 * What the two above ask of a source, for whoever asks it of one slice of the universe at a time.
 * @param finer from when to when finer bars are needed; undefined where orders fill in decision bars.
 */
export function askOf(
  rules: MarketRules,
  grid: Grid,
  past: Bars | undefined,
  finer: { readonly fromMs: number; readonly toMs: number } | undefined,
  nowMs: number,
): Ask {
  const span = (fromMs: number, toMs: number) => ({ from_utc: isoUtc(fromMs), to_utc: isoUtc(toMs) });
  const { fromDate, toDate } = actionDates(grid, past);
  return {
    bars: span(grid.startMs[0]!, grid.endMs.at(-1)!),
    actions: { from: fromDate, to: toDate },
    execution:
      finer === undefined
        ? null
        : span(executionGrid(rules, finer.fromMs, finer.toMs).startMs[0]!, finer.toMs),
    now_utc: isoUtc(nowMs),
  };
}
