import { describe, expect, it } from 'vitest';
import type { EventSink } from '../../shared/execution/events.ts';
import { NEVER_MS } from '../../shared/execution/orders.ts';
import { imbalance, receivable } from '../../shared/portfolio/book.ts';
import { value } from '../../shared/portfolio/mark.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { openState, type TickState } from '../../shared/tick/state.ts';
import { advance } from '../../shared/tick/tick.ts';
import { noEvents } from '../../shared/execution/events.ts';
import { flat } from '../support/bars.ts';
import { action, ashares, barsAt, dayOf, run, share } from '../support/paper.ts';
import { plainCosts, rulesOf, whole } from '../support/rules.ts';
import { holding, withOrder } from '../support/state.ts';

const us = rulesOf('us_equities', {
  instruments: [whole('AAA')],
  costProfile: plainCosts(0, 0, 0),
  config: { starting_capital: 100_000, shorting: true },
  fillSpec: {
    latency_ms_min: 0,
    open_struck_before_freeze: false,
    deadline_bars: 2,
    participation_cap: 0.05,
  },
});

/** Thursday's close and Friday's first bar, 7 June 2024: the ex-date. */
const overNight = (
  before: number,
  after: number,
  actions: readonly ReturnType<typeof action>[],
  volume = 1e6,
) =>
  barsAt(['2024-06-06T19:00', '2024-06-07T13:30'], [[flat(before, volume)], [flat(after, volume)]], {
    actions,
  });
const split = (ratio: number, ordinal = 1) => action({ kind: 'split', ordinal, ratio }, '2024-06-07');
const dividend = (amount: number, payDate: string | null = '2024-06-20', ordinal = 1) =>
  action({ kind: 'dividend', ordinal, amount }, '2024-06-07', payDate);
/** A position bought in the session of the date. */
function since(
  rules: MarketRules,
  date: string,
  shares: number,
  price: number,
  state = openState(rules),
): TickState {
  state.book.sessionDay = dayOf(date);
  return holding(rules, 0, shares, price, state);
}
/** Equity in minor units after each row. */
function equities(rules: MarketRules, state: TickState, bars: ReturnType<typeof barsAt>): number[] {
  const events: EventSink = noEvents();
  return Array.from(bars.startMs, (_, row) => {
    advance(rules, state, bars, row, NEVER_MS, events);
    expect(imbalance(state.book)).toBe(0);
    return value(state.book, bars.sessionDay[row]!, rules.marking).equity;
  });
}

