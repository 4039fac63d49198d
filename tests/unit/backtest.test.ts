import { beforeAll, describe, expect, it } from 'vitest';
import { slice } from '../../shared/calendar/timeline.ts';
import { noEvents, type TickEvents } from '../../shared/execution/events.ts';
import { NEVER_MS } from '../../shared/execution/orders.ts';
import { bit, CODES } from '../../shared/kernel/codes.ts';
import { imbalance } from '../../shared/portfolio/book.ts';
import { applyDecision, upcomingBars } from '../../shared/tick/apply.ts';
import { backtest, type Backtest } from '../../shared/tick/backtest.ts';
import { forecaster } from '../../shared/tick/forecast-step.ts';
import { decideOn, idealTick } from '../../shared/tick/run-tick.ts';
import { SimulatedSwitch } from '../../shared/tick/simulated-switch.ts';
import { copyState, type TickState } from '../../shared/tick/state.ts';
import { advance, close, warmState } from '../../shared/tick/tick.ts';
import { walkForward } from '../../shared/tick/warm-up.ts';
import { cut } from '../support/bars.ts';
import { marketOf, type Market } from '../support/market.ts';
import { rulesOf, whole } from '../support/rules.ts';
import { goodInputs } from '../support/state.ts';

const rules = rulesOf(
  'crypto',
  {
    instruments: ['AAA', 'BBB', 'CCC', 'DDD'].map((symbol) => ({ ...whole(symbol), quantity_digits: 2 })),
    // A small share of a bar, so that orders fill in parts; room for the losses of a made-up market.
    fillSpec: { participation_cap: 0.002 },
    config: {
      starting_capital: 100_000,
      limits: { name_max: 0.3, gross_max: 0.95, drawdown_min: -0.9, daily_loss_min: -0.9 },
    },
    policy: { by_bar_size: { '60m': { entry: { p_launch_min: 0.05, edge_over_cost_min: 0 } } } },
  },
  'samples/configs',
);
const { health } = goodInputs;
const FIRST = 120;
const MONTH = { from: '2017-02-01', to: '2017-03-02', seed: 'backtest' };
let market: Market;
let whole60: Backtest;
const run = (one: Market = market, firstRow = FIRST): Backtest =>
  backtest({ rules, ...one, firstRow, health });

beforeAll(async () => {
  market = await marketOf(rules, { ...MONTH, gaps: 0.02 });
  whole60 = run();
});

describe('a backtest over simulated bars', () => {
  it('trades, or nothing was tested', () => {
    const { fills, ended } = whole60.events;
    expect(fills.length).toBeGreaterThan(50);
    const reasons = new Set(ended.map(({ status, reason }) => `${status} ${reason}`));
    expect([...reasons]).toEqual(
      expect.arrayContaining(['filled FILLED', 'partially_filled DEADLINE', 'partially_filled NO_EDGE']),
    );
    expect(new Set(ended.map(({ increases }) => increases))).toEqual(new Set([0, 1]));
    expect(whole60.state.performance.trades).toBeGreaterThan(5);
  });

  it('its cash, quantities and costs follow from its fills alone', () => {
    const { book, performance } = whole60.state;
    let cash = 100_000 * rules.minorPerUnit;
    const quantity = [0, 0, 0, 0];
    for (const fill of whole60.events.fills) {
      cash -= fill.side * fill.notionalMinor + fill.feeMinor;
      quantity[fill.instrument]! += fill.side * fill.quantity;
      expect(cash).toBeGreaterThanOrEqual(0);
      expect(quantity[fill.instrument]).toBeGreaterThanOrEqual(0); // no shorts here
    }
    expect(book.cash).toBe(cash);
    expect([...book.quantity]).toEqual(quantity);
    expect(imbalance(book)).toBe(0);
    expect(performance.fills).toBe(whole60.events.fills.length);
    expect(performance.ordersEnded).toBe(whole60.events.ended.length);
  });

  it("every fill is at a later bar's open, in its volume, never cheaper than the market", () => {
    const { bars } = market;
    for (const fill of whole60.events.fills) {
      const cell = (fill.ordinal - 1000) * 4 + fill.instrument;
      expect(fill.ordinal).toBeGreaterThan(fill.decidedOrdinal);
      expect(fill.ordinal).toBeLessThanOrEqual(fill.decidedOrdinal + 3);
      expect(fill.rawPrice).toBe(bars.open[cell]);
      expect(fill.quantity).toBeLessThanOrEqual(0.002 * bars.volume[cell]! * 100 + 1e-6);
      expect(fill.side * (fill.price - fill.rawPrice)).toBeGreaterThan(0);
      expect(fill.barStartMs).toBe(bars.startMs[fill.ordinal - 1000]);
      // Hourly bars around the clock open at the close of the last: t + 1 is struck 180.25 s early, later ones are not.
      expect(fill.struckBeforeFreeze).toBe(fill.delayBars === 1 ? 1 : 0);
      expect(fill.latencyBps > 0).toBe(fill.delayBars === 1);
    }
  });

  it('orders end once, with what they filled and a reason of the list', () => {
    const { fills, ended } = whole60.events;
    const key = (one: { instrument: number; decidedOrdinal: number }): string =>
      `${one.instrument}/${one.decidedOrdinal}`;
    const filled = new Map<string, number>();
    for (const fill of fills) filled.set(key(fill), (filled.get(key(fill)) ?? 0) + fill.quantity);
    expect(new Set(ended.map(key)).size).toBe(ended.length);
    for (const order of ended) {
      expect(order.filled).toBe(filled.get(key(order)) ?? 0);
      filled.delete(key(order));
      expect(Object.keys(CODES)).toContain(order.reason);
      expect(order.status === 'filled').toBe(order.filled === order.quantity);
      expect(order.endedOrdinal).toBeLessThanOrEqual(order.deadlineOrdinal);
    }
    // What is left belongs to orders that still work.
    for (const rest of filled.keys())
      expect(whole60.state.orders.quantity[Number(rest[0])]).toBeGreaterThan(0);
  });

  it('every tick has one action an instrument', () => {
    const ticks = market.bars.startMs.length - FIRST;
    expect(whole60.actions.reduce((sum, count) => sum + count, 0)).toBe(ticks * 4);
    expect(whole60.state.performance.ticks).toBe(ticks);
    expect(whole60.actions[2]).toBe(0); // SHORT
  });
});

