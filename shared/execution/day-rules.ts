import { safeInteger } from '../kernel/money.ts';

/** What one instrument may trade on one day. Steps are of its quantity, limits in bps of the reference price. */
export interface DayRules {
  readonly minSteps: number;
  readonly incrementSteps: number;
  /** Least value of an order, in whole units of the currency; 0 where there is none. */
  readonly notionalMin: number;
  readonly sellAfterSessions: 0 | 1;
  /** Infinity where the price has no upper limit. */
  readonly upBps: number;
  /** Infinity where the price has no lower limit. */
  readonly downBps: number;
}

/**
 * The largest order that the rules allow, at most what is wanted; 0 where there is none. A position may be closed
 * as a whole whatever its size: that is the only way in which an odd lot trades.
 * @param side 1 for a buy, -1 for a sell.
 * @param wantedSteps positive. @param heldSteps the position, signed.
 */
export function wholeOrderSteps(day: DayRules, side: 1 | -1, wantedSteps: number, heldSteps: number): number {
  const { minSteps, incrementSteps } = day;
  const beyond = wantedSteps - minSteps;
  const lots = beyond < 0 ? 0 : minSteps + (beyond - (beyond % incrementSteps));
  const closing = -side * heldSteps;
  return closing > lots && closing <= wantedSteps ? closing : lots;
}

/**
 * The part of an order that may trade in one bar: all that is left of it, or whole increments.
 * @param allowedSteps what the bar lets trade, not negative. @param leftSteps the order's remainder, positive.
 */
export function wholeFillSteps(day: DayRules, allowedSteps: number, leftSteps: number): number {
  return allowedSteps >= leftSteps ? leftSteps : allowedSteps - (allowedSteps % day.incrementSteps);
}

const BPS = 10_000;

/**
 * The lowest and highest price of a day: reference * (1 +- limit), rounded half up to the tick in whole numbers, so
 * that no float error moves a price across its half. 10.05 with 10 % gives 11.06 and 9.05. A limit nearer to the
 * reference than one tick is one tick away, and no limit lies below one tick.
 * @param referencePrice the previous close, after ex-rights; in the currency, positive.
 * @param tick the price step, a divisor of 1 such as 0.01 or a whole number of units.
 * @returns Infinity and 0 where there is no limit.
 */
export function priceLimits(
  day: DayRules,
  referencePrice: number,
  tick: number,
): { readonly up: number; readonly down: number } {
  const ticks = Math.round(referencePrice * perUnit(tick));
  const up = Math.max(ticks + 1, divideHalfUp(ticks * (BPS + day.upBps), BPS));
  const down = Math.max(1, Math.min(ticks - 1, divideHalfUp(ticks * (BPS - day.downBps), BPS)));
  return {
    up: day.upBps === Infinity ? Infinity : priceOf(up, tick),
    down: day.downBps === Infinity ? 0 : priceOf(down, tick),
  };
}

/** Digits after the point that a dividend and a ratio are read with. */
const ACTION_STEPS = 1e8;

/**
 * The reference price of an ex-date, (close - dividend) / ratio, rounded half up to the tick in whole numbers; at
 * least one tick (the exchanges' ex-rights formula without a rights issue).
 * @param close the last close before, raw. @param dividend gross cash a share held before.
 * @param ratio new shares per old, 1 without a split.
 * @throws RangeError where the numbers are too large to be exact: a close beyond 90 million ticks.
 */
export function exRightsReference(close: number, dividend: number, ratio: number, tick: number): number {
  const paid = Math.round(dividend * perUnit(tick) * ACTION_STEPS);
  const left = safeInteger(Math.round(close * perUnit(tick)) * ACTION_STEPS - paid, 'price before ex-rights');
  return priceOf(Math.max(1, divideHalfUp(left, Math.round(ratio * ACTION_STEPS))), tick);
}

/** Ticks in one unit of the currency: a whole number where the tick divides 1, so that 11.06 is 1106 / 100. */
function perUnit(tick: number): number {
  const whole = Math.round(1 / tick);
  return whole >= 1 && Math.abs(whole * tick - 1) < 1e-9 ? whole : 1 / tick;
}

/** The float64 nearest to so many ticks: 1106 / 100 is 11.06, while 1106 * 0.01 need not be. */
const priceOf = (ticks: number, tick: number): number => ticks / perUnit(tick);

/** Quotient of two whole numbers, rounded half up, without a float division near a half. */
function divideHalfUp(dividend: number, divisor: number): number {
  const rest = dividend % divisor;
  return (dividend - rest) / divisor + (2 * rest >= divisor ? 1 : 0);
}
