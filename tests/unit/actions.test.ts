import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../shared/kernel/errors.ts';
import { DAY_MS, HOUR_MS, parseIsoDate } from '../../shared/kernel/time.ts';
import {
  actionProblem,
  byPlace,
  type CorporateAction,
  type RawAction,
} from '../../shared/market-data/actions.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import { actionDates, isLate, placeActions } from '../../shared/market-data/place-actions.ts';
import { barsOf, flat } from '../support/bars.ts';

/** Days since 1970-01-01: 1970 to 2023 are 54 years with 13 leap days, 19,723; each day of January 2024 adds one. */
const january = (day: number): number => 19_722 + day;

const split: RawAction = {
  symbol: 'AAA',
  exDate: '2024-01-10',
  kind: 'split',
  ratio: 2,
  amount: 0,
  payDate: null,
  source: 'the exchange, 2024-01-02',
};
const dividend: RawAction = { ...split, kind: 'dividend', ratio: 1, amount: 0.5, payDate: '2024-01-20' };

/** Two bars a session, on days of January 2024; rows from ordinal 100. */
function rowsOn(days: readonly number[], firstOrdinal = 100): Bars {
  const twice = days.flatMap((day) => [day, day]);
  const bars = barsOf(
    twice.map(() => [flat(10), flat(20)]),
    { symbols: ['AAA', 'BBB'], firstOrdinal },
  );
  return { ...bars, sessionDay: Float64Array.from(twice, january) };
}
const place = (raw: readonly RawAction[], grid: Bars, past?: Bars): CorporateAction[] =>
  placeActions(['AAA', 'BBB'], grid, raw, past);
const ordinals = (raw: readonly RawAction[], grid: Bars, past?: Bars): number[] =>
  place(raw, grid, past).map(({ ordinal }) => ordinal);

describe('the row of an action', () => {
  // Monday 8 to Friday 12, then Monday 15: ordinals 100 .. 111.
  const grid = rowsOn([8, 9, 10, 11, 12, 15]);

  it('is the first bar of the session of its ex-date', () => {
    expect(place([split, { ...dividend, symbol: 'BBB', exDate: '2024-01-12' }], grid)).toEqual([
      {
        instrument: 0,
        ordinal: 104,
        exDay: 19_732,
        kind: 'split',
        ratio: 2,
        amount: 0,
        payDay: null,
        source: 'the exchange, 2024-01-02',
      },
      {
        instrument: 1,
        ordinal: 108,
        exDay: 19_734,
        kind: 'dividend',
        ratio: 1,
        amount: 0.5,
        payDay: 19_742,
        source: 'the exchange, 2024-01-02',
      },
    ]);
  });

  it('is that of the next session where the ex-date has none', () => {
    expect(ordinals([{ ...split, exDate: '2024-01-13' }], grid)).toEqual([110]);
  });

  it('is not there while no bar reaches the ex-date', () => {
    expect(ordinals([{ ...split, exDate: '2024-01-16' }], grid)).toEqual([]);
  });

  it('is out of sight where the first session is the ex-date, or follows it', () => {
    expect(ordinals([{ ...split, exDate: '2024-01-08' }], grid)).toEqual([]);
    expect(ordinals([{ ...split, exDate: '2024-01-07' }], grid)).toEqual([]);
    expect(ordinals([{ ...split, exDate: '2024-01-09' }], grid)).toEqual([102]);
  });

  it('is the first new one where the session had begun before the action was seen', () => {
    const past = rowsOn([8, 9, 10]); // 100 .. 105
    const next = rowsOn([11, 12], 106);
    const [late] = place([split], next, past);
    expect(late).toMatchObject({ ordinal: 106, exDay: january(10) });
    expect(isLate(late!, past)).toBe(true);
    const [due] = place([{ ...split, exDate: '2024-01-11' }], next, past);
    expect(due).toMatchObject({ ordinal: 106, exDay: january(11) });
    expect(isLate(due!, past)).toBe(false);
    expect(isLate(due!, undefined)).toBe(false);
  });

  it('is the second bar of a session of which the first is known', () => {
    const half = rowsOn([10], 105);
    const past = { ...rowsOn([8, 9], 100), firstOrdinal: 101 };
    expect(ordinals([split], { ...half, sessionDay: Float64Array.of(january(10)) }, past)).toEqual([105]);
  });
});

