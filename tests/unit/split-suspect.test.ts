import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codesOf } from '../../shared/kernel/codes.ts';
import { DAY_MS, utcDay } from '../../shared/kernel/time.ts';
import type { RawAction } from '../../shared/market-data/actions.ts';
import type { Grid } from '../../shared/market-data/align.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import { ingestBars, type IngestFacts } from '../../shared/market-data/ingest.ts';
import { actionDates } from '../../shared/market-data/place-actions.ts';
import { QUALITY_LOOKBACK } from '../../shared/market-data/quality.ts';
import { joinBars, tail } from '../../shared/market-data/window.ts';
import { flat, rawOf, type Cell } from '../support/bars.ts';

const quality = {
  missing: 'RED',
  duplicate: 'YELLOW',
  conflicting_duplicate: 'RED',
  non_finite: 'RED',
  non_positive: 'RED',
  high_below_low: 'RED',
  outside_range: 'RED',
  zero_volume: 'YELLOW',
  stale_run: 'RED',
  outlier: 'YELLOW',
  split_suspect: 'RED',
  stale_run_bars: 40,
  outlier_z: 12,
  split_gap_min: 0.3,
  red_share_max: 0.02,
} as const;

const FIRST_DAY = 19_723; // 2024-01-01
const START = Date.UTC(2024, 0, 1, 9);

/** The grid of sessions of so many bars each, one session a day from 2024-01-01 on. */
function gridOf(sessions: readonly number[]): Grid {
  const rows = sessions.flatMap((bars, day) => Array.from({ length: bars }, (_, bar) => [day, bar] as const));
  const startMs = Float64Array.from(rows, ([day, bar]) => START + day * DAY_MS + bar * 3_600_000);
  return {
    firstOrdinal: 0,
    startMs,
    endMs: startMs.map((start) => start + 3_600_000),
    sessionDay: Float64Array.from(rows, ([day]) => FIRST_DAY + day),
  };
}

/** Sessions of one instrument's bars, ingested in one go; `null` is an absent bar. */
function ingested(sessions: readonly (readonly (Cell | null)[])[], facts: IngestFacts = {}): Bars {
  const grid = gridOf(sessions.map((bars) => bars.length));
  const raw = rawOf(sessions.flat().map((cell, row) => [grid.startMs[row]!, cell] as const));
  return ingestBars(['AAA'], grid, [raw], undefined, quality, facts).bars;
}
/** Rows that are flagged as suspects. */
const suspects = (bars: Bars): number[] =>
  [...bars.flags].flatMap((mask, row) => (codesOf(mask).includes('DATA_SPLIT_SUSPECT') ? [row] : []));

/** An action on the day of the session so many after the first. */
const action = (session: number, change: Partial<RawAction>): RawAction => ({
  symbol: 'AAA',
  exDate: utcDay((FIRST_DAY + session) * DAY_MS),
  kind: 'split',
  ratio: 1,
  amount: 0,
  payDate: null,
  source: 'a company release',
  ...change,
});
const split = (session: number, ratio: number): RawAction => action(session, { ratio });
const dividend = (session: number, amount: number): RawAction =>
  action(session, { kind: 'dividend', amount });
const realMove = (session: number): RawAction => action(session, { kind: 'real_move' });

