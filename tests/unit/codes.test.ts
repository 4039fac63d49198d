import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CODES, INSTRUMENT_CODES, bit, codesOf, inOrder, maskOf } from '../../shared/kernel/codes.ts';

const page = readFileSync(new URL('../../docs/codes.md', import.meta.url), 'utf8');

describe('docs/codes.md', () => {
  test('has every code with its meaning, and none more', () => {
    const documented = [...page.matchAll(/^\| `([^`]+)`\s*\| (.+?)\s*\|$/gm)].map(([, code, meaning]) => [
      code,
      meaning,
    ]);
    expect(
      documented,
      'docs/codes.md differs from shared/kernel/codes.ts: make them say the same, in the same order',
    ).toEqual(Object.entries(CODES));
  });
});

describe('masks', () => {
  test('a mask has room for every instrument code', () => {
    expect(INSTRUMENT_CODES.length).toBeLessThanOrEqual(31);
    expect(new Set(INSTRUMENT_CODES).size).toBe(INSTRUMENT_CODES.length);
  });

  test('the bits are what records on disk hold: a code keeps its place for ever', () => {
    expect([bit.DATA_MISSING, bit.DATA_DUPLICATE, bit.FEATURE_WARMUP, bit.NO_EDGE, bit.MARKET_RED]).toEqual([
      ...[1, 2, 1024, 4096, 33554432],
    ]);
    expect(maskOf(['NO_EDGE', 'DATA_DUPLICATE'])).toBe(4098);
    expect(codesOf(4098)).toEqual(['DATA_DUPLICATE', 'NO_EDGE']);
  });

  test('any subset in any order goes to a mask and back, in the order of the list', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...INSTRUMENT_CODES]), (codes) => {
        const mask = maskOf(codes);
        expect(mask).toBeGreaterThanOrEqual(0);
        expect(codesOf(mask)).toEqual(INSTRUMENT_CODES.filter((code) => codes.includes(code)));
      }),
    );
  });

  test('a text that is no instrument code is refused by name', () => {
    expect(() => maskOf(['FILLED'])).toThrow(new RangeError('FILLED is not a reason code of an instrument'));
  });
});

test('codes are sorted as the closed list has them, each once', () => {
  expect(inOrder(['FILLED', 'NO_EDGE', 'DATA_MISSING', 'NO_EDGE'])).toEqual([
    'DATA_MISSING',
    'NO_EDGE',
    'FILLED',
  ]);
});
