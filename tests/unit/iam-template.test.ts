import { describe, expect, it } from 'vitest';
import type { PolicyDocument, Statement } from '../support/iam/policy.ts';
import type { PolicyTemplate, TemplateResource } from '../support/iam/resolve.ts';
import { Resolver } from '../support/iam/resolve.ts';
import { expectDecisions, rows } from '../support/iam/table.ts';
import { iamOf } from '../support/iam/template-policies.ts';

const document = (...statements: unknown[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements as Statement[],
});
const arnOf = (id: string): unknown => ({ 'Fn::GetAtt': [id, 'Arn'] });
const below = (id: string, path: string): unknown => ({ 'Fn::Join': ['', [arnOf(id), path]] });
const root = {
  'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::', { Ref: 'AWS::AccountId' }, ':root']],
};
const trust = (service: string, Condition?: unknown) =>
  document({
    ...{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' },
    ...(Condition === undefined ? {} : { Condition }),
  });

/** A gate that may write decisions and nothing else, a bucket that loses nothing, and a key that one role signs with. */
const TEMPLATE: PolicyTemplate = {
  Resources: {
    ArtifactsBucket1A2B3C4D: { Type: 'AWS::S3::Bucket' },
    Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: 'papergate-dev' } },
    Queue: { Type: 'AWS::SQS::Queue' },
    Topic: { Type: 'AWS::SNS::Topic' },
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: { StateMachineName: 'papergate-dev-tick' },
    },
    Gate: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'papergate-dev-gate' } },
    Switch: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/papergate/dev/DISABLE_TRADING' } },
    GateRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: 'papergate-dev-gate',
        AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
        Tags: [{ Key: 'market', Value: 'crypto' }],
        Policies: [
          {
            PolicyName: 'decisions',
            PolicyDocument: document({
              ...{ Effect: 'Allow', Action: 's3:PutObject' },
              Resource: below('ArtifactsBucket1A2B3C4D', '/*/decision/*'),
            }),
          },
        ],
      },
    },
    GatePolicy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'state',
        Roles: [{ Ref: 'GateRole' }],
        PolicyDocument: document(
          { Effect: 'Allow', Action: ['dynamodb:GetItem', 'dynamodb:Query'], Resource: arnOf('Table') },
          {
            ...{ Effect: 'Allow', Action: 'ssm:GetParameter' },
            Resource: {
              'Fn::Sub': 'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${Switch}',
            },
          },
          {
            ...{ Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: arnOf('Table') },
            Condition: {
              'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'ledger/${aws:PrincipalTag/market}' },
              Null: { 'dynamodb:LeadingKeys': 'false' },
            },
          },
        ),
      },
    },
    SignerRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
        ManagedPolicyArns: [{ Ref: 'Signing' }],
      },
    },
    Signing: {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        PolicyDocument: document({ Effect: 'Allow', Action: 'kms:Sign', Resource: '*' }),
      },
    },
    SchedulerRole: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: trust('scheduler.amazonaws.com', {
          StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
        }),
        Policies: [
          {
            PolicyName: 'start',
            PolicyDocument: document({
              ...{ Effect: 'Allow', Action: 'states:StartExecution', Resource: { Ref: 'Machine' } },
            }),
          },
        ],
      },
    },
    BucketPolicy: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: { Ref: 'ArtifactsBucket1A2B3C4D' },
        PolicyDocument: document(
          {
            ...{ Effect: 'Deny', Principal: { AWS: '*' }, Action: 's3:*' },
            Resource: [arnOf('ArtifactsBucket1A2B3C4D'), below('ArtifactsBucket1A2B3C4D', '/*')],
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
          {
            ...{ Effect: 'Deny', Principal: '*', Action: ['s3:DeleteObject*', 's3:PutObjectRetention'] },
            Resource: below('ArtifactsBucket1A2B3C4D', '/*'),
          },
          {
            ...{ Effect: 'Deny', Principal: '*', Action: 's3:PutObject' },
            Resource: below('ArtifactsBucket1A2B3C4D', '/*'),
            Condition: { Null: { 's3:if-none-match': 'true' } },
          },
        ),
      },
    },
    Key: {
      Type: 'AWS::KMS::Key',
      Properties: {
        KeyPolicy: document(
          { Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:Sign', Resource: '*' },
          {
            ...{ Effect: 'Deny', Principal: { AWS: '*' }, Action: 'kms:Sign', Resource: '*' },
            Condition: { ArnNotEquals: { 'aws:PrincipalArn': arnOf('SignerRole') } },
          },
        ),
      },
    },
    OtherKey: {
      Type: 'AWS::KMS::Key',
      Properties: {
        KeyPolicy: document({
          ...{ Effect: 'Allow', Principal: { AWS: arnOf('GateRole') }, Action: 'kms:Sign', Resource: '*' },
        }),
      },
    },
    QueuePolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [{ Ref: 'Queue' }],
        PolicyDocument: document({
          ...{ Effect: 'Allow', Principal: { Service: 'scheduler.amazonaws.com' } },
          ...{ Action: 'sqs:SendMessage', Resource: arnOf('Queue') },
        }),
      },
    },
    TopicPolicy: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [{ Ref: 'Topic' }],
        PolicyDocument: document({
          ...{ Effect: 'Allow', Principal: { Service: 'cloudwatch.amazonaws.com' } },
          ...{ Action: 'sns:Publish', Resource: { Ref: 'Topic' } },
          Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:*' } },
        }),
      },
    },
    Invoke: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        ...{
          Action: 'lambda:InvokeFunction',
          FunctionName: arnOf('Gate'),
          Principal: 'events.amazonaws.com',
        },
        SourceArn: 'arn:aws:events:us-east-1:000000000000:rule/watch',
      },
    },
  },
};

