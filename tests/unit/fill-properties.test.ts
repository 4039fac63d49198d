import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { noEvents } from '../../shared/execution/events.ts';
import type { Fill } from '../../shared/execution/fills.ts';
import { NEVER_MS } from '../../shared/execution/orders.ts';
import { imbalance } from '../../shared/portfolio/book.ts';
import { backtest, type Backtest } from '../../shared/tick/backtest.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { openState } from '../../shared/tick/state.ts';
import { advance } from '../../shared/tick/tick.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import type { Cell } from '../support/bars.ts';
import { marketOf, type Market } from '../support/market.ts';
import { ashares, barsAt, dayOf, shanghai, share } from '../support/paper.ts';
import { plainCosts, rulesOf } from '../support/rules.ts';
import { goodInputs, withOrder } from '../support/state.ts';

const SEEDED = { seed: 20_240_604, numRuns: 300 };

/** Limits of the main board, ten per cent, in fen and in whole numbers only. */
const limitsOf = (close: number): [number, number] => {
  const fen = Math.round(close * 100);
  return [Math.floor((fen * 110 + 50) / 100), Math.floor((fen * 90 + 50) / 100)];
};

/** What no fill may ever do, whatever the market: told from the fill, its bar and the contract alone. */
function expectLawful(fill: Fill, bars: Bars, rules: MarketRules, frozenAtMs: number): void {
  const n = bars.instruments.length;
  const row = fill.ordinal - bars.firstOrdinal;
  const cell = row * n + fill.instrument;
  const { feeBps, slippageBps, impactBps, latencyBps, moveBps } = fill;
  expect(fill.totalBps).toBe(feeBps + slippageBps + impactBps + latencyBps + moveBps);
  for (const cost of [feeBps, slippageBps, impactBps, latencyBps]) expect(cost).toBeGreaterThanOrEqual(0);
  // The price that is paid is never better than the market's own.
  expect(fill.side * (fill.price - fill.rawPrice)).toBeGreaterThanOrEqual(0);
  expect(fill.rawPrice).toBe(bars.open[cell]);
  const units = fill.quantity / rules.instruments.stepsPerUnit[fill.instrument]!;
  expect(units).toBeLessThanOrEqual(rules.fillSpec.participation_cap * bars.volume[cell]! * (1 + 1e-12));
  expect(fill.quantity).toBeGreaterThan(0);
  // No closed session, no break; not before the freeze but where the contract allows it and charges for it.
  expect(fill.barStartMs).toBe(bars.startMs[row]);
  expect(rules.calendar.minuteToSession(fill.barStartMs)).toBeDefined();
  expect(fill.ordinal).toBeGreaterThan(fill.decidedOrdinal);
  const early = frozenAtMs + rules.fillSpec.latency_ms_min - fill.barStartMs;
  expect(fill.struckBeforeFreeze).toBe(early > 0 ? 1 : 0);
  expect(early).toBeLessThanOrEqual(rules.fillSpec.open_struck_before_freeze ? 300_000 : 0);
  expect(fill.latencyBps > 0).toBe(early > 0);
}

/** No sale of what was bought in its own session: quantities by session, from the fills alone. */
function expectNextSession(fills: readonly Fill[], dayOfFill: (fill: Fill) => number): void {
  const held = new Map<number, { free: number; locked: number; day: number }>();
  for (const fill of fills) {
    const one = held.get(fill.instrument) ?? { free: 0, locked: 0, day: -1 };
    const day = dayOfFill(fill);
    if (one.day !== day) Object.assign(one, { free: one.free + one.locked, locked: 0, day });
    if (fill.side > 0) one.locked += fill.quantity;
    else one.free -= fill.quantity;
    expect(one.free).toBeGreaterThanOrEqual(0);
    held.set(fill.instrument, one);
  }
}

