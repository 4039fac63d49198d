import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntegrityError } from '../../shared/kernel/errors.ts';
import type { CorporateAction } from '../../shared/market-data/actions.ts';
import { BAR_FIELDS, type Bars } from '../../shared/market-data/bars.ts';
import {
  BLOCK_ROWS,
  blockOf,
  decodeBlocks,
  encodeBlock,
  joinBars,
  rowsInBlock,
  rowsOf,
  tail,
} from '../../shared/market-data/window.ts';
import { barsOf, cut, flat, type Cell } from '../support/bars.ts';

const COLUMNS = [...BAR_FIELDS, 'startMs', 'endMs', 'sessionDay'] as const;
const bitsOf = (column: Float64Array): BigUint64Array => new BigUint64Array(column.slice().buffer);
function expectSameBits(a: Bars, b: Bars): void {
  expect(b.instruments).toEqual(a.instruments);
  expect(b.firstOrdinal).toBe(a.firstOrdinal);
  expect(b.actions).toEqual(a.actions);
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

/** The same bytes with one float of the head or a row replaced. */
function withFloat(bytes: Uint8Array, index: number, value: number): Uint8Array {
  const floats = new Float64Array(bytes.slice().buffer);
  floats[index] = value;
  return new Uint8Array(floats.buffer);
}

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
    // Two of the block, three of the row, five fields of 2: the first turnover is float 15.
    expect([words[30], words[31]]).toEqual([0, 0x7ff80000]);
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
    expect(floats).toEqual([
      ...[1, 0], // one row, no actions
      ...[86_400_000, 90_000_000, 1],
      ...[1, 7, 2, 8, 3, 9, 4, 10, 5, 11, 6, 12],
      ...[NaN, NaN, 0, 0], // no quoted spread, no flags
    ]);
  });

  it('read from bytes that do not begin at a multiple of eight', () => {
    const bars = barsOf([[flat(1)], [flat(2)]]);
    const shifted = new Uint8Array(8 * 24 + 3); // a head of 2, two rows of 11
    shifted.set(encodeBlock(bars, 0, 2), 3);
    expectSameBits(bars, decodeBlocks(['S0'], 0, [shifted.subarray(3)]));
  });

  it('bytes that are no whole rows of the universe are refused', () => {
    const bytes = encodeBlock(barsOf([[flat(1)], [flat(2)]]), 0, 2); // a head of 2, two rows of 11: 24 floats
    expect(bytes.byteLength).toBe(192);
    expect(rowsInBlock(bytes, 1)).toBe(2);
    for (const wrong of [
      bytes.subarray(0, 191),
      bytes.subarray(0, 104),
      bytes.subarray(0, 16),
      bytes.subarray(0, 8),
      new Uint8Array(0),
      new Uint8Array(200),
      withFloat(bytes, 0, 1),
      withFloat(bytes, 0, 3),
      withFloat(bytes, 0, 1.5),
      withFloat(bytes, 0, NaN),
      withFloat(bytes, 1, 1),
      withFloat(bytes, 1, -8),
      withFloat(bytes, 1, Infinity),
      withFloat(new Uint8Array(8 * (2 + 33 * 11)), 0, 33),
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

const split = (ordinal: number, instrument = 0): CorporateAction => ({
  instrument,
  ordinal,
  exDay: 19_723,
  kind: 'split',
  ratio: 7,
  amount: 0,
  payDay: null,
  source: 'the exchange, 2024-01-01',
});
const dividend = (ordinal: number, instrument = 0): CorporateAction => ({
  ...split(ordinal, instrument),
  kind: 'dividend',
  ratio: 1,
  amount: 0.1,
  payDay: 19_730,
});

describe('the actions of a block', () => {
  const one = { ...barsOf([[flat(1), flat(2)]]), actions: [dividend(0, 1)] };
  const text =
    '[{"amount":0.1,"ex_day":19723,"instrument":1,"kind":"dividend","ordinal":0,"pay_day":19730,"ratio":1,' +
    '"source":"the exchange, 2024-01-01"}]';
  /** A head of 2, a row of 3 and 8 fields of 2. */
  const ROWS_END = 8 * (2 + 3 + 16);
  /** A block of the row above whose actions are any text, rightly measured and padded. */
  const blockWith = (actions: string, padding = 0): Uint8Array => {
    const bytes = new TextEncoder().encode(actions);
    const block = new Uint8Array(ROWS_END + 8 * Math.ceil(bytes.length / 8)).fill(padding);
    block.set(encodeBlock(one, 0, 1).subarray(0, ROWS_END));
    block.set(bytes, ROWS_END);
    return withFloat(block, 1, bytes.length);
  };

  it('lie after the rows as canonical JSON, filled up with zero bytes', () => {
    const bytes = encodeBlock(one, 0, 1);
    expect(text).toHaveLength(138); // 18 floats hold 144
    expect(bytes.byteLength).toBe(ROWS_END + 144);
    expect(new Float64Array(bytes.slice(0, 16).buffer)).toEqual(Float64Array.of(1, 138));
    expect(new TextDecoder().decode(bytes.subarray(ROWS_END))).toBe(`${text}${'\0'.repeat(6)}`);
    expect(bytes).toEqual(blockWith(text));
  });

  it('go into the block of their row, and come back from each', () => {
    const rows = Array.from({ length: 70 }, () => [flat(1), flat(2)]);
    const actions = [dividend(0), split(31), dividend(32), split(32), split(32, 1), split(69)];
    const bars = { ...barsOf(rows), actions };
    const blocks = [0, 32, 64].map((from) => encodeBlock(bars, from, Math.min(70, from + 32)));
    expectSameBits(bars, decodeBlocks(bars.instruments, 0, blocks));
    expect(decodeBlocks(bars.instruments, 32, [blocks[1]!]).actions).toEqual(actions.slice(2, 5));
  });

  it.each([
    ['cut short', text.slice(0, -1)],
    ['with a space', text.replace(':', ': ')],
    ['with a line end after it', `${text}\n`],
    ['with a byte order mark', `\uFEFF${text}`],
    ['of an instrument that is not there', text.replace('"instrument":1', '"instrument":2')],
    ['of a row that is not there', text.replace('"ordinal":0', '"ordinal":1')],
    ['of another kind', text.replace('dividend', 'gift')],
    ['with a field too many', text.replace('"ratio":1', '"ratio":1,"rest":0')],
    ['with a ratio of zero', text.replace('"ratio":1', '"ratio":0')],
    ['with a negative amount', text.replace('0.1', '-0.1')],
    ['with half a day', text.replace('19723', '19723.5')],
    ['twice', `[${text.slice(1, -1)},${text.slice(1, -1)}]`],
    [
      'a split before its dividend',
      `[${text.slice(1, -1).replace('dividend', 'split')},${text.slice(1, -1)}]`,
    ],
    ['an empty list', '[]'],
  ])('%s are refused', (_, wrong) => {
    expect(() => decodeBlocks(one.instruments, 0, [blockWith(wrong)])).toThrow(IntegrityError);
  });

  it('of the wrong ordinal, or with something behind them, are refused', () => {
    expect(() => decodeBlocks(one.instruments, 32, [blockWith(text)])).toThrow(/none of them/);
    expect(() => decodeBlocks(one.instruments, 0, [blockWith(text, 32)])).toThrow(/zero bytes/);
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

  it('each row keeps its actions through cutting and joining', () => {
    const acted = { ...bars, actions: [dividend(40), split(40), dividend(42), split(43)] };
    expect(rowsOf(acted, 0, 2).actions).toEqual([dividend(40), split(40)]);
    expect(rowsOf(acted, 1, 3).actions).toEqual([dividend(42)]);
    expect(tail(acted, 42).actions).toEqual([dividend(42), split(43)]);
    expect(tail(acted, 0).actions).toEqual(acted.actions);
    expectSameBits(acted, joinBars(rowsOf(acted, 0, 3), tail(acted, 43)));
  });
});
