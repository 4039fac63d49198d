import { describe, expect, it } from 'vitest';
import { conditionHolds, type ConditionBlock } from '../support/iam/conditions.ts';
import { contextOf, substitute, type ContextValue } from '../support/iam/context.ts';

const holds = (block: ConditionBlock, context: Readonly<Record<string, ContextValue>> = {}): boolean =>
  conditionHolds(block, contextOf(context), true);

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
describe('an operator of conditions', () => {
  it.each<[ConditionBlock, Readonly<Record<string, ContextValue>>, boolean]>([
    [{ StringEquals: { 'aws:PrincipalTag/job-category': 'iamuser-admin' } }, {}, false],
    [
      { StringEquals: { 'aws:PrincipalTag/job-category': 'iamuser-admin' } },
      { 'aws:PrincipalTag/job-category': 'iamuser-admin' },
      true,
    ],
    [{ StringEquals: { k: 'A' } }, { k: 'a' }, false],
    [{ StringEquals: { k: 'a*' } }, { k: 'ab' }, false],
    [{ StringEquals: { k: 'a*' } }, { k: 'a*' }, true],
    [{ StringEqualsIgnoreCase: { k: 'A' } }, { k: 'a' }, true],
    [{ StringLike: { k: 'a?c*' } }, { k: 'abcd/e' }, true],
    [{ StringLike: { k: 'a.c' } }, { k: 'abc' }, false],
    [{ StringLike: { k: 'a*' } }, { k: 'A' }, false],
    [{ NumericLessThanEquals: { 's3:max-keys': '10' } }, { 's3:max-keys': 10 }, true],
    [{ NumericLessThanEquals: { 's3:max-keys': '10' } }, { 's3:max-keys': '11' }, false],
    [{ NumericLessThanEquals: { 's3:max-keys': '10' } }, {}, false],
    [{ NumericLessThan: { k: 9 } }, { k: '10' }, false],
    [{ NumericGreaterThanEquals: { k: 9 } }, { k: '10' }, true],
    [{ Bool: { 'aws:SecureTransport': 'false' } }, { 'aws:SecureTransport': false }, true],
    [{ Bool: { 'aws:SecureTransport': false } }, { 'aws:SecureTransport': true }, false],
    [{ Bool: { 'aws:SecureTransport': 'false' } }, {}, false],
    [
      { DateGreaterThan: { 'aws:TokenIssueTime': '2020-01-01T00:00:01Z' } },
      { 'aws:TokenIssueTime': '2020-01-01T00:00:02Z' },
      true,
    ],
    [{ DateGreaterThan: { 'aws:TokenIssueTime': '2020-01-01T00:00:01Z' } }, {}, false],
    [{ Null: { 'aws:TokenIssueTime': 'true' } }, {}, true],
    [{ Null: { 'aws:TokenIssueTime': 'true' } }, { 'aws:TokenIssueTime': '2020-01-01T00:00:01Z' }, false],
    [{ Null: { 'aws:TokenIssueTime': 'false' } }, { 'aws:TokenIssueTime': '2020-01-01T00:00:01Z' }, true],
    [{ Null: { k: 'false' } }, { k: [] }, false],
  ])('%j of %j is %s', (block, context, expected) => {
    expect(holds(block, context)).toBe(expected);
  });

  it('compares ARNs part by part where text would match across', () => {
    const pattern = 'arn:aws:someservice:*:111122223333:finance/*';
    const value = 'arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt';
    expect(holds({ StringLike: { 'aws:SourceArn': pattern } }, { 'aws:SourceArn': value })).toBe(true);
    expect(holds({ ArnLike: { 'aws:SourceArn': pattern } }, { 'aws:SourceArn': value })).toBe(false);
    expect(holds({ ArnEquals: { 'aws:SourceArn': pattern } }, { 'aws:SourceArn': value })).toBe(false);
    const ours = 'arn:aws:someservice:us-east-2:111122223333:finance/document.txt';
    expect(holds({ ArnEquals: { 'aws:SourceArn': pattern } }, { 'aws:SourceArn': ours })).toBe(true);
    expect(holds({ ArnLike: { 'aws:SourceArn': pattern } }, {})).toBe(false);
    expect(holds({ ArnNotLike: { 'aws:SourceArn': pattern } }, {})).toBe(true);
  });

  it('finds keys whatever their case', () => {
    expect(holds({ StringEquals: { 'AWS:sourceaccount': '1' } }, { 'aws:SourceAccount': '1' })).toBe(true);
  });

  it.each([
    'StringNotEquals',
    'StringNotEqualsIgnoreCase',
    'StringNotLike',
    'ArnNotEquals',
    'ArnNotLike',
    'NumericNotEquals',
    'DateNotEquals',
  ])('%s holds of a key that is not there', (operator) => {
    expect(holds({ [operator]: { k: '1' } })).toBe(true);
  });

  it('with IfExists holds of a key that is not there, and judges one that is', () => {
    const block = { StringLikeIfExists: { 'ec2:InstanceType': ['t1.*', 't2.*', 'm3.*'] } };
    expect(holds(block)).toBe(true);
    expect(holds(block, { 'ec2:InstanceType': 't2.micro' })).toBe(true);
    expect(holds(block, { 'ec2:InstanceType': 'm5.large' })).toBe(false);
    expect(holds({ StringNotEqualsIfExists: { k: 'a' } })).toBe(true);
    expect(holds({ BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } })).toBe(true);
  });
});

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
describe('a block', () => {
  it('takes operators and keys together, and values one of them', () => {
    const block = { StringEquals: { a: ['1', '2'], b: '3' }, NumericLessThan: { c: 5 } };
    expect(holds(block, { a: '2', b: '3', c: 4 })).toBe(true);
    expect(holds(block, { a: '4', b: '3', c: 4 })).toBe(false);
    expect(holds(block, { a: '2', b: '3', c: 5 })).toBe(false);
    expect(holds(block, { a: '2', c: 4 })).toBe(false);
  });

  it('takes the values of a negated operator none of them', () => {
    const block = { StringNotEquals: { a: ['1', '2'] } };
    expect([holds(block, { a: '1' }), holds(block, { a: '2' }), holds(block, { a: '3' })]).toEqual([
      ...[false, false, true],
    ]);
  });
});

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
describe('an operator over sets', () => {
  const key = 'dynamodb:requestedAttributes';
  const all = { 'ForAllValues:StringLike': { [key]: ['PostDateTime', 'Message', 'Tags'] } };
  const any = { 'ForAnyValue:StringLike': { [key]: ['ID', 'PostDateTime'] } };

  it.each<[ContextValue, boolean]>([
    [['PostDateTime', 'Message'], true],
    [['PostDateTime', 'Message', 'Tags'], true],
    [['PostDateTime', 'UserName'], false],
    [['ID'], false],
    ['Tags', true],
    [[], true],
    ['', true],
    [null, true],
  ])('ForAllValues of %j is %s', (values, expected) => {
    expect(holds(all, { [key]: values })).toBe(expected);
  });

  it('ForAllValues holds of a key that is not there, and Null beside it keeps that out', () => {
    expect(holds(all)).toBe(true);
    expect(holds({ 'ForAllValues:StringNotEquals': { k: 'a' } })).toBe(true);
    expect(holds({ ...all, Null: { [key]: 'false' } })).toBe(false);
  });

  it.each<[ContextValue, boolean]>([
    [['UserName', 'Message', 'PostDateTime'], true],
    [['PostDateTime', 'Message'], true],
    [['UserName'], false],
    [[], false],
    ['', false],
    [null, false],
  ])('ForAnyValue of %j is %s', (values, expected) => {
    expect(holds(any, { [key]: values })).toBe(expected);
  });

  it('ForAnyValue does not hold of a key that is not there, negated or not', () => {
    expect(holds(any)).toBe(false);
    expect(holds({ 'ForAnyValue:StringNotEquals': { k: 'a' } })).toBe(false);
  });

  it('negated, takes every value of the request for itself', () => {
    const values = { k: ['a', 'b'] };
    expect(holds({ 'ForAllValues:StringNotEquals': { k: 'a' } }, values)).toBe(false);
    expect(holds({ 'ForAnyValue:StringNotEquals': { k: 'a' } }, values)).toBe(true);
    expect(holds({ 'ForAnyValue:StringNotEquals': { k: ['a', 'b'] } }, values)).toBe(false);
  });
});

