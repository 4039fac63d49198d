import * as z from 'zod';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { parseInput } from '../envelope.ts';

/** The status event of an execution (Step Functions developer guide, EventBridge events of status changes). */
const statusEvent = z.object({
  detail: z.object({
    executionArn: z.string().min(1),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    input: z.string(),
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
}

/** Parses a status event. @throws ConfigError */
export function endedExecution(event: unknown): EndedExecution {
  const { executionArn: arn, status, input } = parseInput('record-failure', event, statusEvent).detail;
  try {
    return { arn, status, input: JSON.parse(input) as unknown };
  } catch (cause) {
    throw new ConfigError(`input of record-failure: detail.input: is not JSON`, { arn }, { cause });
  }
}

/** Messages are cut where a Lambda's error is longer. */
const CAUSE_CHARS_MAX = 2_000;

/**
 * The step that was begun last and the error, `Name: message`, as the local runner tells them.
 * @param history newest first.
 * @param stepOfState the step that a state of the machine runs; undefined where it is no task.
 */
export function failureOf(
  { status }: EndedExecution,
  history: readonly HistoryEvent[],
  stepOfState: (state: string) => string | undefined,
): { step: string; error: string } {
  const entered = history.find(({ state }) => state !== undefined && stepOfState(state) !== undefined);
  const step = entered === undefined ? '' : stepOfState(entered.state!)!;
  const told = history.find(({ error }) => error !== undefined);
  const name = told?.error ?? (status === 'TIMED_OUT' ? 'States.Timeout' : status);
  return { step, error: `${name}: ${messageOf(told?.cause ?? `the execution ended ${status}`)}` };
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
