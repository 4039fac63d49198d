import { describe, expect, it } from 'vitest';
import { parseStage, type StageSettings } from '../../infra/aws/stage.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';

const parsed = (context: Readonly<Record<string, unknown>> = {}): StageSettings =>
  parseStage((name) => context[name]);

describe('the settings of a stage', () => {
  it('are those of a trial where nothing is said', () => {
    expect(parsed()).toEqual({
      stage: 'dev',
      isProd: false,
      ownerEmail: undefined,
      identities: 'iam_users',
      lockMode: 'governance',
      lockDays: 1,
      adminMfa: true,
      budgetUsd: 20,
    });
  });

  it('keep for two years in prod', () => {
    expect(parsed({ stage: 'prod' })).toMatchObject({
      stage: 'prod',
      isProd: true,
      lockMode: 'governance',
      lockDays: 730,
      adminMfa: true,
    });
  });

  it.each([
    [{ object_lock: 'compliance' }, { lockMode: 'compliance' }],
    [{ lock_days: '3650' }, { lockDays: 3_650 }],
    [{ lock_days: 7 }, { lockDays: 7 }],
    [{ stage: 'prod', lock_days: '1' }, { lockDays: 1 }],
    [{ owner_email: 'owner@example.com' }, { ownerEmail: 'owner@example.com' }],
    [{ identities: 'identity_center' }, { identities: 'identity_center', adminMfa: false }],
    [{ admin_mfa: 'false' }, { identities: 'iam_users', adminMfa: false }],
    [{ admin_mfa: false }, { adminMfa: false }],
    [{ budget_usd: '100000' }, { budgetUsd: 100_000 }],
    [{ stage: 'a' }, { stage: 'a', isProd: false }],
    [{ stage: 'abcdefghijklmnop' }, { stage: 'abcdefghijklmnop' }],
    [{ stage: null }, { stage: 'dev' }],
  ])('take %j', (context, expected) => {
    expect(parsed(context)).toMatchObject(expected);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ stage: '' }, 'stage "": expected 1 to 16 of a-z, 0-9 and -, a letter first'],
    [{ stage: 'Prod' }, 'stage "Prod": expected 1 to 16'],
    [{ stage: '1st' }, 'stage "1st": expected 1 to 16'],
    [{ stage: 'pro_d' }, 'stage "pro_d": expected 1 to 16'],
    [{ stage: 'prod\n' }, 'stage "prod\\n": expected 1 to 16'],
    [{ stage: 'abcdefghijklmnopq' }, 'stage "abcdefghijklmnopq": expected 1 to 16'],
    [{ object_lock: 'none' }, '-c object_lock=none: expected governance or compliance'],
    [{ object_lock: '' }, '-c object_lock=: expected governance or compliance'],
    [{ object_lock: 'GOVERNANCE' }, '-c object_lock=GOVERNANCE: expected governance or compliance'],
    [{ lock_days: '0' }, '-c lock_days=0: expected a whole number from 1 to 3650'],
    [{ lock_days: '-1' }, '-c lock_days=-1: expected a whole number from 1 to 3650'],
    [{ lock_days: '3651' }, '-c lock_days=3651: expected a whole number from 1 to 3650'],
    [{ lock_days: '1.5' }, '-c lock_days=1.5: expected a whole number from 1 to 3650'],
    [{ lock_days: '' }, '-c lock_days=: expected a whole number from 1 to 3650'],
    [{ lock_days: 'two' }, '-c lock_days=two: expected a whole number from 1 to 3650'],
    [{ lock_days: '0x10' }, '-c lock_days=0x10: expected a whole number from 1 to 3650'],
    [{ lock_days: '1e3' }, '-c lock_days=1e3: expected a whole number from 1 to 3650'],
    [{ lock_days: ' 7' }, '-c lock_days= 7: expected a whole number from 1 to 3650'],
    [{ owner_email: 'owner' }, '-c owner_email=owner: expected an address such as owner@example.com'],
    [{ owner_email: '' }, '-c owner_email=: expected an address'],
    [{ owner_email: 'a b@example.com' }, '-c owner_email=a b@example.com: expected an address'],
    [{ owner_email: 'owner@example' }, '-c owner_email=owner@example: expected an address'],
    [{ identities: 'saml' }, '-c identities=saml: expected iam_users or identity_center'],
    [
      { identities: 'identity_center', admin_mfa: 'true' },
      '-c admin_mfa=true: expected false with identities=identity_center: its sessions tell no role of a second factor, so nobody could start again',
    ],
    [{ admin_mfa: 'no' }, '-c admin_mfa=no: expected true or false'],
    [{ admin_mfa: 'False' }, '-c admin_mfa=False: expected true or false'],
    [{ budget_usd: '0' }, '-c budget_usd=0: expected a whole number from 1 to 100000'],
    [{ budget_usd: '100001' }, '-c budget_usd=100001: expected a whole number from 1 to 100000'],
    [{ budget_usd: 'Infinity' }, '-c budget_usd=Infinity: expected a whole number from 1 to 100000'],
  ])('refuse %j', (context, message) => {
    let error: unknown;
    try {
      parsed(context);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toContain(message);
  });
});