describe('what is not known', () => {
  it.each<[ConditionBlock, Readonly<Record<string, ContextValue>>, RegExp]>([
    [{ IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } }, { 'aws:SourceIp': '203.0.113.1' }, /IpAddress/],
    [{ StringEqual: { k: 'a' } }, { k: 'a' }, /StringEqual is not known/],
    [{ stringequals: { k: 'a' } }, { k: 'a' }, /not known/],
    [{ NullIfExists: { k: 'true' } }, {}, /not known/],
    [{ 'ForAllValues:Null': { k: 'true' } }, {}, /not known/],
    [{ 'ForSomeValues:StringEquals': { k: 'a' } }, { k: 'a' }, /not known/],
    [{ StringEquals: { k: 'a' } }, { k: ['a', 'b'] }, /2 values/],
    [{ Bool: { k: 'yes' } }, { k: true }, /Bool is compared with yes/],
    [{ NumericEquals: { k: 'ten' } }, { k: 1 }, /"ten" is compared as a number/],
    [{ NumericEquals: { k: '${aws:x}' } }, { k: 1 }, /takes no policy variable/],
    [{ ArnLike: { k: '*' } }, { k: 'arn:aws:s3:::b' }, /compared as an ARN/],
    [{ 'ForAnyValue:StringEqualsIfExists': { k: 'a' } }, {}, /differ/],
    [{ StringNotEquals: { k: '${aws:username}' } }, { k: 'a' }, /without a value, under a negation/],
    // Though another part of the block fails already.
    [{ StringEquals: { k: 'b' }, IpAddress: { 'aws:SourceIp': '::/0' } }, { k: 'a' }, /IpAddress/],
  ])('%j of %j throws', (block, context, message) => {
    expect(() => holds(block, context)).toThrow(message);
  });
});

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
describe('a policy variable', () => {
  const context = { 'aws:username': 'David', 'aws:PrincipalTag/team': 'a*' };

  it('is the value of its key, which is no pattern', () => {
    const block = { StringLike: { 's3:prefix': ['', 'home/', 'home/${aws:username}/*'] } };
    expect(holds(block, { ...context, 's3:prefix': 'home/David/x' })).toBe(true);
    expect(holds(block, { ...context, 's3:prefix': 'home/Adele/x' })).toBe(false);
    const tagged = { StringLike: { k: '${aws:PrincipalTag/team}' } };
    expect(holds(tagged, { ...context, k: 'a*' })).toBe(true);
    expect(holds(tagged, { ...context, k: 'ab' })).toBe(false);
  });

  it('without a value matches nothing, unless it has a default', () => {
    expect(holds({ StringEquals: { k: '${aws:username}' } }, { k: '' })).toBe(false);
    const block = { StringEquals: { k: "${aws:PrincipalTag/team, 'company-wide'}" } };
    expect(holds(block, { k: 'company-wide' })).toBe(true);
  });

  it('is plain text where the version knows none', () => {
    const block = { StringEquals: { k: '${aws:username}' } };
    expect(conditionHolds(block, contextOf({ ...context, k: 'David' }), false)).toBe(false);
    expect(conditionHolds(block, contextOf({ ...context, k: '${aws:username}' }), false)).toBe(true);
  });

  it('may stand for a wildcard or a dollar itself', () => {
    expect(holds({ StringLike: { k: 'a${*}b${?}${$}' } }, { k: 'a*b?$' })).toBe(true);
    expect(holds({ StringLike: { k: 'a${*}b' } }, { k: 'axb' })).toBe(false);
  });

  it('that cannot be read throws', () => {
    expect(() => substitute('${}', contextOf({}))).toThrow(/cannot be read/);
    expect(() => substitute('${aws:x y}', contextOf({}))).toThrow(/cannot be read/);
    expect(() => substitute('${k}', contextOf({ k: ['a', 'b'] }))).toThrow(/several values/);
  });
});