describe('A-shares, three sessions of any bars and any orders', () => {
  const rules = ashares({ costProfile: plainCosts(3, 0, 1, 5), config: { starting_capital: 200_000 } });
  const starts = ['2024-06-04', '2024-06-05', '2024-06-06'].flatMap(shanghai);
  const tick = fc.integer({ min: 850, max: 1150 }).map((fen) => fen / 100);
  const cell = fc.oneof(
    { weight: 1, arbitrary: fc.constant(null) },
    {
      weight: 8,
      arbitrary: fc
        .tuple(tick, tick, fc.constantFrom(0, 1999, 2000, 10_000, 1_000_000))
        .map(([open, close, volume]): Cell => [
          open,
          Math.max(open, close),
          Math.min(open, close),
          close,
          volume,
        ]),
    },
    // Often at the very limits of a close of 10.00.
    { weight: 2, arbitrary: fc.constantFrom(9, 11).map((at): Cell => [at, at, at, at, 1_000_000]) },
  );
  const wish = fc.record({
    side: fc.constantFrom<1 | -1>(1, -1),
    lots: fc.integer({ min: 1, max: 40 }),
    spreadBps: fc.constantFrom(0, 2, 50),
    bars: fc.integer({ min: 1, max: 5 }),
  });
  let [filled, sold, locked, limited, parts] = [0, 0, 0, 0, 0];

  it('every fill is lawful, T+1 holds, and the book is whole', () => {
    fc.assert(
      fc.property(
        fc.array(cell, { minLength: 12, maxLength: 12 }),
        fc.array(wish, { minLength: 12, maxLength: 12 }),
        (cells, wishes) => {
          const bars = barsAt(
            ['2024-06-03T06:00', ...starts],
            [[[10, 10, 10, 10, 1e6] as Cell], ...cells.map((one) => [one])],
          );
          const state = openState(rules);
          const frozen: number[] = [];
          const fills: Fill[] = [];
          let close = 10;
          let before = 10;
          for (let row = 0; row <= 12; row++) {
            if (bars.sessionDay[row] !== state.book.sessionDay) before = close;
            const events = noEvents();
            advance(rules, state, bars, row, NEVER_MS, events);
            expect(imbalance(state.book)).toBe(0);
            expect(state.book.cash).toBeGreaterThanOrEqual(0);
            for (const fill of events.fills) {
              expectLawful(fill, bars, rules, frozen[fill.decidedOrdinal]!);
              // Neither at the limit of its side nor carried past it by its costs; both in whole fen.
              const [up, down] = limitsOf(before);
              const at = Math.round(fill.rawPrice * 100);
              if (fill.side > 0) expect([at < up, fill.price * 100 <= up + 1e-9]).toEqual([true, true]);
              else expect([at > down, fill.price * 100 >= down - 1e-9]).toEqual([true, true]);
              expect(Math.abs(fill.notionalMinor - fill.quantity * fill.price * 100)).toBeLessThanOrEqual(
                0.5001,
              );
              fills.push(fill);
            }
            if (bars.close[row] === bars.close[row]) close = bars.close[row]!;
            for (const { reason, filled: had, quantity } of events.ended) {
              if (reason === 'T1_LOCKED') locked++;
              if (reason === 'LIMIT_UP' || reason === 'LIMIT_DOWN') limited++;
              if (had > 0 && had < quantity) parts++;
            }
            frozen[row] = bars.endMs[row]! + 180_000;
            const given = wishes[row];
            const holds = state.book.quantity[0]!;
            if (given === undefined || state.orders.quantity[0] !== 0 || (given.side < 0 && holds === 0))
              continue;
            withOrder(state, 0, {
              ...{
                side: given.side,
                spreadBps: given.spreadBps,
                reference: close,
                deadlineOrdinal: row + given.bars,
              },
              quantity: given.side > 0 ? given.lots * 100 : Math.min(given.lots * 100, holds),
              frozen: new Date(frozen[row]!).toISOString(),
              more: { decidedOrdinal: row },
            });
          }
          expectNextSession(fills, (fill) => Math.floor(fill.barStartMs / 86_400_000));
          filled += fills.length;
          sold += fills.filter(({ side }) => side < 0).length;
        },
      ),
      SEEDED,
    );
  });

  it('met every rule often enough to say something', () => {
    for (const count of [filled, sold, locked, limited, parts]) expect(count).toBeGreaterThan(10);
  });
});

