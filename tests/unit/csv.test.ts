import { describe, expect, it } from 'vitest';
import { csvText, rounded } from '../../shared/ledger/projections/csv.ts';

const one = (value: string | number | null): string => csvText(['a'], [{ a: value }]).split('\n')[1]!;

describe('a CSV cell', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+cmd', "'+cmd"],
    ['-cmd', "'-cmd"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['==', "'=="],
    ['-1-1', "'-1-1"],
  ])('%j cannot run as a formula', (text, cell) => expect(one(text)).toBe(cell));

  it('with a carriage return is neutralised and quoted', () => {
    expect(csvText(['a'], [{ a: '\rx' }])).toBe('a\n"\'\rx"\n');
  });

  it.each([
    ['-12.50', '-12.50'],
    [-12.5, '-12.5'],
    [1e-7, '1e-7'],
    [0, '0'],
    [null, ''],
    ['', ''],
  ])('%j stays a figure', (value, cell) => expect(one(value)).toBe(cell));

  it('quotes commas, quotes and line feeds', () => {
    expect(csvText(['a', 'b'], [{ a: 'x,y', b: 'say "so"\nnow' }])).toBe('a,b\n"x,y","say ""so""\nnow"\n');
  });

  it('holds no number that is none', () => {
    expect(() => one(NaN)).toThrow('a CSV cell cannot hold NaN');
  });

  it('rounds for reading, and never to minus zero', () => {
    expect(rounded(1.00000049)).toBe(1);
    expect(Object.is(rounded(-1e-9), 0)).toBe(true);
  });
});