describe('splits', () => {
  it.each([
    // AAPL on 2014-06-09 and on 2020-08-31.
    [7, 645.57, 92.22, 840, 350],
    [4, 500, 125, 480, 200],
  ])(
    '%d for one: the quantity grows, the cost stands, and so does the order',
    (ratio, close, ex, held, ordered) => {
      const state = withOrder(since(us, '2024-05-01', 120, 400), 0, {
        ...{ side: 1, quantity: 50, reference: close, frozen: '2024-06-06T20:03:00Z' },
        // A bar without volume: the order works on.
        deadlineOrdinal: 3,
      });
      const { fills, ended, postings } = run(us, state, overNight(close, ex, [split(ratio)], 0));
      expect([fills, ended]).toEqual([[], []]);
      expect(state.book.quantity[0]).toBe(held);
      expect(state.book.cost[0]).toBe(4_800_000);
      expect(state.book.lots[0]).toEqual([held, 4_800_000, 0, dayOf('2024-05-01')]);
      expect(state.orders.quantity[0]).toBe(ordered);
      expect(state.orders.referencePrice[0]).toBeCloseTo(close / ratio, 10);
      expect(postings).toMatchObject([
        { kind: 'split', ordinal: 1, quantityBefore: 120, quantityAfter: held, cash: 0, cost: 0, ratio },
      ]);
      expect([imbalance(state.book), state.book.realised, state.book.cash]).toEqual([0, 0, 5_200_000]);
    },
  );

  it('what has filled of an order is split with it, and only the rest fills', () => {
    const state = withOrder(openState(us), 0, {
      ...{ side: 1, quantity: 50, reference: 400, frozen: '2024-06-06T20:03:00Z' },
      more: { filled: 10, notional: 4000 },
    });
    since(us, '2024-06-06', 10, 400, state);
    const { fills, ended } = run(us, state, overNight(400, 100, [split(4)]));
    expect(fills).toMatchObject([{ quantity: 160, price: 100, referencePrice: 100, moveBps: 0 }]);
    expect(ended).toMatchObject([{ status: 'filled', filled: 200, quantity: 200 }]);
    expect(state.book.quantity[0]).toBe(200);
  });

  it('one for ten of 155: fifteen, and half a new share in cash at the ex price', () => {
    // Bought at 1.50 for 232.50, last close 2.00: 0.5 at 20.00 are 10.00, their cost 232.50 * 0.5 / 15.5 = 7.50.
    const state = since(us, '2024-05-01', 155, 1.5);
    const { postings } = run(us, state, overNight(2, 20, [split(0.1)]));
    expect([state.book.quantity[0], state.book.cost[0]]).toEqual([15, 22_500]);
    expect(state.book.lots[0]).toEqual([15, 22_500, 0, dayOf('2024-05-01')]);
    expect(postings).toMatchObject([
      { kind: 'split', quantityAfter: 15, cash: 1000, cost: -750, income: 250, rate: 20 },
    ]);
    expect(state.book).toMatchObject({ cash: 10_000_000 - 23_250 + 1000, realised: 250 });
    expect(imbalance(state.book)).toBe(0);
  });

  it('a short pays for the fraction it would otherwise owe', () => {
    const state = since(us, '2024-05-01', -155, 2);
    run(us, state, overNight(2, 20, [split(0.1)]));
    expect([state.book.quantity[0], state.book.cost[0]]).toEqual([-15, -30_000]);
    expect(state.book.cash).toBe(10_000_000 + 31_000 - 1000);
    expect(imbalance(state.book)).toBe(0);
  });

  it('lots add up to the whole, whatever their own fractions', () => {
    // 3:2 on 5, 5 and 5: 7.5 each, 22.5 together. By running sums 7, 15 and 22.
    const state = since(us, '2024-05-01', 5, 100);
    since(us, '2024-05-02', 5, 110, state);
    since(us, '2024-05-03', 5, 120, state);
    run(us, state, overNight(120, 80, [split(1.5)]));
    const lots = state.book.lots[0]!;
    expect([lots[0], lots[4], lots[8]]).toEqual([7, 8, 7]);
    expect(lots[1]! + lots[5]! + lots[9]!).toBe(state.book.cost[0]);
    expect(imbalance(state.book)).toBe(0);
  });

  it('an order that a reverse split leaves without a share ends', () => {
    const state = withOrder(openState(us), 0, {
      ...{ side: 1, quantity: 9, reference: 2, frozen: '2024-06-06T20:03:00Z' },
    });
    expect(run(us, state, overNight(2, 20, [split(0.1)])).ended).toMatchObject([
      { status: 'cancelled', reason: 'BELOW_MINIMUM', endedOrdinal: 1 },
    ]);
  });

  it('what came before its row or comes after is not applied', () => {
    const state = since(us, '2024-05-01', 10, 100);
    run(us, state, overNight(100, 100, [split(2, 2)]));
    expect(state.book.quantity[0]).toBe(10);
  });

  it('a move that was no action changes nothing', () => {
    const state = since(us, '2024-05-01', 10, 100);
    const moved = action({ kind: 'real_move', ordinal: 1 }, '2024-06-07');
    const { postings } = run(us, state, overNight(100, 50, [moved]));
    expect([postings, state.book.quantity[0], state.book.cash]).toEqual([[], 10, 9_900_000]);
  });
});

