import { describe, expect, it } from 'vitest';
import { edgeHalfSpreadBps } from '../../shared/execution/edge-spread.ts';
import { bit } from '../../shared/kernel/codes.ts';
import { seededRandom } from '../../shared/kernel/random.ts';
import { DAY_MS, HOUR_MS } from '../../shared/kernel/time.ts';
import type { CorporateAction } from '../../shared/market-data/actions.ts';
import { barsOf, type Cell } from '../support/bars.ts';
import reference from '../vectors/statistics.json' with { type: 'json' };

const VOID = bit.DATA_MISSING | bit.DATA_CONFLICT;
const TEN: readonly Cell[] = [
  [100, 101, 99.5, 100.5, 1],
  [100.4, 100.9, 99.8, 100.1, 1],
  [100.3, 101.2, 100, 101, 1],
  [100.8, 101.1, 100.2, 100.4, 1],
  [100.6, 101.5, 100.3, 101.4, 1],
  [101.1, 101.3, 100.5, 100.7, 1],
  [100.9, 101.6, 100.6, 101.2, 1],
  [101, 101.4, 100.1, 100.3, 1],
  [100.5, 100.8, 99.7, 99.9, 1],
  [100.2, 100.9, 100, 100.6, 1],
];
const halved = ([open, high, low, close, volume]: Cell): Cell => [
  open / 2,
  high / 2,
  low / 2,
  close / 2,
  volume,
];
/** Days from 2024-01-01, day 19,723, of which the sixth opens after a split of 2 for 1. */
const split = (kind: CorporateAction['kind'], instrument = 0) => {
  const cells = TEN.map((cell, row) => [row < 5 ? cell : halved(cell)]);
  const facts = {
    ordinal: 5,
    exDay: 19_728,
    ratio: 2,
    amount: 0,
    payDay: null,
    source: 'made up for this test',
  };
  return { ...barsOf(cells, { barMs: DAY_MS }), actions: [{ instrument, kind, ...facts }] };
};

describe('the EDGE estimate of half a spread', () => {
  it('is the signed reference value of the authors', () => {
    const { inputs, outputs } = reference.vectors.find((one) => one.id === 'spread.edge') as never as {
      inputs: Record<'open' | 'high' | 'low' | 'close', number[]>;
      outputs: { signed: number };
    };
    const cells = inputs.open.map((open, row): [Cell] => [
      [open, inputs.high[row]!, inputs.low[row]!, inputs.close[row]!, 1],
    ]);
    // The reference is the whole spread as a share: half of it in bps is 5,000 times as much.
    expect(outputs.signed).toBeLessThan(0);
    expect(Math.abs(edgeHalfSpreadBps(barsOf(cells), 0, VOID) / 5_000 - outputs.signed)).toBeLessThan(1e-9);
  });

  // These values come from the published formula in a program of its own (Python), fed with the pairs of bars.
  it('leaves out a void bar and the step after it', () => {
    const whole = barsOf(TEN.map((cell) => [cell]));
    expect(edgeHalfSpreadBps(whole, 0, VOID)).toBeCloseTo(14.838315982635656, 9);
    const flagged = barsOf(
      TEN.map((cell) => [cell]),
      { flags: { 4: 'DATA_CONFLICT' } },
    );
    expect(edgeHalfSpreadBps(flagged, 0, VOID)).toBeCloseTo(13.234377648363417, 9);
    const absent = barsOf(TEN.map((cell, row) => [row === 4 ? null : cell]));
    expect(edgeHalfSpreadBps(absent, 0, VOID)).toBeCloseTo(13.234377648363417, 9);
    const withoutPrices = barsOf(TEN.map((cell, row) => [row === 4 ? [0, 0, 0, 0, 1] : cell]));
    expect(edgeHalfSpreadBps(withoutPrices, 0, 0)).toBeCloseTo(13.234377648363417, 9);
  });

  it('leaves out the step over an ex-date, and keeps a move that was real', () => {
    expect(edgeHalfSpreadBps(split('split'), 0, VOID)).toBeCloseTo(12.242395374985092, 9);
    expect(edgeHalfSpreadBps(split('dividend'), 0, VOID)).toBeCloseTo(12.242395374985092, 9);
    expect(edgeHalfSpreadBps(split('real_move'), 0, VOID)).toBeCloseTo(110.61575903060668, 9);
    expect(edgeHalfSpreadBps(split('split', 1), 0, VOID)).toBeCloseTo(110.61575903060668, 9);
  });

  it('leaves out the step over a night, but not where bars are a day each', () => {
    const whole = barsOf(TEN.map((cell) => [cell]));
    const later = (column: Float64Array): Float64Array =>
      column.map((ms, row) => (row < 5 ? ms : ms + 17 * HOUR_MS));
    const overNight = { ...whole, startMs: later(whole.startMs), endMs: later(whole.endMs) };
    // A void bar between the two days leaves out the same step and no other.
    const apart = barsOf([...TEN.slice(0, 5), null, ...TEN.slice(5)].map((cell) => [cell]));
    expect(edgeHalfSpreadBps(overNight, 0, VOID)).toBe(edgeHalfSpreadBps(apart, 0, VOID));
    expect(edgeHalfSpreadBps(overNight, 0, VOID)).not.toBe(edgeHalfSpreadBps(whole, 0, VOID));
    const daily = { ...whole, endMs: whole.startMs.map((ms) => ms + HOUR_MS / 2) };
    expect(edgeHalfSpreadBps(daily, 0, VOID)).toBe(edgeHalfSpreadBps(whole, 0, VOID));
  });

  it('reads its own instrument alone', () => {
    const both = barsOf(TEN.map((cell, row) => [TEN[9 - row]!, cell]));
    expect(edgeHalfSpreadBps(both, 1, VOID)).toBeCloseTo(14.838315982635656, 9);
  });

  it.each([
    ['no bar', []],
    ['one bar', TEN.slice(0, 1)],
    ['one bar that moved', TEN.slice(0, 2)],
    ['bars that never moved', TEN.map((): Cell => [100, 100, 100, 100, 1])],
    [
      'opens and closes that are extremes alone',
      TEN.map((_, row): Cell => [100 + row, 100 + row, 100 + row, 100 + row, 1]),
    ],
  ] as const)('is not a number from %s', (_, cells) => {
    const bars = barsOf(
      cells.map((cell) => [cell]),
      { symbols: ['S0'] },
    );
    expect(edgeHalfSpreadBps(bars, 0, VOID)).toBeNaN();
  });

  it('finds the spread that bars were made with', () => {
    // Trades at a walk of 0.1 % a step times 1 +- 50 bps; 30 trades a bar, 4,000 bars.
    const random = seededRandom('spread');
    let middle = 100;
    const bars = Array.from({ length: 4_000 }, (): [Cell] => {
      const trades = Array.from({ length: 30 }, () => {
        middle *= 1 + 0.001 * (random.uniform() - 0.5) * Math.sqrt(12);
        return middle * (random.uniform() < 0.5 ? 1.005 : 0.995);
      });
      return [[trades[0]!, Math.max(...trades), Math.min(...trades), trades.at(-1)!, 1]];
    });
    const found = edgeHalfSpreadBps(barsOf(bars), 0, VOID);
    expect(found).toBeGreaterThan(45);
    expect(found).toBeLessThan(55);
  });
});
