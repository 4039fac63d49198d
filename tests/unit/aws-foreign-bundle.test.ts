import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lambdaOf, marketOf } from '../../functions/runtime/aws/lambda.ts';
import type { FunctionName } from '../../functions/functions.ts';
import { StorageError } from '../../shared/stores/outcomes.ts';
import { readLatch } from '../../shared/ledger/chain.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { layOut, schedule, simulated } from '../support/chain.ts';

/** What the functions of these tests reach in place of AWS. */
const given = vi.hoisted(() => ({ stores: undefined as unknown }));
vi.mock('../../shared/stores/aws.ts', () => ({ awsStores: () => given.stores }));
vi.mock('../../functions/runtime/aws/alerts.ts', () => ({ ownerAlerts: () => async () => undefined }));

/** A role that writes no items, as that of most steps. */
const readOnly = (stores: Stores): Stores => ({
  ...stores,
  state: {
    ...stores.state,
    transact: async () => {
      throw new StorageError('cannot write: AccessDeniedException');
    },
  },
});

const handled: unknown[] = [];
/** A function in this process: its bundle is this source file, which no ledger accepts. */
const foreign = (name: FunctionName, outlives: boolean): ((event: unknown) => Promise<unknown>) =>
  lambdaOf({
    ...{ name, markets: marketOf, handle: async (event) => handled.push(event) },
    ...(outlives ? { outlivesForeignBundle: true } : {}),
  });

describe('a function whose bundle was not released', () => {
  const event = { market: 'crypto' };
  let stores: Stores;
  beforeEach(async () => {
    handled.length = 0;
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    for (const [name, value] of Object.entries({
      PAPERGATE_STAGE: 'dev',
      PAPERGATE_MARKETS: 'crypto',
      PAPERGATE_TABLE: 'table',
      PAPERGATE_ARTIFACTS_BUCKET: 'artifacts',
      PAPERGATE_PROJECTIONS_BUCKET: 'projections',
      PAPERGATE_OWNER_TOPIC: 'topic',
      PAPERGATE_ACCOUNT: '000000000000',
      AWS_REGION: 'us-east-1',
      POWERTOOLS_LOG_LEVEL: 'SILENT',
    }))
      vi.stubEnv(name, value);
    vi.stubGlobal('PAPERGATE_CODE_SHA256', `sha256:${'0'.repeat(64)}`);
    stores = memoryStores();
    const layout = layOut('crypto', '2024-03-04', '2024-03-04', {
      config: simulated('foreign-1', '2024-02-01', '2024-03-30'),
    });
    await schedule(stores, layout);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });
  const latch = async (): Promise<string | undefined> => (await readLatch(stores, 'crypto'))?.state;

  it('halts the market and refuses', async () => {
    expect(await latch()).toBe('ACTIVE');
    given.stores = stores;
    await expect(foreign('gate', false)(event)).rejects.toMatchObject({ name: 'IntegrityError' });
    expect([await latch(), handled]).toEqual(['HALTED', []]);
  });

  it('refuses for what it found where its role may not halt, so that it is not tried again', async () => {
    given.stores = readOnly(stores);
    await expect(foreign('predict', false)(event)).rejects.toMatchObject({
      name: 'IntegrityError',
      message: expect.stringContaining('what is deployed was not released'),
    });
    expect(handled).toEqual([]);
  });

  it('goes on where noting and halting is all that it does', async () => {
    given.stores = readOnly(stores);
    await foreign('record-failure', true)(event);
    expect(handled).toEqual([event]);
  });
});
