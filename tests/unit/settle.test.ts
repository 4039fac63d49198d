import { describe, expect, it } from 'vitest';
import type { Bars } from '../../shared/market-data/bars.ts';
import { openState } from '../../shared/tick/state.ts';
import { barsOf, flat, type Cell } from '../support/bars.ts';
import { buy, free, FROZEN, lateBuy, paper, plenty, prices, run, sell } from '../support/paper.ts';
import { whole } from '../support/rules.ts';
import { holding, withOrder } from '../support/state.ts';

describe('a bar struck before the freeze (definition 1)', () => {
  const bars = prices(plenty(100), plenty(101), plenty(103));

  it('is charged sigma * sqrt(delay) on top of spread and impact', () => {
    const { fills, ended, state } = run(paper(), withOrder(openState(paper()), 0, lateBuy), bars);
    expect(fills).toHaveLength(1);
    const [fill] = fills;
    // 101 + 100 * (2 + 10 + 20) bps = 101.32; 50 * 101.32 = 5,066, fee 5.066, in 1e-8 USDT.
    expect(fill).toMatchObject({
      ordinal: 1,
      delayBars: 1,
      quantity: 50,
      rawPrice: 101,
      struckBeforeFreeze: 1,
    });
    expect(fill!.price).toBeCloseTo(101.32, 10);
    expect(fill!.latencyBps).toBeCloseTo(20, 10);
    expect(fill!.impactBps).toBeCloseTo(10, 10);
    expect(fill!.slippageBps).toBe(2);
    expect(fill!.moveBps).toBeCloseTo(100, 10);
    expect(fill!.notionalMinor).toBe(506_600_000_000);
    expect(fill!.feeMinor).toBe(506_600_000);
    expect(ended).toMatchObject([{ status: 'filled', reason: 'FILLED', endedOrdinal: 1 }]);
    expect(state.performance.fillsStruckBeforeFreeze).toBe(1);
    // 100,000 - 5,066 - 5.066 = 94,928.934
    expect(state.book.cash).toBe(9_492_893_400_000);
  });

  it('a sell gets less by the same', () => {
    const state = withOrder(holding(paper(), 0, 50, 100), 0, { ...sell, frozen: FROZEN, spreadBps: 2 });
    const { fills } = run(paper(), state, bars);
    expect(fills[0]!.price).toBeCloseTo(100.68, 10); // 101 - 0.32
    expect(fills[0]!.moveBps).toBeCloseTo(-100, 10); // a rise is the seller's gain
  });

  it('fills nothing where the contract forbids it: the next bar does, without the charge', () => {
    const rules = paper({ fillSpec: { open_struck_before_freeze: false } });
    const { fills } = run(rules, withOrder(openState(rules), 0, lateBuy), bars);
    expect(fills).toMatchObject([{ ordinal: 2, rawPrice: 103, latencyBps: 0, struckBeforeFreeze: 0 }]);
    expect(fills[0]!.price).toBeCloseTo(103.12, 10); // 103 + 100 * (2 + 10) bps
  });

  it('fills nothing beyond the allowed seconds', () => {
    const late = { ...buy, frozen: '2024-01-01T01:05:01Z' }; // 301 s after the open
    const { fills } = run(paper(), withOrder(openState(paper()), 0, late), bars);
    expect(fills).toMatchObject([{ ordinal: 2, rawPrice: 103, struckBeforeFreeze: 0 }]);
  });

  it('vwap and mid of such a bar began before the freeze too and are charged alike', () => {
    for (const price_mode of ['vwap', 'mid'] as const) {
      const rules = paper({ fillSpec: { price_mode } });
      const { fills } = run(rules, withOrder(openState(rules), 0, lateBuy), bars);
      expect(fills[0]!.latencyBps).toBeCloseTo(20, 10);
    }
  });

  it('a break between close and open makes the next open honest: no charge, even where forbidden', () => {
    const rules = paper({ fillSpec: { open_struck_before_freeze: false } });
    const gap = prices(plenty(100), plenty(101));
    gap.startMs[1] = Date.parse('2024-01-01T02:30:00Z');
    const { fills } = run(rules, withOrder(openState(rules), 0, lateBuy), gap);
    expect(fills).toMatchObject([{ ordinal: 1, latencyBps: 0, struckBeforeFreeze: 0 }]);
    expect(fills[0]!.price).toBeCloseTo(101.12, 10);
  });

  it('never fills on the bar of the decision itself', () => {
    const early = { ...buy, frozen: '2023-12-31T23:59:00Z' };
    expect(run(paper(), withOrder(openState(paper()), 0, early), bars, 1).fills).toEqual([]);
  });

  it('the delay of the contract counts bars', () => {
    const rules = paper({ fillSpec: { delay_bars: 2 } });
    const { fills } = run(rules, withOrder(openState(rules), 0, lateBuy), bars);
    expect(fills).toMatchObject([{ ordinal: 2, delayBars: 2 }]);
  });
});

