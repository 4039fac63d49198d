import { describe, it } from 'vitest';
import {
  ACCOUNT,
  ALL_SWITCH,
  artifact,
  CREATES,
  CREATES_ONCE,
  everybody,
  execution,
  item,
  KEY,
  lambda,
  LAMBDA_ROLES,
  LAMBDAS,
  machine,
  object,
  OUTSIDER,
  OWN_SWITCHES,
  parameter,
  people,
  QUEUE,
  roleOf,
  stageIam,
  STAGES,
  STEPS,
  TABLE,
  TELLING,
  TOPIC,
  TURNING,
  STACK,
} from '../support/aws/stage-iam.ts';
import { theOne } from '../support/aws/stack-template.ts';
import { expectDecisions, rows, type Row } from '../support/iam/table.ts';

describe.each(STAGES)('in %s', (stage) => {
  const holds = (table: readonly Row[]): void => expectDecisions(stageIam(stage).iam, table);

  it('the switch is read where it is asked, and put back to true by those who turn it, per market', () => {
    const turning = TURNING.map(roleOf);
    const reading = [...turning, roleOf('fill')];
    const all = [parameter(stage, ALL_SWITCH)];
    const own = OWN_SWITCHES.map((name) => parameter(stage, name));
    const not = (some: readonly string[]): string[] => LAMBDA_ROLES.filter((role) => !some.includes(role));
    const read = ['ssm:GetParameter', 'ssm:GetParameterHistory'];
    holds([
      ...rows('allowed', reading, read, [...all, ...own]),
      ...rows('denied', not(reading), read, [...all, ...own]),
      ...rows('allowed', turning, ['ssm:PutParameter'], own),
      ...rows('denied', not(turning), ['ssm:PutParameter'], own),
      ...rows('denied', LAMBDA_ROLES, ['ssm:PutParameter'], all),
      ...rows(
        'denied',
        everybody(stage),
        ['ssm:DeleteParameter', 'ssm:LabelParameterVersion'],
        [...all, ...own],
      ),
      ...rows(
        'denied',
        everybody(stage),
        ['ssm:PutParameter', ...read],
        [
          parameter(stage, 'DISABLE_TRADING/other'),
          parameter(stage, 'OTHER'),
          parameter('other', ALL_SWITCH),
        ],
      ),
      ...rows('allowed', ['SwitchRole'], ['ssm:PutParameter'], [...all, ...own]),
      ...rows('denied', ['SwitchRole'], read, [...all, ...own]),
    ]);
  });

  it('the owner is told by those who have something to tell', () => {
    const telling = TELLING.map(roleOf);
    const alarm = `arn:aws:cloudwatch:us-east-1:${ACCOUNT}:alarm:papergate-${stage}-failed-chain`;
    const byAlarm = { 'aws:SourceArn': alarm, 'aws:SourceAccount': ACCOUNT };
    holds([
      ...rows('allowed', telling, ['sns:Publish'], [TOPIC]),
      ...rows(
        'denied',
        everybody(stage).filter((role) => !telling.includes(role)),
        ['sns:Publish', 'sns:Subscribe'],
        [TOPIC],
      ),
      ...rows('allowed', ['cloudwatch.amazonaws.com'], ['sns:Publish'], [TOPIC], byAlarm),
      ...rows('denied', ['cloudwatch.amazonaws.com'], ['sns:Publish'], [TOPIC], {
        ...byAlarm,
        'aws:SourceAccount': '111122223333',
      }),
      ...rows('denied', ['cloudwatch.amazonaws.com'], ['sns:Publish'], [TOPIC], {
        ...byAlarm,
        'aws:SourceArn': `arn:aws:cloudwatch:us-east-1:${ACCOUNT}:alarm:others`,
      }),
      ...rows('denied', ['events.amazonaws.com'], ['sns:Publish'], [TOPIC], byAlarm),
    ]);
  });

  it('only what is not waited for puts into the dead letters, and nobody takes out', () => {
    const senders = [
      ...['signoff', 'record-failure', 'switch-watcher', 'health-check'].map(roleOf),
      'SchedulesRole',
    ];
    const rule = (id: string): Row['context'] => {
      const arn = theOne(stageIam(stage).template, 'AWS::Events::Rule', id).id;
      return { 'aws:SourceArn': `arn:aws:events:us-east-1:${ACCOUNT}:rule/${arn}` };
    };
    holds([
      ...rows('allowed', senders, ['sqs:SendMessage'], [QUEUE]),
      ...rows(
        'denied',
        everybody(stage).filter((role) => !senders.includes(role)),
        ['sqs:SendMessage'],
        [QUEUE],
      ),
      ...rows('allowed', ['events.amazonaws.com'], ['sqs:SendMessage'], [QUEUE], rule('EventsFailedRun')),
      ...rows('allowed', ['events.amazonaws.com'], ['sqs:SendMessage'], [QUEUE], rule('EventsSwitchTurned')),
      ...rows('denied', ['events.amazonaws.com'], ['sqs:SendMessage'], [QUEUE], {
        'aws:SourceArn': `arn:aws:events:us-east-1:${ACCOUNT}:rule/other`,
      }),
      ...rows('denied', everybody(stage), ['sqs:DeleteMessage', 'sqs:PurgeQueue'], [QUEUE]),
    ]);
  });

  it('the machine invokes the six steps in every version, and nothing else', () => {
    const versions = ['', ':1', ':2', ':$LATEST'];
    const ofSteps = STEPS.flatMap((step) => versions.map((version) => lambda(stage, step, version)));
    const ofOthers = ['record-failure', 'switch-watcher', 'health-check'].map((name) => lambda(stage, name));
    const invoking = ['TickMachineRole', 'SchedulesRole', `papergate-${stage}-ops-admin`];
    holds([
      ...rows('allowed', ['TickMachineRole'], ['lambda:InvokeFunction'], ofSteps),
      ...rows('denied', ['TickMachineRole'], ['lambda:InvokeFunction'], ofOthers),
      ...rows('denied', ['TickMachineRole'], ['states:StartExecution'], [machine(stage)]),
      ...rows('denied', ['TickMachineRole'], ['lambda:UpdateFunctionCode'], ofSteps),
      ...rows(
        'denied',
        everybody(stage).filter((role) => !invoking.includes(role)),
        ['lambda:InvokeFunction'],
        [...ofSteps, ...ofOthers],
      ),
    ]);
  });

  it('the scheduler starts ticks, checks and reports, and nothing else', () => {
    const two = ['health-check', 'signoff'];
    holds([
      ...rows('allowed', ['SchedulesRole'], ['states:StartExecution'], [machine(stage)]),
      ...rows(
        'denied',
        everybody(stage).filter((role) => role !== 'SchedulesRole'),
        ['states:StartExecution'],
        [machine(stage)],
      ),
      ...rows(
        'allowed',
        ['SchedulesRole'],
        ['lambda:InvokeFunction'],
        two.map((name) => lambda(stage, name)),
      ),
      ...rows(
        'denied',
        ['SchedulesRole'],
        ['lambda:InvokeFunction'],
        LAMBDAS.filter((name) => !two.includes(name)).map((name) => lambda(stage, name)),
      ),
      ...rows(
        'denied',
        ['SchedulesRole'],
        ['states:StopExecution', 'states:RedriveExecution'],
        [execution(stage)],
      ),
      ...rows('denied', everybody(stage), ['states:StopExecution'], [execution(stage)]),
      ...rows('denied', everybody(stage), ['states:UpdateStateMachine'], [machine(stage)]),
    ]);
  });

  it('a change of the switch and a failed run invoke the function that answers them', () => {
    const by = (id: string): Row['context'] => ({
      'aws:SourceArn': `arn:aws:events:us-east-1:${ACCOUNT}:rule/${theOne(stageIam(stage).template, 'AWS::Events::Rule', id).id}`,
    });
    const events = ['events.amazonaws.com'];
    const invoke = ['lambda:InvokeFunction'];
    holds([
      ...rows('allowed', events, invoke, [lambda(stage, 'record-failure')], by('EventsFailedRun')),
      ...rows('allowed', events, invoke, [lambda(stage, 'switch-watcher')], by('EventsSwitchTurned')),
      ...rows('denied', events, invoke, [lambda(stage, 'record-failure')], by('EventsSwitchTurned')),
      ...rows('denied', events, invoke, [lambda(stage, 'gate')], by('EventsFailedRun')),
      ...rows('allowed', [roleOf('record-failure')], ['states:GetExecutionHistory'], [execution(stage)]),
      ...rows(
        'denied',
        LAMBDA_ROLES.filter((role) => role !== roleOf('record-failure')),
        ['states:GetExecutionHistory'],
        [execution(stage)],
      ),
    ]);
  });

  it('a function writes its own log and no other', () => {
    const group = (name: string): string =>
      `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/lambda/papergate-${stage}-${name}:log-stream:2026`;
    const write = ['logs:CreateLogStream', 'logs:PutLogEvents'];
    holds([
      ...LAMBDAS.flatMap((name) => rows('allowed', [roleOf(name)], write, [group(name)])),
      ...rows('denied', [roleOf('predict')], write, [group('gate')]),
      ...rows('denied', everybody(stage), ['logs:DeleteLogStream'], [group('gate')]),
      ...rows('denied', LAMBDA_ROLES, ['logs:GetLogEvents'], [group('gate')]),
    ]);
  });

  it('no function signs, and nobody does', () => {
    holds([
      ...rows('denied', everybody(stage), ['kms:Sign', 'kms:ScheduleKeyDeletion', 'kms:PutKeyPolicy'], [KEY]),
      ...rows('allowed', people(stage), ['kms:GetPublicKey', 'kms:DescribeKey'], [KEY]),
      ...rows('denied', LAMBDA_ROLES, ['kms:GetPublicKey'], [KEY]),
    ]);
  });

  it('a viewer reads everything and changes nothing', () => {
    const viewers = people(stage);
    const own = [ALL_SWITCH, ...OWN_SWITCHES].map((name) => parameter(stage, name));
    holds([
      ...rows('allowed', viewers, ['dynamodb:GetItem', 'dynamodb:Query'], [TABLE], item('ledger/crypto')),
      ...rows(
        'allowed',
        viewers,
        ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectRetention'],
        [artifact('decision'), object('Anchors', 'crypto/x'), object('Projections', 'daily/x')],
      ),
      ...rows(
        'allowed',
        viewers,
        ['s3:ListBucket', 's3:ListBucketVersions'],
        ['Artifacts', 'Anchors', 'Projections'].map((bucket) => `arn:aws:s3:::\${Storage${bucket}}`),
      ),
      ...rows('allowed', viewers, ['ssm:GetParameter', 'ssm:GetParameterHistory'], own),
      ...rows(
        'allowed',
        viewers,
        [
          ...['ssm:DescribeParameters', 'cloudwatch:DescribeAlarms', 'cloudwatch:GetMetricData'],
          ...['cloudwatch:GetDashboard', 'logs:GetQueryResults'],
        ],
        ['*'],
      ),
      ...rows('allowed', viewers, ['states:ListExecutions', 'states:DescribeStateMachine'], [machine(stage)]),
      ...rows(
        'allowed',
        viewers,
        ['states:DescribeExecution', 'states:GetExecutionHistory'],
        [execution(stage)],
      ),
      ...rows(
        'allowed',
        viewers,
        ['logs:FilterLogEvents', 'logs:StartQuery'],
        [`arn:aws:logs:us-east-1:${ACCOUNT}:log-group:/aws/lambda/papergate-${stage}-gate:log-stream:x`],
      ),
      ...rows('allowed', viewers, ['sqs:ReceiveMessage', 'sqs:GetQueueAttributes'], [QUEUE]),
      // What every command with --stage asks first.
      ...rows('allowed', viewers, ['cloudformation:DescribeStacks'], [STACK]),
      ...rows('denied', viewers, ['cloudformation:UpdateStack', 'cloudformation:DeleteStack'], [STACK]),
      ...rows('denied', [`papergate-${stage}-ops-viewer`], ['ssm:PutParameter'], own),
      ...rows('denied', viewers, ['s3:PutObject'], [artifact('record')], CREATES_ONCE),
      ...rows('denied', viewers, ['s3:PutObject'], [object('Projections', 'daily/x')], CREATES),
      ...rows('denied', viewers, ['cloudwatch:PutMetricData', 'cloudwatch:DisableAlarmActions'], ['*']),
      ...rows(
        'denied',
        viewers,
        ['iam:PassRole'],
        [`arn:aws:iam::${ACCOUNT}:role/papergate-${stage}-ops-admin`],
      ),
    ]);
  });

  it('an operator halts, and an admin besides redrives and checks', () => {
    const [viewer, operator, admin] = people(stage) as [string, string, string];
    const own = [ALL_SWITCH, ...OWN_SWITCHES].map((name) => parameter(stage, name));
    holds([
      ...rows('allowed', [operator, admin], ['ssm:PutParameter'], own),
      ...rows('allowed', [admin], ['states:RedriveExecution'], [execution(stage)]),
      ...rows('denied', [viewer, operator, OUTSIDER], ['states:RedriveExecution'], [execution(stage)]),
      ...rows('allowed', [admin], ['lambda:InvokeFunction'], [lambda(stage, 'health-check')]),
      ...rows('denied', [viewer, operator], ['lambda:InvokeFunction'], [lambda(stage, 'health-check')]),
      ...rows(
        'denied',
        [admin],
        ['lambda:InvokeFunction'],
        LAMBDAS.filter((name) => name !== 'health-check').map((name) => lambda(stage, name)),
      ),
      ...rows('denied', LAMBDA_ROLES, ['states:RedriveExecution'], [execution(stage)]),
    ]);
  });
});
