import type { MarketRuntime } from '../../functions/runtime/runtime.ts';
import { slice } from '../../shared/calendar/timeline.ts';
import type { MarketConfig } from '../../shared/config/market-schema.ts';
import type { Code } from '../../shared/kernel/codes.ts';
import { DAY_MS } from '../../shared/kernel/time.ts';
import type { BarProvider, RawBars } from '../../shared/market-data/provider.ts';
import { frozenRules, type RunOptions, type Schedule } from './chain.ts';

/** Bars of one instrument with one of their columns or all of them changed. */
type Change = (raw: RawBars, index: number) => RawBars;

/** A source whose bars are not what they are elsewhere: those of the instruments before `upTo` are changed. */
const changed =
  (upTo: number, change: Change) =>
  ({ layout }: Schedule): RunOptions => {
    const { provider } = layout.plan;
    const fetch: BarProvider['fetch'] = async (...asked) =>
      (await provider.fetch(...asked)).map((raw, index) => (index < upTo ? change(raw, index) : raw));
    return { provider: { ...provider, fetch } };
  };

const COLUMNS = ['startMs', 'open', 'high', 'low', 'close', 'volume', 'turnover'] as const;
const mapped = (
  raw: RawBars,
  map: (values: Float64Array, name: (typeof COLUMNS)[number]) => Float64Array,
) => ({
  ...raw,
  ...Object.fromEntries(COLUMNS.map((name) => [name, map(raw[name], name)])),
});
const none: Change = (raw) => mapped(raw, () => new Float64Array(0));
const twice: Change = (raw) => mapped(raw, (values) => Float64Array.from([...values, ...values]));
export const noBars = changed(3, none);
export const missingBars = (upTo: number) => changed(upTo, none);
export const notFinite = (upTo: number) =>
  changed(upTo, (raw) => ({ ...raw, close: raw.close.map(() => NaN) }));
export const duplicates = (upTo: number) => changed(upTo, twice);
export const fromElsewhere = (upTo: number) => changed(upTo, (raw) => ({ ...raw, fallback: true }));
export const inDispute = (upTo: number) => changed(upTo, (raw) => ({ ...raw, disagrees: true }));
/** One more bar an instrument, an hour after the session's own. */
export const offTheGrid = (upTo: number) =>
  changed(upTo, (raw) => {
    const more = twice(raw, 0);
    return { ...more, startMs: more.startMs.map((at, k) => (k < raw.startMs.length ? at : at + 3_600_000)) };
  });

/** Bars of tick k that are made from those of the session before it. */
const beside =
  (upTo: number, k: number, change: (today: RawBars, before: RawBars) => RawBars) =>
  ({ layout }: Schedule): RunOptions => {
    const { provider, line, firstRow } = layout.plan;
    const row = firstRow + k - 1;
    const fetch: BarProvider['fetch'] = async (symbols, fromMs, toMs, nowMs) => {
      const today = await provider.fetch(symbols, fromMs, toMs, nowMs);
      const before = await provider.fetch(symbols, line.startMs[row]!, line.endMs[row]!, nowMs);
      return today.map((raw, i) => (i < upTo ? change(raw, before[i]!) : raw));
    };
    return { provider: { ...provider, fetch } };
  };

/** The bars of the session before, come again as this session's. */
export const standingStill = (upTo: number, k: number) =>
  beside(upTo, k, (today, before) => ({ ...before, startMs: today.startMs }));

/** Prices that open at exactly half the last close, as after a split that nobody told of. */
export const halved = (upTo: number, k: number) =>
  beside(upTo, k, (today, before) => {
    const factor = (0.5 * before.close[0]!) / today.open[0]!;
    return mapped(today, (values, name) =>
      ['startMs', 'volume', 'turnover'].includes(name) ? values : values.map((one) => one * factor),
    );
  });

/** A process that runs with other parts than those the ledger was opened with. */
export const running =
  (changes: (events: Schedule) => Partial<MarketRuntime>) =>
  (events: Schedule): RunOptions => ({ runtime: changes(events) });

export const mismatch = (part: MarketRuntime['mismatched'][number]) =>
  running(() => ({ mismatched: [part] }));

/** A health record that is graded D for the codes. */
export const unhealthy = (...codes: Code[]) =>
  running(({ opened: { release } }) => ({
    release: { ...release, health: { ...release.health, grade: 'D', codes } },
  }));

/** Tighter limits than those that the ledger was opened with. */
export const tighter = (change: (config: MarketConfig) => Partial<MarketConfig>) =>
  running(({ layout, opened }) => {
    const rules = frozenRules(layout, opened.release);
    return { rules: { ...rules, config: { ...rules.config, ...change(rules.config) } } };
  });

export const limits = (given: Partial<MarketConfig['limits']>) =>
  tighter((config) => ({ limits: { ...config.limits, ...given } }));

export const portfolioLimits = (given: Partial<Schedule['layout']['plan']['rules']['portfolio']['limits']>) =>
  running(({ layout, opened }) => {
    const rules = frozenRules(layout, opened.release);
    const { portfolio } = rules;
    return { rules: { ...rules, portfolio: { ...portfolio, limits: { ...portfolio.limits, ...given } } } };
  });

/** Fees that no row covers from the day after a tick on. */
export const feesEndAfter = (k: number) =>
  running(({ layout, opened, tickMs }) => {
    const rules = frozenRules(layout, opened.release);
    const { fees } = rules.costs;
    const tomorrow = Math.floor(tickMs(k) / DAY_MS) + 1;
    const firstDays = Int32Array.from([...fees.firstDays.filter((day) => day < tomorrow), tomorrow]);
    const known = fees.periods.slice(0, firstDays.length - 1);
    const uncovered = { ...known.at(-1)!, uncovered: ['commission'] };
    return {
      rules: {
        ...rules,
        costs: { ...rules.costs, fees: { ...fees, firstDays, periods: [...known, uncovered] } },
      },
    };
  });

/** A calendar that knows no bar after a tick. */
export const calendarEndsAfter = (k: number) =>
  running(({ layout: { plan }, tickMs }) => ({
    line: () => slice(plan.line, 0, plan.line.endMs.indexOf(tickMs(k)) + 1),
  }));

/** A member of the portfolio that has no ledger. */
export const memberWithout = running(({ layout: { plan } }) => ({
  others: [{ market: 'crypto', currency: 'USD', line: () => plan.line }],
}));
