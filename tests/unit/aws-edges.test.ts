import { afterEach, describe, expect, it, vi } from 'vitest';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { ownerAlerts } from '../../functions/runtime/aws/alerts.ts';
import { defaultProvider } from '../../functions/runtime/aws/environment-credentials.ts';
import { parameterPrefix, parseSettings } from '../../functions/runtime/aws/settings.ts';
import { marketsOfChange } from '../../functions/switch-watcher/event.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';

const ENVIRONMENT = {
  PAPERGATE_STAGE: 'dev',
  PAPERGATE_MARKETS: 'ashares,crypto',
  PAPERGATE_TABLE: 'table',
  PAPERGATE_ARTIFACTS_BUCKET: 'artifacts',
  PAPERGATE_PROJECTIONS_BUCKET: 'projections',
  PAPERGATE_OWNER_TOPIC: 'arn:aws:sns:us-east-1:000000000000:owner',
  PAPERGATE_ACCOUNT: '000000000000',
};

describe("a function's environment", () => {
  it('is read whole; what is not for it is left aside', () => {
    expect(parseSettings({ ...ENVIRONMENT, PATH: '/bin' })).toEqual({
      ...ENVIRONMENT,
      PAPERGATE_MARKETS: ['ashares', 'crypto'],
    });
    expect(parseSettings({ ...ENVIRONMENT, PAPERGATE_MARKETS: 'crypto' }).PAPERGATE_MARKETS).toEqual([
      'crypto',
    ]);
    expect(parameterPrefix('prod')).toBe('/papergate/prod');
  });

  it.each(Object.keys(ENVIRONMENT))('is refused by name without %s', (name) => {
    for (const value of [undefined, '']) {
      const parse = () => parseSettings({ ...ENVIRONMENT, [name]: value });
      expect(parse).toThrow(ConfigError);
      expect(parse).toThrow(
        new RegExp(`^environment of this function: ${name}: .+: deploy the stack again$`),
      );
    }
  });

  it.each(['12345678901', '1234567890123', '12345678901a', ' 000000000000', '000000000000\n'])(
    'is refused with account %j',
    (account) => {
      expect(() => parseSettings({ ...ENVIRONMENT, PAPERGATE_ACCOUNT: account })).toThrow(
        'PAPERGATE_ACCOUNT: expected the twelve digits of the account',
      );
    },
  );
});

describe("a function's credentials", () => {
  afterEach(() => vi.unstubAllEnvs());

  it('are read anew each time, the token where there is one', async () => {
    const provide = defaultProvider();
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'one');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_SESSION_TOKEN', undefined);
    expect(await provide()).toEqual({ accessKeyId: 'one', secretAccessKey: 'secret' });
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'two');
    vi.stubEnv('AWS_SESSION_TOKEN', 'token');
    expect(await provide()).toEqual({ accessKeyId: 'two', secretAccessKey: 'secret', sessionToken: 'token' });
  });

  it.each(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])('are refused without %s', async (name) => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'one');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    for (const value of [undefined, '']) {
      vi.stubEnv(name, value);
      await expect(defaultProvider()()).rejects.toThrow(ConfigError);
      await expect(defaultProvider()()).rejects.toThrow(`${name}: is missing: it runs outside of Lambda`);
    }
  });
});

/**
 * An event as the Systems Manager user guide shows it for a parameter that was changed
 * (docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-cwe.html).
 */
const change = (name: string, operation = 'Update') => ({
  version: '0',
  id: '9547ef2d-3b7e-4057-b6cb-5fdf09ee7c8f',
  'detail-type': 'Parameter Store Change',
  source: 'aws.ssm',
  account: '123456789012',
  time: '2017-05-22T16:44:48Z',
  region: 'us-east-1',
  resources: [`arn:aws:ssm:us-east-1:123456789012:parameter${name}`],
  detail: { operation, name, type: 'String', description: 'Sample Parameter' },
});

describe('the markets that a change of a parameter is about', () => {
  const all = ['ashares', 'crypto', 'us_equities'];
  const of = (name: string): readonly string[] => marketsOfChange(change(name), '/papergate/prod', all);

  it.each([
    ['/papergate/prod/DISABLE_TRADING', all],
    ['/papergate/prod/DISABLE_TRADING/crypto', ['crypto']],
    ['/papergate/prod/DISABLE_TRADING/us_equities', ['us_equities']],
    ['/papergate/prod/DISABLE_TRADING/', []],
    ['/papergate/prod/DISABLE_TRADING/forex', []],
    ['/papergate/prod/DISABLE_TRADING/crypto/more', []],
    ['/papergate/prod/DISABLE_TRADING_crypto', []],
    ['/papergate/prod/disable_trading', []],
    ['/papergate/dev/DISABLE_TRADING', []],
    ['/papergate/prod-2/DISABLE_TRADING/crypto', []],
    ['DISABLE_TRADING', []],
  ])('%s', (name, expected) => {
    expect(of(name)).toEqual(expected);
  });

  it('are the same where the parameter was deleted', () => {
    const event = change('/papergate/prod/DISABLE_TRADING/crypto', 'Delete');
    expect(marketsOfChange(event, '/papergate/prod', all)).toEqual(['crypto']);
  });

  it.each([{}, { detail: {} }, { detail: { name: '', operation: 'Update' } }, 'event', null])(
    'are refused for what is no such event: %j',
    (event) => {
      expect(() => marketsOfChange(event, '/papergate/prod', all)).toThrow(/^input of switch-watcher: /);
    },
  );
});

describe('what an owner is told', () => {
  const sns = mockClient(SNSClient);
  const tell = ownerAlerts(new SNSClient({}), 'arn:aws:sns:eu-central-1:123456789012:owner', 'prod');
  const alert = {
    ...({ level: 'PAGE', market: 'crypto', code: 'halt' } as const),
    ...{ message: 'ACTIVE to HALTED: Grüße', at_utc: '2026-11-22T10:00:00Z' },
  };

  it('has a subject of ASCII and a text of its own', async () => {
    sns.on(PublishCommand).resolves({});
    await tell(alert);
    await tell({ ...alert, code: `ü\n${'x'.repeat(200)}` });
    const [first, second] = sns.commandCalls(PublishCommand).map(({ args }) => args[0].input);
    expect(first).toEqual({
      TopicArn: 'arn:aws:sns:eu-central-1:123456789012:owner',
      Subject: 'PAGE papergate prod crypto: halt',
      Message:
        'ACTIVE to HALTED: Grüße\n\nat 2026-11-22T10:00:00Z\nlevel PAGE, code halt, market crypto, stage prod\n',
    });
    expect(second!.Subject).toBe(`PAGE papergate prod crypto: ??${'x'.repeat(70)}`);
  });

  it('fails the step where the topic cannot be told', async () => {
    sns.on(PublishCommand).rejects(new Error('throttled'));
    await expect(tell(alert)).rejects.toThrow('throttled');
  });
});
