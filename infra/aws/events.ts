import { ArnFormat, Duration, Stack } from 'aws-cdk-lib/core';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { Function as Lambda } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { DISABLE_TRADING } from '../../shared/ledger/keys.ts';

export interface EventsProps {
  readonly machine: StateMachine;
  readonly recordFailure: Lambda;
  readonly watcher: Lambda;
  /** Others that are invoked without anybody waiting for their answer. */
  readonly scheduled: readonly Lambda[];
  readonly parameterPrefix: string;
  readonly deadLetters: Queue;
}

/** An execution that ended so has a tick that is not committed. */
const ENDED_BADLY = ['FAILED', 'TIMED_OUT', 'ABORTED'];

/** What happens because something else did: failed executions are recorded, changes of the switch are answered. */
export class Events extends Construct {
  constructor(scope: Construct, id: string, props: EventsProps) {
    super(scope, id);
    const { machine, recordFailure, watcher, scheduled, parameterPrefix, deadLetters } = props;
    recordFailure.addToRolePolicy(
      new PolicyStatement({
        sid: 'ReadFailedRun',
        actions: ['states:GetExecutionHistory'],
        resources: [executionsOf(machine)],
      }),
    );
    const deliver = (lambda: Lambda): LambdaFunction =>
      new LambdaFunction(lambda, {
        deadLetterQueue: deadLetters,
        retryAttempts: 8,
        maxEventAge: Duration.hours(2),
      });
    new Rule(this, 'FailedRun', {
      description: 'Records an execution that failed, timed out or was aborted',
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { status: ENDED_BADLY, stateMachineArn: [machine.stateMachineArn] },
      },
      targets: [deliver(recordFailure)],
    });
    new Rule(this, 'SwitchTurned', {
      description: 'Answers a change of the kill switch',
      eventPattern: {
        source: ['aws.ssm'],
        detailType: ['Parameter Store Change'],
        // Its creation is the deploy's own: there is nothing to answer yet.
        detail: {
          name: [{ prefix: `${parameterPrefix}/${DISABLE_TRADING}` }],
          operation: ['Update', 'Delete'],
        },
      },
      targets: [deliver(watcher)],
    });
    for (const lambda of [recordFailure, watcher, ...scheduled])
      lambda.configureAsyncInvoke({
        onFailure: new SqsDestination(deadLetters),
        retryAttempts: 2,
        maxEventAge: Duration.hours(1),
      });
  }
}

/** The address of all executions of a machine. */
export const executionsOf = (machine: StateMachine): string =>
  Stack.of(machine).formatArn({
    service: 'states',
    resource: 'execution',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    resourceName: `${machine.stateMachineName}:*`,
  });
