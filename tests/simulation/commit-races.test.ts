import { describe, expect, it } from 'vitest';
import { HANDLERS } from '../../functions/handlers.ts';
import { ConflictError, IntegrityError, RefusedError } from '../../shared/kernel/errors.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import {
  layOut,
  ms,
  recordsOf,
  schedule,
  simulated,
  ticksOf,
  turnSwitch,
  type Schedule,
} from '../support/chain.ts';

/** Others write between any two calls of a step; nothing that is stored is wrong then, and nothing may halt for it. */
const layout = layOut('us_equities', '2024-07-01', '2024-07-09', {
  config: { ...simulated('crash-292', '2023-12-01', '2024-08-30'), shorting: true },
});
const { market } = layout;
const DECISION = `${market}/decision/2024-07-02/`;

const story = async (stores: Stores): Promise<string> =>
  (await recordsOf(stores, market))
    .map((record) => (record.kind === 'switch' ? record.cause : record.kind))
    .join(' ');

/** A schedule whose stores do something once, just before the first commit of a tick, or before a missing packet is told. */
async function interrupted(
  stores: Stores,
  when: 'a tick is committed' | 'no packet is found',
  work: () => Promise<unknown>,
): Promise<Schedule> {
  let left = 1;
  const once = async (): Promise<void> => {
    if (left-- > 0) await work();
  };
  const state: Stores['state'] = {
    get: (partition, sort) => stores.state.get(partition, sort),
    query: (partition, prefix) => stores.state.query(partition, prefix),
    transact: async (writes) => {
      const commits = writes.some(({ item }) => item.sort.startsWith('claim/') && item.body.includes('"n":'));
      if (when === 'a tick is committed' && commits) await once();
      return stores.state.transact(writes);
    },
  };
  const find: Stores['artifacts']['find'] = async (key) => {
    const bytes = await stores.artifacts.find(key);
    if (when === 'no packet is found' && bytes === undefined && key.startsWith(DECISION)) await once();
    return bytes;
  };
  const artifacts: Stores['artifacts'] = {
    find,
    get: (key) => stores.artifacts.get(key),
    putIfAbsent: (key, bytes) => stores.artifacts.putIfAbsent(key, bytes),
    list: (prefix) => stores.artifacts.list(prefix),
    folders: () => stores.artifacts.folders(),
  };
  return schedule({ ...stores, state, artifacts }, layout);
}

async function afterFirst(): Promise<{ stores: Stores; plain: Schedule }> {
  const stores = memoryStores();
  const plain = await schedule(stores, layout);
  await plain.run(0);
  return { stores, plain };
}

const rejected = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable('did not fail'),
    (error: unknown) => error,
  );

describe('a turn of the switch between the reading and the commit of a tick', () => {
  it('is followed by the tick: nothing fails, and what was worked out stands', async () => {
    const { stores, plain } = await afterFirst();
    const halt = async (): Promise<void> => {
      await turnSwitch(stores, 'true', ms('2024-07-02T20:03:15Z'));
      await plain.watch(ms('2024-07-02T20:03:16Z'));
    };
    const events = await interrupted(stores, 'a tick is committed', halt);
    await events.run(1);
    expect(await story(stores)).toBe('release opened tick halt tick');
    expect(events.alerts).toEqual([]);
    const [, second] = await ticksOf(stores, market);
    expect(second).toMatchObject({ status: 'ok', switch: { enabled: true, turned: 1 } });
  });
});

describe('a gate that another run overtakes after it found no packet', () => {
  it('returns the packet that stands where the tick was committed meanwhile', async () => {
    const { stores, plain } = await afterFirst();
    const events = await interrupted(stores, 'no packet is found', () => plain.run(1));
    await events.run(1);
    expect(await story(stores)).toBe('release opened tick tick');
    expect(await stores.artifacts.list(DECISION)).toHaveLength(1);
    expect(events.alerts).toEqual([]);
  });

  it('is refused where the tick was recorded as missed meanwhile, and the market goes on', async () => {
    const { stores, plain } = await afterFirst();
    const events = await interrupted(stores, 'no packet is found', () => plain.run(2));
    const error = await rejected(events.run(1));
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({
      message: 'us_equities at 2024-07-02T20:00:00Z was not committed, and another record took its place',
    });
    await plain.run(3);
    expect(await story(stores)).toBe('release opened tick missed tick tick');
    expect((await ticksOf(stores, market)).at(-1)!.switch).toMatchObject({ enabled: true, state: 'ACTIVE' });
  });
});

it('a committed tick whose packet is gone is a failure of integrity', async () => {
  const { stores, plain } = await afterFirst();
  const { runtime, clock } = plain.runtime(plain.tickMs(1) + 60_000);
  let state: unknown = { market, scheduled_at_utc: '2024-07-02T20:01:00Z' };
  for (const step of ['ingest', 'predict'] as const) state = await HANDLERS[step](state, runtime);
  await plain.run(1);
  clock.advanceTo(plain.tickMs(1) + 300_000);
  const find: Stores['artifacts']['find'] = async (key) =>
    key.startsWith(DECISION) ? undefined : stores.artifacts.find(key);
  const artifacts = {
    find,
    get: (key: string) => stores.artifacts.get(key),
    putIfAbsent: (key: string, bytes: Uint8Array) => stores.artifacts.putIfAbsent(key, bytes),
    list: (prefix: string) => stores.artifacts.list(prefix),
    folders: () => stores.artifacts.folders(),
  };
  const blind = { ...runtime, stores: { ...stores, artifacts } };
  const error = await rejected(HANDLERS.gate(state, blind));
  expect(error).toBeInstanceOf(IntegrityError);
  expect((error as Error).message).toBe(
    'the decision of us_equities at 2024-07-02T20:00:00Z is not in the store',
  );
});

it('a gate whose turn of the switch loses every race decides nothing, and the run can be tried again', async () => {
  const { stores, plain } = await afterFirst();
  const { runtime, clock } = plain.runtime(plain.tickMs(1) + 60_000);
  let state: unknown = { market, scheduled_at_utc: '2024-07-02T20:01:00Z' };
  for (const step of ['ingest', 'predict'] as const) state = await HANDLERS[step](state, runtime);
  await turnSwitch(stores, 'true', ms('2024-07-02T20:01:30Z'));
  clock.advanceTo(plain.tickMs(1) + 120_000);
  const losing: Stores['state'] = {
    get: (partition, sort) => stores.state.get(partition, sort),
    query: (partition, prefix) => stores.state.query(partition, prefix),
    transact: (writes) =>
      writes.some(({ item }) => item.sort === 'latch')
        ? Promise.reject(new ConflictError('another was first'))
        : stores.state.transact(writes),
  };
  const error = await rejected(HANDLERS.gate(state, { ...runtime, stores: { ...stores, state: losing } }));
  expect(error).toBeInstanceOf(ConflictError);
  expect((error as Error).message).toContain('the switch of us_equities did not come to rest in 10 steps');
  expect(await stores.artifacts.list(DECISION)).toEqual([]);
  await HANDLERS.gate(state, runtime);
  expect(await stores.artifacts.list(DECISION)).toHaveLength(1);
  expect(await story(stores)).toBe('release opened tick halt');
});
