import { DRIFT_FEATURES } from '../forecast/drift.ts';
import { firstLack, lackIf, numberText, shortWindow, type Reader } from './reading.ts';

/** Oldest drill of the kill switch that still counts, in days. */
const DRILL_AGE_DAYS_MAX = 30;

/** Instrument-bars not RED for data over those that the calendar expects (definition 22). */
const dataPassRate: Reader = {
  breach: 'fails_at_once',
  advice: 'Read the data reports, mend or replace the source, and start a new window',
  read(context) {
    const { barsGood, barsExpected } = context.standing.performance;
    return {
      value: barsExpected === 0 ? null : barsGood / barsExpected,
      arithmetic: `${barsGood} of ${barsExpected} expected instrument-bars were good`,
      lack: firstLack(lackIf(barsExpected === 0, 'no bar was due', 'Run the market'), shortWindow(context)),
    };
  },
};

/** Features that were RED for drift on any day. */
const driftRedCount: Reader = {
  breach: 'fails_at_once',
  advice: 'Train on newer bars and start the window of the new release: a feature that was RED stays counted',
  read(context) {
    const { red, evaluated } = context.standing.drift;
    const redNames = DRIFT_FEATURES.filter((_, k) => red[k] === 1);
    const unseen = DRIFT_FEATURES.filter((_, k) => evaluated[k] !== 1);
    const never = lackIf(
      unseen.length > 0,
      `never evaluated: ${unseen.join(', ')}`,
      'Let the ledger run until drift has enough rows, and check that the model has a reference for each feature',
    );
    return {
      value: redNames.length,
      arithmetic: `${redNames.length} of ${DRIFT_FEATURES.length} features were ever RED${redNames.length > 0 ? ` (${redNames.join(', ')})` : ''}`,
      lack: firstLack(never, shortWindow(context)),
    };
  },
};

/** The larger of the share of scheduled ticks failed or late and of ended orders failed (definition 22). */
const executionFailRate: Reader = {
  breach: 'fails_at_once',
  advice: 'Read the failed ticks and orders, mend their cause, and start a new window',
  read(context) {
    const { scheduledTicks, performance } = context.standing;
    const { ticksFailed, ticksLate, ordersFailed, ordersEnded } = performance;
    const ofTicks = scheduledTicks > 0 ? (ticksFailed + ticksLate) / scheduledTicks : null;
    const ofOrders = ordersEnded > 0 ? ordersFailed / ordersEnded : 0;
    return {
      value: ofTicks === null ? null : Math.max(ofTicks, ofOrders),
      arithmetic:
        `${ticksFailed} failed and ${ticksLate} late of ${scheduledTicks} scheduled ticks (${ofTicks === null ? 'undefined' : numberText(ofTicks)}), ` +
        `${ordersFailed} failed of ${ordersEnded} ended orders (${ordersEnded > 0 ? numberText(ofOrders) : 'undefined'}), the larger counts`,
      lack: firstLack(
        lackIf(ofTicks === null, 'no tick was due', 'Run the market'),
        lackIf(ordersEnded === 0, 'no order has ended', 'Let the ledger run until orders have been tried'),
        shortWindow(context),
      ),
    };
  },
};

/** 1 where no tick saw a bar that the calendar does not expect. */
const calendarAlignmentPass: Reader = {
  breach: 'fails_at_once',
  advice:
    'Compare the calendar with the exchange on the misaligned ticks, correct it, and start a new release',
  read(context) {
    const { misalignedTicks, ticks } = context.standing.performance;
    return {
      value: misalignedTicks === 0 ? 1 : 0,
      arithmetic: `${misalignedTicks} of ${ticks} ticks saw bars where the calendar expects none`,
      lack: firstLack(lackIf(ticks === 0, 'no tick is committed', 'Run the market'), shortWindow(context)),
    };
  },
};

/** 1 where the latest drill passed. Independent of the window: a drill is evidence on the day it is held. */
const killSwitchDrillPassed: Reader = {
  breach: 'fails_at_once',
  advice: 'Mend what the drill showed and hold it again',
  read({ standing: { killSwitchDrill: drill } }) {
    const hold = 'Hold a drill of the kill switch and record it';
    if (drill === undefined) {
      return {
        value: null,
        arithmetic: 'a drill of the kill switch',
        lack: { why: 'no drill is recorded', advice: hold },
      };
    }
    const counts = drill.ageDays >= 0 && drill.ageDays <= DRILL_AGE_DAYS_MAX;
    return {
      value: drill.passed ? 1 : 0,
      arithmetic: `the drill of ${numberText(drill.ageDays)} days ago ${drill.passed ? 'passed' : 'did not pass'}`,
      lack: lackIf(!counts, `a drill counts for ${DRILL_AGE_DAYS_MAX} days`, hold),
    };
  },
};

/** How the system ran: data, drift, execution, calendar, kill switch. */
export const operationReaders = {
  data_pass_rate: dataPassRate,
  drift_red_count: driftRedCount,
  execution_fail_rate: executionFailRate,
  calendar_alignment_pass: calendarAlignmentPass,
  kill_switch_drill_passed: killSwitchDrillPassed,
} as const;
