import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntegrityError } from '../../shared/kernel/errors.ts';
import { BAR_FIELDS, type Bars } from '../../shared/market-data/bars.ts';
import {
  BLOCK_ROWS,
  blockOf,
  decodeBlocks,
  encodeBlock,
  joinBars,
  rowsInBlock,
} from '../../shared/market-data/window.ts';
import { barsOf, cut, flat, type Cell } from '../support/bars.ts';

const COLUMNS = [...BAR_FIELDS, 'startMs', 'endMs', 'sessionDay'] as const;
const bitsOf = (column: Float64Array): BigUint64Array => new BigUint64Array(column.slice().buffer);
function expectSameBits(a: Bars, b: Bars): void {
  expect(b.instruments).toEqual(a.instruments);
  expect(b.firstOrdinal).toBe(a.firstOrdinal);
  for (const column of COLUMNS) expect(bitsOf(b[column]), column).toEqual(bitsOf(a[column]));
}
const random = fc
  .array(
    fc.tuple(
      fc.option(fc.tuple(fc.double(), fc.double(), fc.double(), fc.double(), fc.double())),
      fc.option(fc.tuple(fc.double(), fc.double(), fc.double(), fc.double(), fc.double(), fc.double())),
    ),
    { minLength: 1, maxLength: 80 },
  )
  .map((rows) => barsOf(rows as (Cell | null)[][], { firstOrdinal: 0 }));

describe('blocks of bars', () => {
  it('property: come back bit for bit, cut at any block', () => {
    fc.assert(
      fc.property(random, (bars) => {
        const rows = bars.startMs.length;
        const blocks: Uint8Array[] = [];
        for (let from = 0; from < rows; from += BLOCK_ROWS) {
          blocks.push(encodeBlock(bars, from, Math.min(rows, from + BLOCK_ROWS)));
        }
        expectSameBits(bars, decodeBlocks(bars.instruments, 0, blocks));
      }),
    );
  });

  it('any NaN is written with one pattern', () => {
    const odd = barsOf([[flat(1), flat(2)]]);
    // A quiet NaN with its sign and some payload set.
    new Uint32Array(odd.turnover.buffer).set([0xdeadbeef, 0xfff80001], 0);
    const plain = barsOf([[flat(1), flat(2)]]);
    expect(encodeBlock(odd, 0, 1)).toEqual(encodeBlock(plain, 0, 1));
    const words = new Uint32Array(encodeBlock(plain, 0, 1).buffer);
    // Head of 3, five fields of 2: the first turnover is float 13.
    expect([words[26], words[27]]).toEqual([0, 0x7ff80000]);
  });

  it('the layout: head, then each field of every instrument, little-endian', () => {
    const bars = barsOf(
      [
        [
          [1, 2, 3, 4, 5, 6],
          [7, 8, 9, 10, 11, 12],
        ],
      ],
      { start: '1970-01-02T00:00:00Z' },
    );
    const floats = [...new Float64Array(encodeBlock(bars, 0, 1).buffer)];
    expect(floats).toEqual([86_400_000, 90_000_000, 1, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11, 6, 12, 0, 0]);
  });

  it('read from bytes that do not begin at a multiple of eight', () => {
    const bars = barsOf([[flat(1)], [flat(2)]]);
    const shifted = new Uint8Array(8 * 20 + 3);
    shifted.set(encodeBlock(bars, 0, 2), 3);
    expectSameBits(bars, decodeBlocks(['S0'], 0, [shifted.subarray(3)]));
  });

  it('bytes that are no whole rows of the universe are refused', () => {
    const bytes = encodeBlock(barsOf([[flat(1)], [flat(2)]]), 0, 2); // two rows of 10 floats
    expect(rowsInBlock(bytes, 1)).toBe(2);
    for (const wrong of [
      bytes.subarray(0, 159),
      bytes.subarray(0, 81),
      new Uint8Array(0),
      new Uint8Array(33 * 80),
    ]) {
      expect(() => rowsInBlock(wrong, 1)).toThrow(IntegrityError);
      expect(() => decodeBlocks(['S0'], 0, [wrong])).toThrow(IntegrityError);
    }
    expect(() => decodeBlocks(['S0', 'S1'], 0, [bytes])).toThrow(IntegrityError);
  });

  it.each([
    [0, 0],
    [31, 0],
    [32, 1],
    [1000, 31],
  ])('ordinal %d lies in block %d', (ordinal, block) => {
    expect(blockOf(ordinal)).toBe(block);
  });
});

describe('joining', () => {
  const bars = barsOf([[flat(1)], [null], [flat(3)], [flat(4)]], { firstOrdinal: 40 });

  it('what was cut comes together again', () => {
    expectSameBits(bars, joinBars(cut(bars, 0, 3), cut(bars, 3, 4)));
  });

  it('a hole or an overlap between the ordinals is refused', () => {
    expect(() => joinBars(cut(bars, 0, 1), cut(bars, 2, 4))).toThrow(/42 do not follow 40 \+ 1/);
    expect(() => joinBars(cut(bars, 0, 2), cut(bars, 1, 4))).toThrow(RangeError);
  });
});
