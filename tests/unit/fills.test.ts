import { describe, expect, it } from 'vitest';
import { fillMoment, participationSteps, rawFillPrice } from '../../shared/execution/fills.ts';
import { rulesOf } from '../support/rules.ts';

const spec = (overrides: NonNullable<NonNullable<Parameters<typeof rulesOf>[1]>['fillSpec']> = {}) =>
  rulesOf('crypto', { fillSpec: overrides }).fillSpec;
const at = (time: string): number => Date.parse(`2024-01-01T${time}Z`);
const BUY = 1;
const SELL = -1;

describe('the moment from which a bar may fill (definition 1)', () => {
  const contract = { latency_ms_min: 250, open_struck_within_s_max: 300 };

  it.each([
    // The decision is frozen at 10:03:00 and takes 250 ms to the market.
    ['a bar that starts 250 ms after the freeze', '10:03:00.250', 'after_freeze'],
    ['one millisecond sooner', '10:03:00.249', 'struck_before_freeze'],
    ['a bar that opened at the close, 180.25 s before', '10:00:00.000', 'struck_before_freeze'],
    ['exactly 300 s before', '09:58:00.250', 'struck_before_freeze'],
    ['300.001 s before', '09:58:00.249', 'too_early'],
  ] as const)('%s, allowed to be struck before the freeze: %s is %s', (_, start, moment) => {
    const allowed = spec({ ...contract, open_struck_before_freeze: true });
    expect(fillMoment(allowed, at('10:03:00'), at(start))).toBe(moment);
  });

  it.each([
    ['10:03:00.250', 'after_freeze'],
    ['10:03:00.249', 'too_early'],
    ['10:00:00.000', 'too_early'],
  ] as const)('where the contract forbids it, %s is %s', (start, moment) => {
    const forbidden = spec({ ...contract, open_struck_before_freeze: false });
    expect(fillMoment(forbidden, at('10:03:00'), at(start))).toBe(moment);
  });

  it('the night lies between: the open of the next day is honest by itself', () => {
    const forbidden = spec({ ...contract, open_struck_before_freeze: false });
    expect(fillMoment(forbidden, at('21:03:00'), Date.parse('2024-01-02T14:30:00Z'))).toBe('after_freeze');
  });
});

describe('the price struck in a bar (definition 2)', () => {
  const price = (mode: 'next_open' | 'vwap' | 'mid', side: number, bar: readonly number[]): number =>
    rawFillPrice(
      spec({ price_mode: mode }),
      side,
      ...(bar as [number, number, number, number, number, number]),
    );
  //             open high low  close volume turnover
  const traded = [10, 12, 9, 11, 1000, 10_400];
  const rising = [10, 12, 9, 12, 1000, NaN]; // typical 11, middle 10.5
  const falling = [11, 12, 9, 9, 1000, NaN]; // typical 10, middle 10.5
  // A crash that came back: (3.753 + 0.633) / 2 = 2.193, while the bar opened at 3.703 and closed at 2.886.
  const crash = [3.703, 3.753, 0.633, 2.886, 1_000_000, NaN];

  it.each([
    ['next_open is the open, whatever came after', 'next_open', BUY, rising, 10],
    ['vwap is turnover over volume, 10,400 / 1,000', 'vwap', BUY, traded, 10.4],
    ['and the same for a sell', 'vwap', SELL, traded, 10.4],
    ['no turnover: a buy pays the typical price where it is dearer than the open', 'vwap', BUY, rising, 11],
    ['and a sell gets the open then', 'vwap', SELL, rising, 10],
    ['a buy pays the open where the typical price is cheaper', 'vwap', BUY, falling, 11],
    ['and a sell gets the typical price then', 'vwap', SELL, falling, 10],
    ['mid: a buy pays the middle where it is dearer', 'mid', BUY, rising, 10.5],
    ['a sell gets the open where it is cheaper', 'mid', SELL, rising, 10],
    ['a buy pays the open where the middle is cheaper', 'mid', BUY, falling, 11],
    ['a sell gets the middle where it is cheaper', 'mid', SELL, falling, 10.5],
    ['mid of the crash: the bottom is not for sale', 'mid', BUY, crash, 3.703],
    ['mid of the crash: a sell gets the middle', 'mid', SELL, crash, 2.193],
    ['vwap of the crash without turnover', 'vwap', BUY, crash, 3.703],
    ['(3.753 + 0.633 + 2.886) / 3 = 2.424', 'vwap', SELL, crash, 2.424],
    // Turnover in thousands: 10.4 / 1,000 was never traded; the typical price 32 / 3 stands in.
    ['a turnover in other units is not believed', 'vwap', BUY, [10, 12, 9, 11, 1000, 10.4], 32 / 3],
  ] as const)('%s', (_, mode, side, bar, expected) => {
    expect(price(mode, side, bar)).toBeCloseTo(expected, 12);
  });
});

describe('participation (definition 5)', () => {
  it.each([
    // cap 5 % of the volume, in steps, rounded down; whole lots are the trading rules' affair.
    ['5 % of 1,000 shares', 1000, 1, 50],
    ['5 % of 5,900 shares', 5900, 1, 295],
    ['5 % of 1,999 shares is 99.95', 1999, 1, 99],
    ['5 % of 0.71 coins in steps of 0.001 is 35.5', 0.71, 1000, 35],
    ['nothing of nothing', 0, 1, 0],
  ] as const)('%s', (_, volume, stepsPerUnit, steps) => {
    expect(participationSteps(spec({ participation_cap: 0.05 }), volume, stepsPerUnit)).toBe(steps);
  });
});
