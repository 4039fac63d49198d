import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boughtOn,
  copyBook,
  imbalance,
  openBook,
  post,
  postingLines,
  receivable,
  type Book,
} from '../../shared/portfolio/book.ts';

const BUY = 1;
const SELL = -1;
/** Sums over the flat lots of four numbers: steps, cost, fees. */
const lotSums = (book: Book, i: number): number[] =>
  [0, 1, 2].map((part) => book.lots[i]!.reduce((sum, value, k) => sum + (k % 4 === part ? value : 0), 0));

describe('first in, first out, by hand', () => {
  it('a long position, bought twice and sold in two parts', () => {
    const book = openBook(1, 100_000);
    book.sessionDay = 41;
    post(book, 0, BUY, 10, 1000, 10); // at 100
    book.sessionDay = 42;
    post(book, 0, BUY, 10, 1200, 12); // at 120
    expect(book.lots[0]).toEqual([10, 1000, 10, 41, 10, 1200, 12, 42]);
    expect([41, 42, 43].map((day) => boughtOn(book, 0, day))).toEqual([10, 10, 0]);
    // 15 sold at 130 for 1,950: 10 of cost 1,000 and 5 of 600: 350. Entry fees 10 and half of 12.
    expect(post(book, 0, SELL, 15, 1950, 19)).toEqual({ realised: 350, closedCost: 1600, entryFees: 16 });
    // The oldest went first: what is left was bought on the second day.
    expect(book.lots[0]).toEqual([5, 600, 6, 42]);
    expect([41, 42].map((day) => boughtOn(book, 0, day))).toEqual([0, 5]);
    expect(book.quantity[0]).toBe(5);
    expect(book.cost[0]).toBe(600);
    // The last 5 at 110 for 550: a loss of 50.
    expect(post(book, 0, SELL, 5, 550, 5)).toEqual({ realised: -50, closedCost: 600, entryFees: 6 });
    expect(book.lots[0]).toEqual([]);
    // 100,000 - 1,010 - 1,212 + 1,931 + 545 = 100,254; 300 realised less 46 of fees.
    expect(book).toMatchObject({ cash: 100_254, fees: 46, realised: 300 });
    expect([...book.realisedBy]).toEqual([300]);
    expect(book.cost[0]).toBe(0);
    expect(imbalance(book)).toBe(0);
  });

  it('a short position, bought back in two parts', () => {
    const book = openBook(1, 100_000);
    post(book, 0, SELL, 10, 1000, 10);
    expect(book.lots[0]).toEqual([-10, -1000, 10, -1]);
    expect(boughtOn(book, 0, -1)).toBe(0); // sold, not bought
    expect(book.cash).toBe(100_990);
    // 4 bought back at 90 for 360 brought in 400: 40.
    expect(post(book, 0, BUY, 4, 360, 4)).toEqual({ realised: 40, closedCost: 400, entryFees: 4 });
    expect(book.lots[0]).toEqual([-6, -600, 6, -1]);
    // 6 at 110 for 660 brought in 600: -60.
    expect(post(book, 0, BUY, 6, 660, 7)).toEqual({ realised: -60, closedCost: 600, entryFees: 6 });
    // 100,000 + 990 - 364 - 667 = 99,959 = 100,000 - 20 - 21.
    expect(book).toMatchObject({ cash: 99_959, realised: -20, fees: 21 });
    expect(imbalance(book)).toBe(0);
  });

  it('a fill through zero closes the old side and opens the new one', () => {
    const book = openBook(1, 100_000);
    post(book, 0, BUY, 10, 1000, 0);
    // 25 sold for 2,750 at 110: 10 of them, 1,100, close a cost of 1,000; 15 open a short of 1,650 with 15 of 25 of the fee.
    expect(post(book, 0, SELL, 25, 2750, 25)).toEqual({ realised: 100, closedCost: 1000, entryFees: 0 });
    expect(book.lots[0]).toEqual([-15, -1650, 15, -1]);
    expect(book.cost[0]).toBe(-1650);
    expect(imbalance(book)).toBe(0);
  });

  it('a cost that does not divide stays whole: 3 for 100 are 33, 34 and 33', () => {
    const book = openBook(1, 1000);
    post(book, 0, BUY, 3, 100, 1);
    const closed = [1, 1, 1].map((steps) => post(book, 0, SELL, steps, 40, 0).closedCost);
    expect(closed).toEqual([33, 34, 33]); // 100/3, then 67/2 rounded up, then the rest
    expect(book.realised).toBe(20);
    expect(imbalance(book)).toBe(0);
  });

  it('instruments do not touch one another, and a copy shares nothing', () => {
    const book = openBook(2, 10_000);
    post(book, 0, BUY, 10, 1000, 1);
    book.dues.push(0, 50, 70);
    const copy = copyBook(book);
    book.dues.push(1, 51, -30);
    expect([receivable(book), receivable(copy)]).toEqual([40, 70]);
    post(book, 1, BUY, 5, 100, 1);
    post(book, 0, SELL, 5, 600, 1);
    expect(copy.lots).toEqual([[10, 1000, 1, -1], []]);
    expect(copy).toMatchObject({ cash: 8999, fees: 1, realised: 0 });
    expect([...copy.quantity]).toEqual([10, 0]);
    expect([...book.realisedBy]).toEqual([100, 0]);
  });

  it('money beyond the safe integers is refused', () => {
    const book = openBook(1, 9_007_199_254_740_991);
    expect(() => post(book, 0, SELL, 1, 1, 0)).toThrow(/cash: .* is not a safe integer/);
  });
});

