import { describe, expect, it } from 'vitest';
import { noEvents } from '../../shared/execution/events.ts';
import { NEVER_MS } from '../../shared/execution/orders.ts';
import { bit, type InstrumentCode } from '../../shared/kernel/codes.ts';
import { applyDecision, upcomingBars, type Placing } from '../../shared/tick/apply.ts';
import {
  ACTIONS,
  DECISION_COLUMNS,
  emptyDecision,
  type Action,
  type Decision,
} from '../../shared/tick/decision.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { openState, type TickState } from '../../shared/tick/state.ts';
import { advance } from '../../shared/tick/tick.ts';
import { barsOf, flat } from '../support/bars.ts';
import { plainCosts, rulesOf, whole, type Overrides } from '../support/rules.ts';
import { decisionHead, holding, withOrder } from '../support/state.ts';

const paper = (overrides: Overrides = {}): MarketRules =>
  rulesOf('crypto', {
    instruments: [whole('AAA')],
    costProfile: plainCosts(0, 0, 0),
    ...overrides,
    fillSpec: {
      delay_bars: 1,
      deadline_bars: 2,
      latency_ms_min: 250,
      open_struck_before_freeze: true,
      open_struck_within_s_max: 300,
      ...overrides.fillSpec,
    },
  });
const at = (time: string): number => Date.parse(`2024-01-01T${time}Z`);
/** The four bars after the close of 10:00. */
const upcoming = {
  startMs: Float64Array.from(['10:00:00', '11:00:00', '12:00:00', '13:00:00'], at),
  endMs: Float64Array.from(['11:00:00', '12:00:00', '13:00:00', '14:00:00'], at),
  sessionDay: new Float64Array(4).fill(19_723),
};

/** A decision of ordinal 50 at the close of 10:00, frozen three minutes later. */
function decision(
  action: Action,
  delta: number,
  codes: readonly InstrumentCode[] = [],
  frozen = '10:03:00',
): Decision {
  const made = emptyDecision(
    1,
    decisionHead({ ordinal: 50, tickMs: at('10:00:00'), frozenAtMs: at(frozen) }),
  );
  DECISION_COLUMNS.forEach((column, k) => (made[column][0] = k + 0.5));
  made.action[0] = ACTIONS.indexOf(action);
  made.delta[0] = delta;
  made.reasons[0] = codes.reduce((mask, code) => mask | bit[code], 0);
  made.invalidation[0] = 92;
  return made;
}
const apply = (rules: MarketRules, state: TickState, made: Decision, placing: Placing = 'all') =>
  applyDecision(rules, state, made, placing, upcoming);
const working = (side: 1 | -1) =>
  ({ side, quantity: 10, reference: 100, frozen: '2024-01-01T09:03:00Z' }) as const;
const orderOf = ({ orders }: TickState) => ({
  side: orders.side[0],
  quantity: orders.quantity[0],
  deadlineOrdinal: orders.deadlineOrdinal[0],
  deadline: new Date(orders.deadlineMs[0]!).toISOString().slice(11, 16),
});

describe('placing', () => {
  it('an order carries all that its fills will need', () => {
    const rules = paper();
    const state = openState(rules);
    const made = decision('LONG', 120);
    expect(apply(rules, state, made)).toEqual({ placed: [0], refused: [] });
    const { orders } = state;
    expect(orderOf(state)).toEqual({ side: 1, quantity: 120, deadlineOrdinal: 53, deadline: '13:00' });
    expect([orders.decidedOrdinal[0], orders.decidedAtMs[0], orders.frozenAtMs[0]]).toEqual([
      50,
      at('10:00:00'),
      at('10:03:00'),
    ]);
    expect([orders.increases[0], orders.filled[0], orders.cancelAtMs[0]]).toEqual([1, 0, NEVER_MS]);
    for (const column of [
      'referencePrice',
      'spreadBps',
      'sigma',
      'averageNotional',
      'relativeMove',
      'relativeVolume',
    ] as const) {
      expect(orders[column][0]).toBe(made[column][0]);
    }
  });

  it('the deadline is three bars long wherever the first eligible bar lies', () => {
    const forbidden = paper({ fillSpec: { open_struck_before_freeze: false } });
    const state = openState(forbidden);
    apply(forbidden, state, decision('LONG', 1));
    // Bar 51 opened at 10:00, before the freeze: 52, 53 and 54 may fill.
    expect(orderOf(state)).toMatchObject({ deadlineOrdinal: 54, deadline: '14:00' });
    const prompt = openState(forbidden);
    apply(forbidden, prompt, decision('LONG', 1, [], '09:59:59'));
    expect(orderOf(prompt)).toMatchObject({ deadlineOrdinal: 53, deadline: '13:00' });
    const late = openState(paper());
    apply(paper(), late, decision('LONG', 1, [], '10:05:00')); // 300.25 s after the open
    expect(orderOf(late)).toMatchObject({ deadlineOrdinal: 54, deadline: '14:00' });
    expect(upcomingBars(forbidden)).toBe(4);
  });

  it('an order says why it leaves', () => {
    for (const code of ['TIME_STOP', 'INVALIDATED'] as const) {
      const state = holding(paper(), 0, 10, 100);
      apply(paper(), state, decision('FLAT', -10, ['NO_EDGE', code]));
      expect(state.orders.intent[0]).toBe(code);
      expect([state.orders.side[0], state.orders.quantity[0], state.orders.increases[0]]).toEqual([
        -1, 10, 0,
      ]);
    }
  });

  it('LONG and SHORT confirm the position and its level; WAIT and FLAT do not', () => {
    for (const [action, ordinal] of [
      ['LONG', 50],
      ['SHORT', 50],
      ['WAIT', 0],
      ['FLAT', 0],
    ] as const) {
      const { book } = ((state) => (apply(paper(), state, decision(action, 0)), state))(openState(paper()));
      expect([book.confirmedOrdinal[0], book.invalidation[0]]).toEqual(ordinal === 0 ? [0, 0] : [50, 92]);
    }
  });
});

