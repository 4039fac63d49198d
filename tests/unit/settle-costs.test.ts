import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noEvents } from '../../shared/execution/events.ts';
import { NEVER_MS } from '../../shared/execution/orders.ts';
import { imbalance } from '../../shared/portfolio/book.ts';
import { openState, type TickState } from '../../shared/tick/state.ts';
import { advance } from '../../shared/tick/tick.ts';
import { barsOf, flat, type Cell } from '../support/bars.ts';
import { buy, free, FROZEN, lateBuy, paper, plenty, prices, run, sell } from '../support/paper.ts';
import { plainCosts, whole } from '../support/rules.ts';
import { holding, withOrder } from '../support/state.ts';

describe('fees and cash', () => {
  it('a minimum per order is charged once over its partial fills', () => {
    // 2.5 bps, at least 5. 10 a bar at 100: 1,000 owe 5.00; 2,000 still 5.00; with 300 more 32,000 owe 8.00.
    const rules = paper({ costProfile: plainCosts(2.5, 0, 0, 5) });
    const bars = prices(plenty(100), flat(100, 200), flat(100, 200), flat(100, 6000));
    const { fills } = run(rules, withOrder(openState(rules), 0, { ...buy, quantity: 320 }), bars);
    expect(fills.map(({ quantity, feeMinor }) => [quantity, feeMinor / 1e8])).toEqual([
      [10, 5],
      [10, 0],
      [300, 3],
    ]);
  });

  it('a cash account buys what its cash covers and never goes below zero', () => {
    const rules = paper({ ...free, config: { starting_capital: 1000 } });
    const { fills, ended, state } = run(
      rules,
      withOrder(openState(rules), 0, buy),
      prices(plenty(100), plenty(100)),
    );
    // 1,000 cover 10 at 100; a thousandth is left: 9.
    expect(fills).toMatchObject([{ quantity: 9 }]);
    expect(state.book.cash).toBe(10_000_000_000);
    expect(ended).toEqual([]);
  });

  it('no cash at all: expired with the reason', () => {
    const rules = paper({ ...free, config: { starting_capital: 50 } });
    const bars = prices(plenty(100), plenty(100), plenty(100), plenty(100));
    const { ended } = run(rules, withOrder(openState(rules), 0, buy), bars);
    expect(ended).toMatchObject([{ status: 'expired', reason: 'INSUFFICIENT_CASH' }]);
  });

  it('a minimum fee larger than the cash that is left buys nothing', () => {
    const rules = paper({ costProfile: plainCosts(0, 0, 0, 50), config: { starting_capital: 120 } });
    // 1 at 100 and the fee of 50 are 150, but there are 120.
    const { fills, state } = run(
      rules,
      withOrder(openState(rules), 0, { ...buy, quantity: 1 }),
      prices(plenty(100), plenty(100)),
    );
    expect(fills).toEqual([]);
    expect(state.book.cash).toBe(12_000_000_000);
  });

  it('orders that reduce come first, whatever the order of the file', () => {
    const rules = paper({
      ...free,
      instruments: [whole('AAA'), whole('BBB')],
      config: { starting_capital: 5000 },
    });
    const state = holding(rules, 1, 50, 100); // all cash is in BBB
    withOrder(state, 0, buy);
    withOrder(state, 1, sell);
    const bars = barsOf([
      [plenty(100), plenty(100)],
      [plenty(99), plenty(100)],
    ]);
    expect(run(rules, state, bars).fills).toMatchObject([
      { instrument: 1, side: -1, quantity: 50 },
      { instrument: 0, side: 1, quantity: 50 },
    ]);
  });

  it('property: cash never goes below zero and the book stays whole', () => {
    const rules = paper({
      costProfile: plainCosts(10, 2, 1, 5),
      instruments: [whole('AAA'), whole('BBB', 10)],
      config: { starting_capital: 20_000 },
    });
    const cell = fc
      .tuple(fc.integer({ min: 50, max: 200 }), fc.integer({ min: 0, max: 20_000 }))
      .map(([p, v]) => flat(p, v));
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 50 }),
        (rows, first, second) => {
          const state = openState(rules);
          withOrder(state, 0, { ...buy, quantity: first });
          withOrder(state, 1, { ...buy, quantity: second * 10 });
          const events = noEvents();
          const bars = barsOf(rows);
          for (let row = 0; row < 4; row++) {
            advance(rules, state, bars, row, NEVER_MS, events);
            expect(state.book.cash).toBeGreaterThanOrEqual(0);
            expect(imbalance(state.book)).toBe(0);
          }
          for (const { quantity, instrument } of events.fills)
            expect(quantity % (instrument === 0 ? 1 : 10)).toBe(0);
          expect([...state.orders.quantity]).toEqual([0, 0]);
        },
      ),
    );
  });
});

