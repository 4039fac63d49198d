import { describe, expect, it } from 'vitest';
import { markPrice, observeCloses, value } from '../../shared/portfolio/mark.ts';
import { barsOf, flat } from '../support/bars.ts';
import { plainCosts, rulesOf, whole } from '../support/rules.ts';
import { holding } from '../support/state.ts';

/** Fee 10 bps and half spread 5: leaving costs 15 bps. */
const rules = rulesOf('crypto', {
  instruments: [whole('AAA'), whole('BBB')],
  costProfile: plainCosts(10, 5, 0),
  config: { starting_capital: 100_000, limits: { suspended_sessions_max: 3, suspension_haircut: 0.1 } },
});
const DAY = 19_723; // 2024-01-01

describe('marks: the last valid close less the cost of leaving (definition 9)', () => {
  it('a long is worth less than its close, a short owes more', () => {
    const { book } = holding(rules, 0, 100, 200);
    expect(markPrice(book, 0, DAY, rules.marking)).toBeCloseTo(199.7, 10); // 200 - 15 bps
    const { book: short } = holding(rules, 0, -100, 200);
    expect(markPrice(short, 0, DAY, rules.marking)).toBeCloseTo(200.3, 10);
    // 100,000 + 20,000 - 20,030
    expect(value(short, DAY, rules.marking)).toEqual({
      equity: 9_997_000_000_000,
      gross: 2_003_000_000_000,
      largest: 2_003_000_000_000,
    });
  });

  it('the book: cash and all positions, the largest of them', () => {
    const state = holding(rules, 0, 100, 200);
    const { book } = holding(rules, 1, 10, 1000, state);
    // Cash 70,000; 19,970 and 9,985.
    expect(value(book, DAY, rules.marking)).toEqual({
      equity: 9_995_500_000_000,
      gross: 2_995_500_000_000,
      largest: 1_997_000_000_000,
    });
  });

  it('an unusable bar keeps the last valid close', () => {
    const { book } = holding(rules, 0, 100, 200);
    const bars = barsOf(
      [
        [flat(190), flat(10)],
        [null, flat(11)],
        [flat(150), flat(12)],
      ],
      {
        flags: { 4: 'DATA_HIGH_BELOW_LOW' },
      },
    );
    for (const row of [0, 1, 2]) observeCloses(book, bars, row, rules.marking);
    expect([...book.lastClose]).toEqual([190, 12]);
  });

  it('suspended for more than three sessions: a haircut of a tenth, against the holder', () => {
    for (const [side, leave, cutPrice] of [
      [1, 199.7, 179.73],
      [-1, 200.3, 220.33],
    ] as const) {
      const { book } = holding(rules, 0, side * 100, 200);
      // Two bars a session of two: the first session has one close, then five sessions have none.
      const rows = [[flat(200), flat(1)], ...Array.from({ length: 11 }, () => [null, flat(1)])];
      const bars = barsOf(rows, { barMs: 43_200_000 });
      const prices: number[] = [];
      for (let row = 0; row < 12; row++) {
        observeCloses(book, bars, row, rules.marking);
        prices.push(markPrice(book, 0, DAY, rules.marking));
      }
      // Rows 2-3, 4-5 and 6-7 are the first three sessions without a close; the fourth begins at row 8.
      expect(prices[7]).toBeCloseTo(leave, 10);
      expect(prices[8]).toBeCloseTo(cutPrice, 10);
      observeCloses(
        book,
        barsOf([[flat(200), flat(1)]], { start: '2024-01-08T00:00:00Z' }),
        0,
        rules.marking,
      );
      expect(markPrice(book, 0, DAY, rules.marking)).toBeCloseTo(leave, 10);
    }
  });

  it('a minimum fee weighs on a small position', () => {
    const dear = rulesOf('crypto', { instruments: [whole('AAA')], costProfile: plainCosts(1, 0, 0, 5) });
    const { book } = holding(dear, 0, 1, 100);
    expect(markPrice(book, 0, DAY, dear.marking)).toBeCloseTo(94.995, 10); // 5 on 100, and half a tick of 0.01
  });
});
