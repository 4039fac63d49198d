import { beforeAll, describe, expect, it } from 'vitest';
import { FUNCTIONS, type FunctionName } from '../../functions/functions.ts';
import { healthFigures } from '../../functions/health-check/figures.ts';
import { healthCheck } from '../../functions/health-check/handler.ts';
import { readBooks } from '../../functions/ingest/books.ts';
import { recordFailure } from '../../functions/record-failure/handler.ts';
import { readFrozenMarket } from '../../functions/runtime/frozen-market.ts';
import type { MarketRuntime, Runtime } from '../../functions/runtime/runtime.ts';
import { dailyReport } from '../../functions/signoff/daily.ts';
import { HANDLERS } from '../../functions/handlers.ts';
import { STEPS } from '../../functions/steps.ts';
import { watchSwitch } from '../../functions/switch-watcher/handler.ts';
import { GRANTS } from '../../infra/aws/grants.ts';
import { localMachine } from '../../infra/local/machine.ts';
import { isoUtc, SECOND_MS } from '../../shared/kernel/time.ts';
import { acceptBundles, readBundles } from '../../shared/ledger/bundles.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { definition, layOut, schedule, simulated, turnSwitch, type Schedule } from '../support/chain.ts';
import { threeShares } from '../support/switched.ts';
import {
  CREATES,
  CREATES_ONCE,
  item,
  object,
  parameter,
  roleOf,
  stageIam,
  TOPIC,
} from '../support/aws/stage-iam.ts';
import { expectDecisions, type Row } from '../support/iam/table.ts';

/** What each function asked of AWS, as the requests that its adapters make of it. */
const asked = new Map<string, Row>();
let current: FunctionName | undefined;

function ask(action: string, resource: string, context?: Row['context']): void {
  if (current === undefined) return;
  const row: Row = {
    ...{ principal: roleOf(current), action, resource, expected: 'allowed' },
    ...(context === undefined ? {} : { context }),
  };
  asked.set(JSON.stringify(row), row);
}

/** Stores that note what is asked of them on behalf of the function that runs. */
function noted(stores: Stores): Stores {
  const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/${StorageState}';
  const artifact = (key: string): string => object('Artifacts', key);
  const { state, artifacts, parameters, projections } = stores;
  const named = (name: string): string => parameter('dev', name);
  return {
    state: {
      get: (partition, sort) => {
        ask('dynamodb:GetItem', table, item(partition));
        return state.get(partition, sort);
      },
      query: (partition, prefix) => {
        ask('dynamodb:Query', table, item(partition));
        return state.query(partition, prefix);
      },
      transact: (writes) => {
        for (const write of writes) ask('dynamodb:PutItem', table, item(write.item.partition));
        return state.transact(writes);
      },
    },
    artifacts: {
      get: (key) => {
        ask('s3:GetObject', artifact(key));
        return artifacts.get(key);
      },
      find: (key) => {
        ask('s3:GetObject', artifact(key));
        return artifacts.find(key);
      },
      putIfAbsent: (key, bytes) => {
        ask('s3:PutObject', artifact(key), CREATES_ONCE);
        // Where it is there already, it is read and compared.
        ask('s3:GetObject', artifact(key));
        return artifacts.putIfAbsent(key, bytes);
      },
      folders: () => {
        ask('s3:ListBucket', 'arn:aws:s3:::${StorageArtifacts}');
        return artifacts.folders();
      },
      list: (prefix) => {
        ask('s3:ListBucket', 'arn:aws:s3:::${StorageArtifacts}');
        return artifacts.list(prefix);
      },
    },
    parameters: {
      get: (name) => {
        ask('ssm:GetParameter', named(name));
        ask('ssm:GetParameterHistory', named(name));
        return parameters.get(name);
      },
      history: (name) => {
        ask('ssm:GetParameterHistory', named(name));
        return parameters.history(name);
      },
      put: (name, change) => {
        ask('ssm:PutParameter', named(name));
        ask('ssm:GetParameterHistory', named(name));
        return parameters.put(name, change);
      },
    },
    projections: {
      write: (path, bytes) => {
        ask('s3:PutObject', object('Projections', path), CREATES);
        return projections.write(path, bytes);
      },
      read: (path) => {
        ask('s3:GetObject', object('Projections', path));
        return projections.read(path);
      },
    },
  };
}

