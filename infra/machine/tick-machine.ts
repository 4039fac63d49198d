import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type {
  Choice as ChoiceState,
  IChainable,
  StateMachine as Machine,
} from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { STEPS, stateName, type StepName } from '../../functions/steps.ts';
import {
  Chain,
  Choice,
  Condition,
  DefinitionBody,
  Duration,
  Fail,
  JitterType,
  LambdaInvoke,
  StateMachine,
  StateMachineType,
  Succeed,
  Timeout,
} from './cdk.ts';
import { fanOut, type Call } from './fan-out.ts';
import { ATTEMPTS, MACHINE_TIMEOUT_S, RETRY_BACKOFF, RETRY_WAIT_S, TASKS } from './tick-tasks.ts';

export interface TickMachineProps {
  readonly stateMachineName: string;
  /** The Lambda of each step; it gets the whole state and returns the whole next one. */
  readonly functions: Readonly<Record<StepName, IFunction>>;
}

/** Errors that trying again cannot mend: what is stored, configured or refused stays as it is. */
const FINAL_ERRORS = ['IntegrityError', 'ConfigError', 'OtherReleaseError', 'UncoveredError', 'RefusedError'];

/**
 * One tick of one market: six steps in a row, ended early where the calendar has no bar or the tick is committed. The
 * first two take a large universe in slices.
 * Nothing is caught: a failed run stays failed at its step, so that it can be redriven from there. Where all tries of a
 * step hang, the machine's own timeout ends it before the bar is late.
 */
export class TickMachine extends Construct {
  readonly machine: Machine;

  constructor(scope: Construct, id: string, props: TickMachineProps) {
    super(scope, id);
    const [ingest, ...rest] = STEPS.map((step) => this.#task(step, props.functions[step]));
    const [first, ...others] = rest;
    const fromPredict = others.reduce((chain, task) => chain.next(task), Chain.start(first!));
    const call = (step: StepName, other: Call) => this.#task(step, props.functions[step], other);
    const isOpen = this.#isOpen(fromPredict, (choice) => fanOut(this, call, choice, others[0]!));
    this.machine = new StateMachine(this, 'Machine', {
      stateMachineName: props.stateMachineName,
      stateMachineType: StateMachineType.STANDARD,
      comment: 'One tick of one market; the market is in the input',
      timeout: Duration.seconds(MACHINE_TIMEOUT_S),
      definitionBody: DefinitionBody.fromChainable(ingest!.next(isOpen)),
    });
  }

  #task(step: StepName, lambdaFunction: IFunction, call: Partial<Call> = {}) {
    const { name, comment, timeout_s } = { name: stateName(step), ...TASKS[step], ...call };
    const task = LambdaInvoke.jsonPath(this, name, {
      lambdaFunction,
      comment,
      // The whole state goes in; the function's answer, without Lambda's own fields, is the next state.
      outputPath: '$.Payload',
      taskTimeout: Timeout.duration(Duration.seconds(timeout_s)),
      // Off, since it would stand before the retry below and try a final error again.
      retryOnServiceExceptions: false,
    });
    task.addRetry({ errors: FINAL_ERRORS, maxAttempts: 0 });
    task.addRetry({
      errors: ['States.ALL'],
      interval: Duration.seconds(RETRY_WAIT_S),
      maxAttempts: ATTEMPTS - 1,
      backoffRate: RETRY_BACKOFF,
      jitterStrategy: JitterType.FULL,
    });
    return task;
  }

  /** `ofLargeUniverse` adds what comes before an open tick is forecast by one call. */
  #isOpen(goOn: IChainable, ofLargeUniverse: (choice: ChoiceState) => void) {
    const unknown = new Fail(this, 'UnknownStatus', {
      comment: 'Ingest answered what this machine does not know',
      error: 'UnknownStatus',
      cause: 'ingest returned a status other than open, sharded, closed and done',
    });
    const choice = new Choice(this, 'IsOpen', { comment: 'Is there a bar to decide on?' });
    choice.when(Condition.not(Condition.isPresent('$.status')), unknown);
    ofLargeUniverse(choice);
    return choice
      .when(Condition.stringEquals('$.status', 'open'), goOn)
      .when(
        Condition.stringEquals('$.status', 'closed'),
        new Succeed(this, 'Closed', { comment: 'The calendar has no bar here' }),
      )
      .when(
        Condition.stringEquals('$.status', 'done'),
        new Succeed(this, 'AlreadyDone', { comment: 'The tick is committed: a late twin reads the result' }),
      )
      .otherwise(unknown);
  }
}