describe('bars that fill nothing (definition 5)', () => {
  const rules = paper(free);
  const three = (cell: Cell | null): Bars => prices(plenty(100), cell, cell, cell);

  it.each([
    ['zero volume', three(flat(100, 0)), 'NO_VOLUME'],
    ['absent', three(null), 'NO_BAR'],
    ['5 % of 19 is less than one', three(flat(100, 19)), 'PARTICIPATION_CAP'],
    // A high below the low makes the bar RED for this market.
    [
      'unusable',
      barsOf([[plenty(100)], [plenty(100)], [plenty(100)], [plenty(100)]], {
        flags: { 1: 'DATA_HIGH_BELOW_LOW', 2: 'DATA_HIGH_BELOW_LOW', 3: 'DATA_HIGH_BELOW_LOW' },
      }),
      'NO_BAR',
    ],
  ] as const)('%s: expired with %s', (_, bars, reason) => {
    const { fills, ended, state } = run(rules, withOrder(openState(rules), 0, buy), bars);
    expect(fills).toEqual([]);
    expect(ended).toMatchObject([{ status: 'expired', reason, filled: 0, endedOrdinal: 3 }]);
    expect(state.orders.quantity[0]).toBe(0);
    expect(state.performance.ordersFailed).toBe(reason === 'NO_BAR' ? 1 : 0);
  });

  it.each(['DATA_STALE_RUN', 'DATA_CONFLICT'] as const)(
    '%s fills nothing even where the market file calls it GREEN',
    (flag) => {
      const mild = paper({
        ...free,
        config: { quality: { stale_run: 'GREEN', conflicting_duplicate: 'GREEN' } },
      });
      const bars = barsOf([[plenty(100)], [plenty(100)], [plenty(101)]], { flags: { 1: flag } });
      const { fills } = run(mild, withOrder(openState(mild), 0, buy), bars);
      expect(fills).toMatchObject([{ ordinal: 2, rawPrice: 101 }]);
    },
  );

  it('a bar without volume only delays', () => {
    const { fills } = run(
      rules,
      withOrder(openState(rules), 0, buy),
      prices(plenty(100), flat(90, 0), plenty(102)),
    );
    expect(fills).toMatchObject([{ ordinal: 2, price: 102 }]);
  });
});

describe('participation and the deadline (definitions 4 and 5)', () => {
  const lots = paper({ ...free, instruments: [whole('AAA', 100)] });
  const order = { ...buy, quantity: 500 };

  it('5 % of 5,900 is 295, two lots a bar: 200, 200, 100', () => {
    const bars = prices(plenty(100), flat(100, 5900), flat(101, 5900), flat(102, 5900));
    const { fills, ended } = run(lots, withOrder(openState(lots), 0, order), bars);
    expect(fills.map(({ ordinal, quantity, price }) => [ordinal, quantity, price])).toEqual([
      [1, 200, 100],
      [2, 200, 101],
      [3, 100, 102],
    ]);
    expect(ended).toMatchObject([{ status: 'filled', reason: 'FILLED', filled: 500, endedOrdinal: 3 }]);
  });

  it('what is left at the deadline is given up', () => {
    const bars = prices(plenty(100), flat(100, 2900), flat(100, 2900), flat(100, 2900), plenty(100));
    const { ended, state } = run(lots, withOrder(openState(lots), 0, order), bars);
    expect(ended).toMatchObject([
      { status: 'partially_filled', reason: 'DEADLINE', filled: 300, endedOrdinal: 3 },
    ]);
    expect(state.book.quantity[0]).toBe(300);
    expect(state.performance.ordersFailed).toBe(0);
  });

  it('an exit of the whole position takes the odd lot along, a part of it does not', () => {
    const bars = prices(plenty(100), plenty(100));
    const exit = run(lots, withOrder(holding(lots, 0, 250, 100), 0, { ...sell, quantity: 250 }), bars);
    expect(exit.fills).toMatchObject([{ quantity: 250 }]);
    expect(exit.state.book.cost[0]).toBe(0);
    const thin = prices(plenty(100), flat(100, 5900)); // 295, two lots
    const part = run(lots, withOrder(holding(lots, 0, 650, 100), 0, { ...sell, quantity: 600 }), thin);
    expect(part.fills).toMatchObject([{ quantity: 200 }]);
  });
});

describe('cancelling (definition 3)', () => {
  const rules = paper(free);
  const bars = prices(plenty(100), plenty(101), plenty(102));

  it('after the start of the bar: the fill stands, a halt is no free option', () => {
    const cancel = { at: '2024-01-01T01:00:00.001Z', code: 'KILL_SWITCH' };
    const { fills, ended } = run(rules, withOrder(openState(rules), 0, { ...buy, cancel }), bars);
    expect(fills).toMatchObject([{ ordinal: 1, price: 101 }]);
    expect(ended).toMatchObject([{ status: 'filled' }]);
  });

  it('before it, or at the very moment: cancelled with the code', () => {
    for (const at of ['2024-01-01T00:30:00Z', '2024-01-01T01:00:00Z']) {
      const cancel = { at, code: 'KILL_SWITCH' };
      const { fills, ended } = run(rules, withOrder(openState(rules), 0, { ...buy, cancel }), bars);
      expect(fills).toEqual([]);
      expect(ended).toMatchObject([{ status: 'cancelled', reason: 'KILL_SWITCH', endedOrdinal: 1 }]);
    }
  });

  it('between two bars: what filled before stays', () => {
    const cancel = { at: '2024-01-01T01:30:00Z', code: 'REPLACED' };
    const thin = prices(plenty(100), flat(101, 200), plenty(102)); // 5 % of 200 is 10
    const { fills, ended } = run(rules, withOrder(openState(rules), 0, { ...buy, cancel }), thin);
    expect(fills).toMatchObject([{ ordinal: 1, quantity: 10 }]);
    expect(ended).toMatchObject([
      { status: 'partially_filled', reason: 'REPLACED', filled: 10, endedOrdinal: 2 },
    ]);
  });
});