describe('the identity of costs (definition 32)', () => {
  const price = fc.double({ min: 1, max: 5000, noNaN: true });

  it('property: price net of costs less decision price = fee + slippage + impact + latency + move', () => {
    const rules = paper({ instruments: [{ ...whole('AAA'), quantity_digits: 3 }] });
    fc.assert(
      fc.property(
        price,
        fc.double({ min: 0.9, max: 1.1, noNaN: true }),
        fc.integer({ min: 1, max: 2000 }),
        fc.double({ min: 0, max: 0.05, noNaN: true }),
        fc.constantFrom<1 | -1>(1, -1),
        (reference, move, quantity, sigma, side) => {
          const state = side === 1 ? openState(rules) : holding(rules, 0, 2000, reference);
          state.book.cash = 1e15;
          withOrder(state, 0, { side, quantity, reference, frozen: FROZEN, spreadBps: 2, more: { sigma } });
          const { fills } = run(rules, state, prices(flat(reference, 1e9), flat(reference * move, 1e9)));
          const [fill] = fills;
          const steps = quantity / 1000;
          const atDecision = steps * reference * 1e8;
          const paid = side * (fill!.notionalMinor - atDecision) + fill!.feeMinor;
          const bps = fill!.totalBps;
          const { feeBps, slippageBps, impactBps, latencyBps, moveBps } = fill!;
          expect(bps).toBe(feeBps + slippageBps + impactBps + latencyBps + moveBps);
          expect(slippageBps).toBeGreaterThanOrEqual(2);
          // Money is rounded to whole minor units once: half a unit of the notional at most.
          expect(Math.abs(paid - (bps / 1e4) * atDecision)).toBeLessThanOrEqual(0.5 + 1e-9 * atDecision);
          for (const cost of [fill!.feeBps, fill!.slippageBps, fill!.impactBps, fill!.latencyBps]) {
            expect(cost).toBeGreaterThanOrEqual(0);
          }
        },
      ),
    );
  });

  it('the costs of the day are fee and friction, not the move', () => {
    const { state } = run(
      paper(),
      withOrder(openState(paper()), 0, lateBuy),
      prices(plenty(100), plenty(101)),
    );
    // fee 5.066 and 32 bps of 5,000 = 16: 21.066
    expect(state.performance.costs).toBe(2_106_600_000);
    expect(state.performance.today.costs).toBe(2_106_600_000);
  });

  it('property: impact and spread never fall with the size of the order', () => {
    const average = (quantity: number): { impact: number; slippage: number } => {
      const rules = paper();
      const state = openState(rules);
      state.book.cash = 1e15;
      withOrder(state, 0, { ...buy, quantity, spreadBps: 2 });
      // 5 % of 2,000: a hundred a bar, so that larger orders fill in parts.
      const { fills } = run(
        rules,
        state,
        prices(plenty(100), flat(100, 2000), flat(100, 2000), flat(100, 2000)),
      );
      const filled = fills.reduce((sum, fill) => sum + fill.quantity, 0);
      const mean = (pick: (fill: (typeof fills)[number]) => number): number =>
        fills.reduce((sum, fill) => sum + pick(fill) * fill.quantity, 0) / filled;
      return { impact: mean((fill) => fill.impactBps), slippage: mean((fill) => fill.slippageBps) };
    };
    const size = fc.integer({ min: 1, max: 400 });
    fc.assert(
      fc.property(size, size, (a, b) => {
        const [small, large] = [average(Math.min(a, b)), average(Math.max(a, b))];
        expect(large.impact).toBeGreaterThanOrEqual(small.impact - 1e-9);
        expect(large.slippage).toBeGreaterThanOrEqual(small.slippage);
      }),
      { examples: [[100, 110]] }, // one bar's share, and a little more
    );
  });

  it('an exit fills while the features are not ready, and pays impact all the same', () => {
    // A decision without ready features knows neither sigma nor the average traded value.
    const rules = paper();
    const state = withOrder(holding(rules, 0, 50, 100), 0, {
      ...sell,
      frozen: FROZEN,
      more: { sigma: 0, averageNotional: 0, relativeVolume: 0 },
    });
    const { fills } = run(rules, state, prices(plenty(100), [100, 101, 99, 100, 1000]));
    expect(fills).toMatchObject([{ quantity: 50, rawPrice: 100 }]);
    expect(fills[0]!.impactBps).toBeGreaterThan(0);
    expect(fills[0]!.latencyBps).toBeGreaterThan(0);
  });
});

