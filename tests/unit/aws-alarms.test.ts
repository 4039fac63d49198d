import { beforeAll, describe, expect, it, vi } from 'vitest';
import { copyContents, memoryStores } from '../../shared/stores/memory.ts';
import { headOf, layOut, schedule, simulated } from '../support/chain.ts';
import { ofType, stackTemplate, theOne, type StackTemplate } from '../support/aws/stack-template.ts';

interface Dimension {
  readonly Name: string;
  readonly Value: string;
}
interface Alarm {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly AlarmActions: readonly unknown[];
  readonly OKActions: readonly unknown[];
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly Dimension[];
  readonly Statistic?: string;
  readonly Period?: number;
  readonly Threshold: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData: string;
  readonly EvaluationPeriods: number;
  readonly Metrics?: readonly {
    readonly Expression?: string;
    readonly MetricStat?: { readonly Metric: object };
  }[];
}
const MARKETS = ['ashares', 'crypto', 'us_equities'];

let template: StackTemplate;
let alarms: Alarm[];
beforeAll(() => {
  template = stackTemplate({ owner_email: 'owner@example.com' });
  alarms = ofType(template, 'AWS::CloudWatch::Alarm').map(
    ([, { Properties }]) => Properties as unknown as Alarm,
  );
});
const alarm = (name: string): Alarm => alarms.find(({ AlarmName }) => AlarmName === `papergate-dev-${name}`)!;

/** `Name{dimension=value,...}` of a series, whatever the order of its dimensions. */
const series = (name: string, dimensions: readonly Dimension[]): string =>
  `${name}{${dimensions
    .map(({ Name, Value }) => `${Name}=${Value}`)
    .sort()
    .join(',')}}`;

