import { describe, expect, it } from 'vitest';
import { roleName, roleOfAnySession, roleOfSession } from '../../shared/ledger/session-roles.ts';

const roleOf = roleOfSession('123456789012', 'prod');
const session = (role: string, name = 'alice'): string =>
  `arn:aws:sts::123456789012:assumed-role/${role}/${name}`;

describe('an operator of a stage', () => {
  it('is a session of one of its three roles', () => {
    expect(roleOf(session('papergate-prod-ops-admin'))).toBe('ops_admin');
    expect(roleOf(session('papergate-prod-ops-operator'))).toBe('ops_operator');
    expect(roleOf(session('papergate-prod-ops-viewer'))).toBe('ops_viewer');
    expect(['ops_admin', 'ops_operator', 'ops_viewer'].map((role) => roleName('dev', role as never))).toEqual(
      ['papergate-dev-ops-admin', 'papergate-dev-ops-operator', 'papergate-dev-ops-viewer'],
    );
  });

  it('is one in the partitions of China and GovCloud too', () => {
    for (const partition of ['aws-cn', 'aws-us-gov'])
      expect(roleOf(`arn:${partition}:sts::123456789012:assumed-role/papergate-prod-ops-admin/alice`)).toBe(
        'ops_admin',
      );
  });

  it.each(['a', 'alice@example.com', 'Alice.B-2_x=y,z+1'])('may be called %s', (name) => {
    expect(roleOf(session('papergate-prod-ops-admin', name))).toBe('ops_admin');
  });

  it.each([
    ['of another account', 'arn:aws:sts::210987654321:assumed-role/papergate-prod-ops-admin/alice'],
    [
      'of an account that only ends so',
      'arn:aws:sts::9123456789012:assumed-role/papergate-prod-ops-admin/alice',
    ],
    ['of no account', 'arn:aws:sts:::assumed-role/papergate-prod-ops-admin/alice'],
    ['of a region', 'arn:aws:sts:us-east-1:123456789012:assumed-role/papergate-prod-ops-admin/alice'],
    ['of another partition', 'arn:awsx:sts::123456789012:assumed-role/papergate-prod-ops-admin/alice'],
    ['of another service', 'arn:aws:iam::123456789012:assumed-role/papergate-prod-ops-admin/alice'],
    ['of another stage', session('papergate-dev-ops-admin')],
    ['of a stage whose name goes on', session('papergate-prod-2-ops-admin')],
    ['of a role whose name goes on', session('papergate-prod-ops-admin-x')],
    ['of a role whose name begins before', session('x-papergate-prod-ops-admin')],
    ['of a role in other letters', session('Papergate-Prod-Ops-Admin')],
    ['of a role written with underscores', session('papergate-prod-ops_admin')],
    ['of another role of the stage', session('papergate-prod-teardown')],
    ['of a role with a path', session('team/papergate-prod-ops-admin')],
    ['whose name hides a role', session('other', 'x/papergate-prod-ops-admin/alice')],
    ['whose name is a role', session('other', 'papergate-prod-ops-admin')],
    ['without a name', session('papergate-prod-ops-admin', '')],
    ['with a space in its name', session('papergate-prod-ops-admin', 'alice b')],
    ['with a line feed behind it', `${session('papergate-prod-ops-admin')}\n`],
    ['with a line before it', `x\n${session('papergate-prod-ops-admin')}`],
    ['the role itself', 'arn:aws:iam::123456789012:role/papergate-prod-ops-admin'],
    ['a user', 'arn:aws:iam::123456789012:user/papergate-prod-ops-admin'],
    ['the root', 'arn:aws:iam::123456789012:root'],
    ['a federated user', 'arn:aws:sts::123456789012:federated-user/papergate-prod-ops-admin'],
    ['a name of the operators file', 'admin'],
    ['nothing', ''],
  ])('is not one %s', (_what, actor) => {
    expect(roleOf(actor)).toBeUndefined();
  });
});

describe('whoever verifies a ledger without its stage', () => {
  it.each([
    [session('papergate-prod-ops-admin'), 'ops_admin'],
    ['arn:aws-cn:sts::210987654321:assumed-role/papergate-dev-ops-operator/bob', 'ops_operator'],
    [session('papergate-a-ops-ops-viewer'), 'ops_viewer'],
    [session('papergate-prod-ops-owner'), undefined],
    [session('papergate--ops-admin'), undefined],
    [session('papergate-prod-ops-admin-x'), undefined],
    [session('x-papergate-prod-ops-admin'), undefined],
    ['arn:aws:iam::123456789012:user/papergate-prod-ops-admin', undefined],
    ['arn:aws:sts::12345:assumed-role/papergate-prod-ops-admin/alice', undefined],
    ['admin', undefined],
  ])('takes %s for %s', (actor, role) => {
    expect(roleOfAnySession(actor)).toBe(role);
  });
});