const iam = iamOf(TEMPLATE, { foreign: ['arn:aws:s3:::elsewhere'] });
const decisionKey = 'arn:aws:s3:::${ArtifactsBucket}/crypto/decision/2026-11-22/x.jsonl';
const once = { 's3:if-none-match': '*' };

describe('the policies of a template', () => {
  it('are those of roles, by what they name', () => {
    expectDecisions(iam, [
      ...rows('allowed', ['GateRole', 'papergate-dev-gate'], ['s3:PutObject'], [decisionKey], once),
      ...rows('allowed', ['GateRole'], ['dynamodb:GetItem'], [iam.arn('Table')]),
      ...rows('allowed', ['GateRole'], ['ssm:GetParameter'], [iam.arn('Switch')]),
      ...rows('allowed', ['SchedulerRole'], ['states:StartExecution'], [iam.arn('Machine')]),
      ...rows('denied', ['GateRole'], ['states:StartExecution'], [iam.arn('Machine')]),
      ...rows(
        'denied',
        ['GateRole'],
        ['s3:PutObject'],
        ['arn:aws:s3:::${ArtifactsBucket}/crypto/state/x'],
        once,
      ),
      ...rows('denied', ['SignerRole'], ['s3:PutObject'], [decisionKey], once),
      ...rows('denied', ['GateRole'], ['s3:PutObject', 's3:GetObject'], ['arn:aws:s3:::elsewhere/x']),
      ...rows('denied', ['GateRole'], ['cloudwatch:PutMetricData'], ['*']),
    ]);
  });

  it('are those of resources, whose denials win', () => {
    expectDecisions(iam, [
      ...rows('explicitly denied', ['GateRole'], ['s3:PutObject'], [decisionKey]),
      ...rows('explicitly denied', ['GateRole'], ['s3:PutObject'], [decisionKey], {
        ...once,
        'aws:SecureTransport': false,
      }),
      ...rows('explicitly denied', iam.roles, ['s3:DeleteObject', 's3:DeleteObjectVersion'], [decisionKey]),
      ...rows('denied', iam.roles, ['s3:ListBucket'], [iam.arn('ArtifactsBucket')]),
    ]);
  });

  it('fill in the tags of the role', () => {
    expectDecisions(iam, [
      ...rows('allowed', ['GateRole'], ['dynamodb:PutItem'], [iam.arn('Table')], {
        'dynamodb:LeadingKeys': ['ledger/crypto'],
      }),
      ...rows('denied', ['GateRole'], ['dynamodb:PutItem'], [iam.arn('Table')], {
        'dynamodb:LeadingKeys': ['ledger/crypto', 'ledger/ashares'],
      }),
      ...rows('denied', ['GateRole'], ['dynamodb:PutItem'], [iam.arn('Table')]),
    ]);
  });

  it('let one role alone sign with the key', () => {
    const admin = 'arn:aws:iam::000000000000:user/admin';
    expectDecisions(iam, [
      ...rows('allowed', ['SignerRole'], ['kms:Sign'], [iam.arn('Key')]),
      ...rows('explicitly denied', ['GateRole', 'SchedulerRole', admin], ['kms:Sign'], [iam.arn('Key')]),
      // A key whose policy leaves nothing to the account's: what the role's own policy allows counts for nothing.
      ...rows('denied', ['SignerRole'], ['kms:Sign'], [iam.arn('OtherKey')]),
      ...rows('allowed', ['GateRole'], ['kms:Sign'], [iam.arn('OtherKey')]),
      // The key's policy says nothing of it, and no policy of a role could.
      ...rows('denied', ['SignerRole'], ['kms:ScheduleKeyDeletion'], [iam.arn('Key')]),
    ]);
  });

  it('let services do what their resources and trust say', () => {
    const ours = { 'aws:SourceAccount': '000000000000' };
    expectDecisions(iam, [
      ...rows('allowed', ['scheduler.amazonaws.com'], ['sts:AssumeRole'], [iam.arn('SchedulerRole')], ours),
      ...rows('denied', ['scheduler.amazonaws.com'], ['sts:AssumeRole'], [iam.arn('SchedulerRole')], {
        'aws:SourceAccount': '999999999999',
      }),
      ...rows('denied', ['scheduler.amazonaws.com'], ['sts:AssumeRole'], [iam.arn('SchedulerRole')]),
      ...rows('denied', ['lambda.amazonaws.com'], ['sts:AssumeRole'], [iam.arn('SchedulerRole')], ours),
      ...rows('denied', ['GateRole'], ['sts:AssumeRole'], [iam.arn('SignerRole')]),
      ...rows('allowed', ['scheduler.amazonaws.com'], ['sqs:SendMessage'], [iam.arn('Queue')]),
      ...rows('denied', ['events.amazonaws.com'], ['sqs:SendMessage'], [iam.arn('Queue')]),
      ...rows('allowed', ['cloudwatch.amazonaws.com'], ['sns:Publish'], [iam.arn('Topic')], {
        'aws:SourceArn': 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:TicksMissed',
      }),
      ...rows('denied', ['cloudwatch.amazonaws.com'], ['sns:Publish'], [iam.arn('Topic')]),
      ...rows('allowed', ['events.amazonaws.com'], ['lambda:InvokeFunction'], [iam.arn('Gate')], {
        'aws:SourceArn': 'arn:aws:events:us-east-1:000000000000:rule/watch',
      }),
      ...rows('denied', ['events.amazonaws.com'], ['lambda:InvokeFunction'], [iam.arn('Gate')], {
        'aws:SourceArn': 'arn:aws:events:us-east-1:000000000000:rule/other',
      }),
    ]);
  });

  it('are asked about by names that exist', () => {
    expect(() => iam.decide('GatesRole', 's3:GetObject', decisionKey)).toThrow(
      /it has GateRole, SchedulerRole/,
    );
    expect(() => iam.decide('GateRole', 's3:GetObject', 'arn:aws:s3:::artefacts/x')).toThrow(
      /name it foreign/,
    );
    expect(() => iam.decide('GateRole', 's3:GetObject', 'arn:aws:s3:::ArtifactsBucket1A2B3C4D2/x')).toThrow(
      /name it foreign/,
    );
    expect(() => iam.decide('GateRole', 's3:GetObject', 'arn:aws:s3:::${Bucket}/x')).toThrow(
      /Bucket names 0/,
    );
  });
});