describe('the law of the book, for any sequence of fills', () => {
  const fill = fc.record({
    i: fc.integer({ min: 0, max: 1 }),
    side: fc.constantFrom(BUY, SELL),
    quantity: fc.integer({ min: 1, max: 1000 }),
    price: fc.integer({ min: 1, max: 100_000 }),
    fee: fc.integer({ min: 0, max: 500 }),
  });

  it('cash and cost add up, lots add up to quantity and cost, and the last close leaves nothing', () => {
    fc.assert(
      fc.property(fc.array(fill, { maxLength: 40 }), (fills) => {
        const book = openBook(2, 1_000_000);
        const paidFor = [0, 0];
        for (const { i, side, quantity, price, fee } of fills) {
          const before = { cash: book.cash, cost: book.cost[i]!, realised: book.realised };
          const notional = Math.round((quantity * price) / 7);
          const posted = post(book, i, side, quantity, notional, fee);
          paidFor[i]! += side * quantity;
          expect(imbalance(book)).toBe(0);
          expect(book.quantity[i]).toBe(paidFor[i]);
          const [steps, cost] = lotSums(book, i);
          expect([steps, cost]).toEqual([book.quantity[i], book.cost[i]]);
          // Lots of one side only, none empty.
          for (let k = 0; k < book.lots[i]!.length; k += 4) {
            expect(Math.sign(book.lots[i]![k]!)).toBe(Math.sign(book.quantity[i]!));
          }
          const lines = postingLines(
            'S',
            book.cash - before.cash,
            book.cost[i]! - before.cost,
            fee,
            posted.realised,
          );
          const debit = lines.reduce((sum, line) => sum + line.debit, 0);
          expect(lines.reduce((sum, line) => sum + line.credit, 0)).toBe(debit);
          expect(book.realised - before.realised).toBe(posted.realised);
        }
        for (const i of [0, 1]) {
          const held = book.quantity[i]!;
          if (held !== 0) post(book, i, -Math.sign(held), Math.abs(held), 12_345, 1);
          expect(book.cost[i]).toBe(0);
          expect(book.lots[i]).toEqual([]);
        }
        // Flat: the cash is the capital, what was realised and no fees.
        expect(book.cash).toBe(1_000_000 + book.realised - book.fees);
        expect(book.realisedBy[0]! + book.realisedBy[1]!).toBe(book.realised);
      }),
    );
  });
});

describe('posting lines', () => {
  it('of a sale at a gain: cash against position, fee and gain', () => {
    // Sold for 1,950 with a fee of 19 what cost 1,600.
    expect(postingLines('AAA', 1931, -1600, 19, 350)).toEqual([
      { account: 'cash', debit: 1931, credit: 0 },
      { account: 'position:AAA', debit: 0, credit: 1600 },
      { account: 'fees', debit: 19, credit: 0 },
      { account: 'realised', debit: 0, credit: 350 },
    ]);
  });

  it('of a purchase without a fee: two lines', () => {
    expect(postingLines('AAA', -1000, 1000, 0, 0)).toEqual([
      { account: 'cash', debit: 0, credit: 1000 },
      { account: 'position:AAA', debit: 1000, credit: 0 },
    ]);
  });
});
