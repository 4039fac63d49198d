import type { MarketPlan } from '../../../infra/local/market-plan.ts';
import { dateAround } from '../../../shared/calendar/timeline.ts';
import type { BarProvider, RawBars } from '../../../shared/market-data/provider.ts';
import { simulatedProvider } from '../../../shared/market-data/providers/simulated.ts';

/** Made-up bars of the finer size that a market fills in, and its decision bars put together from them. */
export function finerBars(
  plan: MarketPlan,
  seed: string,
): Pick<MarketPlan, 'provider' | 'executionProvider'> {
  const { rules, line } = plan;
  const { execution_bar_size: size, bar_anchor: anchor } = rules.config;
  const last = line.endMs[plan.lastRow]!;
  const index = rules.calendar.tradingIndex(
    dateAround(line.startMs[0]!, -1),
    dateAround(last, 2),
    size!,
    anchor,
  );
  const executionProvider = simulatedProvider({
    seed,
    index,
    instruments: rules.instruments.symbols,
    trendStrength: 0.5,
    volatility: 0.002,
  });
  return { executionProvider, provider: joined(plan, executionProvider) };
}

/** Decision bars as the finer ones within each add up to. */
function joined({ line }: MarketPlan, finer: BarProvider): BarProvider {
  return {
    ...finer,
    fetch: async (instruments, fromMs, toMs, nowMs) => {
      const rows: number[] = [];
      for (let row = 0; row < line.startMs.length; row++)
        if (line.startMs[row]! >= fromMs && line.startMs[row]! < toMs && line.endMs[row]! <= nowMs)
          rows.push(row);
      if (rows.length === 0) return instruments.map(() => barsOf([], undefined, line));
      const [from, to] = [line.startMs[rows[0]!]!, line.endMs[rows.at(-1)!]!];
      const raw = await finer.fetch(instruments, from, to, nowMs);
      return raw.map((one) => barsOf(rows, one, line));
    },
  };
}

function barsOf(rows: readonly number[], finer: RawBars | undefined, line: MarketPlan['line']): RawBars {
  const column = (pick: (row: number, first: number, end: number) => number): Float64Array => {
    let first = 0;
    return Float64Array.from(rows, (row) => {
      while (finer!.startMs[first]! < line.startMs[row]!) first++;
      let end = first;
      while (end < finer!.startMs.length && finer!.startMs[end]! < line.endMs[row]!) end++;
      return pick(row, first, end);
    });
  };
  const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
  return {
    startMs: Float64Array.from(rows, (row) => line.startMs[row]!),
    open: column((_, first) => finer!.open[first]!),
    high: column((_, first, end) => Math.max(...finer!.high.slice(first, end))),
    low: column((_, first, end) => Math.min(...finer!.low.slice(first, end))),
    close: column((_, __, end) => finer!.close[end - 1]!),
    volume: column((_, first, end) => sum(finer!.volume.slice(first, end))),
    turnover: column((_, first, end) => sum(finer!.turnover.slice(first, end))),
  };
}
