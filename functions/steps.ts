/**
 * The steps of a tick in the order in which the state machine runs them. Each is a folder of `functions/`, a
 * Lambda `papergate-<stage>-<step>` and a handler of the local runner.
 */
export const STEPS = ['ingest', 'predict', 'gate', 'fill', 'ledger', 'signoff'] as const;

/** One of the six steps. */
export type StepName = (typeof STEPS)[number];

/** The name that a step's states begin with in the state machine: `ingest` is `Ingest`. */
export const stateName = (step: StepName): string => `${step[0]!.toUpperCase()}${step.slice(1)}`;

/** The step that a state of the machine runs; undefined where it is no task. */
export const stepOfState = (state: string): StepName | undefined =>
  STEPS.find((step) => state.startsWith(stateName(step)));