/** What a backtest says, without the log that it is kept in. */
const told = ({ state, events, actions }: Backtest): object => ({ state, events, actions });

describe('the same inputs, the same answer', () => {
  it('twice', () => {
    expect(told(run())).toEqual(told(whole60));
  });

  it('the future changes nothing: a run cut short is the beginning of the whole', () => {
    for (const rows of [FIRST + 1, 300, 301, 450]) {
      const { events } = run({ ...market, bars: cut(market.bars, 0, rows) });
      const until = <T extends { ordinal?: number; endedOrdinal?: number }>(list: readonly T[]): T[] =>
        list.filter((one) => (one.ordinal ?? one.endedOrdinal)! < 1000 + rows);
      expect(events.fills).toEqual(until(whole60.events.fills));
      expect(events.ended).toEqual(until(whole60.events.ended));
    }
  });

  it('the past beyond the window changes nothing: more warm-up gives the same fills', () => {
    const from = FIRST - rules.windowRows + 1;
    const short = {
      bars: cut(market.bars, from, market.bars.startMs.length),
      line: slice(market.line, from, market.line.startMs.length),
    };
    expect(told(run(short, rules.windowRows - 1))).toEqual(told(whole60));
  });

  it('tick by tick, each from its own window and a copy of the last state: the backtest to the last digit', () => {
    let state: TickState = warmState(rules, market.bars, FIRST);
    const all: TickEvents = noEvents();
    const { bars, line } = market;
    const operated = new SimulatedSwitch(rules, bars.firstOrdinal + FIRST);
    for (let row = FIRST; row < bars.startMs.length; row++) {
      const window = cut(bars, row - rules.windowRows + 1, row + 1);
      const last = rules.windowRows - 1;
      const model = forecaster(rules);
      for (let k = 0; k <= last; k++) model.push(window, k);
      model.predict(window, last);
      const before = row % 25 === 0 ? structuredClone(state) : undefined;
      const next = copyState(state);
      const events = noEvents();
      expect(operated.reading.enabled).toBe(true);
      advance(rules, next, window, last, NEVER_MS, events);
      const upcoming = slice(line, row + 1, row + 1 + upcomingBars(rules));
      const now = idealTick(rules, window.endMs[last]!, operated.reading);
      const inputs = { rules, bars: window, row: last, view: model, now, upcoming, health };
      const { decision, valuation } = decideOn(inputs, next);
      const { placed } = applyDecision(rules, next, decision, 'all', upcoming);
      close(rules, next, window, last, {
        ...{ decision, valuation, placed: placed.length },
        instrumentsRed: window.flags.subarray(last * 4).filter((flags) => (flags & rules.unusable) !== 0)
          .length,
        misaligned: 0,
        late: false,
        driftCounts: [],
      });
      all.fills.push(...events.fills);
      all.ended.push(...events.ended);
      all.postings.push(...events.postings);
      if (before !== undefined) expect(state).toEqual(before); // a tick leaves the last state as it was
      state = next;
      operated.afterTick(decision, state);
    }
    expect(all).toEqual(whole60.events);
    expect(state).toEqual(whole60.state);
  });
});

