import { Validations, type CfnElement, type Stack } from 'aws-cdk-lib/core';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { IConstruct } from 'constructs';
import { STEPS } from '../../functions/steps.ts';
import type { Functions } from './functions.ts';
import { GRANTS } from './grants.ts';
import type { Storage } from './storage.ts';

/** What the findings are about. */
export interface Acknowledged {
  readonly storage: Storage;
  readonly functions: Functions;
  readonly machine: StateMachine;
  /** The roles of people, which alone may read more than one kind of thing. */
  readonly people: readonly IConstruct[];
}

/** Findings that are as they should be, each by its exact id and with the reason. */
export function acknowledgeFindings(stack: Stack, given: Acknowledged): void {
  for (const [id, reason] of [...ofTheHouse(), ...ofGrants(stack, given)])
    Validations.of(stack).acknowledge({ id, reason });
  for (const [id, reason] of ofPeople(stack, given))
    for (const role of given.people) Validations.of(role).acknowledge({ id, reason });
}

function ofTheHouse(): [id: string, reason: string][] {
  const noTracer =
    'The logs carry one trace_id through all steps of a tick; X-Ray would cost more than the chain and add its SDK to every bundle.';
  const deadLetters = 'It is the queue of dead letters itself: it is read and alarmed, never redriven.';
  return [
    ['Serverless-LambdaTracing', noTracer],
    ['Serverless-StepFunctionStateMachineXray', noTracer],
    ['AwsSolutions-SF2', noTracer],
    [
      'AwsSolutions-SF1',
      'Step Functions keeps the history of every execution for 90 days, where record-failure reads it; each step logs its own input and answer.',
    ],
    [
      'Serverless-LambdaDLQ',
      'Steps are invoked by the state machine, which waits for their answer; every other function has a destination for failures instead.',
    ],
    ['Serverless-SQSRedrivePolicy', deadLetters],
    ['AwsSolutions-SQS3', deadLetters],
    [
      'AwsSolutions-S1',
      'Objects are locked and written once; who writes is told by CloudTrail where data events are wanted. Access logs would double the requests.',
    ],
  ];
}

const wildcard = (resource: string): string => `AwsSolutions-IAM5[Resource::${resource}]`;

function ofGrants(
  stack: Stack,
  { storage, functions, machine }: Acknowledged,
): [id: string, reason: string][] {
  const idOf = logicalId(stack);
  const objects = (bucket: Bucket, below: string): string => wildcard(`<${idOf(bucket)}.Arn>/${below}*`);
  const { artifacts, projections } = storage;
  const folders = Object.values(GRANTS).flatMap(({ reads, writes }) => [...reads, ...writes]);
  const projected = Object.values(GRANTS).flatMap(({ projects = [] }) => projects);
  const each = (ids: readonly string[], reason: string): [string, string][] =>
    [...new Set(ids)].map((id) => [id, reason]);
  return [
    ...each(
      folders.map((folder) => objects(artifacts, `*/${folder}/`)),
      'Keys of artifacts hold the market, the day and a hash: what is allowed is one kind of them.',
    ),
    ...each(
      projected.map((folder) => objects(projections, `${folder}/`)),
      'Files that can be rebuilt at any time, in one folder.',
    ),
    ...each(
      STEPS.map((step) => wildcard(`<${idOf(functions.get(step))}.Arn>:*`)),
      'The versions of one function: an execution goes on with the version that it began with.',
    ),
    [
      wildcard(
        `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:<${idOf(machine)}.Name>:*`,
      ),
      'The executions of one state machine.',
    ],
  ];
}

function ofPeople(stack: Stack, { storage }: Acknowledged): [id: string, reason: string][] {
  const { artifacts, anchors, projections } = storage;
  return [
    ...[artifacts, anchors, projections].map((bucket): [string, string] => [
      wildcard(`<${logicalId(stack)(bucket)}.Arn>/*`),
      'Whoever audits reads everything that a stage keeps; a stage for trials may be emptied by its teardown role alone.',
    ]),
    [
      wildcard('*'),
      'Lists of parameters and alarms, which have no narrower scope; they show names and states, no values.',
    ],
  ];
}

const logicalId =
  (stack: Stack) =>
  (construct: IConstruct): string =>
    stack.getLogicalId(construct.node.defaultChild as CfnElement);
