import { describe, expect, it } from 'vitest';
import { ACCOUNT, iamFor, LAMBDA_ROLES, OTHERS, OUTSIDER, stageIam } from '../support/aws/stage-iam.ts';
import { stackTemplate, theOne } from '../support/aws/stack-template.ts';
import { expectDecisions, rows } from '../support/iam/table.ts';

describe('who may become whom', () => {
  const role = (name: string, stage = 'dev'): string =>
    `arn:aws:iam::${ACCOUNT}:role/papergate-${stage}-${name}`;
  const ASSUME = ['sts:AssumeRole'];
  const asAlice = { 'aws:username': 'alice', 'sts:RoleSessionName': 'alice' };
  const withMfa = { ...asAlice, 'aws:MultiFactorAuthPresent': true };
  const all = ['ops-viewer', 'ops-operator', 'ops-admin'];
  const roles = (...names: string[]): string[] => names.map((name) => role(name));

  it('under their own name only, and as an admin with a second factor', () => {
    const { iam } = stageIam('dev');
    expectDecisions(iam, [
      ...rows('allowed', ['Asker'], ASSUME, roles('ops-viewer', 'ops-operator'), asAlice),
      ...rows('denied', ['Asker'], ASSUME, roles('ops-admin'), asAlice),
      ...rows('denied', ['Asker'], ASSUME, roles('ops-admin'), {
        ...asAlice,
        'aws:MultiFactorAuthPresent': false,
      }),
      ...rows('allowed', ['Asker'], ASSUME, roles('ops-admin'), withMfa),
      ...rows('denied', ['Asker'], ASSUME, roles(...all), { ...withMfa, 'sts:RoleSessionName': 'bob' }),
      ...rows('denied', ['Asker'], ASSUME, roles(...all), { ...withMfa, 'sts:RoleSessionName': 'Alice' }),
      // A role has no user's name: who comes as one is nobody that a change could be recorded under.
      ...rows('denied', ['Asker'], ASSUME, roles(...all), {
        'sts:RoleSessionName': 'alice',
        'aws:MultiFactorAuthPresent': true,
      }),
      // The account must let its user as well.
      ...rows('denied', [OUTSIDER], ASSUME, roles(...all), withMfa),
      ...rows('denied', [...LAMBDA_ROLES, ...OTHERS], ASSUME, roles(...all, 'teardown'), withMfa),
    ]);
  });

  it('without a second factor where the stage was told so', () => {
    const iam = iamFor(stackTemplate({ admin_mfa: 'false' }), 'dev');
    expectDecisions(iam, [
      ...rows('allowed', ['Asker'], ASSUME, roles(...all), asAlice),
      ...rows('denied', ['Asker'], ASSUME, roles(...all), { ...asAlice, 'sts:RoleSessionName': 'bob' }),
    ]);
  });

  it('by the name that IAM Identity Center gives', () => {
    const iam = iamFor(stackTemplate({ identities: 'identity_center' }), 'dev');
    const tagged = { 'aws:PrincipalTag/userName': 'alice', 'sts:RoleSessionName': 'alice' };
    expectDecisions(iam, [
      ...rows('allowed', ['Asker'], ASSUME, roles(...all), tagged),
      ...rows('denied', ['Asker'], ASSUME, roles(...all), { ...tagged, 'sts:RoleSessionName': 'bob' }),
      ...rows('denied', ['Asker'], ASSUME, roles(...all), withMfa),
    ]);
  });

  it('a service only takes its own roles, and Step Functions only for this account', () => {
    const { iam, template } = stageIam('prod');
    const arns = (ids: readonly string[]): string[] => ids.map((id) => iam.arn(id));
    const services = ['lambda.amazonaws.com', 'scheduler.amazonaws.com', 'states.amazonaws.com'];
    const ofTick = {
      'aws:SourceAccount': ACCOUNT,
      'aws:SourceArn': `arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:papergate-prod-tick`,
    };
    expectDecisions(iam, [
      ...rows('allowed', services.slice(0, 1), ASSUME, arns([...LAMBDA_ROLES, 'SwitchRole'])),
      ...rows('denied', services.slice(1), ASSUME, arns([...LAMBDA_ROLES, 'SwitchRole'])),
      ...rows(
        'denied',
        services,
        ASSUME,
        all.map((name) => role(name, 'prod')),
      ),
      ...rows('allowed', ['states.amazonaws.com'], ASSUME, arns(['TickMachineRole']), ofTick),
      ...rows('denied', ['states.amazonaws.com'], ASSUME, arns(['TickMachineRole']), {
        ...ofTick,
        'aws:SourceAccount': '111122223333',
      }),
      ...rows('denied', ['Asker'], ASSUME, arns([...LAMBDA_ROLES, ...OTHERS]), withMfa),
    ]);
    expect(Object.keys(template.Resources).filter((id) => id.startsWith('Teardown'))).toEqual([]);
  });

  it('a scheduler only for this account', () => {
    const { iam } = stageIam('prod');
    const ofGroup = {
      'aws:SourceAccount': ACCOUNT,
      'aws:SourceArn': `arn:aws:scheduler:us-east-1:${ACCOUNT}:schedule-group/papergate-prod`,
    };
    expectDecisions(iam, [
      ...rows('allowed', ['scheduler.amazonaws.com'], ASSUME, [iam.arn('SchedulesRole')], ofGroup),
      ...rows('denied', ['scheduler.amazonaws.com'], ASSUME, [iam.arn('SchedulesRole')], {
        ...ofGroup,
        'aws:SourceAccount': '111122223333',
      }),
    ]);
  });

  it('for as long as its work takes', () => {
    for (const [name, seconds] of [
      ['Operatorsopsviewer', 28_800],
      ['Operatorsopsoperator', 14_400],
      ['Operatorsopsadmin', 3_600],
    ] as const) {
      const found = theOne(stageIam('prod').template, 'AWS::IAM::Role', name).Properties;
      expect(found['MaxSessionDuration']).toBe(seconds);
    }
  });
});
