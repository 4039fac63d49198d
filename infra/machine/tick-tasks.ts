import type { StepName } from '../../functions/steps.ts';

/** How long one attempt of a step may take, and what the step is there for. */
export const TASKS: Readonly<Record<StepName, { timeout_s: number; comment: string }>> = {
  ingest: {
    timeout_s: 90,
    comment: 'Claims the tick, fetches and judges the newest bars; says whether there is a bar',
  },
  predict: { timeout_s: 60, comment: 'Forecasts direction, launch window and magnitude of every instrument' },
  gate: { timeout_s: 60, comment: 'Sizes targets, judges every gate and freezes the decision packet' },
  fill: { timeout_s: 60, comment: 'Fills orders that are due on this bar and places the new ones' },
  ledger: { timeout_s: 60, comment: 'Posts fills, marks to market and commits the tick record' },
  signoff: { timeout_s: 90, comment: 'Evaluates the thresholds on the committed ledger' },
};

/** Attempts of a task: the first one and its retries. */
export const ATTEMPTS = 4;
export const RETRY_WAIT_S = 2;
export const RETRY_BACKOFF = 2;

/**
 * A schedule fires within a minute of its time, is delivered for one minute more at most (the least that EventBridge
 * Scheduler takes as the age of an event), and then the machine has its time: together they end when a tick counts as
 * late at the latest, so that nothing decides on a bar that is late.
 */
export const FIRES_WITHIN_S = 60;
export const EVENT_AGE_MAX_S = 60;
export const MACHINE_TIMEOUT_S = 420;
