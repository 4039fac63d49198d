import { lackIf, firstLack, numberText, shortWindow, type Reader, type ReadingContext } from './reading.ts';
import { windowDays } from './standing.ts';

/** Least share of the scheduled ticks that must be committed (definition 20). */
const COMMITTED_SHARE_MIN = 0.95;

/** Calendar days from the first active day to the head, both included. */
const forwardWindowDays: Reader = {
  breach: 'is_too_little',
  advice: 'Let the ledger run on until its window is long enough',
  read(context) {
    const { performance, scheduledTicks } = context.standing;
    // The smaller of two counts: neither a failure left unrecorded nor ticks before the window can fill a gap.
    const committed = Math.min(performance.ticks, scheduledTicks - performance.ticksFailed);
    const share = scheduledTicks > 0 ? committed / scheduledTicks : 0;
    const days = windowDays(context.standing);
    const gaps = lackIf(
      share < COMMITTED_SHARE_MIN,
      `under ${COMMITTED_SHARE_MIN * 100} % of the scheduled ticks are committed`,
      'Find out why ticks were missed or failed, and start a new window',
    );
    return {
      value: days,
      arithmetic: `${days} calendar days in the window with the review on day ${context.thresholds.review_at}, ${committed} of ${scheduledTicks} scheduled ticks committed (${numberText(share * 100)} %)`,
      lack: firstLack(shortWindow(context), gaps),
    };
  },
};

/** Finished trades of the window. A count only grows, so once reached it is reached, however short the window. */
const trades: Reader = {
  breach: 'is_too_little',
  advice: 'Let the ledger run on until it holds enough trades; do not loosen the strategy to get them',
  read: ({ standing }: ReadingContext) => ({
    value: standing.performance.trades,
    arithmetic: `${standing.performance.trades} finished trades`,
    lack: undefined,
  }),
};

/** Mean over the ticks of gross exposure as a share of equity: a tiny one passes every loss limit. */
const averageGrossExposure: Reader = {
  breach: 'is_too_little',
  advice: 'Raise the exposure in a new release: this one risks too little for its results to mean anything',
  read(context) {
    const { grossSum, ticks } = context.standing.performance;
    const none = lackIf(ticks === 0, 'no tick is committed', 'Run the market');
    return {
      value: ticks === 0 ? null : grossSum / ticks,
      arithmetic: `exposures of ${numberText(grossSum)} times equity summed over ${ticks} ticks`,
      lack: firstLack(none, shortWindow(context)),
    };
  },
};

/** How much evidence there is. */
export const evidenceReaders = {
  forward_window_days: forwardWindowDays,
  min_trades_in_window: trades,
  min_trades_total: trades,
  min_average_gross_exposure: averageGrossExposure,
} as const;
