import { slice, type Timeline } from '../calendar/timeline.ts';
import { EventLog } from '../execution/event-log.ts';
import type { TickEvents } from '../execution/events.ts';
import { NEVER_MS } from '../execution/orders.ts';
import type { HealthRecord } from '../forecast/health.ts';
import type { Bars } from '../market-data/bars.ts';
import { judge } from '../risk/gates.ts';
import { applyDecision, upcomingBars } from './apply.ts';
import { decide } from './decide.ts';
import { workspace } from './decision.ts';
import { forecaster } from './forecast-step.ts';
import type { MarketRules } from './rules.ts';
import { openState, type TickState } from './state.ts';
import { advance, close, frozenAt, measure } from './tick.ts';

export interface BacktestInputs {
  readonly rules: MarketRules;
  /** All bars, warm-up first; quality already assessed. */
  readonly bars: Bars;
  /** First row that is a tick; the rows before it only feed the features. */
  readonly firstRow: number;
  /** The calendar's bars from row 0 on, reaching past the last row by what orders need. */
  readonly line: Timeline;
  readonly health: HealthRecord;
}

export interface Backtest {
  readonly state: TickState;
  /** Fills and ended orders as columns; `events()` gives them as lists. */
  readonly log: EventLog;
  readonly events: TickEvents;
  /** Ticks by action, in the order of ACTIONS, summed over instruments. */
  readonly actions: Float64Array;
}

/** The tick as a loop: the same functions in the same order as the chain, with nothing in between. */
export function backtest({ rules, bars, firstRow, line, health }: BacktestInputs): Backtest {
  const state = openState(rules);
  const log = new EventLog();
  const actions = new Float64Array(4);
  const view = forecaster(rules);
  const ahead = upcomingBars(rules);
  const work = workspace(rules.instruments.symbols.length);
  const circumstances = {
    misaligned: 0,
    lateness_s: rules.config.schedule_offset_s,
    tradingEnabled: true,
    health,
  };
  for (let row = 0; row < bars.startMs.length; row++) {
    view.push(bars, row);
    if (row < firstRow) continue;
    view.predict(bars, row);
    advance(rules, state, bars, row, NEVER_MS, log.sink);
    const upcoming =
      row + 1 + ahead <= line.startMs.length ? slice(line, row + 1, row + 1 + ahead) : undefined;
    const { inputs, valuation } = measure(rules, state, bars, row, { ...circumstances, upcoming });
    const verdict = judge(inputs, rules.config);
    const frozenAtMs = frozenAt(rules, bars.endMs[row]!);
    const decision = decide({
      rules,
      state,
      bars,
      row,
      view,
      verdict,
      equity: valuation.equity,
      frozenAtMs,
      workspace: work,
    });
    for (const action of decision.action) actions[action]!++;
    if (upcoming !== undefined) applyDecision(rules, state, decision, 'all', upcoming);
    close(rules, state, bars, row, {
      verdict,
      valuation,
      instrumentsRed: inputs.instrumentsRed,
      misaligned: 0,
      late: false,
      driftCounts: [],
    });
  }
  return {
    state,
    log,
    actions,
    get events() {
      return log.events();
    },
  };
}