describe('a table', () => {
  it('says of every wrong row who, what, where and what is expected', () => {
    const wrong = [
      ...rows('allowed', ['SignerRole'], ['dynamodb:GetItem'], [iam.arn('Table')], { a: 1 }),
      ...rows('denied', ['GateRole'], ['dynamodb:Query'], [iam.arn('Table')]),
      ...rows('allowed', ['GateRole'], ['dynamodb:Query'], [iam.arn('Table')]),
    ];
    const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/papergate-dev';
    expect(() => expectDecisions(iam, wrong)).toThrow(
      [
        '2 of 3 are decided otherwise:',
        `SignerRole x dynamodb:GetItem x ${table} where {"a":1}: expected allowed, is denied`,
        `GateRole x dynamodb:Query x ${table}: expected denied, is allowed`,
      ].join('\n'),
    );
  });

  it('without rows is refused', () => {
    expect(() => expectDecisions(iam, [])).toThrow(/holds nothing/);
  });
});

describe('a template that cannot be evaluated throws', () => {
  const withResource = (id: string, resource: TemplateResource): PolicyTemplate => ({
    Resources: { ...TEMPLATE.Resources, [id]: resource },
  });
  const role = (more: Readonly<Record<string, unknown>>): TemplateResource => ({
    Type: 'AWS::IAM::Role',
    Properties: { AssumeRolePolicyDocument: trust('lambda.amazonaws.com'), ...more },
  });
  const managed = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

  it.each<[string, TemplateResource, RegExp]>([
    ['a boundary', role({ PermissionsBoundary: managed }), /PermissionsBoundary/],
    ['a managed policy of which only the name is known', role({ ManagedPolicyArns: [managed] }), /give it/],
    ['a user', { Type: 'AWS::IAM::User' }, /AWS::IAM::User/],
    ['another policy', { Type: 'AWS::Logs::ResourcePolicy', Properties: { PolicyDocument: '{}' } }, /Logs/],
    [
      'a bus policy',
      { Type: 'AWS::Events::EventBusPolicy', Properties: { Statement: {} } },
      /EventBusPolicy/,
    ],
    [
      'a table with one',
      { Type: 'AWS::DynamoDB::Table', Properties: { ResourcePolicy: {} } },
      /ResourcePolicy/,
    ],
    ['a key without one', { Type: 'AWS::KMS::Key' }, /without a policy/],
    [
      'a permission with more',
      {
        Type: 'AWS::Lambda::Permission',
        Properties: { FunctionName: 'x', Action: 'a:b', Principal: '*', PrincipalOrgID: 'o-1' },
      },
      /PrincipalOrgID/,
    ],
    [
      'a reference that cannot be told',
      role({ Policies: [{ PolicyName: 'x', PolicyDocument: { Statement: { 'Fn::If': ['a', 'b', 'c'] } } }] }),
      /Fn::If/,
    ],
  ])('for %s', (_, resource, message) => {
    expect(() => iamOf(withResource('More', resource))).toThrow(message);
  });

  it('where a topic has no policy, which AWS fills in', () => {
    const one = iamOf(withResource('Bare', { Type: 'AWS::SNS::Topic' }));
    expect(() => one.decide('GateRole', 'sns:Publish', one.arn('Bare'))).toThrow(/without one/);
  });

  it('unless the document is given', () => {
    const template = withResource('More', role({ ManagedPolicyArns: [managed] }));
    const given = iamOf(template, {
      managed: { [managed]: document({ Effect: 'Allow', Action: 'logs:PutLogEvents', Resource: '*' }) },
    });
    expect(given.decide('More', 'logs:PutLogEvents', '*')).toBe('allowed');
  });
});

