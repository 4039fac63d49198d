import type { CostOptions } from '../execution/costs.ts';
import { spearman } from '../kernel/statistics.ts';
import { PNL_PARTS, type RobustnessReport, type RobustnessScenario } from '../ledger/certificates.ts';
import { numberText } from '../release/reading.ts';
import { openBacktest, type BacktestInputs } from './backtest.ts';
import { LONG, SHORT } from './decision.ts';
import { netByInstrument, pnlParts, signOf, type PnlParts } from './pnl-parts.ts';
import type { MarketRules } from './rules.ts';
import { certificateOf, type Tape } from './tape.ts';

/** The scenarios of a report. The first is what the others are held against. */
export const SCENARIOS = [
  { model: 'dynamic_v1', scale: 1 },
  { model: 'dynamic_v1', scale: 0.5 },
  { model: 'dynamic_v1', scale: 0.8 },
  { model: 'dynamic_v1', scale: 1.2 },
  { model: 'dynamic_v1', scale: 2 },
  { model: 'fixed_v1', scale: 1 },
] as const satisfies readonly Required<CostOptions>[];

/** Limits of definition 24: they hold at 0.8 and 1.2 times the costs. */
const JUDGED_SCALES: readonly number[] = [0.8, 1.2];
export const SPEARMAN_MIN = 0.8;
export const TRADED_NAMES_MIN = 10;
export const RESIDUAL_BPS_MAX = 0.1;

/** One backtest of a scenario: its figures, and what each instrument made and was asked to do. */
interface ScenarioRun {
  readonly model: RobustnessScenario['model'];
  readonly scale: number;
  readonly parts: PnlParts;
  readonly turnover: number;
  readonly trades: number;
  readonly traded: Uint8Array;
  readonly net: Float64Array;
  /** Mean over the ticks of +1 where LONG was decided, -1 where SHORT was, 0 elsewhere. */
  readonly signal: Float64Array;
}

/**
 * Backtests a ledger's bars under other costs, with every decision made anew, and judges how much of the result hangs
 * on the cost model.
 * @param rulesOf the market's rules under other costs.
 */
export function costRobustness(tape: Tape, rulesOf: (costs: CostOptions) => MarketRules): RobustnessReport {
  const runs = SCENARIOS.map((costs) => runScenario(tape.inputs, rulesOf(costs), costs));
  const { config, minorPerUnit, capitalMinor } = tape.inputs.rules;
  const base = runs[0]!;
  const scenarios = runs.map((run) => scenarioRow(run, base, capitalMinor / minorPerUnit));
  const difference = differenceBps(runs.at(-1)!, base);
  return {
    ...certificateOf(tape),
    kind: 'robustness',
    currency: config.currency,
    scenarios,
    difference_bps: difference,
    ...judgeRobustness(scenarios, difference.residual),
  };
}

function runScenario(
  inputs: BacktestInputs,
  rules: MarketRules,
  { model, scale }: (typeof SCENARIOS)[number],
): ScenarioRun {
  const run = openBacktest({ ...inputs, rules });
  const n = rules.instruments.symbols.length;
  const signal = new Float64Array(n);
  let ticks = 0;
  for (let row = 0; row < inputs.bars.startMs.length; row++) {
    const action = run.step(row)?.decision.action;
    if (action === undefined) continue;
    ticks++;
    for (let i = 0; i < n; i++) signal[i]! += action[i] === LONG ? 1 : action[i] === SHORT ? -1 : 0;
  }
  const finished = { state: run.state, events: run.log.events() };
  const traded = new Uint8Array(n);
  for (const { instrument } of finished.events.fills) traded[instrument] = 1;
  const { performance } = run.state;
  return {
    ...{ model, scale, traded },
    parts: pnlParts(rules, inputs.bars, finished),
    turnover: performance.traded / rules.minorPerUnit,
    trades: performance.trades,
    net: netByInstrument(rules, inputs.bars, finished),
    signal: signal.map((sum) => sum / Math.max(1, ticks)),
  };
}

