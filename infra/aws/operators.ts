import { Duration, Stack } from 'aws-cdk-lib/core';
import { AccountRootPrincipal, Effect, PolicyStatement, Role, type Conditions } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Role as OperatorRole } from '../../shared/config/operators-schema.ts';
import { DISABLE_TRADING, marketSwitch } from '../../shared/ledger/keys.ts';
import { roleName } from '../../shared/ledger/session-roles.ts';
import { executionsOf } from './events.ts';
import { parameterArn, type Functions } from './functions.ts';
import type { StageSettings } from './stage.ts';
import type { Storage } from './storage.ts';

export interface OperatorsProps {
  readonly settings: StageSettings;
  readonly markets: readonly string[];
  readonly storage: Storage;
  readonly functions: Functions;
  readonly machine: StateMachine;
  readonly deadLetters: Queue;
  readonly parameterPrefix: string;
}

/** What a session's name must be, by where its user comes from: the name under which a change is recorded for good. */
const SESSION_NAME = {
  iam_users: '${aws:username}',
  identity_center: '${aws:PrincipalTag/userName}',
} as const;

/**
 * The roles of people. A viewer reads; an operator may halt; an admin may start again. Parameter Store cannot tell a
 * `true` from a `false` that somebody puts, so who may put is who may halt, and the watcher asks for the admin's role
 * before it lets a `false` stand.
 */
export class Operators extends Construct {
  readonly roles: Readonly<Record<OperatorRole, Role>>;

  constructor(scope: Construct, id: string, props: OperatorsProps) {
    super(scope, id);
    const { settings } = props;
    const named: Conditions = { StringEquals: { 'sts:RoleSessionName': SESSION_NAME[settings.identities] } };
    const secondFactor: Conditions = settings.adminMfa
      ? { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }
      : {};
    const role = (name: OperatorRole, conditions: Conditions, hours: number): Role =>
      new Role(this, name, {
        roleName: roleName(settings.stage, name),
        description: `papergate ${settings.stage}: ${name}`,
        assumedBy: new AccountRootPrincipal().withConditions(conditions),
        maxSessionDuration: Duration.hours(hours),
      });
    this.roles = {
      ops_viewer: role('ops_viewer', named, 8),
      ops_operator: role('ops_operator', named, 4),
      ops_admin: role('ops_admin', { ...named, ...secondFactor }, 1),
    };
    const view = viewing(props);
    const turn = turning(props);
    for (const one of Object.values(this.roles)) for (const statement of view()) one.addToPolicy(statement);
    for (const one of [this.roles.ops_operator, this.roles.ops_admin]) one.addToPolicy(turn());
    for (const statement of administering(props)) this.roles.ops_admin.addToPolicy(statement);
  }
}

const allow = (sid: string, actions: string[], resources: string[]): PolicyStatement =>
  new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources });

/** Reads everything that a stage keeps and says; changes nothing. */
const viewing =
  ({ storage, functions, machine, deadLetters, markets, parameterPrefix }: OperatorsProps) =>
  (): PolicyStatement[] => {
    const { table, artifacts, anchors, projections, signingKey } = storage;
    const stack = Stack.of(storage);
    const buckets = [artifacts, anchors, projections];
    const executions = executionsOf(machine);
    return [
      // The command line asks the stack where everything lies.
      allow('ReadOutputs', ['cloudformation:DescribeStacks'], [stack.stackId]),
      allow('ReadItems', ['dynamodb:GetItem', 'dynamodb:Query'], [table.tableArn]),
      allow(
        'ReadObjects',
        [
          's3:GetObject',
          's3:GetObjectVersion',
          's3:GetObjectRetention',
          's3:ListBucket',
          's3:ListBucketVersions',
        ],
        buckets.flatMap((bucket) => [bucket.bucketArn, bucket.arnForObjects('*')]),
      ),
      allow(
        'ReadSwitch',
        ['ssm:GetParameter', 'ssm:GetParameterHistory'],
        [DISABLE_TRADING, ...markets.map(marketSwitch)].map((name) =>
          parameterArn(stack, `${parameterPrefix}/${name}`),
        ),
      ),
      // The console's list of parameters shows names and no values; it cannot be narrowed to some of them.
      allow('ListParameters', ['ssm:DescribeParameters'], ['*']),
      allow(
        'ReadRuns',
        [
          'states:DescribeStateMachine',
          'states:ListExecutions',
          'states:DescribeExecution',
          'states:GetExecutionHistory',
        ],
        [machine.stateMachineArn, executions],
      ),
      allow(
        'ReadLogs',
        ['logs:FilterLogEvents', 'logs:GetLogEvents', 'logs:StartQuery'],
        [...functions.byName.values()].map(({ logGroup }) => logGroup.logGroupArn),
      ),
      // Alarms, metrics and dashboards have no narrower scope for reading, and neither has the answer to a query of the
      // logs, which only whoever could ask it has the number of.
      allow(
        'ReadAlarms',
        [
          ...['cloudwatch:DescribeAlarms', 'cloudwatch:GetMetricData', 'cloudwatch:GetDashboard'],
          'logs:GetQueryResults',
        ],
        ['*'],
      ),
      // Read, never taken: what was not delivered stays until it is too old.
      allow('ReadUndelivered', ['sqs:ReceiveMessage', 'sqs:GetQueueAttributes'], [deadLetters.queueArn]),
      allow('ReadKey', ['kms:GetPublicKey', 'kms:DescribeKey'], [signingKey.keyArn]),
    ];
  };

/** Puts the switch's parameters. A halt is never refused for who asks; a start is, by the watcher. */
const turning =
  ({ storage, markets, parameterPrefix }: OperatorsProps) =>
  (): PolicyStatement =>
    allow(
      'TurnSwitch',
      ['ssm:PutParameter'],
      [DISABLE_TRADING, ...markets.map(marketSwitch)].map((name) =>
        parameterArn(Stack.of(storage), `${parameterPrefix}/${name}`),
      ),
    );

/** Starts a failed run again where it stopped, and looks at a market's health on demand. */
function administering({ functions, machine }: OperatorsProps): PolicyStatement[] {
  return [
    allow('Redrive', ['states:RedriveExecution'], [executionsOf(machine)]),
    allow('CheckHealth', ['lambda:InvokeFunction'], [functions.get('health-check').functionArn]),
  ];
}
