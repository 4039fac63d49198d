import { describe, expect, it } from 'vitest';
import type { Execution } from '../../shared/ledger/artifacts.ts';
import { openTally, type Tally } from '../../shared/ledger/verify-book.ts';
import { checkPostings } from '../../shared/ledger/verify-postings.ts';
import type { CorporateAction } from '../../shared/market-data/actions.ts';
import { action, barsAt, plenty } from '../support/paper.ts';

type Posting = Execution['postings'][number];
const place = { market: 'us_equities', record: 7 };
const units = { minorPerUnit: 100, stepsPerUnit: [1] };
const held: Tally = { ...openTally(100_000), quantities: new Map([['AAPL', 100]]) };

const posting = (more: Partial<Posting>): Posting => ({
  ...{ kind: 'dividend', instrument: 0, ordinal: 1, quantityBefore: 100, quantityAfter: 100 },
  ...{ cash: 0, due: 0, cost: 0, income: 0, withheld: 0, ratio: 1, rate: 0, payDay: -1 },
  source: 'made up for a worked example',
  ...more,
});

/** The bar before the ex-date, and the one that the tick settles. */
function check(postings: Posting[], actions: CorporateAction[], before = held, prices = [50, 50]): void {
  const rows = prices.map((price) => [plenty(price)]);
  const bars = barsAt(['2024-06-07T19:30', '2024-06-10T13:30'], rows, { actions });
  const window = { rows: new Map(), fresh: new Map([[0, bars]]) };
  const settled = { after: 0, to: 1, window, finer: undefined, units };
  checkPostings(place, { postings } as unknown as Execution, settled, before, ['AAPL'], units);
}

describe('what a tick posted, held against its bars', () => {
  const paysOne = action({ kind: 'dividend', amount: 1, ordinal: 1 }, '2024-06-10');
  const seven = action({ kind: 'split', ratio: 7, ordinal: 1 }, '2024-06-10');
  // 100 shares at 1.00 are 100.00, 30 % of it withheld.
  const dividend = posting({ due: 7000, income: 7000, withheld: 3000, rate: 1 });
  const split = posting({ kind: 'split', quantityAfter: 700, ratio: 7, rate: 50 });
  const borrow = posting({ kind: 'holding', cash: -50, income: -50, rate: 1 });

  it('passes what follows from quantity and rate', () => {
    expect(() => check([dividend], [paysOne])).not.toThrow();
    expect(() => check([split], [seven])).not.toThrow();
    expect(() => check([borrow], [])).not.toThrow();
    expect(() => check([], [paysOne], openTally(100_000))).not.toThrow();
  });

  it.each([
    ['no number', NaN],
    ['a number below every bound', -Infinity],
    ['a tenth of the price', 5],
  ])('passes a charge at the last valid close where the bar itself has %s', (_, price) => {
    expect(() => check([borrow], [], held, [50, price])).not.toThrow();
    expect(() => check([{ ...borrow, cash: -500, income: -500 }], [], held, [50, price])).toThrow(/twice/);
  });

  it.each<[string, Posting[], CorporateAction[]]>([
    ['a dividend that nobody announced', [dividend], []],
    ['a dividend of another rate', [{ ...dividend, rate: 2 }], [paysOne]],
    ['a dividend of another source', [{ ...dividend, source: 'hearsay' }], [paysOne]],
    ['more than quantity and rate give', [{ ...dividend, due: 700_000, income: 700_000 }], [paysOne]],
    ['a tax that pays', [{ ...dividend, due: 11_000, withheld: -1000 }], [paysOne]],
    ['one dividend twice', [dividend, dividend], [paysOne]],
    ['a dividend that is left out', [], [paysOne]],
    ['more shares than the ratio gives', [{ ...split, quantityAfter: 70_000 }], [seven]],
    ['a fraction worth more than a share', [{ ...split, cash: 1_000_000 }], [seven]],
    ['a charge on nothing', [{ ...borrow, quantityBefore: 0, quantityAfter: 0 }], []],
    ['a charge that pays', [{ ...borrow, cash: 50, income: 50 }], []],
    ['a charge of ten times the value', [{ ...borrow, cash: -500, income: -500 }], []],
    ['a bar that the tick did not settle', [{ ...dividend, ordinal: 2 }], [paysOne]],
  ])('%s is refused', (_, postings, actions) => {
    expect(() => check(postings, actions)).toThrow(/^us_equities: record 7: execution\.postings/);
  });
});