describe('references', () => {
  const resolver = new Resolver(TEMPLATE);
  it.each<[unknown, string]>([
    [{ Ref: 'Topic' }, 'arn:aws:sns:us-east-1:000000000000:Topic'],
    [{ Ref: 'Switch' }, '/papergate/dev/DISABLE_TRADING'],
    [{ Ref: 'GateRole' }, 'papergate-dev-gate'],
    [arnOf('Machine'), 'arn:aws:states:us-east-1:000000000000:stateMachine:papergate-dev-tick'],
    [arnOf('SignerRole'), 'arn:aws:iam::000000000000:role/SignerRole'],
    [{ 'Fn::Sub': '${Gate.Arn}:*' }, 'arn:aws:lambda:us-east-1:000000000000:function:papergate-dev-gate:*'],
    [{ 'Fn::Sub': ['${who}/${!aws:username}', { who: { Ref: 'Table' } }] }, 'papergate-dev/${aws:username}'],
    [root, 'arn:aws:iam::000000000000:root'],
  ])('%j is %s', (value, text) => {
    expect(resolver.text(value)).toBe(text);
  });

  it.each([{ Ref: 'Nothing' }, { Ref: 'Invoke' }, { 'Fn::GetAtt': ['Gate', 'Version'] }])(
    '%j throws',
    (value) => {
      expect(() => resolver.text(value)).toThrow(TypeError);
    },
  );
});
