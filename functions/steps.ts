/**
 * The steps of a tick in the order in which the state machine runs them. Each is a folder of `functions/`, a
 * Lambda `papergate-<stage>-<step>` and a handler of the local runner.
 */
export const STEPS = ['ingest', 'predict', 'gate', 'fill', 'ledger', 'signoff'] as const;

/** One of the six steps. */
export type StepName = (typeof STEPS)[number];

/** The name that a step's states begin with in the state machine: `ingest` is `Ingest`. */
export const stateName = (step: StepName): string => `${step[0]!.toUpperCase()}${step.slice(1)}`;

/** Further states of two steps, for a universe that is too large for one call. */
const SHARD_STATES: ReadonlyMap<string, StepName> = new Map([
  ['FetchShard', 'ingest'],
  ['JoinBars', 'ingest'],
  ['ForecastShard', 'predict'],
  ['JoinForecast', 'predict'],
]);

/** The step that a task of the machine runs; undefined for any other state. */
export const stepOfState = (state: string): StepName | undefined =>
  SHARD_STATES.get(state) ?? STEPS.find((step) => stateName(step) === state);