describe('a disabled market', () => {
  it('places nothing at all, or only what reduces', () => {
    const flatState = openState(paper());
    expect(apply(paper(), flatState, decision('LONG', 10), 'none')).toEqual({ placed: [], refused: [0] });
    expect(apply(paper(), flatState, decision('LONG', 10), 'reducing')).toEqual({ placed: [], refused: [0] });
    expect(flatState.orders.quantity[0]).toBe(0);
    const held = holding(paper(), 0, 10, 100);
    expect(apply(paper(), held, decision('LONG', 5), 'reducing')).toEqual({ placed: [], refused: [0] });
    expect(apply(paper(), held, decision('FLAT', -10), 'none')).toEqual({ placed: [], refused: [0] });
    expect(held.orders.quantity[0]).toBe(0);
    expect(apply(paper(), held, decision('FLAT', -10), 'reducing')).toEqual({ placed: [0], refused: [] });
    expect(held.orders.quantity[0]).toBe(10);
  });
});

describe('working orders under a new decision (definition 6)', () => {
  /** When the order is cancelled, and why, after a decision with the action. */
  function cancelled(state: TickState, action: Action, codes: readonly InstrumentCode[] = []) {
    apply(paper(), state, decision(action, 0, [...codes, 'ORDER_PENDING']));
    const ms = state.orders.cancelAtMs[0]!;
    return ms === NEVER_MS ? null : [new Date(ms).toISOString().slice(11, 19), state.orders.cancelCode[0]];
  }
  const buying = (): TickState => withOrder(openState(paper()), 0, working(1));
  const selling = (): TickState => withOrder(holding(paper(), 0, 10, 100), 0, working(-1));

  it('WAIT cancels what increases from the freeze on, with the reason of the wait', () => {
    expect(cancelled(buying(), 'WAIT', ['MARKET_RED'])).toEqual(['10:03:00', 'MARKET_RED']);
    expect(cancelled(buying(), 'WAIT', ['DATA_MISSING'])).toEqual(['10:03:00', 'DATA_MISSING']);
  });

  it('and keeps what reduces', () => {
    for (const action of ['WAIT', 'FLAT', 'LONG'] as const) expect(cancelled(selling(), action)).toBeNull();
  });

  it('another direction replaces, the same one leaves the order alone', () => {
    expect(cancelled(buying(), 'LONG')).toBeNull();
    expect(cancelled(buying(), 'FLAT')).toEqual(['10:03:00', 'REPLACED']);
    expect(cancelled(buying(), 'SHORT')).toEqual(['10:03:00', 'REPLACED']);
    const shorting = withOrder(openState(paper()), 0, working(-1));
    expect(cancelled(shorting, 'LONG')).toEqual(['10:03:00', 'REPLACED']);
  });
});

describe('a halt (definition 3)', () => {
  const bars = barsOf([[flat(100, 1e6)], [flat(101, 1e6)], [flat(102, 1e6)]]);
  const halted = (rules: MarketRules, state: TickState, haltAt: string, row: number) => {
    const events = noEvents();
    advance(rules, state, bars, row, Date.parse(haltAt), events);
    return events;
  };
  const entry = { side: 1, quantity: 10, reference: 100, frozen: '2024-01-01T00:59:00Z' } as const;
  const exit = { ...entry, side: -1 } as const;

  it('a fill whose moment came before it stands, a later one does not', () => {
    const rules = paper();
    const before = halted(rules, withOrder(openState(rules), 0, entry), '2024-01-01T01:30:00Z', 1);
    expect(before.fills).toMatchObject([{ price: 101, quantity: 10 }]);
    const after = halted(rules, withOrder(openState(rules), 0, entry), '2024-01-01T00:59:30Z', 1);
    expect(after.fills).toEqual([]);
    expect(after.ended).toMatchObject([{ status: 'cancelled', reason: 'KILL_SWITCH' }]);
  });

  it('orders that reduce go on where the market file says so', () => {
    const [kind, strict] = [
      paper({ config: { reduce_under_red: true } }),
      paper({ config: { reduce_under_red: false } }),
    ];
    const held = (rules: MarketRules) => withOrder(holding(rules, 0, 10, 100), 0, exit);
    expect(halted(kind, held(kind), '2024-01-01T00:00:00Z', 1).fills).toHaveLength(1);
    expect(halted(strict, held(strict), '2024-01-01T00:00:00Z', 1).ended).toMatchObject([
      { reason: 'KILL_SWITCH' },
    ]);
  });
});
