/**
 * Every reason the product gives for not trading, or for how an order ended: a closed list, one line of meaning
 * each. docs/codes.md is written from it, and a test fails where the two differ.
 */
export const CODES = {
  // data, per instrument
  DATA_MISSING: 'no bar of this instrument was seen for the tick',
  DATA_DUPLICATE: 'the source gave the bar more than once, with the same values',
  DATA_CONFLICT: 'the source gave the bar more than once, with different values; the first stands',
  DATA_NON_FINITE: 'a price or volume is not a finite number',
  DATA_NON_POSITIVE: 'a price is zero or negative, or the volume negative',
  DATA_HIGH_BELOW_LOW: 'the high is below the low',
  DATA_OUTSIDE_RANGE: 'the open or close lies outside high and low',
  DATA_ZERO_VOLUME: 'the bar has prices but no volume',
  DATA_STALE_RUN: 'price and volume have not moved for too many bars',
  DATA_OUTLIER: 'the return is beyond the robust scale of its past; kept, since real crashes exist',
  DATA_SPLIT_SUSPECT:
    'the open was a split or more than the price limits away from the last close, or none was in sight, and nothing explains it yet',
  DATA_LATE: 'no bar of the market was there when the tick ran',
  DATA_RED: 'more instruments are RED for data than the market file allows',
  DATA_FALLBACK: 'bars came from another source than the first of the market file',
  DATA_DISAGREEMENT: 'sources gave different bars for more instruments than the market file allows',
  // calendar and configuration
  CALENDAR_EXPIRED: 'the calendar does not cover the date of the next bar',
  CALENDAR_MISALIGNED: 'bars were seen where the calendar expects none',
  RULES_UNCOVERED:
    'no row of fees, trading rules or holding costs covers the date, or the share is not listed yet',
  // model
  FEATURE_WARMUP: 'the window does not hold enough valid bars for the features',
  MODEL_UNAVAILABLE: 'no model family gave a forecast',
  MODEL_BRIER: 'the Brier score of the health record is beyond its limit',
  MODEL_COVERAGE: 'the interval covers too few or too many outcomes',
  MODEL_UNDERPOWERED: 'the health record holds too few outcomes to be judged',
  // decision
  NO_EDGE: 'the probability is neither high nor low enough to act, nor neutral enough to leave',
  LAUNCH_UNLIKELY: 'a move within the horizon is not likely enough',
  EDGE_BELOW_COST: 'the median move does not clear the round-trip cost',
  SHORT_NOT_ALLOWED: 'shorting is not allowed here: the target is zero',
  NO_BORROW: 'no dated borrow covers a short of this instrument: the target is zero',
  TIME_STOP: 'the position was not reconfirmed within the horizon and is closed',
  INVALIDATED: 'the close crossed the invalidation level and the position is closed',
  ORDER_PENDING: 'an earlier order may still fill: nothing new until it has ended',
  RESTRICTED: 'the instrument is on the restricted list: nothing is opened',
  PRICE_COLLAR: 'the close lies beyond the price collar around the close before it: nothing is opened',
  T1_LOCKED: 'shares bought in this session cannot be sold before the next one',
  // limits
  MAX_NAME: 'the target was cut to the limit per name',
  MAX_CLUSTER: 'the change was cut: names that move together are limited as one name',
  MAX_THEME: 'the change was cut to the limit per theme',
  MAX_NET: 'the change was cut to the limit of net exposure',
  MAX_GROSS: 'the target was cut to the limit of gross exposure',
  CAPACITY_ADV: 'the target was cut to the share of daily traded value',
  CASH: 'the target was cut to what the cash allows',
  MAX_TURNOVER: 'the change was cut to what the turnover of the day has left',
  ORDER_VALUE: 'the order was cut to the largest order value',
  ORDER_COUNT: 'the order was left out: the tick or the day has as many as allowed',
  TRIAL_SCALED: 'the increase was scaled down: trading is on trial after a halt',
  BELOW_BAND: 'the change is smaller than the rebalance band',
  BELOW_MINIMUM:
    'the change, or what a split left of an order, is smaller than one lot or the minimum notional',
  // gates and switch
  TICK_LATE: 'the tick started after its time limit',
  KILL_SWITCH: 'trading is disabled, or the switch could not be read',
  RELEASE_MISMATCH: 'code, configuration, model or calendar are not those of the active release',
  RISK_DRAWDOWN: 'the drawdown is beyond its limit',
  RISK_DAILY_LOSS: 'the loss of the day is beyond its limit',
  RISK_EXPOSURE: 'an exposure of the book, pending orders filled, is far beyond its limit',
  RISK_CAPACITY: 'a position is far beyond what its market carries',
  RISK_TURNOVER: 'more was traded in the day than the limit allows',
  ORDER_THROTTLE: 'more orders were placed in the day than allowed: disabled until a recovery',
  EXECUTION_FAIL_RATE: 'too many ticks or orders failed within the window',
  FAILED_RUNS: 'too many runs in a row failed',
  INTEGRITY: 'stored bytes are not what their hash or the chain says',
  PORTFOLIO_EXPOSURE: 'the gross exposure over all books is beyond its limit',
  PORTFOLIO_DRAWDOWN: 'the drawdown over all books is beyond its limit',
  PORTFOLIO_DAILY_LOSS: 'the loss of the day over all books is beyond its limit',
  MARKET_RED: 'a gate of the market is RED: nothing new is opened',
  GATE_UNEVALUABLE: 'a gate could not be evaluated, which counts as RED',
  // how orders end
  REPLACED: 'a newer decision asked for another target',
  FILLED: 'the whole quantity filled',
  DEADLINE: 'the deadline passed with a remainder',
  NO_VOLUME: 'the execution bars had no volume',
  NO_BAR: 'the execution bars were absent or unusable',
  STALE_BAR: 'the execution bars were stale: price and volume did not move',
  SUSPENDED: 'trading in the instrument was suspended',
  PARTICIPATION_CAP: 'the order reached its share of what the execution bars traded',
  LIMIT_UP: 'the price stood at the upper limit, or costs would have passed it: nothing can be bought',
  LIMIT_DOWN:
    'the price stood at the lower limit, or costs would have passed it, or zero: nothing can be sold',
  INSUFFICIENT_CASH: 'the cash did not cover the quantity',
  DEADLINE_PASSED: 'the tick came to place the order after the order had to be in the market',
} as const;