describe('actions in the order in which they take effect', () => {
  it('by row, instrument and ex-date, a dividend before a split, a real move last', () => {
    const grid = rowsOn([8, 9, 15]);
    const raw: RawAction[] = [
      { ...split, symbol: 'BBB', exDate: '2024-01-09' },
      { ...split, kind: 'real_move', ratio: 1 },
      { ...split, exDate: '2024-01-12' },
      split,
      dividend,
      { ...dividend, exDate: '2024-01-12' },
    ];
    const seen = place(raw, grid).map(({ ordinal, instrument, exDay, kind }) => [
      ordinal,
      instrument,
      exDay,
      kind,
    ]);
    expect(seen).toEqual([
      [102, 1, january(9), 'split'],
      [104, 0, january(10), 'dividend'],
      [104, 0, january(10), 'split'],
      [104, 0, january(10), 'real_move'],
      [104, 0, january(12), 'dividend'],
      [104, 0, january(12), 'split'],
    ]);
  });

  it('property: in any order of the source', () => {
    const grid = rowsOn([8, 9, 10, 11, 12]);
    const raw = [9, 10, 11].flatMap((day) =>
      ['AAA', 'BBB'].flatMap((symbol) =>
        [split, dividend].map((one) => ({ ...one, symbol, exDate: `2024-01-${day < 10 ? '0' : ''}${day}` })),
      ),
    );
    const sorted = place(raw, grid);
    expect(sorted).toHaveLength(12);
    fc.assert(
      fc.property(fc.shuffledSubarray(raw, { minLength: 12 }), (shuffled) => {
        expect(place(shuffled, grid)).toEqual(sorted);
      }),
    );
    for (let k = 1; k < 12; k++) expect(byPlace(sorted[k - 1]!, sorted[k]!)).toBeLessThan(0);
  });
});

describe('an action that is known', () => {
  const past = { ...rowsOn([8, 9, 10]), actions: place([split], rowsOn([8, 9, 10])) };
  const next = rowsOn([11, 12], 106);

  it('is not applied again, nor restated', () => {
    expect(past.actions).toHaveLength(1);
    expect(place([split], next, past)).toEqual([]);
    expect(place([{ ...split, ratio: 3, source: 'a restatement' }], next, past)).toEqual([]);
  });

  it('leaves room for another kind, date or instrument', () => {
    expect(ordinals([split, dividend], next, past)).toEqual([106]);
    expect(ordinals([split, { ...split, exDate: '2024-01-12' }], next, past)).toEqual([108]);
    expect(ordinals([split, { ...split, symbol: 'BBB' }], next, past)).toEqual([106]);
  });

  it('is left out once its session is the first in sight, whatever the source repeats', () => {
    expect(place([split], next, { ...rowsOn([10], 104), actions: [] })).toEqual([]);
  });
});

