import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CODES,
  INSTRUMENT_CODES,
  LIMIT_CODES,
  bit,
  codesOf,
  inOrder,
  limitBit,
  limitCodesOf,
  masksOf,
} from '../../shared/kernel/codes.ts';

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
  test('a mask has room for every code of its kind, and no code is of both kinds', () => {
    expect(INSTRUMENT_CODES.length).toBeLessThanOrEqual(31);
    expect(LIMIT_CODES.length).toBeLessThanOrEqual(31);
    const both = [...INSTRUMENT_CODES, ...LIMIT_CODES];
    expect(new Set(both).size).toBe(both.length);
  });

  test('the bits are what records on disk hold: a code keeps its place for ever', () => {
    expect(bit).toEqual({
      ...{ DATA_MISSING: 1, DATA_DUPLICATE: 2, DATA_CONFLICT: 4, DATA_NON_FINITE: 8, DATA_NON_POSITIVE: 16 },
      ...{ DATA_HIGH_BELOW_LOW: 32, DATA_OUTSIDE_RANGE: 64, DATA_ZERO_VOLUME: 128, DATA_STALE_RUN: 256 },
      ...{ DATA_OUTLIER: 512, DATA_SPLIT_SUSPECT: 1024, RULES_UNCOVERED: 2048, FEATURE_WARMUP: 4096 },
      ...{ MODEL_UNAVAILABLE: 8192, NO_EDGE: 16384, LAUNCH_UNLIKELY: 32768, EDGE_BELOW_COST: 65536 },
      ...{ SHORT_NOT_ALLOWED: 131072, NO_BORROW: 262144, TIME_STOP: 524288, INVALIDATED: 1048576 },
      ...{ ORDER_PENDING: 2097152, RESTRICTED: 4194304, PRICE_COLLAR: 8388608, MARKET_RED: 16777216 },
    });
    expect(limitBit).toEqual({
      ...{ T1_LOCKED: 1, MAX_NAME: 2, MAX_CLUSTER: 4, MAX_THEME: 8, MAX_NET: 16, MAX_GROSS: 32 },
      ...{ CAPACITY_ADV: 64, CASH: 128, MAX_TURNOVER: 256, ORDER_VALUE: 512, ORDER_COUNT: 1024 },
      ...{ TRIAL_SCALED: 2048, BELOW_BAND: 4096, BELOW_MINIMUM: 8192 },
    });
    expect(masksOf(['NO_EDGE', 'DATA_DUPLICATE'])).toEqual({ reasons: 16386, limits: 0 });
    expect(codesOf(16386)).toEqual(['DATA_DUPLICATE', 'NO_EDGE']);
    expect(masksOf(['BELOW_MINIMUM', 'MARKET_RED', 'MAX_NAME'])).toEqual({ reasons: 16777216, limits: 8194 });
    expect(limitCodesOf(8194)).toEqual(['MAX_NAME', 'BELOW_MINIMUM']);
  });

  test('any subset in any order goes to a mask and back, in the order of the list', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...INSTRUMENT_CODES, ...LIMIT_CODES]), (codes) => {
        const { reasons, limits } = masksOf(codes);
        expect(Math.min(reasons, limits)).toBeGreaterThanOrEqual(0);
        expect(codesOf(reasons)).toEqual(INSTRUMENT_CODES.filter((code) => codes.includes(code)));
        expect(limitCodesOf(limits)).toEqual(LIMIT_CODES.filter((code) => codes.includes(code)));
      }),
    );
  });

  test('a text that is no instrument code is refused by name', () => {
    expect(() => masksOf(['FILLED'])).toThrow(new RangeError('FILLED is not a reason code of an instrument'));
    expect(() => masksOf(['toString'])).toThrow(RangeError);
  });
});

test('codes are sorted as the closed list has them, each once', () => {
  expect(inOrder(['FILLED', 'NO_EDGE', 'DATA_MISSING', 'NO_EDGE'])).toEqual([
    'DATA_MISSING',
    'NO_EDGE',
    'FILLED',
  ]);
});
