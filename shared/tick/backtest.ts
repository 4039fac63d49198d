import type { Timeline } from '../calendar/timeline.ts';
import { EventLog } from '../execution/event-log.ts';
import type { TickEvents } from '../execution/events.ts';
import type { DriftReference } from '../forecast/drift.ts';
import type { HealthRecord } from '../forecast/health.ts';
import type { Bars } from '../market-data/bars.ts';
import { upcomingAt } from './apply.ts';
import { workspace } from './decision.ts';
import { forecaster, type Forecaster } from './forecast-step.ts';
import type { MarketRules } from './rules.ts';
import { idealTick, keepEvents, runTick, type RowCircumstances, type TickOutcome } from './run-tick.ts';
import { SimulatedSwitch } from './simulated-switch.ts';
import { copyState, type TickState } from './state.ts';
import { warmState, type FinerBars } from './tick.ts';

/** What a backtest is worked out from. */
export interface BacktestInputs {
  readonly rules: MarketRules;
  /** All bars, warm-up first; quality already assessed. */
  readonly bars: Bars;
  /** First row that is a tick; the rows before it only feed the features. */
  readonly firstRow: number;
  /** The calendar's bars from row 0 on, reaching past the last row by what orders need. */
  readonly line: Timeline;
  readonly health: HealthRecord;
  /** Finer bars in which orders fill, where the market has them. */
  readonly finer?: FinerBars;
  /** The state before the first tick; by default what the rows before it leave. */
  readonly opening?: TickState;
  /** What each row met; by default every tick is as a replay means it, with its simulated operator. */
  readonly circumstances?: (row: number) => RowCircumstances;
  /** Where it is given, drift is watched as the chain does. */
  readonly driftReference?: DriftReference;
  /** What forecasts; by default the market's own. */
  readonly forecaster?: (rules: MarketRules) => Forecaster;
}

/** What a backtest came to. */
export interface Backtest {
  readonly state: TickState;
  /** Fills and ended orders as columns; `events()` gives them as lists. */
  readonly log: EventLog;
  readonly events: TickEvents;
  /** Ticks by action, in the order of ACTIONS, summed over instruments. */
  readonly actions: Float64Array;
}

/** A backtest that is taken row by row, each row once and in order. */
export interface BacktestRun {
  readonly state: TickState;
  readonly log: EventLog;
  readonly actions: Float64Array;
  /** Forecasts of the newest row. */
  readonly view: Forecaster;
  /** The first ordinal that is not settled yet. */
  readonly fromOrdinal: number;
  /** Takes the next row; undefined where it is no tick: warm-up, or missed. */
  step(row: number): TickOutcome | undefined;
}

/** The tick as a loop: the same functions in the same order as the chain, with nothing in between. */
export function backtest(inputs: BacktestInputs): Backtest {
  const run = openBacktest(inputs);
  for (let row = 0; row < inputs.bars.startMs.length; row++) run.step(row);
  const { state, log, actions } = run;
  return {
    state,
    log,
    actions,
    get events() {
      return log.events();
    },
  };
}

/** Opens a backtest before its first row. */
export function openBacktest(inputs: BacktestInputs): BacktestRun {
  const { rules, bars, firstRow, line, health, driftReference } = inputs;
  const view = (inputs.forecaster ?? forecaster)(rules);
  const work = workspace(rules.instruments.symbols.length);
  let fromOrdinal = bars.firstOrdinal + firstRow;
  const operated = new SimulatedSwitch(rules, fromOrdinal);
  const run = {
    state: inputs.opening === undefined ? warmState(rules, bars, firstRow) : copyState(inputs.opening),
    log: new EventLog(),
    actions: new Float64Array(4),
    view,
    get fromOrdinal() {
      return fromOrdinal;
    },
    step(row: number): TickOutcome | undefined {
      view.push(bars, row);
      if (row < firstRow) return undefined;
      const now = inputs.circumstances?.(row) ?? idealTick(rules, bars.endMs[row]!, operated.reading);
      if (now.kind === 'missed') return undefined;
      view.predict(bars, row);
      const outcome = runTick({
        ...{ rules, state: run.state, bars, row, fromOrdinal, view, health, now, workspace: work },
        finer: inputs.finer,
        upcoming: upcomingAt(rules, line, row),
        driftReference,
      });
      keepEvents(outcome.executed.events, run.log.sink);
      for (const action of outcome.decision.action) run.actions[action]!++;
      fromOrdinal = bars.firstOrdinal + row + 1;
      if (inputs.circumstances === undefined) operated.afterTick(outcome.decision, run.state);
      return outcome;
    },
  };
  return run;
}
