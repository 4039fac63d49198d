import { ExecutionError, ExecutionTimeoutError, StateMachine } from 'aws-local-stepfunctions';
import { STEPS, type StepName } from '../../functions/steps.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { assertRunsLocally, taskStates, type Definition, type State, type TaskState } from './dialect.ts';
import { ExecutionFailure, throughJson, type JsonValue } from './payload.ts';

/** What a step's Lambda does: the whole state in, the whole next state out. */
export type Handler = (input: unknown) => Promise<unknown>;

/** What AWS tells with the status event of an execution that failed or timed out. */
export interface Failure {
  readonly input: unknown;
  /** The step that was begun last; undefined where the input itself was refused. */
  readonly step: StepName | undefined;
  readonly error: Error;
  /** Where a redrive goes on; undefined where it failed between two tasks, and none is possible. */
  readonly stopped: Stopped | undefined;
}

/** The state that failed for good, a task or the Map that its iterations belong to, and what it was given. */
export interface Stopped {
  readonly state: string;
  readonly input: unknown;
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
  /**
   * Goes on with a failed execution from the state that failed, on that state's own input, with all its tries anew.
   * What had been done before is not done again.
   * @throws as `run` does, and ConfigError where the execution cannot be redriven.
   */
  redrive(failure: Failure): Promise<unknown>;
}

/** One execution under way. */
interface Execution {
  step: StepName | undefined;
  /** The task that was begun last and has not answered; within a Map, the Map. */
  stopped: Stopped | undefined;
  /** What the last task outside a Map answered, or the execution began with: what a Map is given. */
  handed: JsonValue;
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
  const machineFrom = validated(definition);
  const tasks = taskStates(definition).map((task) => ({ ...task, step: stepOf(task.name, task.state) }));
  const waits = Object.fromEntries(tasks.map(({ name }) => [name, options.retryWaitMs ?? 0]));

  async function execute(from: string, input: unknown, execution: Execution): Promise<unknown> {
    const taskResourceLocalHandlers = Object.fromEntries(
      tasks.map((task) => [task.name, lambda(task, handlers[task.step], execution)]),
    );
    const overrides = { taskResourceLocalHandlers, retryIntervalOverrides: waits };
    try {
      execution.handed = throughJson(input, 'the input');
      return await machineFrom(from).run(execution.handed, { overrides }).result;
    } catch (error) {
      throw cause(error, execution);
    } finally {
      execution.over = true;
    }
  }

  /** `input` is what the execution was started with, `handed` what its first state gets now. */
  async function started(input: unknown, { state, input: handed }: Stopped): Promise<unknown> {
    const execution: Execution = {
      ...{ step: undefined, stopped: undefined, handed: null },
      ...{ over: false, ownErrors: new Set() },
    };
    try {
      return await execute(state, handed, execution);
    } catch (error) {
      const { step, stopped } = execution;
      await report(options, { input, step, error: error as Error, stopped });
      throw error;
    }
  }

  return {
    run: (input) => started(input, { state: definition.StartAt, input }),
    async redrive({ input, stopped }) {
      if (stopped === undefined)
        throw new ConfigError('the execution did not fail in a task: it cannot be redriven');
      assertWholeInput(definition, stopped.state);
      return started(input, stopped);
    },
  };
}

/**
 * What a handler was given must be all that its state was given, since a redrive hands nothing else on. A Map is redriven
 * as a whole, on what the last task before it answered: nothing but choices may lie between.
 */
function assertWholeInput({ States }: Definition, name: string): void {
  const state = States[name];
  const answersWhole = Object.values(States).every(
    (one) =>
      one.Type !== 'Pass' &&
      (one['Next'] !== name || one.Type === 'Task') &&
      (one.Type !== 'Task' || (one['OutputPath'] === '$.Payload' && !('ResultPath' in one))),
  );
  const whole = state?.Type === 'Map' ? answersWhole : state?.Parameters?.['Payload.$'] === '$';
  if (state === undefined || 'InputPath' in state || !whole)
    throw new ConfigError(
      `state ${name} cannot be redriven here: expected a task that is handed its whole input, or a Map after one`,
    );
}

/**
 * The machine by the state it starts at. Validates once; the machines that run then skip it, since each Map state would
 * validate again.
 */
function validated(definition: Definition): (from: string) => StateMachine {
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
  const made = new Map<string, StateMachine>();
  return (from) => {
    const known =
      made.get(from) ??
      new StateMachine({ ...asl, StartAt: from }, { validationOptions: { noValidate: true } });
    made.set(from, known);
    return known;
  };
}

/** The step whose Lambda, or a version of it, a Task state invokes, by the function's name `papergate-<stage>-<step>`. */
function stepOf(name: string, { Resource, Parameters: parameters }: State): StepName {
  const functionName = String(parameters?.['FunctionName']).replace(/:\d+$/, '');
  const step = STEPS.find((one) => functionName.endsWith(`-${one}`));
  if (Resource !== 'arn:aws:states:::lambda:invoke' || !step) {
    throw new ConfigError(
      `state ${name} invokes ${String(Resource)} ${functionName}: expected the Lambda of a step`,
    );
  }
  return step;
}

/** The integration `lambda:invoke` with a function in place of the Lambda. */
function lambda(task: TaskState & { step: StepName }, handler: Handler, execution: Execution) {
  const { name, within, step } = task;
  return async (request: JsonValue): Promise<JsonValue> => {
    // An execution that timed out still runs its retry in the background.
    if (execution.over) throw new ExecutionFailure('States.Timeout', 'the execution is over');
    const { Payload } = request as { FunctionName: string; Payload: JsonValue };
    execution.step = step;
    execution.stopped = { state: within, input: name === within ? Payload : execution.handed };
    const input = throughJson(Payload, `the input of ${step}`);
    const answer = await attempt(() => handler(input), execution);
    const next = throughJson(answer, `the answer of ${step}`);
    // Other iterations of a Map may still fail: it has answered when the task after it begins.
    if (name === within) {
      execution.stopped = undefined;
      execution.handed = next;
    }
    return { StatusCode: 200, Payload: next };
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
