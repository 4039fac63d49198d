import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, hashJson, sha256, type Json } from '../../shared/kernel/canonical.ts';

describe('canonical JSON', () => {
  it('sorts keys by UTF-16 code units and writes numbers as ECMAScript does', () => {
    const value = { b: [1, -0, 1e21, 1e-7, 0.1], a: { '€': 1, '\r': 2, '1': 3 }, ' ': null };
    expect(canonicalJson(value)).toBe('{" ":null,"a":{"\\r":2,"1":3,"€":1},"b":[1,0,1e+21,1e-7,0.1]}');
  });

  it('is what another implementation of RFC 8785 writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(value as Json)).toBe(canonicalize(value));
      }),
    );
  });

  it.each([
    ['undefined', { a: [undefined] }, '$.a[0]'],
    ['NaN', { a: { b: NaN } }, '$.a.b'],
    ['an infinity', [Infinity], '$[0]'],
    ['a function', { a: () => 1 }, '$.a'],
    ['half a character', ['\ud800'], '$[0]'],
  ])('refuses %s and names its place', (_, value, place) => {
    expect(() => canonicalJson(value as unknown as Json)).toThrow(place);
  });

  it('hashes as sha256sum does', () => {
    // printf 'abc' | sha256sum
    expect(sha256('abc')).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(hashJson({ b: 1, a: 2 })).toBe(sha256('{"a":2,"b":1}'));
  });
});
