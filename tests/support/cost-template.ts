import type { CostedResource, CostedTemplate } from '../../infra/aws/cost/facts.ts';

/** A template small enough to be billed by hand. */
export const SMALL: CostedTemplate = {
  Resources: {
    Ingest: lambda('papergate-dev-ingest', 512),
    Predict: lambda('papergate-dev-predict', 512),
    Gate: lambda('papergate-dev-gate', 512),
    Health: lambda('papergate-dev-health-check', 256),
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        DefinitionString: {
          'Fn::Join': [
            '',
            [
              '{"StartAt":"Ingest","States":{"Ingest":{"Type":"Task","TimeoutSeconds":120,"Next":"IsOpen","Parameters":{"FunctionName":"',
              { 'Fn::GetAtt': ['Ingest', 'Arn'] },
              '"}},"IsOpen":{"Type":"Choice","Choices":[{"Next":"Predict"},{"Next":"Closed"}],"Default":"Unknown"},',
              '"Unknown":{"Type":"Fail"},"Closed":{"Type":"Succeed"},',
              '"Predict":{"Type":"Task","TimeoutSeconds":60,"Next":"Gate","Parameters":{"FunctionName":"papergate-dev-predict"}},',
              '"Gate":{"Type":"Task","TimeoutSeconds":60,"End":true,"Parameters":{"FunctionName":"',
              { Ref: 'Gate' },
              '"}}}}',
            ],
          ],
        },
      },
    },
    Ticks: schedule('cron(1 * * * ? *)', 'crypto', { 'Fn::GetAtt': ['Machine', 'Arn'] }),
    Checks: schedule('rate(1 hour)', 'crypto', { 'Fn::GetAtt': ['Health', 'Arn'] }),
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: { PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } },
    },
    Bucket: { Type: 'AWS::S3::Bucket' },
    Key: { Type: 'AWS::KMS::Key' },
    One: alarm({ Namespace: 'Papergate', MetricName: 'TickCommitted', Period: 300 }),
    Fast: alarm({ Namespace: 'AWS/States', MetricName: 'ExecutionsFailed', Period: 10 }),
    Two: alarm({
      Metrics: [
        { Expression: 'a / b' },
        { MetricStat: { Metric: { Namespace: 'Papergate', MetricName: 'TickCommitted' }, Period: 60 } },
        { MetricStat: { Metric: { Namespace: 'Papergate', MetricName: 'TickDue' }, Period: 60 } },
      ],
    }),
    Both: { Type: 'AWS::CloudWatch::CompositeAlarm' },
    Board: {
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: {
        DashboardBody: {
          'Fn::Join': [
            '',
            [
              '{"widgets":[{"properties":{"region":"',
              { Ref: 'AWS::Region' },
              '","metrics":[["Papergate","TickDue"],[".","Equity","market","crypto"],[".",".",".","ashares",{"stat":"Maximum"}],',
              '["AWS/Lambda","Errors"],[{"expression":"m1+m2"}]]}}]}',
            ],
          ],
        },
      },
    },
    Budget: { Type: 'AWS::Budgets::Budget' },
    Role: { Type: 'AWS::IAM::Role' },
  },
};

function lambda(name: string, memoryMb: number): CostedResource {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: { FunctionName: name, MemorySize: memoryMb, Timeout: 60, Architectures: ['arm64'] },
  };
}

function schedule(expression: string, market: string, arn: unknown): CostedResource {
  return {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      ScheduleExpression: expression,
      State: 'ENABLED',
      Target: {
        Arn: arn,
        Input: `{"market":"${market}","scheduled_at_utc":"<aws.scheduler.scheduled-time>"}`,
      },
    },
  };
}

function alarm(properties: Readonly<Record<string, unknown>>): CostedResource {
  return { Type: 'AWS::CloudWatch::Alarm', Properties: properties };
}

/** Ticks of a market on its exchange's clock, a minute after each close. */
const TICKS: Readonly<Record<string, readonly string[]>> = {
  crypto: ['cron(1 * * * ? *)'],
  ashares: ['cron(31 10,11 ? * MON-FRI *)', 'cron(1 14,15 ? * MON-FRI *)'],
  us_equities: ['cron(31 10-15 ? * MON-FRI *)', 'cron(1 13,16 ? * MON-FRI *)'],
};

/** As many resources of each kind as the stack is designed to have, around a machine's definition. */
export function likeTheStack(definition: string): CostedTemplate {
  const steps = ['ingest', 'predict', 'gate', 'fill', 'ledger', 'signoff'];
  const resources: Record<string, CostedResource> = {
    Machine: { Type: 'AWS::StepFunctions::StateMachine', Properties: { DefinitionString: definition } },
    Key: { Type: 'AWS::KMS::Key' },
    Table: SMALL.Resources['Table']!,
    Board: { Type: 'AWS::CloudWatch::Dashboard', Properties: { DashboardBody: '{"widgets":[]}' } },
    Budget: { Type: 'AWS::Budgets::Budget' },
    Topic: { Type: 'AWS::SNS::Topic' },
    DeadLetters: { Type: 'AWS::SQS::Queue' },
  };
  for (const step of steps) resources[step] = lambda(`papergate-dev-${step}`, 1_024);
  for (const other of ['health-check', 'switch-watcher', 'record-failure', 'daily']) {
    resources[other.replace('-', '')] = lambda(`papergate-dev-${other}`, 512);
  }
  for (const bucket of ['Artifacts', 'Anchors', 'Projections'])
    resources[bucket] = { Type: 'AWS::S3::Bucket' };
  for (let k = 0; k < 16; k++) {
    resources[`Alarm${k}`] = alarm({ Namespace: 'AWS/Lambda', MetricName: `Errors${k}`, Period: 300 });
  }
  for (const [market, expressions] of Object.entries(TICKS)) {
    const at = (name: string): string => `${market.replace('_', '')}${name}`;
    expressions.forEach((expression, k) => {
      resources[at(`Tick${k}`)] = schedule(expression, market, { 'Fn::GetAtt': ['Machine', 'Arn'] });
    });
    resources[at('Health')] = schedule('rate(1 hour)', market, { 'Fn::GetAtt': ['healthcheck', 'Arn'] });
    resources[at('Daily')] = schedule('cron(30 23 * * ? *)', market, { 'Fn::GetAtt': ['daily', 'Arn'] });
  }
  return { Resources: resources };
}