export type Code = keyof typeof CODES;

const order = Object.keys(CODES) as Code[];

/**
 * Codes that say how an instrument stands at a tick, as bits of a column: 31 at most. Bars are stored with those that
 * begin with DATA_.
 */
export const INSTRUMENT_CODES = [
  'DATA_MISSING',
  'DATA_DUPLICATE',
  'DATA_CONFLICT',
  'DATA_NON_FINITE',
  'DATA_NON_POSITIVE',
  'DATA_HIGH_BELOW_LOW',
  'DATA_OUTSIDE_RANGE',
  'DATA_ZERO_VOLUME',
  'DATA_STALE_RUN',
  'DATA_OUTLIER',
  'DATA_SPLIT_SUSPECT',
  'RULES_UNCOVERED',
  'FEATURE_WARMUP',
  'MODEL_UNAVAILABLE',
  'NO_EDGE',
  'LAUNCH_UNLIKELY',
  'EDGE_BELOW_COST',
  'SHORT_NOT_ALLOWED',
  'NO_BORROW',
  'TIME_STOP',
  'INVALIDATED',
  'ORDER_PENDING',
  'RESTRICTED',
  'PRICE_COLLAR',
  'MARKET_RED',
] as const satisfies readonly Code[];

/** Codes that say what cut a target or an order, as bits of another column. */
export const LIMIT_CODES = [
  'T1_LOCKED',
  'MAX_NAME',
  'MAX_CLUSTER',
  'MAX_THEME',
  'MAX_NET',
  'MAX_GROSS',
  'CAPACITY_ADV',
  'CASH',
  'MAX_TURNOVER',
  'ORDER_VALUE',
  'ORDER_COUNT',
  'TRIAL_SCALED',
  'BELOW_BAND',
  'BELOW_MINIMUM',
] as const satisfies readonly Code[];

export type InstrumentCode = (typeof INSTRUMENT_CODES)[number];

export type LimitCode = (typeof LIMIT_CODES)[number];

const bitsOf = <C extends string>(codes: readonly C[]): Readonly<Record<C, number>> =>
  Object.freeze(Object.fromEntries(codes.map((code, index) => [code, 1 << index])) as Record<C, number>);

/** The bit of an instrument code, and of a limit code. */
export const bit = bitsOf<InstrumentCode>(INSTRUMENT_CODES);
export const limitBit = bitsOf<LimitCode>(LIMIT_CODES);

const namedBy = <C extends string>(codes: readonly C[], mask: number): C[] =>
  codes.filter((_, index) => (mask & (1 << index)) !== 0);

/** The codes of a bit mask, and of a mask of limits, in the order of their list. */
export const codesOf = (mask: number): InstrumentCode[] => namedBy<InstrumentCode>(INSTRUMENT_CODES, mask);
export const limitCodesOf = (mask: number): LimitCode[] => namedBy<LimitCode>(LIMIT_CODES, mask);

/** The masks of a list of codes of both kinds. @throws RangeError on a text that is neither. */
export function masksOf(codes: readonly string[]): { reasons: number; limits: number } {
  const masks = { reasons: 0, limits: 0 };
  for (const code of codes) {
    if (Object.hasOwn(bit, code)) masks.reasons |= bit[code as InstrumentCode];
    else if (Object.hasOwn(limitBit, code)) masks.limits |= limitBit[code as LimitCode];
    else throw new RangeError(`${code} is not a reason code of an instrument`);
  }
  return masks;
}

/** Sorts codes as the closed list has them, each once. */
export const inOrder = (codes: Iterable<Code>): Code[] => {
  const present = new Set(codes);
  return order.filter((code) => present.has(code));
};
