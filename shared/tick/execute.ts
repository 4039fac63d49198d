import type { TickEvents } from '../execution/events.ts';
import type { Code } from '../kernel/codes.ts';
import type { Bars } from '../market-data/bars.ts';
import type { SwitchReading } from '../risk/kill-switch.ts';
import { applyDecision, type Placing, type Upcoming } from './apply.ts';
import type { Decision } from './decision.ts';
import type { MarketRules } from './rules.ts';
import type { TickState } from './state.ts';
import { advanceTo, type FinerBars } from './tick.ts';

/** What the fill step of a tick found: the switch read again, and whether it came too late or with other code. */
export interface FillCircumstances {
  readonly reading: SwitchReading;
  /** Whether the step runs too late for anything new to be placed. */
  readonly late: boolean;
  /** Whether what runs is not the active release. */
  readonly mismatched: boolean;
}

/** What execution needs beside the frozen decision. */
export interface ExecuteInputs {
  readonly rules: MarketRules;
  readonly state: TickState;
  readonly bars: Bars;
  /** Finer bars in which orders fill, where the market has them. */
  readonly finer: FinerBars;
  readonly fromOrdinal: number;
  readonly decision: Decision;
  readonly upcoming: Upcoming | undefined;
  readonly fill: FillCircumstances;
}

export interface Executed {
  readonly row: number;
  readonly events: TickEvents;
  readonly placed: readonly number[];
  readonly refused: readonly number[];
  readonly placingRefused: Code | null;
}

/**
 * Settles what is due and places what was decided. The fill step calls it to know what happens, the ledger step to
 * post it: both must come to the same result.
 */
export function execute(inputs: ExecuteInputs): Executed {
  const { rules, state, decision } = inputs;
  const { row, events } = advanceTo(
    rules,
    state,
    inputs.bars,
    inputs.fromOrdinal,
    decision.ordinal,
    inputs.fill.reading.haltAtMs,
    inputs.finer,
  );
  return placeDecided(inputs, row, events);
}

/** Places what was decided on a settled state, as far as it still may be. */
export function placeDecided(
  inputs: Pick<ExecuteInputs, 'rules' | 'state' | 'decision' | 'upcoming' | 'fill'>,
  row: number,
  events: TickEvents,
): Executed {
  const { rules, state, decision } = inputs;
  const { placing, code } = placingOf(inputs);
  // Without the calendar's next bars nothing can be placed; `placing` is then `none` and they are not read.
  const none = new Float64Array(0);
  const upcoming = inputs.upcoming ?? { startMs: none, endMs: none, sessionDay: none };
  const { placed, refused } = applyDecision(rules, state, decision, placing, upcoming);
  return { row, events, placed, refused, placingRefused: refused.length > 0 ? code : null };
}

/** What may be placed, and why not more. A switch that turned since the gate read it, and back, is no licence. */
function placingOf({
  rules,
  decision,
  upcoming,
  fill,
}: Pick<ExecuteInputs, 'rules' | 'decision' | 'upcoming' | 'fill'>): { placing: Placing; code: Code } {
  if (fill.late) return { placing: 'none', code: 'DEADLINE_PASSED' };
  if (fill.mismatched) return { placing: 'none', code: 'RELEASE_MISMATCH' };
  if (upcoming === undefined) return { placing: 'none', code: 'CALENDAR_EXPIRED' };
  if (fill.reading.haltAtMs !== null || fill.reading.turned !== decision.switch.turned)
    return { placing: rules.config.reduce_under_red ? 'reducing' : 'none', code: 'KILL_SWITCH' };
  return { placing: 'all', code: 'KILL_SWITCH' };
}
