import { describe, expect, it } from 'vitest';
import { machineDefinition, synthesiseDefinition } from '../../infra/local/definition.ts';
import { taskStates } from '../../infra/local/dialect.ts';
import {
  ofType,
  shippedConfig,
  stackTemplate,
  theOne,
  type StackTemplate,
} from '../support/aws/stack-template.ts';

const made = new Map<string, ReturnType<typeof stackTemplate>>();
/** The template of a stage, once. */
function stage(
  name: string,
  context: Readonly<Record<string, string>> = {},
): ReturnType<typeof stackTemplate> {
  const key = JSON.stringify([name, context]);
  const known = made.get(key) ?? stackTemplate({ stage: name, ...context });
  made.set(key, known);
  return known;
}
const bucket = (template: StackTemplate, name: string) =>
  theOne(template, 'AWS::S3::Bucket', `Storage${name}`);

describe.each(['dev', 'prod'])('the buckets of %s', (name) => {
  const kept = name === 'prod' ? 'Retain' : 'Delete';
  it('are three, named by CloudFormation', () => {
    const buckets = ofType(stage(name), 'AWS::S3::Bucket');
    expect(buckets.map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual([
      ...['StorageArtifacts', 'StorageAnchors', 'StorageProjections'],
    ]);
    for (const [, { Properties, DeletionPolicy, UpdateReplacePolicy }] of buckets) {
      expect(Properties['BucketName']).toBeUndefined();
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual([kept, kept]);
    }
  });

  it('are encrypted by S3, closed to the public, and expire nothing', () => {
    for (const [, { Properties }] of ofType(stage(name), 'AWS::S3::Bucket'))
      expect(Properties).toMatchObject({
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        LifecycleConfiguration: {
          Rules: [{ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 }, Status: 'Enabled' }],
        },
      });
    for (const [, { Properties }] of ofType(stage(name), 'AWS::S3::Bucket')) {
      const { Rules } = Properties['LifecycleConfiguration'] as { Rules: object[] };
      expect(Rules.map((rule) => Object.keys(rule).sort())).toEqual([
        ['AbortIncompleteMultipartUpload', 'Status'],
      ]);
    }
  });

  it('are locked where evidence lies, and not where files can be rebuilt', () => {
    const days = name === 'prod' ? 730 : 1;
    for (const locked of ['Artifacts', 'Anchors'])
      expect(bucket(stage(name), locked).Properties).toMatchObject({
        VersioningConfiguration: { Status: 'Enabled' },
        ObjectLockEnabled: true,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: days } },
        },
      });
    const { Properties } = bucket(stage(name), 'Projections');
    expect([Properties['ObjectLockEnabled'], Properties['ObjectLockConfiguration']]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('the lock', () => {
  it('is one that nobody can lift where the stage was told so', () => {
    const template = stage('prod', { object_lock: 'compliance', lock_days: '90' });
    for (const locked of ['Artifacts', 'Anchors'])
      expect(bucket(template, locked).Properties).toMatchObject({
        ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 90 } } },
      });
  });
});

describe.each(['dev', 'prod'])('the table and the key of %s', (name) => {
  const isProd = name === 'prod';
  const kept = isProd ? 'Retain' : 'Delete';
  it('is paid by request, restored to any second, and kept in prod', () => {
    const { Properties, DeletionPolicy } = theOne(stage(name), 'AWS::DynamoDB::GlobalTable');
    expect(Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'partition', KeyType: 'HASH' },
        { AttributeName: 'sort', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'partition', AttributeType: 'S' },
        { AttributeName: 'sort', AttributeType: 'S' },
      ],
      Replicas: [
        {
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          DeletionProtectionEnabled: isProd,
        },
      ],
    });
    expect(Properties['TableName']).toBeUndefined();
    expect(DeletionPolicy).toBe(kept);
  });

  it('signs on a curve that others can verify with', () => {
    const { Properties, DeletionPolicy } = theOne(stage(name), 'AWS::KMS::Key');
    expect(Properties).toMatchObject({
      KeySpec: 'ECC_NIST_P256',
      KeyUsage: 'SIGN_VERIFY',
      PendingWindowInDays: 30,
    });
    expect(DeletionPolicy).toBe(kept);
  });
});

