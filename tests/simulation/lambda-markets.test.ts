import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { lambdaOf, type Part } from '../../functions/runtime/aws/lambda.ts';
import { ownBundle } from '../../functions/runtime/aws/own-bundle.ts';
import { watchSwitch } from '../../functions/switch-watcher/handler.ts';
import { openLedger } from '../../infra/local/open-ledger.ts';
import { ConfigError, IntegrityError } from '../../shared/kernel/errors.ts';
import { acceptBundles } from '../../shared/ledger/bundles.ts';
import { readLatch } from '../../shared/ledger/chain.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { cloudTexts, laidOut } from '../support/aws/markets.ts';
import { ms } from '../support/chain.ts';
import { digest } from '../support/switch-facts.ts';

const held: { stores: Stores } = vi.hoisted(() => ({ stores: undefined as never }));
vi.mock('../../shared/stores/aws.ts', () => ({ awsStores: () => held.stores }));

const NOW = '2024-03-06T12:00:00Z';
const texts = cloudTexts(['ashares', 'crypto']);
const layouts = (['ashares', 'crypto'] as const).map((name) =>
  laidOut(texts, name, '2024-03-06', '2024-03-08'),
);

describe('a function that is about several markets', () => {
  const sns = mockClient(SNSClient);
  beforeAll(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: ms(NOW) });
    vi.stubGlobal('PAPERGATE_CODE_SHA256', digest(7));
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
    for (const [name, value] of Object.entries({
      ...{ STAGE: 'dev', MARKETS: 'ashares,crypto', TABLE: 't', ARTIFACTS_BUCKET: 'a' },
      ...{ PROJECTIONS_BUCKET: 'p', OWNER_TOPIC: 'arn:aws:sns:x', ACCOUNT: '000000000000' },
    }))
      vi.stubEnv(`PAPERGATE_${name}`, value);
  });
  afterAll(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.unstubAllEnvs();
  });
  beforeEach(() => {
    sns.reset();
    sns.on(PublishCommand).resolves({});
    held.stores = memoryStores();
  });

  /** Opens ledgers, ACTIVE, that accept a bundle of the watcher. */
  const opened = async (...markets: [name: string, bundle: `sha256:${string}`][]): Promise<void> => {
    for (const [name, bundle] of markets) {
      const { plan, config, configTexts } = layouts.find(({ market }) => market === name)!;
      const { sha256 } = await openLedger(held.stores, plan, config, configTexts, digest(7));
      await acceptBundles(held.stores, name, sha256, new Map([['switch-watcher', bundle]]), ms(NOW));
    }
  };
  const handled: (readonly string[])[] = [];
  const watcher = (more: Partial<Part<unknown>> = {}): ((event: unknown) => Promise<unknown>) => {
    handled.length = 0;
    return lambdaOf<unknown>({
      name: 'switch-watcher',
      markets: (_event, all) => all,
      handle: async (_event, runtime, markets) => {
        handled.push(markets);
        return watchSwitch({ markets }, runtime);
      },
      ...more,
    });
  };
  const halt = (): Promise<unknown> =>
    held.stores.parameters.put('DISABLE_TRADING', {
      ...{ value: 'true', changedAtMs: ms(NOW), changedBy: 'bob', description: 'stop' },
    });
  const states = async (): Promise<unknown[]> => [
    (await readLatch(held.stores, 'ashares'))?.state,
    (await readLatch(held.stores, 'crypto'))?.state,
  ];

  it('works on all of them', async () => {
    await opened(['ashares', ownBundle()], ['crypto', ownBundle()]);
    expect(await states()).toEqual(['ACTIVE', 'ACTIVE']);
    await halt();
    expect(Object.keys((await watcher()({})) as object)).toEqual(['ashares', 'crypto']);
    expect(await states()).toEqual(['HALTED', 'HALTED']);
  });

  it('halts those that have a ledger where another has none yet, and says so', async () => {
    await opened(['crypto', ownBundle()]);
    await halt();
    const refused = watcher()({});
    await expect(refused).rejects.toThrow(new ConfigError('there is no ledger of ashares here'));
    expect(handled).toEqual([['crypto']]);
    expect(await states()).toEqual([undefined, 'HALTED']);
  });

  it('that was not released halts every one of them, and does nothing else', async () => {
    await opened(['ashares', digest(1)], ['crypto', digest(1)]);
    let damages = 0;
    await expect(watcher({ onDamage: () => void damages++ })({})).rejects.toThrow(IntegrityError);
    expect(handled).toEqual([]);
    expect(damages).toBe(1);
    expect(await states()).toEqual(['HALTED', 'HALTED']);
    expect(sns.commandCalls(PublishCommand).map(({ args }) => args[0].input.Subject)).toEqual([
      'PAGE papergate dev ashares: halt',
      'PAGE papergate dev crypto: halt',
    ]);
  });

  it('that one of them does not accept works on the other', async () => {
    await opened(['ashares', digest(1)], ['crypto', ownBundle()]);
    await expect(watcher()({})).rejects.toThrow('the bundle of switch-watcher is ');
    expect(handled).toEqual([['crypto']]);
    expect(await states()).toEqual(['HALTED', 'ACTIVE']);
  });

  it('that outlives it does its work all the same', async () => {
    await opened(['ashares', digest(1)], ['crypto', digest(1)]);
    await watcher({ outlivesForeignBundle: true })({});
    expect(handled).toEqual([['ashares', 'crypto']]);
    expect(await states()).toEqual(['HALTED', 'HALTED']);
  });

  it('answers for those whose state can be read where that of another cannot', async () => {
    await opened(['ashares', ownBundle()], ['crypto', ownBundle()]);
    await halt();
    const item = { partition: 'ledger/ashares', sort: 'checks', body: '{' };
    await held.stores.state.transact([{ item, expect: 'any' }]);
    await expect(watcher()({})).rejects.toThrow('health checks of ashares');
    expect(await states()).toEqual(['ACTIVE', 'HALTED']);
  });

  it('refuses a market that is not deployed, and has nothing to do for none', async () => {
    await opened(['crypto', ownBundle()]);
    await expect(watcher({ markets: () => ['forex'] })({})).rejects.toThrow(
      'market forex is not deployed in dev; it has ashares, crypto',
    );
    expect(
      await watcher({ markets: () => [], handle: async (_event, _runtime, markets) => markets })({}),
    ).toEqual([]);
  });
});