describe('an open that is a split away from the last close', () => {
  const opensAt = (price: number): number[] => suspects(ingested([[flat(100), flat(100)], [flat(price)]]));

  it.each([
    // 3 % around 1/2, 1/7 and 2/3 of 100: 48.5 to 51.5, 13.857 to 14.714, 64.667 to 68.667
    [48.4, 0],
    [48.6, 1],
    [50, 1],
    [51.4, 1],
    [51.6, 0],
    [13.8, 0],
    [13.9, 1],
    [14.7, 1],
    [14.75, 0],
    [64.6, 0],
    [64.7, 1],
    [68.6, 1],
    [68.7, 0],
    [2, 1], // 1:50
    [1.9, 0],
    // reverse splits: 194 to 206 for 2:1, 970 to 1030 for 10:1
    [193, 0],
    [195, 1],
    [205, 1],
    [207, 0],
    [1000, 1],
    [150, 0], // two old for three new is a split, three old for two new is not held for one
    // moves of the market
    [52.6, 0],
    [126.1, 0],
    [99, 0],
    [100, 0],
  ])('%s after 100: %d', (price, flagged) => {
    expect(opensAt(price)).toHaveLength(flagged);
  });

  it('is a suspect at the first bar of a session only', () => {
    expect(suspects(ingested([[flat(100), flat(50), flat(50)]]))).toEqual([]);
  });

  it('is told by the open, whatever the bar did afterwards', () => {
    expect(suspects(ingested([[flat(100)], [[50, 101, 49, 100, 7]]]))).toEqual([1]);
    expect(suspects(ingested([[flat(100)], [[100, 101, 49, 50, 7]]]))).toEqual([]);
  });

  it('is held against the last close that can be used, also past absent bars and bad ones', () => {
    const bad: Cell = [100, 90, 110, 100, 7];
    expect(suspects(ingested([[flat(100), flat(101)], [null, null], [flat(50)]]))).toEqual([4]);
    expect(
      suspects(
        ingested([
          [flat(100), null],
          [null, flat(50)],
        ]),
      ),
    ).toEqual([3]);
    expect(
      suspects(
        ingested([
          [flat(100), bad],
          [bad, flat(50)],
        ]),
      ),
    ).toEqual([3]);
    expect(suspects(ingested([[flat(100), flat(0)], [flat(50)]]))).toEqual([2]);
  });

  it('is suspected where no close is in sight in all 48 rows before: nobody can say what was split meanwhile', () => {
    expect(suspects(ingested([[null], [flat(50)]]))).toEqual([]);
    const away = Array.from({ length: 48 }, () => [null]);
    expect(suspects(ingested([[flat(100)], ...away.slice(1), [flat(50)]]))).toEqual([48]);
    expect(suspects(ingested([[flat(100)], ...away, [flat(50)]]))).toEqual([49]);
    expect(suspects(ingested([[flat(100)], ...away, [flat(101)]]))).toEqual([49]);
    // A first bar of a ledger has nothing before it.
    expect(suspects(ingested([[flat(50)]]))).toEqual([]);
  });

  it('a gap below the configured one is never a suspect', () => {
    const grid = gridOf([1, 1]);
    const raw = rawOf([
      [grid.startMs[0]!, flat(100)],
      [grid.startMs[1]!, flat(66.7)],
    ]);
    const flags = (split_gap_min: number): number[] =>
      suspects(ingestBars(['AAA'], grid, [raw], undefined, { ...quality, split_gap_min }).bars);
    expect(flags(0.33)).toEqual([1]); // the gap is 33.3 %
    expect(flags(0.34)).toEqual([]);
  });
});