describe('a stage', () => {
  it('is kept from deletion where it is prod', () => {
    expect([stage('dev').terminationProtection, stage('prod').terminationProtection]).toEqual([false, true]);
  });

  it('bears its name on everything that takes a tag', () => {
    const { Properties } = theOne(stage('prod'), 'AWS::DynamoDB::GlobalTable');
    expect(Properties).toMatchObject({ Replicas: [{ Tags: [{ Key: 'papergate:stage', Value: 'prod' }] }] });
    for (const type of ['AWS::S3::Bucket', 'AWS::SQS::Queue', 'AWS::Lambda::Function', 'AWS::KMS::Key'])
      for (const [
        id,
        {
          Properties: { Tags },
        },
      ] of ofType(stage('prod'), type))
        expect(Tags, id).toContainEqual({ Key: 'papergate:stage', Value: 'prod' });
  });

  it('tells what the command line must know', () => {
    const { Outputs = {} } = stage('dev');
    expect(Object.keys(Outputs).sort()).toEqual([
      ...[
        'AnchorsBucket',
        'ArtifactsBucket',
        'DeadLettersUrl',
        'DeployedBundles',
        'DeployedCode',
        'DeployedMarkets',
      ],
      ...['OwnerTopicArn', 'ProjectionsBucket', 'TableName'],
    ]);
    expect(Outputs['DeployedMarkets']!.Value).toBe('ashares,crypto,us_equities');
    expect(String(Outputs['DeployedBundles']!.Value).split(',')).toHaveLength(9);
  });

  it('has what its configuration has, and no market besides', () => {
    const config = shippedConfig();
    const crypto = new Map([['crypto', config.markets.get('crypto')!]]);
    const template = stackTemplate({}, { ...config, markets: crypto });
    expect(ofType(template, 'AWS::Scheduler::Schedule')).toHaveLength(3);
    expect(ofType(template, 'Custom::KillSwitch')).toHaveLength(2);
    expect(JSON.stringify(template)).not.toMatch(/ashares|us_equities/);
  });
});

