import { describe, expect, it } from 'vitest';
import { decimalText, minorDigits, minorPerUnit, toMinor } from '../../shared/kernel/money.ts';
import { seededRandom } from '../../shared/kernel/random.ts';
import { compactUtc, isoUtc, parseIsoDate, parseIsoUtc, SimulatedClock } from '../../shared/kernel/time.ts';

describe('money', () => {
  it.each([
    [1.005, 100, 100],
    [0.125, 100, 13],
    [-0.125, 100, -13],
    [2.5, 1, 3],
    [-2.5, 1, -3],
    [0.00000001, 100_000_000, 1],
    [-0.001, 100, 0],
  ])('%s at %s minor units is %s, halves away from zero', (amount, minor, expected) => {
    expect(toMinor(amount, minor)).toBe(expected);
  });

  it.each([NaN, Infinity, 1e14])('refuses %s: what is no safe whole number is no money', (amount) => {
    expect(() => toMinor(amount, 100)).toThrow(RangeError);
  });

  it('prints whole numbers as exact decimals', () => {
    expect(decimalText(-12345, 2)).toBe('-123.45');
    expect(decimalText(5, 8)).toBe('0.00000005');
    expect(decimalText(-5, 2)).toBe('-0.05');
    expect(decimalText(7, 0)).toBe('7');
  });

  it('knows its currencies and no others', () => {
    expect([minorPerUnit('CNY'), minorPerUnit('USDT'), minorDigits('USD')]).toEqual([100, 100_000_000, 2]);
    expect(() => minorPerUnit('EUR')).toThrow('currency EUR is unknown; expected one of CNY, USD, USDT');
  });
});

describe('time', () => {
  it('writes and reads UTC and nothing else', () => {
    expect(isoUtc(1_763_805_600_000)).toBe('2025-11-22T10:00:00Z');
    expect(isoUtc(1_763_805_600_250)).toBe('2025-11-22T10:00:00.250Z');
    expect(compactUtc(1_763_805_600_000)).toBe('20251122T100000Z');
    expect(parseIsoUtc('2025-11-22T10:00:00Z')).toBe(1_763_805_600_000);
  });

  it.each([
    '2025-02-30T00:00:00Z',
    '2025-11-22T10:00:00+08:00',
    '2025-11-22',
    '2025-11-22 10:00:00Z',
    'now',
    '',
  ])('%j is no instant', (text) => expect(parseIsoUtc(text)).toBeNaN());

  it.each(['2025-02-30', '2025-2-3', '20250203', ''])('%j is no date', (text) =>
    expect(parseIsoDate(text)).toBeNaN(),
  );

  it('does not go back', () => {
    const clock = new SimulatedClock(1_000);
    clock.advanceTo(1_000);
    expect(() => clock.advanceTo(999)).toThrow('a clock does not go back');
    expect(clock.now()).toBe(1_000);
  });
});

describe('random numbers', () => {
  it('are the same for the same seed, whatever is drawn elsewhere', () => {
    const draw = (seed: string): number[] => {
      const random = seededRandom(seed);
      return [random.uniform(), random.uniform(), random.below(10)];
    };
    const first = draw('a');
    draw('b');
    expect(draw('a')).toEqual(first);
    expect(draw('b')).not.toEqual(first);
  });

  it('lie in [0, 1), evenly', () => {
    const random = seededRandom('even');
    const counts = new Array<number>(10).fill(0);
    for (let k = 0; k < 100_000; k++) counts[Math.floor(random.uniform() * 10)]!++;
    // 10,000 expected with a deviation of 95: five of them either way.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(475);
  });
});
