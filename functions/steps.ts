/**
 * The steps of a tick in the order in which the state machine runs them. Each is a folder of `functions/`, a
 * Lambda `papergate-<stage>-<step>` and a handler of the local runner.
 */
export const STEPS = ['ingest', 'predict', 'gate', 'fill', 'ledger', 'signoff'] as const;

/** One of the six steps. */
export type StepName = (typeof STEPS)[number];
