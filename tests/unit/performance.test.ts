import { describe, expect, it } from 'vitest';
import {
  copyPerformance,
  observeEquity,
  observeTrade,
  openPerformance,
  rollDay,
  type Performance,
} from '../../shared/portfolio/performance.ts';

/** One tick a day with the equity, from day 100 on. */
function days(performance: Performance, ...equities: number[]): Performance {
  equities.forEach((equity) => {
    const next = performance.today.day < 0 ? 100 : performance.today.day + 1;
    rollDay(performance, next);
    if (performance.firstActiveDay < 0) performance.firstActiveDay = next;
    observeEquity(performance, equity, 0);
  });
  return performance;
}

describe('days', () => {
  it('a day counts when the next one begins, from close to close', () => {
    const performance = days(openPerformance(1000), 1010, 1010, 909, 909);
    // +1 %, 0, -10 %; the fourth is still running.
    expect(performance.days).toBe(3);
    expect(performance.returnSum).toBeCloseTo(-0.09, 12);
    expect(performance.returnSquares).toBeCloseTo(0.0001 + 0.01, 12);
    expect(performance.today).toMatchObject({ day: 103, equityOpen: 909, ticks: 1, trades: 0, costs: 0 });
  });

  it('ticks of one day are one return, of its last equity', () => {
    const performance = openPerformance(1000);
    performance.firstActiveDay = 100;
    for (const equity of [1500, 500, 1100]) {
      rollDay(performance, 100);
      observeEquity(performance, equity, 550);
    }
    rollDay(performance, 101);
    expect(performance.days).toBe(1);
    expect(performance.returnSum).toBeCloseTo(0.1, 12);
    // 550 / 1,500 + 550 / 500 + 550 / 1,100 = 0.3667 + 1.1 + 0.5
    expect(performance.grossSum).toBeCloseTo(1.966666666666667, 12);
    expect(performance.ticks).toBe(3);
  });

  it('days before the first active one do not count', () => {
    const performance = openPerformance(1000);
    for (const day of [100, 101, 102]) {
      rollDay(performance, day);
      observeEquity(performance, 1000, 0);
    }
    performance.firstActiveDay = 102;
    expect(performance.days).toBe(0);
    rollDay(performance, 103);
    expect(performance.days).toBe(1); // day 102 alone
    expect(performance.block.sessions).toBe(1);
  });
});

describe('drawdown (definition 12)', () => {
  it('counts from the starting equity, though it was never higher', () => {
    const performance = days(openPerformance(1000), 900, 950);
    expect(performance.maxDrawdown).toBeCloseTo(-0.1, 12);
    expect(performance.peak).toBe(1000);
    expect(performance.today.drawdown).toBeCloseTo(-0.05, 12);
  });

  it('is held against the running maximum and does not heal', () => {
    const performance = days(openPerformance(1000), 1250, 1000, 1300);
    expect(performance.maxDrawdown).toBeCloseTo(-0.2, 12); // 1,000 / 1,250 - 1
    expect(performance.today.drawdown).toBe(0);
  });
});

describe('blocks of 20 sessions (definition 21)', () => {
  it('close at the twentieth; the next one starts at its equity', () => {
    // Eighteen flat days, then 1,200 and 1,100; the next block falls to 990 and stays.
    const equities = [...new Array<number>(18).fill(1000), 1200, 1100, 990, 990];
    const performance = days(openPerformance(1000), ...equities);
    expect(performance.blocks).toHaveLength(1);
    expect(performance.blocks[0]).toMatchObject({
      sessions: 20,
      equityOpen: 1000,
      equityClose: 1100,
      peak: 1200,
    });
    expect(performance.blocks[0]!.maxDrawdown).toBeCloseTo(-1 / 12, 12);
    expect(performance.blocks[0]!.returnSum).toBeCloseTo(0.2 - 1 / 12, 12);
    expect(performance.block).toMatchObject({ sessions: 1, equityOpen: 1100, equityClose: 990, peak: 1100 });
    expect(performance.block.maxDrawdown).toBeCloseTo(-0.1, 12);
  });

  it('the last six are kept', () => {
    const performance = days(openPerformance(1000), ...Array.from({ length: 161 }, (_, k) => 1000 + k));
    expect(performance.blocks).toHaveLength(6);
    // Eight are done; the first two are gone: the third began at the close of day 40, 1,039.
    expect(performance.blocks[0]!.equityOpen).toBe(1039);
  });
});

describe('trades', () => {
  it('wins and losses after fees; zero is no win', () => {
    const performance = openPerformance(1000);
    for (const net of [30, -10, 0]) observeTrade(performance, net);
    expect(performance).toMatchObject({ trades: 3, wins: 1, grossWin: 30, grossLoss: 10 });
    expect(performance.today.trades).toBe(3);
  });

  it('a copy shares nothing', () => {
    const performance = days(openPerformance(1000), ...new Array<number>(21).fill(1000));
    const copy = copyPerformance(performance);
    const before = structuredClone(copy);
    days(performance, 1, 2, 3);
    performance.blocks[0]!.peak = 7;
    expect(copy).toEqual(before);
  });
});