async function as<T>(name: FunctionName, run: () => Promise<T>): Promise<T> {
  current = name;
  try {
    return await run();
  } finally {
    current = undefined;
  }
}

/** A runtime whose owner is told by the topic. */
const telling = (runtime: Runtime): Runtime => ({
  ...runtime,
  alert: async () => ask('sns:Publish', TOPIC),
});

const layout = layOut('crypto', '2024-03-04', '2024-03-05', {
  config: simulated('grants-1', '2024-01-02', '2024-03-30'),
});

/** A ledger's life: ticks, a missed one, a failed one, a halt by hand and one by damage, checks and reports. */
async function live(): Promise<void> {
  const stores = noted(memoryStores());
  const lived: Schedule = await schedule(stores, layout);
  const { market } = layout;
  await acceptBundles(stores, market, lived.opened.sha256, new Map(), lived.tickMs(0));
  const at = (ms: number): Runtime => telling(lived.runtime(ms).runtime);
  for (const name of FUNCTIONS)
    await as(name, async () => {
      // What every function does before its own work.
      await readFrozenMarket(stores, market);
      await readBundles(stores, market);
    });
  let alerts = 0;
  const steps = {
    before: (step: (typeof STEPS)[number]) => {
      current = step;
      alerts = lived.alerts.length;
    },
    after: () => {
      if (lived.alerts.length > alerts) ask('sns:Publish', TOPIC);
      current = undefined;
    },
  };
  const check = (ms: number): Promise<unknown> =>
    as('health-check', async () =>
      healthFigures(at(ms), at(ms).market(market), await healthCheck({ market }, at(ms))),
    );
  for (const k of [0, 1, 2, 3, 4, 5, 6, 7]) {
    await lived.run(k, steps);
    // A late twin finds the tick committed.
    if (k === 3) await lived.run(k, steps);
    await check(lived.tickMs(k) + 900_000);
  }
  const scheduled = (k: number): string => isoUtc(lived.tickMs(k) + 60 * SECOND_MS);
  await as('record-failure', () =>
    recordFailure(
      { input: { market, scheduled_at_utc: scheduled(8) }, step: 'gate', error: 'StorageError: away' },
      at(lived.tickMs(8) + 500_000),
    ),
  );
  await lived.run(10, steps);
  const nowMs = lived.tickMs(10) + 900_000;
  await turnSwitch(stores, 'true', nowMs, { by: 'operator', why: 'a drill of the halt', market });
  await as('switch-watcher', () => watchSwitch({ markets: [market] }, at(nowMs)));
  await turnSwitch(stores, 'false', nowMs + 1_000, { by: 'operator', why: 'start again too early', market });
  await as('switch-watcher', () => watchSwitch({ markets: [market] }, at(nowMs + 2_000)));
  await turnSwitch(stores, 'false', nowMs + 3_000, { by: 'operator', why: 'start again too early', market });
  await as('record-failure', () =>
    recordFailure(
      { input: { market, scheduled_at_utc: scheduled(11) }, step: 'ledger', error: 'IntegrityError: bytes' },
      at(nowMs + 4_000),
    ),
  );
  await turnSwitch(stores, 'false', lived.tickMs(11) + 1, {
    by: 'operator',
    why: 'and again too early',
    market,
  });
  await check(lived.tickMs(11) + 900_000);
  await lived.run(12, steps);
  // Who halts or asks too early just before a step is answered by that step.
  for (const [k, name] of [
    [13, 'gate'],
    [14, 'ledger'],
  ] as const)
    await lived.run(k, {
      ...steps,
      before: async (step) => {
        const who = { by: 'operator', why: 'asked too early', market };
        if (step === name) await turnSwitch(stores, 'false', lived.tickMs(k) + 150_000, who);
        steps.before(step);
      },
    });
  await as('signoff', () =>
    dailyReport({ market, scheduled_at_utc: scheduled(12), daily: true }, at(lived.tickMs(12) + 1_800_000)),
  );
  const other = { market, currency: 'USDT', line: () => layout.plan.line };
  await as('ingest', () =>
    readBooks(at(nowMs), { ...at(nowMs).market(market), others: [other] } as MarketRuntime, nowMs),
  );
}

