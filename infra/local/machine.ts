import { ExecutionError, ExecutionTimeoutError, StateMachine } from 'aws-local-stepfunctions';
import { STEPS, type StepName } from '../../functions/steps.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { assertRunsLocally, taskStates, type Definition, type State } from './dialect.ts';
import { ExecutionFailure, throughJson, type JsonValue } from './payload.ts';

/** What a step's Lambda does: the whole state in, the whole next state out. */
export type Handler = (input: unknown) => Promise<unknown>;

/** What AWS tells with the status event of an execution that failed or timed out. */
export interface Failure {
  readonly input: unknown;
  /** The step that was begun last; undefined where the input itself was refused. */
  readonly step: StepName | undefined;
  readonly error: Error;
}

export interface LocalMachineOptions {
  /** Told of every execution that failed, before `run` rejects. */
  readonly onFailure?: (failure: Failure) => void | Promise<void>;
  /** The wait before each retry instead of the seconds that the definition says; 0 by default. */
  readonly retryWaitMs?: number;
}

export interface LocalMachine {
  /**
   * One execution from start to end; as many at once as wanted.
   * @throws the handler's own error where a step fails for good, else ExecutionFailure, named as AWS names it.
   */
  run(input: unknown): Promise<unknown>;
}

/** One execution under way. */
interface Execution {
  step: StepName | undefined;
  over: boolean;
  readonly ownErrors: Set<unknown>;
}

/**
 * Runs the deployed definition on this machine, each Lambda replaced by a function.
 * @throws ConfigError where the definition is not valid, would run otherwise here than on AWS, or names a
 * function that is no step.
 */
export function localMachine(
  definition: Definition,
  handlers: Readonly<Record<StepName, Handler>>,
  options: LocalMachineOptions = {},
): LocalMachine {
  const machine = validated(definition);
  const steps = new Map(taskStates(definition).map(([name, state]) => [name, stepOf(name, state)]));
  const waits = Object.fromEntries([...steps.keys()].map((name) => [name, options.retryWaitMs ?? 0]));

  async function execute(input: unknown, execution: Execution): Promise<unknown> {
    const taskResourceLocalHandlers = Object.fromEntries(
      [...steps].map(([name, step]) => [name, lambda(step, handlers[step], execution)]),
    );
    const overrides = { taskResourceLocalHandlers, retryIntervalOverrides: waits };
    try {
      return await machine.run(throughJson(input, 'the input'), { overrides }).result;
    } catch (error) {
      throw cause(error, execution);
    } finally {
      execution.over = true;
    }
  }

  return {
    async run(input) {
      const execution: Execution = { step: undefined, over: false, ownErrors: new Set() };
      try {
        return await execute(input, execution);
      } catch (error) {
        await report(options, { input, step: execution.step, error: error as Error });
        throw error;
      }
    },
  };
}

/** Validates once; the machine that runs then skips it, since each Map state would validate again. */
function validated(definition: Definition): StateMachine {
  assertRunsLocally(definition);
  const asl = definition as unknown as ConstructorParameters<typeof StateMachine>[0];
  try {
    new StateMachine(asl);
  } catch (error) {
    throw new ConfigError(
      `the state machine is not valid: ${(error as Error).message}`,
      {},
      { cause: error },
    );
  }
  return new StateMachine(asl, { validationOptions: { noValidate: true } });
}

/** The step whose Lambda a Task state invokes, by the function's name `papergate-<stage>-<step>`. */
function stepOf(name: string, { Resource, Parameters: parameters }: State): StepName {
  const functionName = String(parameters?.['FunctionName']);
  const step = STEPS.find((one) => functionName.endsWith(`-${one}`));
  if (Resource !== 'arn:aws:states:::lambda:invoke' || !step) {
    throw new ConfigError(
      `state ${name} invokes ${String(Resource)} ${functionName}: expected the Lambda of a step`,
    );
  }
  return step;
}

/** The integration `lambda:invoke` with a function in place of the Lambda. */
function lambda(step: StepName, handler: Handler, execution: Execution) {
  return async (request: JsonValue): Promise<JsonValue> => {
    // An execution that timed out still runs its retry in the background.
    if (execution.over) throw new ExecutionFailure('States.Timeout', 'the execution is over');
    execution.step = step;
    const { Payload } = request as { FunctionName: string; Payload: JsonValue };
    const input = throughJson(Payload, `the input of ${step}`);
    const answer = await attempt(() => handler(input), execution);
    return { StatusCode: 200, Payload: throughJson(answer, `the answer of ${step}`) };
  };
}

/** Calls a handler and remembers what it throws, so that it can be told from the runner's own errors. */
async function attempt(call: () => Promise<unknown>, { ownErrors }: Execution): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    const own = error instanceof Error ? error : new Error(String(error), { cause: error });
    ownErrors.add(own);
    throw own;
  }
}

/** The error that ended an execution, without what the runner wrapped around it. */
function cause(error: unknown, { step, ownErrors }: Execution): Error {
  if (error instanceof ExecutionTimeoutError) {
    return new ExecutionFailure('States.Timeout', `the execution timed out in ${step}`, { cause: error });
  }
  const inner = error instanceof ExecutionError ? (error.cause as Error) : (error as Error);
  if (ownErrors.has(inner) || inner instanceof ExecutionFailure) return inner;
  const message =
    inner.name === 'States.Timeout' ? `${step} took longer than its state allows` : inner.message;
  return new ExecutionFailure(inner.name, message, { cause: inner });
}

async function report({ onFailure }: LocalMachineOptions, failure: Failure): Promise<void> {
  try {
    await onFailure?.(failure);
  } catch (error) {
    throw new AggregateError(
      [failure.error, error],
      `${failure.error.message}; recording it failed as well`,
      {
        cause: failure.error,
      },
    );
  }
}