describe('a round trip', () => {
  it('property: cash changes by notional and fee of each side, and nothing else is left of it', () => {
    const rules = rulesOf('us_equities', {
      instruments: [{ ...share('AAPL', 'listed') }],
      config: { shorting: true, starting_capital: 10_000_000 },
      fillSpec: { latency_ms_min: 0, open_struck_before_freeze: false, participation_cap: 0.05 },
    });
    const price = fc.integer({ min: 100, max: 100_000 }).map((cents) => cents / 100);
    fc.assert(
      fc.property(
        ...([price, fc.integer({ min: 50, max: 200 }), fc.integer({ min: 1, max: 5000 })] as const),
        fc.constantFrom<1 | -1>(1, -1),
        (enter, percent, quantity, side) => {
          const leave = (enter * percent) / 100;
          const at = (p: number): Cell => [p, p, p, p, 1e6];
          const bars = barsAt(
            ['2024-06-03T13:30', '2024-06-03T14:30', '2024-06-03T15:30'],
            [[at(enter)], [at(enter)], [at(leave)]],
          );
          const state = openState(rules);
          const events = noEvents();
          const one = { quantity, spreadBps: 3, frozen: '2024-06-03T14:00:00Z', deadlineOrdinal: 9 };
          withOrder(state, 0, { ...one, side, reference: enter });
          advance(rules, state, bars, 1, NEVER_MS, events);
          const opposite = side === 1 ? -1 : 1;
          withOrder(state, 0, { ...one, side: opposite, reference: enter, more: { decidedOrdinal: 1 } });
          advance(rules, state, bars, 2, NEVER_MS, events);
          const moved = events.fills.reduce((sum, f) => sum - f.side * f.notionalMinor - f.feeMinor, 0);
          expect(events.fills).toHaveLength(2);
          expect(state.book.cash).toBe(1_000_000_000 + moved);
          expect([state.book.cost[0], state.book.quantity[0], state.book.lots[0]]).toEqual([0, 0, []]);
          expect(state.book.realised - state.book.fees).toBe(moved);
          expect(imbalance(state.book)).toBe(0);
        },
      ),
      { ...SEEDED, numRuns: 100 },
    );
  });
});

describe('a month of simulated A-shares, decided and filled as a tick does', () => {
  const entry = { p_launch_min: 0.05, edge_over_cost_min: 0, p_up_min: 0.52, p_down_min: 0.52 };
  const rules = ashares({
    instruments: ['600000', '600001', '600002'].map((symbol) => share(symbol)),
    costProfile: plainCosts(3, 2, 1, 5),
    config: { limits: { drawdown_min: -0.9, daily_loss_min: -0.9, order_notional_min: 0 } },
    fillSpec: { participation_cap: 0.01, latency_ms_min: 250 },
    policy: { by_bar_size: { '60m': { entry } } },
  });
  let market: Market;
  let result: Backtest;
  beforeAll(async () => {
    market = await marketOf(rules, { from: '2024-01-02', to: '2024-05-31', seed: 't-plus-one', gaps: 0.02 });
    result = backtest({ rules, ...market, firstRow: 120, health: goodInputs.health });
  });

  it('trades both ways, or nothing was tested', () => {
    const { fills } = result.events;
    expect(fills.filter(({ side }) => side < 0).length).toBeGreaterThan(10);
    expect(fills.filter(({ side }) => side > 0).length).toBeGreaterThan(10);
  });

  it('every fill is lawful and in whole lots, and T+1 holds', () => {
    const { bars } = market;
    const frozenAtMs = (fill: Fill): number => bars.endMs[fill.decidedOrdinal - bars.firstOrdinal]! + 180_000;
    for (const fill of result.events.fills) expectLawful(fill, bars, rules, frozenAtMs(fill));
    expectNextSession(result.events.fills, (fill) => bars.sessionDay[fill.ordinal - bars.firstOrdinal]!);
    for (const fill of result.events.fills) expect(fill.quantity % 100).toBe(0);
    expect(imbalance(result.state.book)).toBe(0);
    expect(dayOf('2024-01-02')).toBeLessThan(result.state.book.sessionDay);
  });
});