describe('what counts as a trade (definition 10)', () => {
  const rules = paper(free);

  function sold(state: TickState, quantity: number, ...cells: Cell[]): TickState {
    withOrder(state, 0, { ...sell, quantity });
    return run(rules, state, prices(plenty(100), ...cells)).state;
  }

  it('an exit of 0.2 % of equity counts, less does not', () => {
    // Equity 100,000: 0.2 % are 200, two units at a cost of 100.
    expect(sold(holding(rules, 0, 50, 100), 2, plenty(110)).performance).toMatchObject({
      trades: 1,
      wins: 1,
      grossWin: 2_000_000_000,
    });
    expect(sold(holding(rules, 0, 50, 100), 1, plenty(110)).performance).toMatchObject({ trades: 0 });
  });

  it('the gain is after the fees of both sides', () => {
    const dear = paper({ costProfile: plainCosts(100, 0, 0) }); // 1 %
    const state = openState(dear);
    withOrder(state, 0, buy);
    run(dear, state, prices(plenty(100), plenty(100)));
    withOrder(state, 0, { ...sell, more: { decidedOrdinal: 1 }, frozen: '2024-01-01T01:59:00Z' });
    const events = noEvents();
    advance(dear, state, prices(plenty(100), plenty(100), plenty(101)), 2, NEVER_MS, events);
    // Bought for 5,000 with a fee of 50, sold for 5,050 with a fee of 50.50: 50 - 50 - 50.50 = -50.50.
    expect(events.ended).toMatchObject([{ realisedMinor: -5_050_000_000, closedMinor: 500_000_000_000 }]);
    expect(state.performance).toMatchObject({ trades: 1, wins: 0, grossWin: 0, grossLoss: 5_050_000_000 });
  });

  it('one per instrument and day, and parts of one order are one', () => {
    const state = holding(rules, 0, 50, 100);
    expect(sold(state, 20, flat(110, 200), flat(110, 200)).performance.trades).toBe(1);
    expect(sold(state, 20, plenty(110)).performance.trades).toBe(1);
    expect(state.book.quantity[0]).toBe(10);
    const nextDay = barsOf([[plenty(100)], [plenty(110)]], { start: '2024-01-02T00:00:00Z' });
    withOrder(state, 0, { ...sell, quantity: 10, frozen: '2024-01-02T00:59:00Z' });
    expect(run(rules, state, nextDay).state.performance.trades).toBe(2);
  });

  it('an entry is no trade', () => {
    const { state } = run(rules, withOrder(openState(rules), 0, buy), prices(plenty(100), plenty(100)));
    expect(state.performance).toMatchObject({ trades: 0, fills: 1 });
  });
});
