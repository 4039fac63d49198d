import { STEPS } from './steps.ts';

/**
 * Every Lambda of a stage, each a folder of `functions/` with its `lambda.ts`: the six steps, what notes failed runs,
 * what answers the switch, and what looks at a market on a schedule of its own.
 */
export const FUNCTIONS = [...STEPS, 'record-failure', 'switch-watcher', 'health-check'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];
