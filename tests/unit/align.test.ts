import { describe, expect, it } from 'vitest';
import { bit, codesOf } from '../../shared/kernel/codes.ts';
import { alignBars } from '../../shared/market-data/align.ts';
import { flat, rawOf, type Cell } from '../support/bars.ts';

const HOURS = [0, 1, 2, 3].map((hour) => Date.UTC(2024, 0, 1, hour));
const grid = {
  firstOrdinal: 7,
  startMs: Float64Array.from(HOURS),
  endMs: Float64Array.from(HOURS, (start) => start + 3_600_000),
  sessionDay: new Float64Array(4).fill(19_723),
};
const align = (rows: readonly (readonly [number, Cell])[]) => alignBars(['AAA'], grid, [rawOf(rows)]);
const flagsOf = (flags: Float64Array): string[][] => [...flags].map((mask) => codesOf(mask));

describe('bars on the grid of the calendar', () => {
  it('what is not there is NaN and missing', () => {
    const { bars, misaligned } = align([[HOURS[1]!, [1, 2, 0.5, 1.5, 10, 15]]]);
    expect(misaligned).toEqual([]);
    expect(bars.firstOrdinal).toBe(7);
    expect([...bars.close]).toEqual([NaN, 1.5, NaN, NaN]);
    expect([...bars.turnover]).toEqual([NaN, 15, NaN, NaN]);
    expect(flagsOf(bars.flags)).toEqual([['DATA_MISSING'], [], ['DATA_MISSING'], ['DATA_MISSING']]);
  });

  it('the same from any order of the source, newest first or shuffled', () => {
    const cells = HOURS.map((start, k) => [start, flat(100 + k)] as const);
    const { bars } = align(cells);
    expect([...bars.close]).toEqual([100, 101, 102, 103]);
    expect(align([...cells].reverse()).bars).toEqual(bars);
    expect(align([2, 0, 3, 1].map((k) => cells[k]!)).bars).toEqual(bars);
  });

  it('the first bar of a start stands: a repetition is a duplicate, another value a conflict', () => {
    const { bars } = align([
      [HOURS[0]!, flat(100)],
      [HOURS[1]!, flat(100)],
      [HOURS[1]!, flat(100)],
      [HOURS[2]!, [100, 101, 99, 100, 5]],
      [HOURS[2]!, [100, 101, 99, 100.5, 5]],
      [HOURS[3]!, flat(100, 5)],
      [HOURS[3]!, flat(100, 6)],
      [HOURS[3]!, flat(100, 5)],
    ]);
    expect(flagsOf(bars.flags)).toEqual([
      [],
      ['DATA_DUPLICATE'],
      ['DATA_CONFLICT'],
      ['DATA_DUPLICATE', 'DATA_CONFLICT'],
    ]);
    expect([...bars.close]).toEqual([100, 100, 100, 100]);
    expect(bars.volume[3]).toBe(5);
  });

  it('two turnovers are a conflict too, since vwap is struck from them', () => {
    const { bars } = align([
      [HOURS[0]!, [100, 101, 99, 100, 5, 500]],
      [HOURS[0]!, [100, 101, 99, 100, 5, 400]],
      [HOURS[1]!, [100, 101, 99, 100, 5]],
      [HOURS[1]!, [100, 101, 99, 100, 5]],
    ]);
    expect(bars.flags[0]).toBe(bit.DATA_CONFLICT);
    expect(bars.flags[1]).toBe(bit.DATA_DUPLICATE); // no turnover twice is no difference
  });

  it('a quoted spread comes along, and another one is a conflict', () => {
    const rows = [HOURS[0]!, HOURS[1]!, HOURS[1]!].map((start) => [start, flat(100)] as const);
    const quoted = { ...rawOf(rows), spread: Float64Array.of(0.02, 0.02, 0.03) };
    const { bars } = alignBars(['AAA'], grid, [quoted]);
    expect([...bars.spread]).toEqual([0.02, 0.02, NaN, NaN]);
    expect(bars.flags[1]).toBe(bit.DATA_CONFLICT);
    expect([...align(rows).bars.spread]).toEqual([NaN, NaN, NaN, NaN]);
    expect(align(rows).bars.flags[1]).toBe(bit.DATA_DUPLICATE);
  });

  it('bars off the grid are handed back, and move nothing', () => {
    const halfPast = HOURS[1]! + 1_800_000;
    const { bars, misaligned } = align([
      [HOURS[3]!, flat(103)],
      [halfPast, flat(9)],
      [HOURS[0]! - 3_600_000, flat(9)],
      [HOURS[3]! + 3_600_000, flat(9)],
      [NaN, flat(9)],
      [HOURS[2]!, flat(102)],
    ]);
    expect([...bars.close]).toEqual([NaN, NaN, 102, 103]);
    expect(misaligned).toEqual(
      [halfPast, HOURS[0]! - 3_600_000, HOURS[3]! + 3_600_000, NaN].map((startMs) => ({
        symbol: 'AAA',
        startMs,
      })),
    );
  });

  it('each instrument lies in its own column', () => {
    const { bars } = alignBars(['AAA', 'BBB'], grid, [
      rawOf([[HOURS[0]!, flat(1)]]),
      rawOf([
        [HOURS[0]!, flat(2)],
        [HOURS[3]!, flat(3)],
      ]),
    ]);
    expect([...bars.close]).toEqual([1, 2, NaN, NaN, NaN, NaN, NaN, 3]);
  });
});