describe('the alarms', () => {
  it('are fifteen by name', () => {
    expect(alarms.map(({ AlarmName }) => AlarmName).sort()).toEqual(
      [
        ...MARKETS.flatMap((market) => [`missed-tick-${market}`, `red-${market}`, `switch-on-${market}`]),
        ...['failed-chain', 'undelivered', 'recovery-refused', 'integrity-error'],
        ...['calendar-ending', 'old-certificate'],
      ]
        .map((name) => `papergate-dev-${name}`)
        .sort(),
    );
  });

  it('tell the owner in one sentence what it means', () => {
    const topic = { Ref: theOne(template, 'AWS::SNS::Topic').id };
    for (const { AlarmName, AlarmDescription, AlarmActions, OKActions } of alarms) {
      expect(AlarmDescription, AlarmName).toMatch(/^[A-Z][^.]{30,200}\.$/);
      expect([AlarmActions, OKActions], AlarmName).toEqual([[topic], [topic]]);
    }
  });

  it.each(MARKETS)('take silence about %s for a missed tick', (market) => {
    expect(alarm(`missed-tick-${market}`)).toMatchObject({
      MetricName: 'BarsBehind',
      Statistic: 'Maximum',
      Period: 7_200,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'breaching',
      EvaluationPeriods: 1,
    });
  });

  it.each([
    ['red-crypto', 'Level', 'Maximum', 2, 'GreaterThanOrEqualToThreshold'],
    ['switch-on-crypto', 'TradingDisabled', 'Maximum', 1, 'GreaterThanOrEqualToThreshold'],
    ['recovery-refused', 'RecoveriesRefused', 'Maximum', 1, 'GreaterThanOrEqualToThreshold'],
    ['integrity-error', 'IntegrityErrors', 'Maximum', 1, 'GreaterThanOrEqualToThreshold'],
    ['calendar-ending', 'CalendarDaysLeft', 'Minimum', 60, 'LessThanThreshold'],
    ['old-certificate', 'CertificateAgeDays', 'Maximum', 8, 'GreaterThanOrEqualToThreshold'],
  ])('%s is on by %s, %s, at %d', (name, MetricName, Statistic, Threshold, ComparisonOperator) => {
    expect(alarm(name)).toMatchObject({
      ...{ Namespace: 'Papergate', MetricName, Statistic, Threshold, ComparisonOperator },
      ...{ Period: 3_600, EvaluationPeriods: 1, TreatMissingData: 'notBreaching' },
    });
  });

  it('count a chain that failed, timed out or was aborted, though the other two have no data', () => {
    const { Metrics, Threshold, ComparisonOperator, TreatMissingData } = alarm('failed-chain');
    expect([Threshold, ComparisonOperator, TreatMissingData]).toEqual([
      ...[1, 'GreaterThanOrEqualToThreshold', 'notBreaching'],
    ]);
    expect(Metrics!.flatMap(({ Expression }) => Expression ?? [])).toEqual([
      'FILL(failed, 0) + FILL(timedOut, 0) + FILL(aborted, 0)',
    ]);
    const machine = { Ref: theOne(template, 'AWS::StepFunctions::StateMachine').id };
    expect(Metrics!.flatMap(({ MetricStat }) => MetricStat?.Metric ?? [])).toEqual(
      ['ExecutionsFailed', 'ExecutionsTimedOut', 'ExecutionsAborted'].map((MetricName) => ({
        ...{ Namespace: 'AWS/States', MetricName },
        Dimensions: [{ Name: 'StateMachineArn', Value: machine }],
      })),
    );
  });

  it('watch the dead letters', () => {
    expect(alarm('undelivered')).toMatchObject({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [
        { Name: 'QueueName', Value: { 'Fn::GetAtt': [theOne(template, 'AWS::SQS::Queue').id, 'QueueName'] } },
      ],
      Threshold: 1,
      Period: 300,
    });
  });

  it('come with a budget of the stage that its owner hears of', () => {
    expect(theOne(template, 'AWS::Budgets::Budget').Properties).toMatchObject({
      Budget: {
        BudgetType: 'COST',
        TimeUnit: 'MONTHLY',
        BudgetLimit: { Amount: 20, Unit: 'USD' },
        CostFilters: { TagKeyValue: ['user:papergate:stage$dev'] },
      },
      NotificationsWithSubscribers: [
        {
          Notification: { NotificationType: 'ACTUAL', Threshold: 80, ComparisonOperator: 'GREATER_THAN' },
          Subscribers: [{ SubscriptionType: 'EMAIL', Address: 'owner@example.com' }],
        },
        { Notification: { NotificationType: 'FORECASTED', Threshold: 100 } },
      ],
    });
    const prod = theOne(
      stackTemplate({ stage: 'prod', budget_usd: '75' }),
      'AWS::Budgets::Budget',
    ).Properties;
    expect(prod).toMatchObject({
      Budget: {
        BudgetLimit: { Amount: 75 },
        CostFilters: { TagKeyValue: ['user:papergate:stage$prod'] },
      },
    });
  });

  it('reach the owner by mail where there is an address', () => {
    expect(theOne(template, 'AWS::SNS::Subscription').Properties).toMatchObject({
      Protocol: 'email',
      Endpoint: 'owner@example.com',
      TopicArn: { Ref: theOne(template, 'AWS::SNS::Topic').id },
    });
    expect(ofType(stackTemplate(), 'AWS::SNS::Subscription')).toEqual([]);
  });
});

/** The Lambda's own parts in place of a handler: what it publishes is held against the alarms, not how it is wrapped. */
vi.mock('../../functions/runtime/aws/lambda.ts', async (original) => ({
  ...(await original<object>()),
  lambdaOf: (part: unknown) => part,
}));

