import type { Timeline } from '../calendar/timeline.ts';
import { noEvents, type EventSink, type TickEvents } from '../execution/events.ts';
import { NEVER_MS } from '../execution/orders.ts';
import { driftCounts, judgeDrift, type DriftReference } from '../forecast/drift.ts';
import type { HealthRecord } from '../forecast/health.ts';
import type { Bars } from '../market-data/bars.ts';
import { value, type Valuation } from '../portfolio/mark.ts';
import { judge } from '../risk/gates.ts';
import { openSwitch, type SwitchReading } from '../risk/kill-switch.ts';
import { nextSessionDay } from './apply.ts';
import { decide, type View } from './decide.ts';
import type { Decision, Workspace } from './decision.ts';
import { execute, placeDecided, type Executed, type FillCircumstances } from './execute.ts';
import type { Forecaster } from './forecast-step.ts';
import type { MarketRules } from './rules.ts';
import { copyState, type TickState } from './state.ts';
import { countRed, measure, type Circumstances, type MeasureInputs } from './measure.ts';
import { advance, advanceTo, close, frozenAt, type FinerBars } from './tick.ts';

/** What a tick met that its bars do not tell. */
export interface TickCircumstances extends Circumstances {
  readonly kind: 'tick';
  /** Moment from which the decision stood. */
  readonly frozenAtMs: number;
  readonly fill: FillCircumstances;
  /** Whether the tick counts as late. */
  readonly late: boolean;
}

/** What a row of bars met: a tick, or none, whose orders the next tick settles. */
export type RowCircumstances = TickCircumstances | { readonly kind: 'missed' };

/** A tick as a replay means it: on time, aligned, frozen when the contract says, under the switch given. */
export const idealTick = (
  rules: MarketRules,
  tickMs: number,
  reading: SwitchReading = openSwitch,
): TickCircumstances => ({
  kind: 'tick',
  lateness_s: rules.config.schedule_offset_s,
  ...{ misaligned: 0, fallbacks: 0, disagreements: 0, mismatched: [], books: null },
  frozenAtMs: frozenAt(rules, tickMs),
  gate: reading,
  fill: { reading, late: false, mismatched: false },
  late: false,
});

/** All that one tick is worked out from. */
export interface TickInputs {
  readonly rules: MarketRules;
  /** The state before the tick; after it, the state after. */
  readonly state: TickState;
  readonly bars: Bars;
  readonly row: number;
  /** Finer bars in which orders fill, where the market has them. */
  readonly finer: FinerBars;
  /** The first ordinal that the state has not settled: before this row's where ticks were missed. */
  readonly fromOrdinal: number;
  /** Has predicted this row. */
  readonly view: Forecaster;
  /** Bars after this one; undefined where the calendar ends too soon. */
  readonly upcoming: Timeline | undefined;
  readonly health: HealthRecord;
  readonly now: TickCircumstances;
  /** Where it is given, drift is watched as the chain does. */
  readonly driftReference: DriftReference | undefined;
  readonly workspace: Workspace;
}

/** What a tick came to. The decision lies in the workspace: it holds until the next tick is worked out there. */
export interface TickOutcome {
  readonly decision: Decision;
  readonly valuation: Valuation;
  readonly executed: Executed;
  /** Rows per feature of this bar's drift counts; empty where drift is not watched. */
  readonly driftCounts: number[][];
}

/** One tick from its bar to its closed book: what the gate, fill and ledger steps do, with nothing in between. */
export function runTick(inputs: TickInputs): TickOutcome {
  const { rules, state, bars, row, now, driftReference: reference } = inputs;
  const done = isPlain(inputs) ? together(inputs) : apart(inputs);
  const counts = reference === undefined ? [] : driftCounts(inputs.view.features, reference);
  close(rules, state, bars, row, {
    decision: done.decision,
    valuation: done.valuation,
    placed: done.executed.placed.length,
    instrumentsRed: countRed(bars, row, rules.unusable),
    misaligned: now.misaligned,
    late: now.late,
    driftCounts: counts,
  });
  const { rows_min: rowsMin, psi_red: psiRed } = rules.policyConfig.drift;
  if (reference !== undefined) judgeDrift(state.drift, reference, rowsMin, psiRed);
  return { ...done, driftCounts: counts };
}

/** A tick before it is closed. */
type Done = Omit<TickOutcome, 'driftCounts'>;

/** Whether gate and fill step settle the same: nothing was missed, and both found the switch alike. */
const isPlain = ({ bars, row, fromOrdinal, now }: TickInputs): boolean =>
  fromOrdinal === bars.firstOrdinal + row && now.gate.haltAtMs === now.fill.reading.haltAtMs;

/** Settles once for both steps. */
function together(inputs: TickInputs): Done {
  const { rules, state, bars, row, finer, now, upcoming } = inputs;
  const events = noEvents();
  advance(rules, state, bars, row, now.gate.haltAtMs ?? NEVER_MS, events, finer);
  const { decision, valuation } = decideOn(inputs, state);
  const executed = placeDecided({ rules, state, decision, upcoming, fill: now.fill }, row, events);
  return { decision, valuation, executed };
}

/** Settles a copy for the gate, as it found the switch, and the state itself for the fill step, as that found it. */
function apart(inputs: TickInputs): Done {
  const { rules, state, bars, row, finer, fromOrdinal, now, upcoming } = inputs;
  const gated = copyState(state);
  advanceTo(rules, gated, bars, fromOrdinal, bars.firstOrdinal + row, now.gate.haltAtMs, finer);
  const { decision } = decideOn(inputs, gated);
  const executed = execute({ rules, state, bars, finer, fromOrdinal, decision, upcoming, fill: now.fill });
  const valuation = value(state.book, bars.sessionDay[row]!, rules.marking);
  return { decision, valuation, executed };
}

/** What a decision is worked out from, beside the settled state. */
export interface DecidingInputs extends Omit<MeasureInputs, 'view'> {
  readonly view: View;
  readonly now: Circumstances & Pick<TickCircumstances, 'frozenAtMs'>;
  readonly workspace?: Workspace;
}

/** Values the settled book, judges the gates and decides: what the gate step freezes, and what a backtest works out. */
export function decideOn(
  inputs: DecidingInputs,
  state: TickState,
): { decision: Decision; valuation: Valuation } {
  const { rules, bars, row, now, upcoming } = inputs;
  const { inputs: measured, valuation, risk, clusters, total } = measure(inputs, state);
  const verdict = judge(measured, { config: rules.config, portfolio: rules.portfolio });
  const decision = decide({
    ...{ rules, state, bars, row, view: inputs.view, verdict, risk, clusters },
    ...{ equity: valuation.equity, equityOfAll: total.equity, switch: now.gate, frozenAtMs: now.frozenAtMs },
    nextDay: nextSessionDay(rules, upcoming),
    ...(inputs.workspace === undefined ? {} : { workspace: inputs.workspace }),
  });
  return { decision, valuation };
}

/** Adds a tick's events to what keeps those of all ticks. */
export function keepEvents(from: TickEvents, sink: EventSink): void {
  for (const fill of from.fills) sink.fills.push(fill);
  for (const order of from.ended) sink.ended.push(order);
  for (const posting of from.postings) sink.postings.push(posting);
}