describe('a suspected split', () => {
  const half = [flat(50), flat(50)];
  const after = [[flat(100)], half, [null, flat(49)], half, [flat(51)]];

  it('stays one from row to row, through absent bars, until an action explains it', () => {
    expect(suspects(ingested(after))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('goes with the row of a real move, whenever it was looked up', () => {
    expect(suspects(ingested(after, { actions: [realMove(3)] }))).toEqual([1, 2, 3, 4]);
  });

  it('does not go with a dividend or split of another day, which says nothing of the gap', () => {
    const actions = [dividend(3, 0.4)];
    expect(suspects(ingested(after, { actions }))).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const again = [[flat(100)], half, [flat(25)]];
    expect(suspects(ingested(again, { actions: [split(2, 2)] }))).toEqual([1, 2, 3]);
  });

  it('goes at the first new row where its split arrives late', () => {
    const grid = gridOf([1, 2, 2]);
    const cells = [flat(100), ...half, ...half];
    const raw = (from: number, to: number) =>
      rawOf(cells.slice(from, to).map((cell, k) => [grid.startMs[from + k]!, cell] as const));
    const rows = (from: number, to: number): Grid => ({
      firstOrdinal: from,
      startMs: grid.startMs.slice(from, to),
      endMs: grid.endMs.slice(from, to),
      sessionDay: grid.sessionDay.slice(from, to),
    });
    const first = ingestBars(['AAA'], rows(0, 2), [raw(0, 2)], undefined, quality).bars;
    expect(suspects(first)).toEqual([1]);
    const second = ingestBars(['AAA'], rows(2, 5), [raw(2, 5)], first, quality, {
      actions: [split(1, 2)],
    }).bars;
    expect(second.actions).toMatchObject([{ ordinal: 2, exDay: FIRST_DAY + 1, ratio: 2 }]);
    expect([...second.flags]).toEqual([0, 0, 0]);
    const untold = ingestBars(['AAA'], rows(2, 5), [raw(2, 5)], first, quality).bars;
    expect(suspects(untold)).toEqual([0, 1, 2]);
  });

  it("is each instrument's own", () => {
    const grid = gridOf([1, 1]);
    const raw = [50, 100].map((price) =>
      rawOf([
        [grid.startMs[0]!, flat(100)],
        [grid.startMs[1]!, flat(price)],
      ]),
    );
    const { bars } = ingestBars(['AAA', 'BBB'], grid, raw, undefined, quality);
    expect([...bars.flags].map((mask) => codesOf(mask))).toEqual([[], [], ['DATA_SPLIT_SUSPECT'], []]);
  });
});

describe('a gap with its action', () => {
  const gap = (open: number, ...actions: RawAction[]): number[] =>
    suspects(ingested([[flat(100)], [flat(open)]], { actions }));

  it('is no suspect: a split, a dividend, both, or a real move', () => {
    expect(gap(50, split(1, 2))).toEqual([]);
    expect(gap(14, split(1, 7))).toEqual([]);
    expect(gap(1000, split(1, 0.1))).toEqual([]);
    expect(gap(50, dividend(1, 50))).toEqual([]);
    expect(gap(45, split(1, 2), dividend(1, 10))).toEqual([]); // (100 - 10) / 2
    expect(gap(50, realMove(1))).toEqual([]);
  });

  it('is one where the action says something else', () => {
    expect(gap(50, dividend(1, 0.5))).toEqual([1]); // 99.5 before
    expect(gap(25, split(1, 2))).toEqual([1]); // 50 before: another 2:1
    expect(gap(100, split(1, 2))).toEqual([1]); // 50 before: the split has not happened
    expect(gap(100, dividend(1, 100))).toEqual([1]); // nothing is left to compare with
  });

  it('is explained by an action of a date in between that has no bar', () => {
    const sessions = [[flat(100)], [null], [flat(50)]];
    expect(suspects(ingested(sessions, { actions: [split(1, 2)] }))).toEqual([]);
    expect(suspects(ingested(sessions, { actions: [realMove(1)] }))).toEqual([]);
    expect(suspects(ingested(sessions))).toEqual([2]);
  });
});

describe('a gap beyond what the rules of the day allow', () => {
  const limits =
    (up: number, down: number): IngestFacts['maxGap'] =>
    (i, dayNumber) => {
      expect([i, dayNumber]).toEqual([0, FIRST_DAY + 1]);
      return { up, down };
    };
  const gap = (open: number, maxGap: IngestFacts['maxGap'], ...actions: RawAction[]): number =>
    suspects(ingested([[flat(100)], [flat(open)]], { actions, maxGap: maxGap! })).length;

  it.each([
    // 10 % and one more for rounding
    [110.9, 0],
    [111.1, 1],
    [89.1, 0],
    [88.9, 1],
  ])('%s after 100 at ten per cent: %d', (open, flagged) => {
    expect(gap(open, limits(0.1, 0.1))).toBe(flagged);
  });

  it('has its own bound to either side, or none', () => {
    expect(gap(143, limits(0.44, 0.36))).toBe(0);
    expect(gap(62, limits(0.44, 0.36))).toBe(1);
    expect(gap(62, limits(Infinity, Infinity))).toBe(0);
    expect(gap(50, limits(Infinity, Infinity))).toBe(1); // still a split
  });

  it('starts from the close after the actions of the day', () => {
    expect(gap(80, limits(0.1, 0.1), dividend(1, 20))).toBe(0);
    expect(gap(80, limits(0.1, 0.1), dividend(1, 2))).toBe(1); // 98 before, 18.4 % down
    expect(gap(56, limits(0.1, 0.1), split(1, 1.8))).toBe(0); // 55.56 before
    expect(gap(45, limits(0.05, 0.05), split(1, 2), dividend(1, 10))).toBe(0); // (100 - 10) / 2
    expect(gap(40, limits(0.05, 0.05), split(1, 2), dividend(1, 10))).toBe(1);
  });

  it('is not told where bars are absent in between: that close is not the one the rules mean', () => {
    const anyDay = (): { up: number; down: number } => ({ up: 0.1, down: 0.1 });
    expect(suspects(ingested([[flat(100), null], [flat(85)]], { maxGap: anyDay }))).toEqual([]);
    expect(suspects(ingested([[flat(100)], [null], [flat(85)]], { maxGap: anyDay }))).toEqual([]);
    expect(suspects(ingested([[flat(100)], [null, flat(85)]], { maxGap: anyDay }))).toEqual([2]);
  });
});

describe('the outlier test', () => {
  /** Ten sessions of five bars: 100, 101, 103, 102 and again. */
  const calm = (scale: number, from: number, count: number): Cell[] =>
    Array.from({ length: count }, (_, k) => {
      const close = [100, 101, 103, 102][(from + k) % 4]! / scale;
      return [close, 103 / scale, 100 / scale, close, 10 + k];
    });
  const outliers = (bars: Bars): number[] =>
    [...bars.flags].flatMap((mask, row) => (codesOf(mask).includes('DATA_OUTLIER') ? [row] : []));

  it('does not see a known split or dividend as a move', () => {
    const sessions = [calm(1, 0, 48), calm(7, 48, 30)];
    expect(outliers(ingested(sessions))).toEqual([48]);
    expect(outliers(ingested(sessions, { actions: [split(1, 7)] }))).toEqual([]);
    const paid = calm(1, 48, 30).map(([open, high, low, close, volume]): Cell => [
      open - 30,
      high - 30,
      low - 30,
      close - 30,
      volume,
    ]);
    expect(outliers(ingested([calm(1, 0, 48), paid]))).toEqual([48]);
    expect(outliers(ingested([calm(1, 0, 48), paid], { actions: [dividend(1, 30)] }))).toEqual([]);
  });

  it('leaves a known split out of the mean move: what comes after it is still seen', () => {
    const crash: Cell[] = [...calm(7, 48, 5), flat(10.5, 7)]; // 14.4 to 10.5: 27 % down, five bars after the split
    const actions = [split(1, 7)];
    expect(outliers(ingested([calm(1, 0, 48), crash], { actions }))).toEqual([53]);
    // Unknown, the split of 86 % is a move of the mean: a fifth of it a bar, and the crash is below five times that.
    expect(outliers(ingested([calm(1, 0, 48), crash]))).toEqual([48]);
  });
});

describe('windows of any length give the same flags', () => {
  const cell = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.constantFrom<Cell>(flat(100, 5), [100, 101, 99, 101, 6], [99, 102, 98, 99, 7]),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom<Cell | null>(null, flat(50, 5), flat(14, 5), flat(0), flat(100, 0)),
    },
  );
  const session = fc.array(cell, { minLength: 1, maxLength: 4 });
  const event = fc.tuple(
    fc.integer({ min: 0, max: 29 }),
    fc.constantFrom(
      (day: number) => split(day, 2),
      (day: number) => dividend(day, 3),
      realMove,
    ),
  );

  it('property: ingested row by row over a past of QUALITY_LOOKBACK + 1 rows, or all at once', () => {
    fc.assert(
      fc.property(
        fc.array(session, { minLength: 20, maxLength: 30 }),
        fc.uniqueArray(event, { maxLength: 6, selector: ([day]) => day }),
        fc.integer({ min: 1, max: 7 }),
        (sessions, events, step) => {
          const actions = events.map(([day, make]) => make(day));
          const whole = ingested(sessions, { actions });
          const grid = gridOf(sessions.map((bars) => bars.length));
          const cells = sessions.flat();
          let past: Bars | undefined;
          for (let from = 0; from < cells.length; from += step) {
            const to = Math.min(from + step, cells.length);
            const rows: Grid = {
              firstOrdinal: from,
              startMs: grid.startMs.slice(from, to),
              endMs: grid.endMs.slice(from, to),
              sessionDay: grid.sessionDay.slice(from, to),
            };
            const raw = rawOf(cells.slice(from, to).map((one, k) => [grid.startMs[from + k]!, one] as const));
            const { fromDate, toDate } = actionDates(rows, past);
            const shown = actions.filter(({ exDate }) => exDate >= fromDate && exDate <= toDate);
            const { bars } = ingestBars(['AAA'], rows, [raw], past, quality, { actions: shown });
            expect([...bars.flags]).toEqual([...whole.flags.slice(from, to)]);
            past = tail(past === undefined ? bars : joinBars(past, bars), to - QUALITY_LOOKBACK - 1);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