describe('what the health check publishes', () => {
  let published: string[];
  let damaged: Published[];

  type Published = readonly [name: string, value: number];

  /** Series and values of the lines that a run writes. */
  async function emittedBy(run: () => Promise<void>): Promise<Published[]> {
    const lines: string[] = [];
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      lines.push(String(text));
      return true;
    });
    try {
      await run();
    } finally {
      write.mockRestore();
    }
    return lines
      .flatMap((text) => text.split('\n'))
      .filter((line) => line.includes('"_aws"'))
      .flatMap((line) => emitted(JSON.parse(line) as Emf));
  }

  beforeAll(async () => {
    for (const [name, value] of Object.entries({
      PAPERGATE_STAGE: 'dev',
      PAPERGATE_MARKETS: MARKETS.join(','),
      PAPERGATE_TABLE: 'table',
      PAPERGATE_ARTIFACTS_BUCKET: 'artifacts',
      PAPERGATE_PROJECTIONS_BUCKET: 'projections',
      PAPERGATE_OWNER_TOPIC: 'topic',
      PAPERGATE_ACCOUNT: '000000000000',
      AWS_LAMBDA_FUNCTION_NAME: 'papergate-dev-health-check',
    }))
      vi.stubEnv(name, value);
    const layout = layOut('crypto', '2024-03-04', '2024-03-04', {
      config: simulated('alarms-1', '2024-02-01', '2024-03-30'),
    });
    const contents = copyContents();
    const stores = memoryStores({ contents });
    const lived = await schedule(stores, layout);
    await lived.run(0);
    const { handler } = (await import('../../functions/health-check/lambda.ts')) as unknown as {
      handler: { handle(event: unknown, runtime: unknown): Promise<unknown>; onDamage(event: unknown): void };
    };
    const healthy = await emittedBy(async () => {
      await handler.handle({ market: 'crypto' }, lived.runtime(lived.tickMs(0) + 900_000).runtime);
    });
    published = healthy.map(([name]) => name);
    // The state that the head names is other bytes than its hash says.
    const { key } = (await headOf(stores, 'crypto')).state;
    contents.artifacts.set(key, new TextEncoder().encode('{}'));
    damaged = await emittedBy(async () => {
      const { runtime } = lived.runtime(lived.tickMs(0) + 4_500_000);
      const refused = handler.handle({ market: 'crypto' }, runtime);
      await expect(refused).rejects.toMatchObject({ name: 'IntegrityError' });
      // What a Lambda does with such an error before it fails.
      handler.onDamage({ market: 'crypto' });
    });
    vi.unstubAllEnvs();
  }, 60_000);

  /** A line of the embedded metric format, as CloudWatch reads it. */
  interface Emf extends Record<string, unknown> {
    readonly _aws: {
      readonly CloudWatchMetrics: readonly {
        readonly Namespace: string;
        readonly Dimensions: readonly (readonly string[])[];
        readonly Metrics: readonly { readonly Name: string }[];
      }[];
    };
  }
  const emitted = (line: Emf): Published[] =>
    line._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
      Dimensions.flatMap((set) =>
        Metrics.map(({ Name }) => {
          expect(line[Name], Name).toBeTypeOf('number');
          const dimensions = set.map((name) => ({ Name: name, Value: String(line[name]) }));
          return [`${Namespace}/${series(Name, dimensions)}`, line[Name] as number] as const;
        }),
      ),
    );

  it('are these series of a market and of the stage', () => {
    const ofMarket = '{market=crypto,service=papergate,stage=dev}';
    const ofStage = '{service=papergate,stage=dev}';
    expect(published.sort()).toEqual([
      `Papergate/BarsBehind${ofMarket}`,
      `Papergate/CalendarDaysLeft${ofStage}`,
      `Papergate/CertificateAgeDays${ofStage}`,
      `Papergate/IntegrityErrors${ofStage}`,
      `Papergate/Level${ofMarket}`,
      `Papergate/RecoveriesRefused${ofStage}`,
      `Papergate/TradingDisabled${ofMarket}`,
    ]);
  });

  it('tells of damage what can be told, though the check fails', () => {
    expect(damaged).toEqual([
      ['Papergate/Level{market=crypto,service=papergate,stage=dev}', 2],
      ['Papergate/IntegrityErrors{service=papergate,stage=dev}', 1],
    ]);
  });

  it('is what alarms and dashboard show, each of them and nothing else, in at most 15 series', () => {
    const ofAll = new Set(
      MARKETS.flatMap((market) => published.map((name) => name.replace('market=crypto', `market=${market}`))),
    );
    expect(ofAll.size).toBe(13);
    const watched = alarms
      .filter(({ Namespace }) => Namespace === 'Papergate')
      .map(({ MetricName, Dimensions }) => `Papergate/${series(MetricName!, Dimensions!)}`);
    expect(watched.sort()).toEqual([...ofAll].sort());
    const body = JSON.stringify(theOne(template, 'AWS::CloudWatch::Dashboard').Properties['DashboardBody']);
    const shown = [
      ...body.matchAll(
        /\[\\+"Papergate\\+",\\+"(\w+)\\+",\\+"market\\+",\\+"(\w+)\\+",\\+"service\\+",\\+"papergate\\+",\\+"stage\\+",\\+"dev\\+"/g,
      ),
    ].map(([, name, market]) => `Papergate/${name}{market=${market},service=papergate,stage=dev}`);
    expect(shown).toHaveLength(9);
    expect(shown.filter((name) => !ofAll.has(name))).toEqual([]);
  });
});