describe.each(['dev', 'prod'])('the machine of %s', (name) => {
  it('is a standard one', () => {
    expect(theOne(stage(name), 'AWS::StepFunctions::StateMachine').Properties).toMatchObject({
      StateMachineType: 'STANDARD',
      StateMachineName: `papergate-${name}-tick`,
    });
  });

  it('is the one that runs on this machine, over versions', async () => {
    const deployed = machineDefinition(stage(name));
    const local = await synthesiseDefinition(name);
    // The local one names functions, the deployed one the version of each.
    const unversioned = JSON.parse(
      JSON.stringify(deployed).replaceAll(/(:function:papergate-[a-z-]+):1"/g, '$1"'),
    ) as unknown;
    expect(unversioned).toEqual(local);
    // Six steps, and the four further states of a large universe.
    expect(JSON.stringify(deployed).match(/:function:papergate-[a-z-]+:1"/g)).toHaveLength(10);
  });

  it('gives each task its time and its tries', () => {
    const definition = machineDefinition(stage(name));
    const tasks = taskStates(definition).map(({ name: task, state }) => [task, state] as const);
    expect(Object.fromEntries(tasks.map(([state, { TimeoutSeconds }]) => [state, TimeoutSeconds]))).toEqual({
      ...{ Ingest: 90, FetchShard: 60, JoinBars: 90 },
      ...{ Predict: 60, ForecastShard: 60, JoinForecast: 60 },
      ...{ Gate: 60, Fill: 60, Ledger: 60, Signoff: 90 },
    });
    for (const [, state] of tasks)
      expect(state['Retry']).toEqual([
        {
          ErrorEquals: [
            'IntegrityError',
            'ConfigError',
            'OtherReleaseError',
            'UncoveredError',
            'RefusedError',
          ],
          MaxAttempts: 0,
        },
        {
          ErrorEquals: ['States.ALL'],
          ...{ IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 2, JitterStrategy: 'FULL' },
        },
      ]);
    // Four tries of the longest task, and at most 2, 4 and 8 s between them.
    expect(definition['TimeoutSeconds']).toBe(420);
    for (const [, { TimeoutSeconds }] of tasks) expect(4 * TimeoutSeconds! + 14).toBeLessThanOrEqual(420);
  });

  it('invokes versions that outlive the deploy after them', () => {
    const versions = ofType(stage(name), 'AWS::Lambda::Version');
    expect(versions).toHaveLength(6);
    for (const [id, { DeletionPolicy, UpdateReplacePolicy }] of versions) {
      expect([DeletionPolicy, UpdateReplacePolicy], id).toEqual(['Retain', 'Retain']);
      const { DefinitionString } = theOne(stage(name), 'AWS::StepFunctions::StateMachine').Properties;
      expect(JSON.stringify(DefinitionString)).toContain(`{"Ref":"${id}"}`);
    }
  });

  it('has nothing beside it that would change under a running execution, or hold it up', () => {
    expect(ofType(stage(name), 'AWS::Lambda::Alias')).toEqual([]);
    expect(ofType(stage(name), 'AWS::SSM::Parameter')).toEqual([]);
    expect(JSON.stringify(stage(name))).not.toMatch(
      /ReservedConcurrentExecutions|ProvisionedConcurrency|AWS::SecretsManager|AWS::EC2/,
    );
  });
});

describe.each(['dev', 'prod'])('the functions of %s', (name) => {
  const isProd = name === 'prod';
  const own = () => ofType(stage(name), 'AWS::Lambda::Function').filter(([id]) => id.startsWith('Functions'));
  it('are nine, on Node 24 and arm64', () => {
    const found = own().map(([, { Properties }]) => [
      Properties['FunctionName'],
      Properties['MemorySize'],
      Properties['Timeout'],
    ]);
    expect(found).toEqual([
      [`papergate-${name}-ingest`, 1_024, 90],
      [`papergate-${name}-predict`, 1_024, 60],
      [`papergate-${name}-gate`, 1_024, 60],
      [`papergate-${name}-fill`, 1_024, 60],
      [`papergate-${name}-ledger`, 1_024, 60],
      [`papergate-${name}-signoff`, 1_024, 90],
      [`papergate-${name}-record-failure`, 512, 60],
      [`papergate-${name}-switch-watcher`, 512, 60],
      [`papergate-${name}-health-check`, 512, 60],
    ]);
    for (const [, { Properties }] of own())
      expect(Properties).toMatchObject({
        ...{ Runtime: 'nodejs24.x', Handler: 'index.handler', Architectures: ['arm64'] },
        LoggingConfig: { LogFormat: 'JSON' },
      });
  });

  it('are told names and nothing that is secret', () => {
    for (const [id, { Properties }] of own()) {
      const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> };
      expect(Variables, id).toEqual({
        PAPERGATE_STAGE: name,
        PAPERGATE_MARKETS: 'ashares,crypto,us_equities',
        PAPERGATE_TABLE: { Ref: theOne(stage(name), 'AWS::DynamoDB::GlobalTable').id },
        PAPERGATE_ARTIFACTS_BUCKET: { Ref: bucket(stage(name), 'Artifacts').id },
        PAPERGATE_PROJECTIONS_BUCKET: { Ref: bucket(stage(name), 'Projections').id },
        PAPERGATE_OWNER_TOPIC: { Ref: theOne(stage(name), 'AWS::SNS::Topic').id },
        PAPERGATE_ACCOUNT: { Ref: 'AWS::AccountId' },
      });
      expect(Object.keys(Variables).filter((key) => /SECRET|TOKEN|PASSWORD|KEY/.test(key))).toEqual([]);
    }
  });

  it('each have a role of their own and a log that is kept for a time', () => {
    const roles = own().map(([, { Properties }]) => JSON.stringify(Properties['Role']));
    expect(new Set(roles).size).toBe(9);
    const logs = ofType(stage(name), 'AWS::Logs::LogGroup').filter(([id]) => id.startsWith('Functions'));
    expect(logs).toHaveLength(9);
    for (const [id, { Properties, DeletionPolicy }] of logs) {
      expect(Properties['RetentionInDays'], id).toBe(isProd ? 365 : 30);
      expect(DeletionPolicy).toBe(isProd ? 'Retain' : 'Delete');
    }
    const { RetentionInDays } = theOne(stage(name), 'AWS::Logs::LogGroup', 'SwitchLog').Properties;
    expect(RetentionInDays).toBe(30);
  });

  it('that nobody waits for say where a failure goes', () => {
    const queue = { 'Fn::GetAtt': [theOne(stage(name), 'AWS::SQS::Queue').id, 'Arn'] };
    const configured = ofType(stage(name), 'AWS::Lambda::EventInvokeConfig').map(([id, { Properties }]) => {
      expect(Properties, id).toMatchObject({
        DestinationConfig: { OnFailure: { Destination: queue } },
        ...{ MaximumEventAgeInSeconds: 3_600, MaximumRetryAttempts: 2, Qualifier: '$LATEST' },
      });
      return (Properties['FunctionName'] as { Ref: string }).Ref.replace(/[0-9A-F]{8}$/, '');
    });
    expect(configured.sort()).toEqual([
      ...['Functionshealthcheck', 'Functionsrecordfailure', 'Functionssignoff', 'Functionsswitchwatcher'],
    ]);
  });

  it('are asked for by events of this machine and this switch', () => {
    const queue = { 'Fn::GetAtt': [theOne(stage(name), 'AWS::SQS::Queue').id, 'Arn'] };
    const rule = (id: string) => theOne(stage(name), 'AWS::Events::Rule', id).Properties;
    const target = (id: string) => [
      {
        Arn: { 'Fn::GetAtt': [theOne(stage(name), 'AWS::Lambda::Function', id).id, 'Arn'] },
        DeadLetterConfig: { Arn: queue },
        Id: 'Target0',
        RetryPolicy: { MaximumEventAgeInSeconds: 7_200, MaximumRetryAttempts: 8 },
      },
    ];
    expect(rule('EventsFailedRun')).toMatchObject({
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: {
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
          stateMachineArn: [{ Ref: theOne(stage(name), 'AWS::StepFunctions::StateMachine').id }],
        },
      },
      Targets: target('Functionsrecordfailure'),
    });
    expect(rule('EventsSwitchTurned')).toMatchObject({
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.ssm'],
        'detail-type': ['Parameter Store Change'],
        detail: {
          name: [{ prefix: `/papergate/${name}/DISABLE_TRADING` }],
          operation: ['Update', 'Delete'],
        },
      },
      Targets: target('Functionsswitchwatcher'),
    });
  });

  it('keep what was not delivered for two weeks', () => {
    expect(theOne(stage(name), 'AWS::SQS::Queue').Properties).toMatchObject({
      MessageRetentionPeriod: 1_209_600,
      SqsManagedSseEnabled: true,
    });
  });
});