describe('dividends', () => {
  const main = ashares({ instruments: [share('600000')] });

  it('A-shares: 20 % is withheld within a month, 10 % within a year, nothing beyond', () => {
    const state = since(main, '2023-05-04', 100, 10);
    since(main, '2024-01-04', 100, 10, state);
    since(main, '2024-06-03', 100, 10, state);
    const bars = barsAt(['2024-06-06T06:00', '2024-06-07T01:30'], [[flat(10)], [flat(9)]], {
      actions: [dividend(1)],
    });
    const { postings } = run(main, state, bars);
    // 300.00 gross; 0.00, 10.00 and 20.00 withheld.
    expect(postings).toMatchObject([
      { kind: 'dividend', due: 27_000, income: 27_000, withheld: 3000, cash: 0, payDay: dayOf('2024-06-20') },
    ]);
    expect([receivable(state.book), state.book.cash]).toEqual([27_000, 99_700_000]);
  });

  it('a US holder without a treaty: 30 % of what the shipped rules say', () => {
    const listed = rulesOf('us_equities', {
      instruments: [{ ...whole('AAA'), board: 'listed' }],
      costProfile: plainCosts(0, 0, 0),
    });
    const state = since(listed, '2024-05-01', 100, 100);
    run(listed, state, overNight(100, 99, [dividend(1)]));
    expect(receivable(state.book)).toBe(7000);
  });

  it('is due on the ex-date and cash on the pay date, the first session from it on', () => {
    const days = ['2024-06-06', '2024-06-07', '2024-06-21', '2024-06-24'];
    const bars = (payDate: string | null) =>
      barsAt(
        days.map((day) => `${day}T13:30`),
        days.map((_, k) => [flat(k === 0 ? 100 : 98)]),
        { actions: [dividend(2, payDate)] },
      );
    const cashes = (payDate: string | null): number[][] => {
      const state = since(us, '2024-05-01', 100, 100);
      const events = noEvents();
      return days.map((_, row) => {
        advance(us, state, bars(payDate), row, NEVER_MS, events);
        expect(imbalance(state.book)).toBe(0);
        return [state.book.cash / 100, receivable(state.book) / 100];
      });
    };
    // Saturday the 22nd is paid on Monday; 90,000.00 in cash, 200.00 due.
    expect(cashes('2024-06-22')).toEqual([
      [90_000, 0],
      [90_000, 200],
      [90_000, 200],
      [90_200, 0],
    ]);
    expect(cashes('2024-06-21')).toEqual([
      [90_000, 0],
      [90_000, 200],
      [90_200, 0],
      [90_200, 0],
    ]);
    expect(cashes('2024-06-07')).toEqual([
      [90_000, 0],
      [90_200, 0],
      [90_200, 0],
      [90_200, 0],
    ]);
    // Nobody said when: 45 days later.
    expect(cashes(null)).toEqual([
      [90_000, 0],
      [90_000, 200],
      [90_000, 200],
      [90_000, 200],
    ]);
  });

  it('what is due buys nothing before it is paid', () => {
    const cash = rulesOf('us_equities', {
      instruments: [whole('AAA')],
      costProfile: plainCosts(0, 0, 0),
      config: { starting_capital: 10_000 },
      fillSpec: {
        latency_ms_min: 0,
        open_struck_before_freeze: false,
        deadline_bars: 2,
        participation_cap: 0.05,
      },
    });
    const state = withOrder(since(cash, '2024-05-01', 100, 100), 0, {
      ...{ side: 1, quantity: 1, reference: 100, frozen: '2024-06-06T20:03:00Z', deadlineOrdinal: 1 },
    });
    expect(run(cash, state, overNight(100, 90, [dividend(10)])).ended).toMatchObject([
      { status: 'expired', reason: 'INSUFFICIENT_CASH' },
    ]);
  });

  it('a short owes the whole of it', () => {
    const bars = barsAt(
      ['2024-06-06T13:30', '2024-06-07T13:30', '2024-06-20T13:30'],
      [[flat(100)], [flat(99)], [flat(99)]],
      { actions: [dividend(1)] },
    );
    const state = since(us, '2024-05-01', -100, 100);
    const { postings } = run(us, state, bars);
    expect(
      postings.map(({ kind, cash, due, income, withheld }) => [kind, cash, due, income, withheld]),
    ).toEqual([
      ['dividend', 0, -10_000, -10_000, 0],
      ['payment', -10_000, 10_000, 0, 0],
    ]);
    expect(state.book).toMatchObject({ cash: 11_000_000 - 10_000, dividends: -10_000, dues: [] });
    expect(imbalance(state.book)).toBe(0);
  });

  it('who buys on the ex-date is due nothing, who sells on it still is', () => {
    const buys = withOrder(openState(us), 0, {
      ...{ side: 1, quantity: 50, reference: 100, frozen: '2024-06-06T20:03:00Z' },
    });
    run(us, buys, overNight(100, 99, [dividend(1)]));
    expect([buys.book.quantity[0], receivable(buys.book)]).toEqual([50, 0]);
    const sells = withOrder(since(us, '2024-05-01', 50, 100), 0, {
      ...{ side: -1, quantity: 50, reference: 100, frozen: '2024-06-06T20:03:00Z' },
    });
    const { fills } = run(us, sells, overNight(100, 99, [dividend(1)]));
    expect([sells.book.quantity[0], receivable(sells.book)]).toEqual([0, 5000]);
    // The order was decided at 100 with the dividend in it: 99 without it is no move.
    expect(fills).toMatchObject([{ referencePrice: 99, moveBps: 0 }]);
  });
});

