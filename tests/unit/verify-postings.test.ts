import { describe, expect, it } from 'vitest';
import type { Execution } from '../../shared/ledger/artifacts.ts';
import { addEvents, openTally, type Tally } from '../../shared/ledger/verify-book.ts';

type Posting = Execution['postings'][number];
type Fill = Execution['fills'][number];

const place = { market: 'us_equities', record: 7 };
const SYMBOLS = ['AAPL', 'MSFT'];

const posting = (more: Partial<Posting>): Posting => ({
  ...{ kind: 'dividend', instrument: 0, ordinal: 10, quantityBefore: 100, quantityAfter: 100 },
  ...{ cash: 0, due: 0, cost: 0, income: 0, withheld: 0, ratio: 1, rate: 0, payDay: -1, source: 'exchange' },
  ...more,
});

const fill = (more: Partial<Fill>): Fill => ({
  ...{ instrument: 0, ordinal: 10, decidedOrdinal: 9, decidedAtMs: 0, barStartMs: 0, side: 1, quantity: 1 },
  ...{ price: 1, rawPrice: 1, referencePrice: 1, notionalMinor: 0, feeMinor: 0, feeBps: 0, slippageBps: 0 },
  ...{ impactBps: 0, latencyBps: 0, moveBps: 0, totalBps: 0, delayBars: 1, struckBeforeFreeze: 0 },
  ...more,
});

/** A book of 1,000.00 that holds a hundred of the first share. */
const held: Tally = { ...openTally(100_000), cash: 50_000, quantities: new Map([['AAPL', 100]]) };

const after = (postings: Posting[], fills: Fill[] = []): Tally =>
  addEvents(place, held, { postings, fills } as unknown as Execution, SYMBOLS);

describe('postings in a chain', () => {
  it('a dividend is earned and due, and in cash only when it is paid', () => {
    const booked = after([posting({ due: 850, income: 850, withheld: 150, rate: 0.1 })]);
    expect([booked.cash, booked.receivable, booked.dividends]).toEqual([50_000, 850, 850]);
    const paid = after([
      posting({ due: 850, income: 850 }),
      posting({ kind: 'payment', ordinal: 30, cash: 850, due: -850 }),
    ]);
    expect([paid.cash, paid.receivable, paid.dividends]).toEqual([50_850, 0, 850]);
  });

  it('a split changes the quantity before anything of its bar fills', () => {
    const split = posting({ kind: 'split', quantityAfter: 700, ratio: 7 });
    const sold = fill({ side: -1, quantity: 700, notionalMinor: 64_617, feeMinor: 17 });
    const tally = after([split], [sold]);
    expect(tally.quantities.has('AAPL')).toBe(false);
    expect([tally.cash, tally.fees]).toEqual([50_000 + 64_617 - 17, 17]);
  });

  it('a charge for holding costs what it takes', () => {
    const tally = after([posting({ kind: 'holding', cash: -33, income: -33, rate: 0.1389 })]);
    expect([tally.cash, tally.holding]).toEqual([49_967, -33]);
  });

  it.each<[string, Posting]>([
    ['a dividend that is in cash on its ex-date', posting({ cash: 850, income: 850 })],
    ['a dividend that is due and was not earned', posting({ due: 850, income: 800 })],
    ['a payment of more than was due', posting({ kind: 'payment', cash: 900, due: -850 })],
    ['a payment that is earned once more', posting({ kind: 'payment', cash: 850, due: -850, cost: 1 })],
    ['a charge that leaves the cash alone', posting({ kind: 'holding', income: -33 })],
    [
      'a split that pays out and keeps the cost',
      posting({ kind: 'split', quantityAfter: 15, cash: 460, income: 0 }),
    ],
    ['a dividend that changes the quantity', posting({ due: 1, income: 1, quantityAfter: 101 })],
    ['a dividend on shares that are not held', posting({ quantityBefore: 200, quantityAfter: 200 })],
    ['an instrument that is not there', posting({ instrument: 5 })],
  ])('%s is refused', (_, bad) => {
    expect(() => after([bad])).toThrow(/execution\.postings\.0/);
  });

  it('a quantity that a later bar has is not there earlier', () => {
    const bought = fill({ ordinal: 11, quantity: 50, notionalMinor: 100 });
    const early = posting({ quantityBefore: 150, quantityAfter: 150, due: 1, income: 1 });
    expect(() => after([early], [bought])).toThrow(/quantityBefore/);
    expect(after([{ ...early, ordinal: 12 }], [bought]).quantities.get('AAPL')).toBe(150);
  });
});