/** A run that met damaged bytes halts a market that trades. */
async function liveIntoDamage(): Promise<void> {
  const lived = await schedule(noted(memoryStores()), layout);
  await lived.run(0);
  const { market } = layout;
  const input = { market, scheduled_at_utc: isoUtc(lived.tickMs(1) + 60 * SECOND_MS) };
  const runtime = telling(lived.runtime(lived.tickMs(1) + 500_000).runtime);
  await as('record-failure', () =>
    recordFailure({ input, step: 'ledger', error: 'IntegrityError: bytes' }, runtime),
  );
}

/** One tick of a universe that is taken in slices, through the machine. */
async function liveInSlices(): Promise<void> {
  const cut = threeShares('2024-07-09', { config: { fan_out: { instruments_above: 2, shards: 2 } } });
  const lived = await schedule(noted(memoryStores()), cut);
  const runtime = telling(lived.runtime(lived.tickMs(0) + 120_000).runtime);
  const handlers = Object.fromEntries(
    STEPS.map((step) => [step, (input: unknown) => as(step, () => HANDLERS[step](input, runtime))]),
  ) as Record<(typeof STEPS)[number], (input: unknown) => Promise<unknown>>;
  const scheduled_at_utc = isoUtc(lived.tickMs(0) + 60 * SECOND_MS);
  await localMachine(await definition(), handlers).run({ market: cut.market, scheduled_at_utc });
}

/** Kinds of artifacts that this life does not come to: finer bars of markets that fill in minutes, and a drill. */
const NOT_LIVED = [
  ...['ingest reads execution_bars', 'ingest writes execution_bars', 'predict reads execution_bars'],
  ...['gate reads execution_bars', 'fill reads execution_bars', 'ledger reads execution_bars'],
  'signoff reads drill',
];

describe('the grants', () => {
  beforeAll(async () => {
    await live();
    await liveIntoDamage();
    await liveInSlices();
  }, 60_000);

  it('allow everything that functions ask for', () => {
    expect(asked.size).toBeGreaterThan(100);
    expect([...new Set([...asked.values()].map(({ principal }) => principal))].sort()).toEqual(
      FUNCTIONS.map(roleOf).sort(),
    );
    expectDecisions(stageIam('dev').iam, [...asked.values()]);
  });

  it('are of nothing that no function asks for', () => {
    const used = new Set(
      [...asked.values()].map(
        ({ principal, action, resource }) => `${principal} ${action} ${folderOf(resource)}`,
      ),
    );
    const unused = FUNCTIONS.flatMap((name) => {
      const { reads, writes, projects = [], commits, turnsSwitch, readsSwitch, tells } = GRANTS[name];
      const asks = (action: string, folder = ''): boolean => used.has(`${roleOf(name)} ${action} ${folder}`);
      return [
        ...[...new Set(reads)]
          .filter((folder) => !asks('s3:GetObject', folder))
          .map((one) => `${name} reads ${one}`),
        ...writes.filter((folder) => !asks('s3:PutObject', folder)).map((one) => `${name} writes ${one}`),
        ...projects.filter((folder) => !asks('s3:PutObject', folder)).map((one) => `${name} projects ${one}`),
        ...(commits === true && !asks('dynamodb:PutItem') ? [`${name} commits`] : []),
        ...(turnsSwitch === true && !asks('ssm:PutParameter') ? [`${name} turns the switch`] : []),
        ...(readsSwitch === true && !asks('ssm:GetParameter') ? [`${name} reads the switch`] : []),
        ...(tells === true && !asks('sns:Publish') ? [`${name} tells`] : []),
      ];
    });
    expect(unused.sort()).toEqual([...NOT_LIVED].sort());
  });
});

/** The folder of a market that an artifact lies in, or that of a projection; empty for anything else. */
const folderOf = (resource: string): string =>
  /StorageArtifacts\}\/[^/]+\/([^/]+)\//.exec(resource)?.[1] ??
  /StorageProjections\}\/([^/]+)\//.exec(resource)?.[1] ??
  '';