describe('equity is continuous through them', () => {
  it.each<[string, ReturnType<typeof action>[], number, number]>([
    ['a split of 4', [split(4)], 100, 25],
    ['a dividend of 2', [dividend(2)], 100, 98],
    ['both, the dividend first: (100 - 2) / 2', [dividend(2), split(2)], 100, 49],
    ['three for two', [split(1.5)], 120, 80],
    ['one for ten', [split(0.1)], 2, 20],
  ])('%s', (_, actions, before, after) => {
    for (const shares of [120, -120, 77]) {
      const [closed, opened] = equities(
        us,
        since(us, '2024-05-01', shares, before),
        overNight(before, after, actions),
      );
      // A mark leaves half a tick a share: 0.005 for every share more or less than before.
      const ratio = actions.reduce((product, { ratio: one }) => product * one, 1);
      const halfTicks = Math.floor(Math.abs(shares) * ratio + 1e-9) - Math.abs(shares);
      expect(Math.abs(opened! - closed! + 0.5 * halfTicks)).toBeLessThanOrEqual(1);
    }
  });

  it('but for what is withheld: 300 shares of three ages lose 30.00', () => {
    const state = since(ashares(), '2023-05-04', 100, 10);
    since(ashares(), '2024-01-04', 100, 10, state);
    since(ashares(), '2024-06-03', 100, 10, state);
    const bars = barsAt(['2024-06-06T06:00', '2024-06-07T01:30'], [[flat(10)], [flat(9)]], {
      actions: [dividend(1)],
    });
    const [closed, opened] = equities(ashares(), state, bars);
    expect(opened! - closed!).toBe(-3000);
  });

  it('both on one day: the dividend is of the old shares', () => {
    const state = since(us, '2024-05-01', 100, 100);
    const { postings } = run(us, state, overNight(100, 49, [dividend(2), split(2)]));
    expect(postings.map(({ kind, due, quantityAfter }) => [kind, due, quantityAfter])).toEqual([
      ['dividend', 20_000, 100],
      ['split', 0, 200],
    ]);
  });

  it('the level that refutes a position and the closes remembered go with it', () => {
    const state = since(us, '2024-05-01', 100, 100);
    state.book.invalidation[0] = 90;
    advance(us, state, overNight(100, 49, [dividend(2), split(2)]), 0, NEVER_MS, noEvents());
    const bars = barsAt(
      ['2024-06-06T19:00', '2024-06-07T13:30'],
      [[flat(100)], [null]].map((row) => row),
      {
        actions: [dividend(2), split(2)],
      },
    );
    advance(us, state, bars, 1, NEVER_MS, noEvents());
    // (90 - 2) / 2 and (100 - 2) / 2, though the day's first bar is absent.
    expect([state.book.invalidation[0], state.book.lastClose[0]]).toEqual([44, 49]);
  });
});

describe('a suspected split', () => {
  it('fills nothing while nobody explains it', () => {
    const bars = barsAt(['2024-06-06T19:00', '2024-06-07T13:30'], [[flat(100, 1e6)], [flat(50, 1e6)]], {
      flags: { 1: 'DATA_SPLIT_SUSPECT' },
    });
    const state = withOrder(since(us, '2024-05-01', 50, 100), 0, {
      ...{ side: -1, quantity: 50, reference: 100, frozen: '2024-06-06T20:03:00Z', deadlineOrdinal: 1 },
    });
    expect(run(us, state, bars).fills).toEqual([]);
    expect(state.book.lastClose[0]).toBe(100);
  });
});
