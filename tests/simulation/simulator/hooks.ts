import type { MarketRuntime } from '../../../functions/runtime/runtime.ts';
import type { StepName } from '../../../functions/steps.ts';
import type { BarProvider } from '../../../shared/market-data/provider.ts';
import type { Stores } from '../../../shared/stores/ports.ts';
import type { Process } from './process.ts';

/** What else runs on a market: the note of a failure, the watcher of the switch, a health check, somebody who asks. */
export type JobName = 'note' | 'watch' | 'check' | 'ask';

/** One try of one step, or of a job. */
export interface Attempt {
  readonly step: StepName | JobName;
  /** Counts the tries of this step in this process, from 1. */
  readonly number: number;
}

/** A call on a store, before it is made. */
export interface Call {
  readonly store: keyof Stores;
  readonly method: string;
  readonly attempt: Attempt;
  /** Counts the calls within the attempt, from 1. */
  readonly number: number;
}

/** A write as it is about to happen, or as it has happened. */
export interface WriteMoment {
  readonly kind: string;
  readonly phase: 'before' | 'after';
  readonly attempt: Attempt;
}

/**
 * What happens to one process from outside. Whatever a hook throws is thrown to the handler, as if the store, the
 * source or the Lambda itself had failed. A hook is made for one process and may remember what it did.
 */
export interface Hook {
  /** Seconds by which the process's clock is off at a step, on top of what its run says. */
  readonly lagS?: (attempt: Attempt) => number;
  /** Before the handler is called. */
  readonly begin?: (attempt: Attempt, process: Process) => void | Promise<void>;
  /** After the handler answered, before the state machine hears of it. */
  readonly answered?: (attempt: Attempt, answer: unknown, process: Process) => void | Promise<void>;
  readonly call?: (call: Call, process: Process) => void | Promise<void>;
  /** Cannot wait: a write is one moment. */
  readonly write?: (moment: WriteMoment, process: Process) => void;
  /** The source of bars as the process sees it. */
  readonly provider?: (provider: BarProvider, process: Process) => BarProvider;
  /** What is deployed when the step is called. */
  readonly deployed?: (market: MarketRuntime, attempt: Attempt) => MarketRuntime;
}
