import { EXAMPLES_MAX, type LookaheadReport } from '../ledger/certificates.ts';
import type { Bars } from '../market-data/bars.ts';
import { concatBars, rowsOf, rowsStartingIn } from '../market-data/window.ts';
import { upcomingAt } from './apply.ts';
import { openBacktest, type BacktestInputs } from './backtest.ts';
import { workspace, type Workspace } from './decision.ts';
import { forecaster, type Forecaster } from './forecast-step.ts';
import { runTick } from './run-tick.ts';
import { copyState, type TickState } from './state.ts';
import { certificateOf, type Tape } from './tape.ts';
import { differencesOf } from './tick-differences.ts';
import { imageOf, imageOfLedger, type LedgerTick, type Reworked } from './tick-image.ts';

/**
 * Works every tick out twice: once in the full run, with all bars in reach, and once more from the same state on a
 * fresh copy of the bars that ends with its own bar. Whatever looks ahead in the full run finds nothing in the copy,
 * so the two differ; what the ledger froze must be what the copy gives.
 * @param makeForecaster what forecasts in both; by default the market's own.
 */
export function proveLookahead(
  tape: Tape,
  makeForecaster: (rules: BacktestInputs['rules']) => Forecaster = forecaster,
): LookaheadReport {
  const { inputs, release } = tape;
  const { rules } = inputs;
  const { symbols } = rules.instruments;
  const reference = release.drift_reference;
  const run = openBacktest({ ...inputs, driftReference: reference, forecaster: makeForecaster });
  const work = workspace(symbols.length);
  const differences = { full_run: 0, ledger: 0 };
  const examples: LookaheadReport['examples'] = [];
  let ticks = 0;
  for (let row = 0; row < inputs.bars.startMs.length; row++) {
    const held = tape.tick(row);
    const before: Before | undefined =
      held === undefined ? undefined : { state: copyState(run.state), fromOrdinal: run.fromOrdinal };
    const outcome = run.step(row);
    if (held === undefined || before === undefined || outcome === undefined) continue;
    ticks++;
    const full = imageOf({ rules, outcome, state: run.state, view: run.view }, held);
    const cut = imageOf(truncatedTick(tape, held, row, before, work, makeForecaster), held);
    for (const [against, other] of [
      ['full_run', full],
      ['ledger', imageOfLedger(held)],
    ] as const) {
      const { fields } = differencesOf(other, cut, symbols);
      if (fields.length === 0) continue;
      differences[against]++;
      for (const { tickUtc, instrument, field, a, b } of fields.slice(0, EXAMPLES_MAX - examples.length))
        examples.push({ against, tick_utc: tickUtc, instrument, field, other: a, truncated: b });
    }
  }
  return {
    ...certificateOf(tape),
    kind: 'lookahead',
    compared: { ticks, decisions: ticks * symbols.length },
    differences,
    examples,
    result:
      ticks > 0 && ticks === tape.ticks && differences.full_run + differences.ledger === 0 ? 'PASS' : 'FAIL',
  };
}

/** Where a tick began. */
interface Before {
  readonly state: TickState;
  readonly fromOrdinal: number;
}

/** One tick on bars that end with it, by a forecaster that has seen no others. */
function truncatedTick(
  { inputs, release }: Tape,
  { circumstances }: LedgerTick,
  row: number,
  { state, fromOrdinal }: Before,
  work: Workspace,
  makeForecaster: (rules: BacktestInputs['rules']) => Forecaster,
): Reworked {
  const { rules, line, health } = inputs;
  const unsettled = fromOrdinal - inputs.bars.firstOrdinal;
  const first = Math.max(0, Math.min(row - rules.windowRows + 1, unsettled));
  const bars = copyOfRows(inputs.bars, first, row + 1);
  const last = row - first;
  const view = makeForecaster(rules);
  for (let k = Math.max(0, last - rules.windowRows + 1); k <= last; k++) view.push(bars, k);
  view.predict(bars, last);
  const outcome = runTick({
    ...{ rules, state, bars, row: last, fromOrdinal, view, health, workspace: work },
    driftReference: release.drift_reference,
    finer: finerBetween(inputs, bars.startMs[0]!, bars.endMs[last]!),
    upcoming: upcomingAt(rules, line, row),
    now: circumstances,
  });
  return { rules, outcome, state, view };
}

/** Rows [from, to) in columns of their own: nothing before or after them can be reached from it. */
const copyOfRows = (bars: Bars, from: number, to: number): Bars => concatBars([rowsOf(bars, from, to)]);

/** The finer bars that start at or after one instant and before another. */
function finerBetween({ finer }: BacktestInputs, fromMs: number, untilMs: number): Bars | undefined {
  if (finer === undefined) return undefined;
  const [from, to] = rowsStartingIn(finer, fromMs, untilMs);
  return copyOfRows(finer, from, to);
}
