import type { StateMachine } from 'aws-local-stepfunctions';
import { PapergateError } from '../../shared/kernel/errors.ts';

/** JSON as the runner's types have it. */
export type JsonValue = Parameters<StateMachine['run']>[0];

/** What a state may hold at most, in bytes of UTF-8 (Step Functions quotas). */
export const STATE_BYTES_MAX = 262_144;

/** An execution failed with an error of the state machine's own: a timeout, a limit, a Fail state. */
export class ExecutionFailure extends PapergateError {
  override readonly name: string;
  readonly exitCode = 1;
  /** Read by the runner: what is no handler's error is not retried once it got here. */
  readonly isRetryable = false;

  constructor(name: string, message: string, options?: { cause?: unknown }) {
    super(message, {}, options);
    this.name = name;
  }
}

/**
 * A value as it comes out of the state machine's JSON: a copy, undefined as null.
 * @throws ExecutionFailure `States.DataLimitExceeded`, which AWS does not retry either.
 */
export function throughJson(value: unknown, what: string): JsonValue {
  const text = JSON.stringify(value) ?? 'null';
  const bytes = Buffer.byteLength(text);
  if (bytes > STATE_BYTES_MAX) {
    throw new ExecutionFailure(
      'States.DataLimitExceeded',
      `${what} is ${bytes} bytes, at most ${STATE_BYTES_MAX} pass between states: pass references`,
    );
  }
  return JSON.parse(text) as JsonValue;
}