describe('what blocks', () => {
  it('a model that may not be used: no order at all', () => {
    const graded = { ...health, grade: 'D' as const, codes: ['MODEL_BRIER' as const] };
    const { events, actions, state } = backtest({ rules, ...market, firstRow: FIRST, health: graded });
    expect(events).toEqual(noEvents());
    expect([...actions.slice(1)]).toEqual([0, 0, 0]);
    expect(state.performance.firstActiveDay).toBe(-1);
  });

  it('two of four instruments without bars: nothing is decided there, working orders end, exits may go', () => {
    const holes = cut(market.bars, 0, market.bars.startMs.length);
    for (let row = 300; row < 340; row++) {
      for (const i of [0, 1]) {
        for (const field of ['open', 'high', 'low', 'close', 'volume', 'turnover'] as const)
          holes[field][row * 4 + i] = NaN;
        holes.flags[row * 4 + i] = bit.DATA_MISSING;
      }
    }
    const { events } = run({ ...market, bars: holes });
    const inside = ({ decidedOrdinal }: { decidedOrdinal: number }): boolean =>
      decidedOrdinal >= 1300 && decidedOrdinal < 1340;
    for (const fill of events.fills.filter(inside)) expect(fill.side).toBe(-1);
    for (const order of events.ended.filter(inside)) expect(order.increases).toBe(0);
    for (const { ordinal, instrument } of events.fills)
      expect(instrument < 2 && ordinal >= 1300 && ordinal < 1340).toBe(false);
  });

  it('where the calendar ends nothing new is placed', () => {
    const short = { ...market, line: slice(market.line, 0, market.bars.startMs.length) };
    const { events } = run(short);
    const lastDecided = Math.max(...events.ended.map(({ decidedOrdinal }) => decidedOrdinal));
    // The last rows cannot see the four bars that an order needs.
    expect(lastDecided).toBeLessThan(1000 + market.bars.startMs.length - 4);
  });
});

describe('the walk before the first tick', () => {
  it('counts the forecasts whose horizon has closed, and uses no bar beyond', async () => {
    const { bars } = await marketOf(rules, MONTH);
    const past = cut(bars, 0, FIRST);
    const walked = walkForward(rules, past);
    const { health: record, driftReference, halfSpreadBps } = walked;
    // Windows of 32 closes are whole from row 31 on; 120 - 24 rows have a known outcome: 65 rows of 4.
    // Forecasts of 24 bars overlap, so that 24 of them count as one: 260 / 24 = 10.8.
    expect(record.samples).toBe(10);
    expect(driftReference.every(({ shares }) => shares.length === 10)).toBe(true);
    expect(walkForward(rules, cut(bars, 0, FIRST))).toEqual(walked);
    // A spread is only estimated from 200 bars on. These open at the last close: no spread shows in them.
    expect([...halfSpreadBps]).toEqual([NaN, NaN, NaN, NaN]);
    expect([...walkForward(rules, cut(bars, 0, 199)).halfSpreadBps]).toEqual([NaN, NaN, NaN, NaN]);
    expect([...walkForward(rules, cut(bars, 0, 200)).halfSpreadBps]).toEqual([0, 0, 0, 0]);
  });
});

describe('a split before the first tick', () => {
  it('leaves the record as it is on prices that were never split', async () => {
    const { bars } = await marketOf(rules, MONTH);
    const n = bars.instruments.length;
    const until = 400;
    const plain = cut(bars, 0, until);
    // All prices up to row 200 twice as high, and a 2:1 split of every instrument at that row.
    const twice = (column: Float64Array): Float64Array =>
      column.map((price, cell) => (cell < 200 * n ? 2 * price : price));
    const split = {
      ...plain,
      open: twice(plain.open),
      high: twice(plain.high),
      low: twice(plain.low),
      close: twice(plain.close),
      volume: plain.volume.map((volume, cell) => (cell < 200 * n ? volume / 2 : volume)),
      actions: bars.instruments.map((_, instrument) => ({
        ...{ instrument, ordinal: plain.firstOrdinal + 200, exDay: plain.sessionDay[200]! },
        ...{ kind: 'split' as const, ratio: 2, amount: 0, payDay: null, source: 'made up for a test' },
      })),
    };
    const [was, is] = [walkForward(rules, plain).health, walkForward(rules, split).health];
    expect(is.samples).toBe(was.samples);
    expect(is.brier).toBeCloseTo(was.brier, 4);
    expect(is.coverage).toBeCloseTo(was.coverage, 4);
    // Taken for a fall of half, the split would refute every forecast over it.
    const blind = walkForward(rules, { ...split, actions: [] }).health;
    expect(Math.abs(blind.coverage - was.coverage)).toBeGreaterThan(0.01);
  });
});
