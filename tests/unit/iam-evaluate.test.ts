import { describe, expect, it } from 'vitest';
import type { ContextValue } from '../support/iam/context.ts';
import { decide, type Decision } from '../support/iam/evaluate.ts';
import type { PolicyDocument, Principal, Statement } from '../support/iam/policy.ts';

const ACCOUNT = '111122223333';
const ALICE: Principal = { kind: 'identity', arn: `arn:aws:iam::${ACCOUNT}:role/alice` };
const policy = (...statements: Statement[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements,
});

interface Asked {
  readonly identity?: PolicyDocument;
  readonly resource?: PolicyDocument;
  readonly governed?: boolean;
  readonly principal?: Principal;
  readonly context?: Readonly<Record<string, ContextValue>>;
}

function ask(action: string, resource: string, asked: Asked): Decision {
  const named = (name: string, document?: PolicyDocument) =>
    document === undefined ? [] : [{ name, document }];
  return decide(
    { action, resource, principal: asked.principal ?? ALICE, context: asked.context ?? {} },
    {
      account: ACCOUNT,
      identity: named('identity', asked.identity),
      resource: named('resource', asked.resource),
      governed: asked.governed ?? false,
    },
  );
}

const OBJECT = 'arn:aws:s3:::bucket/key';
const allow = (more: Partial<Statement> = {}): Statement => ({
  ...{ Effect: 'Allow', Action: 's3:GetObject', Resource: OBJECT },
  ...more,
});
const deny = (more: Partial<Statement> = {}): Statement => ({ ...allow(more), Effect: 'Deny' });

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
describe('within one account', () => {
  const direct = policy(allow({ Principal: { AWS: ALICE.kind === 'identity' ? ALICE.arn : '' } }));
  const everybody = policy(allow({ Principal: '*' }));
  const account = policy(allow({ Principal: { AWS: ACCOUNT } }));
  const root = policy(allow({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } }));
  const another = policy(allow({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:role/bob` } }));

  it.each<[string, Asked, Decision]>([
    ['nothing', {}, 'denied'],
    ['an allow of the identity', { identity: policy(allow()) }, 'allowed'],
    ['an allow of the resource to the role', { resource: direct }, 'allowed'],
    ['an allow of the resource to everybody', { resource: everybody }, 'allowed'],
    ['an allow of the resource to another', { resource: another }, 'denied'],
    [
      'an allow of the resource to the account, which leaves it to its policies',
      { resource: account },
      'denied',
    ],
    ['both', { identity: policy(allow()), resource: direct }, 'allowed'],
    ['a deny beside an allow', { identity: policy(allow(), deny()) }, 'explicitly denied'],
    [
      'a deny of the resource against the identity',
      { identity: policy(allow()), resource: policy(deny({ Principal: '*' })) },
      'explicitly denied',
    ],
    [
      'a deny of the resource for the whole account',
      { identity: policy(allow()), resource: policy(deny({ Principal: { AWS: ACCOUNT } })) },
      'explicitly denied',
    ],
    ['a deny alone', { identity: policy(deny()) }, 'explicitly denied'],
    ['a deny of another action', { identity: policy(allow(), deny({ Action: 's3:PutObject' })) }, 'allowed'],
    [
      'a deny whose condition does not hold',
      { identity: policy(allow(), deny({ Condition: { Bool: { 'aws:SecureTransport': 'false' } } })) },
      'allowed',
    ],
  ])('%s', (_, asked, expected) => {
    expect(ask('s3:GetObject', OBJECT, asked)).toBe(expected);
  });

  it('a service is allowed by the resource alone', () => {
    const principal: Principal = { kind: 'service', name: 'sns.amazonaws.com' };
    const resource = policy(allow({ Principal: { Service: ['events.amazonaws.com', 'sns.amazonaws.com'] } }));
    expect(ask('s3:GetObject', OBJECT, { principal, resource })).toBe('allowed');
    expect(ask('s3:GetObject', OBJECT, { resource })).toBe('denied');
    expect(ask('s3:GetObject', OBJECT, { principal, resource: root })).toBe('denied');
  });

  // https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
  it.each<[string, Asked, Decision]>([
    ['an identity alone', { identity: policy(allow()) }, 'denied'],
    ['the account alone', { resource: root }, 'denied'],
    ['the account, and the identity', { identity: policy(allow()), resource: root }, 'allowed'],
    ['the key, to the role', { resource: direct }, 'allowed'],
    ['the key, to another, and the identity', { identity: policy(allow()), resource: another }, 'denied'],
  ])('where the resource governs, %s decides', (_, asked, expected) => {
    expect(ask('s3:GetObject', OBJECT, { ...asked, governed: true })).toBe(expected);
  });
});

describe('actions and resources', () => {
  const decided = (statement: Statement, action: string, resource: string, context: Asked['context'] = {}) =>
    ask(action, resource, { identity: policy(statement), context });

  it.each<[string | string[], string, Decision]>([
    ['s3:GetObject', 's3:GetObject', 'allowed'],
    ['S3:getobject', 's3:GetObject', 'allowed'],
    ['s3:Get*', 's3:GetObjectVersion', 'allowed'],
    ['s3:GetObjec?', 's3:GetObject', 'allowed'],
    ['s3:GetObject', 's3:GetObjectVersion', 'denied'],
    ['*', 'dynamodb:PutItem', 'allowed'],
    [['s3:Put*', 's3:Delete*'], 's3:GetObject', 'denied'],
  ])('action %j matches %s: %s', (Action, action, expected) => {
    expect(decided(allow({ Action, Resource: '*' }), action, OBJECT)).toBe(expected);
  });

  it.each<[string, string, Decision]>([
    ['*', OBJECT, 'allowed'],
    ['arn:aws:s3:::bucket', OBJECT, 'denied'],
    ['arn:aws:s3:::bucket/*', OBJECT, 'allowed'],
    ['arn:aws:s3:::bucket/*', 'arn:aws:s3:::bucket', 'denied'],
    ['arn:aws:s3:::bucket/*', 'arn:aws:s3:::bucket2/key', 'denied'],
    ['arn:aws:s3:::Bucket/*', OBJECT, 'denied'],
    ['arn:aws:s3:::bucket*', 'arn:aws:s3:::bucket2/key', 'allowed'],
    ['arn:aws:s3:::bucket/k?y', OBJECT, 'allowed'],
    ['arn:aws:sqs:us-east-2:*:queue', 'arn:aws:sqs:us-east-2:1:queue', 'allowed'],
    ['arn:aws:sqs:*:queue', 'arn:aws:sqs:us-east-2:1:queue', 'allowed'],
    ['arn:aws:sqs:*:1:queue', 'arn:aws:sqs:us-east-2:2:1:queue', 'denied'],
    ['arn:aws:s3:::bucket/*', '*', 'denied'],
  ])('resource %s matches %s: %s', (Resource, resource, expected) => {
    expect(decided(allow({ Action: '*', Resource }), 's3:GetObject', resource)).toBe(expected);
  });

  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html
  it('NotAction is everything else', () => {
    const all = allow({
      Action: undefined as never,
      NotAction: 's3:DeleteBucket',
      Resource: 'arn:aws:s3:::*',
    });
    const { Action: _, ...but } = all;
    expect(decided(but, 's3:CreateBucket', 'arn:aws:s3:::b')).toBe('allowed');
    expect(decided(but, 's3:deletebucket', 'arn:aws:s3:::b')).toBe('denied');
    expect(decided(but, 'sqs:SendMessage', 'arn:aws:sqs:us-east-2:1:queue')).toBe('denied');
    const withoutMfa: Statement = {
      ...{ Effect: 'Deny', NotAction: 'iam:*', Resource: '*' },
      Condition: { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } },
    };
    expect(decided(withoutMfa, 's3:GetObject', OBJECT)).toBe('explicitly denied');
    expect(decided(withoutMfa, 's3:GetObject', OBJECT, { 'aws:MultiFactorAuthPresent': true })).toBe(
      'denied',
    );
    expect(decided(withoutMfa, 'iam:GetUser', '*')).toBe('denied');
  });

  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notresource.html
  it('NotResource is every other one', () => {
    const payroll: Statement = {
      ...{ Effect: 'Deny', Action: 's3:*' },
      NotResource: ['arn:aws:s3:::HRBucket/Payroll', 'arn:aws:s3:::HRBucket/Payroll/*'],
    };
    expect(decided(payroll, 's3:GetObject', 'arn:aws:s3:::HRBucket/Payroll/may')).toBe('denied');
    expect(decided(payroll, 's3:GetObject', 'arn:aws:s3:::HRBucket/Other')).toBe('explicitly denied');
  });

  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
  it('a variable stands for a part of a resource, and never for a pattern', () => {
    const own = allow({ Resource: 'arn:aws:s3:::mybucket/${aws:username}/*' });
    const david = 'arn:aws:s3:::mybucket/David/x';
    expect(decided(own, 's3:GetObject', david, { 'aws:username': 'David' })).toBe('allowed');
    expect(decided(own, 's3:GetObject', david, { 'aws:username': 'Adele' })).toBe('denied');
    expect(decided(own, 's3:GetObject', david, { 'aws:username': '*' })).toBe('denied');
    expect(decided(own, 's3:GetObject', david)).toBe('denied');
    const old = { ...policy(own), Version: '2008-10-17' };
    const asked = { identity: old, context: { 'aws:username': 'David' } };
    expect(ask('s3:GetObject', david, asked), 'a version without variables').toBe('denied');
  });
});

describe('what is not known throws', () => {
  const { Action: _action, ...noAction } = allow();
  const { Resource: _resource, ...noResource } = allow();
  it.each<[string, Asked, RegExp]>([
    ['another element', { identity: policy({ ...allow(), NotPrincipal: '*' } as Statement) }, /NotPrincipal/],
    ['another effect', { identity: policy(allow({ Effect: 'allow' as never })) }, /effect allow/],
    ['no action', { identity: policy(noAction) }, /either Action or NotAction/],
    ['both actions', { identity: policy(allow({ NotAction: 's3:*' })) }, /either Action or NotAction/],
    ['both resources', { identity: policy(allow({ NotResource: '*' })) }, /both/],
    ['an identity without resource', { identity: policy(noResource) }, /no resource/],
    ['an identity with a principal', { identity: policy(allow({ Principal: '*' })) }, /names a principal/],
    ['a resource without principal', { resource: policy(allow()) }, /names no principal/],
    ['a resource without resource', { resource: policy({ ...noResource, Principal: '*' }) }, /no resource/],
    ['a federated principal', { resource: policy(allow({ Principal: { Federated: 'x' } })) }, /Federated/],
    [
      'a wildcard within a principal',
      { resource: policy(allow({ Principal: { AWS: 'arn:aws:iam::*:role/x' } })) },
      /wildcards/,
    ],
    ['another version', { identity: { ...policy(allow()), Version: '2030-01-01' } }, /version/],
    [
      'an operator, though the allow beside it would do',
      { identity: policy(allow(), allow({ Condition: { IpAddress: { 'aws:SourceIp': '::/0' } } })) },
      /IpAddress/,
    ],
  ])('%s', (_, asked, message) => {
    expect(() => ask('s3:GetObject', OBJECT, asked)).toThrow(message);
  });

  it.each(['s3:*', 'GetObject', 's3:GetObject '])('a request for action %s', (action) => {
    expect(() => ask(action, OBJECT, {})).toThrow(/expected one/);
  });

  it.each(['bucket', 'arn:aws:s3:::bucket/*', 'arn:aws:s3:bucket'])(
    'a request for resource %s',
    (resource) => {
      expect(() => ask('s3:GetObject', resource, {})).toThrow(/one resource/);
    },
  );
});