describe('the dates to ask for', () => {
  it('reach from the day after the first session in sight to that of the newest row', () => {
    const grid = rowsOn([11, 12]);
    expect(actionDates(grid, undefined)).toEqual({ fromDate: '2024-01-12', toDate: '2024-01-12' });
    expect(actionDates(grid, rowsOn([5, 8]))).toEqual({ fromDate: '2024-01-06', toDate: '2024-01-12' });
  });

  it('property: tick by tick, every action is applied once, at the row where one look would put it', () => {
    const days = [2, 3, 4, 5, 8, 9, 10, 11, 12, 15, 16, 17, 18, 19];
    const whole = rowsOn(days, 0);
    const exDates = fc.uniqueArray(fc.integer({ min: 1, max: 22 }), { maxLength: 8 });
    fc.assert(
      fc.property(
        exDates,
        fc.integer({ min: 2, max: 9 }),
        fc.integer({ min: 1, max: 5 }),
        (dates, keep, step) => {
          const raw = dates.map((day) => ({ ...split, exDate: `2024-01-${String(day).padStart(2, '0')}` }));
          let past = cutRows(whole, 0, 2);
          const seen: CorporateAction[] = [];
          for (let row = 2; row < whole.startMs.length; row += step) {
            const grid = cutRows(whole, row, Math.min(row + step, whole.startMs.length));
            const { fromDate, toDate } = actionDates(grid, past);
            const shown = raw.filter(({ exDate }) => exDate >= fromDate && exDate <= toDate);
            const added = place(shown, grid, past);
            seen.push(...added);
            const known = [...past.actions, ...added];
            const from = Math.max(0, grid.firstOrdinal + grid.startMs.length - keep - step);
            const seenSoFar = cutRows(whole, from, grid.firstOrdinal + grid.startMs.length);
            past = { ...seenSoFar, actions: known.filter(({ ordinal }) => ordinal >= from) };
          }
          expect(seen).toEqual(place(raw, whole));
        },
      ),
    );
  });
});

/** Rows [from, to) of a matrix of ordinals from 0, without actions. */
const cutRows = (bars: Bars, from: number, to: number): Bars => ({
  ...bars,
  firstOrdinal: from,
  startMs: bars.startMs.slice(from, to),
  endMs: bars.endMs.slice(from, to),
  sessionDay: bars.sessionDay.slice(from, to),
});

describe('an action that is none', () => {
  it.each([
    [{ ...split, exDate: '2024-02-30' }, 'ex_date "2024-02-30"'],
    [{ ...split, kind: 'merger' as 'split' }, 'kind "merger"'],
    [{ ...split, ratio: 1 }, 'ratio 1'],
    [{ ...split, ratio: NaN }, 'ratio null'],
    [{ ...split, ratio: -2 }, 'ratio -2'],
    [{ ...split, ratio: Infinity }, 'ratio null'],
    [{ ...split, amount: 0.1 }, 'amount 0.1, expected 0 with a split'],
    [{ ...dividend, amount: 0 }, 'amount 0'],
    [{ ...dividend, amount: -1 }, 'amount -1'],
    [{ ...dividend, ratio: 2 }, 'ratio 2, expected 1 with a dividend'],
    [{ ...dividend, payDate: '2024-01-09' }, 'pay_date "2024-01-09"'],
    [{ ...dividend, payDate: 'soon' }, 'pay_date "soon"'],
    [{ ...split, source: ' ' }, 'source " "'],
    [{ ...split, symbol: 'CCC' }, 'is of an instrument that was not asked for'],
  ])('%o is refused: %s', (raw, message) => {
    expect(() => place([raw], rowsOn([8, 9]))).toThrow(ProviderError);
    expect(() => place([raw], rowsOn([8, 9]))).toThrow(message);
  });

  it('twice the same kind and date are refused, since one would be lost', () => {
    expect(() => place([dividend, { ...dividend, amount: 1 }], rowsOn([8, 9, 10]))).toThrow(
      'dividend of AAA on 2024-01-10: is there twice',
    );
  });

  it('what is right has no problem', () => {
    for (const raw of [
      split,
      dividend,
      { ...split, kind: 'real_move' as const, ratio: 1 },
      { ...dividend, payDate: '2024-01-10' },
    ])
      expect(actionProblem(raw)).toBeUndefined();
  });
});

it('the days of these tests are those of the calendar', () => {
  expect(january(10) * DAY_MS).toBe(parseIsoDate('2024-01-10'));
  expect(HOUR_MS * 24).toBe(DAY_MS);
});
