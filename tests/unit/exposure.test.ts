import { describe, expect, it } from 'vitest';
import { exposureOf, worstSteps } from '../../shared/risk/exposure.ts';
import { openState, type TickState } from '../../shared/tick/state.ts';
import { rulesOf, whole } from '../support/rules.ts';
import { holding, withOrder } from '../support/state.ts';

/** Four names in whole units: AAA and BBB are of one theme, BBB and CCC of another, DDD of none. */
const rules = rulesOf('crypto', {
  instruments: [
    { ...whole('AAA'), themes: ['miners'] },
    { ...whole('BBB'), themes: ['miners', 'banks'] },
    { ...whole('CCC'), themes: ['banks'] },
    whole('DDD'),
  ],
});
const order = (side: 1 | -1, quantity: number, filled = 0) =>
  ({ side, quantity, reference: 1, frozen: '2024-01-01T00:00:00Z', more: { filled } }) as const;

function stateOf(held: readonly number[], prices: readonly number[]): TickState {
  const state = openState(rules);
  held.forEach((steps, i) => {
    if (steps !== 0) holding(rules, i, steps, prices[i]!, state);
    state.book.lastClose[i] = prices[i]!;
  });
  return state;
}
const exposed = (
  { book, orders }: TickState,
  more: { equity?: number; clusters?: number[][]; capacity?: readonly number[] } = {},
) =>
  exposureOf({
    ...{ book, orders, instruments: rules.instruments, equity: more.equity ?? 1000 },
    clusters: more.clusters ?? [],
    capacityOf: (i) => more.capacity?.[i] ?? 1e9,
  });

describe('the exposure of a book', () => {
  it('of nothing is nothing, and is of nobody', () => {
    const none = { value: 0, name: '' };
    expect(exposed(openState(rules), { clusters: [[0, 1]] })).toEqual({
      ...{ gross: 0, net: 0, name: none, theme: none, cluster: none, capacity: none },
    });
  });

  it('gross, net, the largest name, theme and cluster by hand', () => {
    // AAA 10 at 10 long is 100, BBB 5 at 20 short 100, CCC 3 at 50 long 150, DDD 40 at 1 short 40.
    const state = stateOf([10, -5, 3, -40], [10, 20, 50, 1]);
    expect(exposed(state, { clusters: [[0, 3]], capacity: [400, 100, 600, 20] })).toEqual({
      gross: 0.39, // 100 + 100 + 150 + 40
      net: 0.11, // |100 - 100 + 150 - 40|
      name: { value: 0.15, name: 'CCC' },
      theme: { value: 0.25, name: 'banks' }, // BBB and CCC; the miners have 200
      cluster: { value: 0.14, name: 'AAA' }, // 100 + 40, by absolute value: both ways is no hedge
      capacity: { value: 2, name: 'DDD' }, // 40 of 20; BBB has 100 of 100
    });
  });

  it('a net short is as large as a net long', () => {
    expect(exposed(stateOf([0, -5, 0, 0], [1, 20, 1, 1]))).toMatchObject({ gross: 0.1, net: 0.1 });
  });

  it('an order that increases counts as filled, one that reduces as not (definition 8)', () => {
    // 10 held and 30 more asked of which 5 are filled: at worst 35, at 10.
    const more = withOrder(stateOf([10, 0, 0, 0], [10, 1, 1, 1]), 0, order(1, 30, 5));
    expect(worstSteps(more.book, more.orders, 0)).toBe(35);
    expect(exposed(more)).toMatchObject({ gross: 0.35, name: { value: 0.35, name: 'AAA' } });
    // 8 of 10 are to be sold, 2 of them are: at worst the 10 that are still there.
    const less = withOrder(stateOf([10, 0, 0, 0], [10, 1, 1, 1]), 0, order(-1, 8, 2));
    expect(worstSteps(less.book, less.orders, 0)).toBe(10);
    expect(exposed(less)).toMatchObject({ gross: 0.1 });
  });

  it('an order alone counts, to buy and to sell short', () => {
    const long = withOrder(stateOf([0, 0, 0, 0], [10, 1, 1, 1]), 0, order(1, 20));
    expect(exposed(long)).toMatchObject({ gross: 0.2, net: 0.2 });
    const short = withOrder(stateOf([0, 10, 0, 0], [10, 20, 1, 1]), 0, order(-1, 20));
    expect(exposed(short)).toMatchObject({ gross: 0.4, net: 0 });
  });

  it('of two alike the first of the universe is named, of themes the first by name', () => {
    const state = stateOf([10, 10, 10, 0], [10, 10, 10, 1]);
    const { name, theme, cluster } = exposed(state, {
      clusters: [
        [0, 1],
        [2, 3],
      ],
    });
    expect([name.name, theme.name, cluster.name]).toEqual(['AAA', 'banks', 'AAA']);
  });

  it('is no number where there is no equity, and RED hides behind no other', () => {
    const lost = exposed(stateOf([10, 0, 0, 0], [10, 1, 1, 1]), { equity: 0 });
    expect([lost.gross, lost.net, lost.name.value]).toEqual([NaN, NaN, NaN]);
    expect(exposed(stateOf([10, 0, 0, 0], [10, 1, 1, 1]), { equity: -5 }).gross).toBeNaN();
  });

  it('what a market carries that cannot be told is greater than everything', () => {
    const state = stateOf([10, 10, 0, 0], [10, 10, 1, 1]);
    // 100 of nothing is no number that a limit could be held against.
    expect(exposed(state, { capacity: [0, 50] }).capacity).toEqual({ value: Infinity, name: 'AAA' });
    expect(exposed(state, { capacity: [NaN, 50] }).capacity.value).toBeNaN();
    expect(exposed(state, { capacity: [50, NaN] }).capacity.value).toBeNaN();
  });

  it('steps are shares of a unit where quantities have decimals', () => {
    const fine = rulesOf('crypto', { instruments: [{ ...whole('AAA'), quantity_digits: 3 }] });
    const state = holding(fine, 0, 2500, 40); // 2.5 at 40
    const { book, orders } = state;
    const { instruments } = fine;
    expect(
      exposureOf({ book, orders, instruments, equity: 1000, clusters: [], capacityOf: () => 1000 }),
    ).toMatchObject({ gross: 0.1, capacity: { value: 0.1, name: 'AAA' } });
  });
});