function scenarioRow(run: ScenarioRun, base: ScenarioRun, capital: number): RobustnessScenario {
  const { parts, model, scale } = run;
  // Only names that one of the two traded have a result to rank.
  const ranked = (values: Float64Array): Float64Array =>
    values.filter((_, i) => run.traded[i] === 1 || base.traded[i] === 1);
  const correlation = (a: Float64Array, b: Float64Array): number | null => {
    const value = spearman(a, b);
    return Number.isNaN(value) ? null : value;
  };
  return {
    scenario: model === 'fixed_v1' ? model : `${model} x ${scale}`,
    ...{ model, scale, ...parts },
    net_return: parts.net / capital,
    gross_return: parts.gross / capital,
    turnover: run.turnover,
    trades: run.trades,
    traded_names: run.traded.reduce((sum, one) => sum + one, 0),
    spearman_pnl: correlation(ranked(run.net), ranked(base.net)),
    spearman_signal: correlation(run.signal, base.signal),
    same_sign: Math.sign(parts.net) === Math.sign(base.parts.net),
  };
}

/** What each component adds to the difference of two net results, in bps of the smaller turnover. */
function differenceBps(fixed: ScenarioRun, base: ScenarioRun): RobustnessReport['difference_bps'] {
  const turnover = Math.min(fixed.turnover, base.turnover) || Math.max(fixed.turnover, base.turnover);
  const bps = (name: keyof PnlParts, sign: number): number => {
    const difference = sign * (fixed.parts[name] - base.parts[name]);
    return turnover === 0 || difference === 0 ? 0 : (difference / turnover) * 1e4;
  };
  const parts = Object.fromEntries(PNL_PARTS.map((name) => [name, bps(name, signOf(name))]));
  return {
    ...(parts as { [name in (typeof PNL_PARTS)[number]]: number }),
    net: bps('net', 1),
    residual: bps('residual', 1),
  };
}

/**
 * The verdict: a breach fails however few names traded; what cannot be ranked is UNDERPOWERED.
 * @param residualBps what of the difference between fixed and dynamic no component explains.
 */
export function judgeRobustness(
  scenarios: readonly RobustnessScenario[],
  residualBps: number,
): { result: RobustnessReport['result']; reason: string } {
  const judged = scenarios.filter(
    ({ model, scale }) => model === 'dynamic_v1' && JUDGED_SCALES.includes(scale),
  );
  if (judged.length !== JUDGED_SCALES.length)
    return { result: 'UNDERPOWERED', reason: `needs costs at ${JUDGED_SCALES.join(' and ')} times` };
  if (!(Math.abs(residualBps) < RESIDUAL_BPS_MAX))
    return fail(
      `${numberText(residualBps)} bps of turnover between fixed and dynamic costs are not explained`,
    );
  const turned = judged.find(({ same_sign }) => !same_sign);
  if (turned !== undefined) return fail(`the net result changes its sign under ${turned.scenario}`);
  const ranks = ['spearman_pnl', 'spearman_signal'] as const;
  const names = scenarios[0]!.traded_names;
  if (names < TRADED_NAMES_MIN)
    return { result: 'UNDERPOWERED', reason: `${names} traded names, ranks need ${TRADED_NAMES_MIN}` };
  for (const one of judged) {
    const low = ranks.find((rank) => one[rank] !== null && one[rank] < SPEARMAN_MIN);
    if (low !== undefined)
      return fail(`${low} is ${numberText(one[low]!)} under ${one.scenario}, below ${SPEARMAN_MIN}`);
  }
  const undefinedIn = judged.find((one) => ranks.some((rank) => one[rank] === null));
  if (undefinedIn !== undefined)
    return { result: 'UNDERPOWERED', reason: `ranks are undefined under ${undefinedIn.scenario}` };
  return { result: 'PASS', reason: 'ranks and sign hold at 0.8 and 1.2 times the costs' };
}

const fail = (reason: string): { result: 'FAIL'; reason: string } => ({ result: 'FAIL', reason });
