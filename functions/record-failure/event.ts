import * as z from 'zod';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { parseInput } from '../envelope.ts';

/**
 * The status event of an execution (Step Functions developer guide, EventBridge events of status changes). Not every event
 * carries error and cause: what it does not say is in the history.
 */
const statusEvent = z.object({
  detail: z.object({
    executionArn: z.string().min(1),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    input: z.string(),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});

/** The newest events of an execution's history, newest first, as far as they are looked into. */
export interface HistoryEvent {
  readonly type: string;
  readonly state?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** An execution that ended badly. */
export interface EndedExecution {
  readonly arn: string;
  readonly status: string;
  /** What it was started with. */
  readonly input: unknown;
  /** As the event itself tells them; null where it does not. */
  readonly error: string | null;
  readonly cause: string | null;
}

/** Parses a status event. @throws ConfigError */
export function endedExecution(event: unknown): EndedExecution {
  const { detail } = parseInput('record-failure', event, statusEvent);
  const { executionArn: arn, status, error = null, cause = null } = detail;
  try {
    return { arn, status, input: JSON.parse(detail.input) as unknown, error, cause };
  } catch (notJson) {
    throw new ConfigError(`input of record-failure: detail.input: is not JSON`, { arn }, { cause: notJson });
  }
}

/** Messages are cut where a Lambda's error is longer. */
const CAUSE_CHARS_MAX = 2_000;

/** Events with which an execution ends badly. */
const ENDS: readonly string[] = ['ExecutionFailed', 'ExecutionTimedOut', 'ExecutionAborted'];

/**
 * The step that was begun last and the error, `Name: message`, as the local runner tells them. Where the execution was
 * redriven, those of its newest end: what an earlier one met was told then, and is not told again.
 * @param history newest first.
 * @param stepOfState the step that a state of the machine runs; undefined where it is no task.
 */
export function failureOf(
  { status, error, cause }: EndedExecution,
  history: readonly HistoryEvent[],
  stepOfState: (state: string) => string | undefined,
): { step: string; error: string } {
  const end = history.findIndex(({ type }) => ENDS.includes(type));
  const before = history.slice(end + 1);
  const entered = before.find(({ state }) => state !== undefined && stepOfState(state) !== undefined);
  const told = history[end];
  const name = error ?? told?.error ?? (status === 'TIMED_OUT' ? 'States.Timeout' : status);
  return {
    step: entered === undefined ? '' : stepOfState(entered.state!)!,
    error: `${name}: ${messageOf(cause ?? told?.cause ?? `the execution ended ${status}`)}`,
  };
}

/** The message of a cause: a Lambda's error comes as JSON with `errorMessage`. */
function messageOf(cause: string): string {
  try {
    const { errorMessage } = z.object({ errorMessage: z.string() }).parse(JSON.parse(cause));
    return errorMessage.slice(0, CAUSE_CHARS_MAX);
  } catch {
    return cause.slice(0, CAUSE_CHARS_MAX);
  }
}
