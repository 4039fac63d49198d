import { describe, expect, it } from 'vitest';
import { HANDLERS } from '../../functions/handlers.ts';
import { IntegrityError, OtherReleaseError, RefusedError } from '../../shared/kernel/errors.ts';
import { verifyMarket } from '../../shared/ledger/verify.ts';
import type { BarProvider } from '../../shared/market-data/provider.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { VERIFY_READERS } from '../../shared/tick/verify-readers.ts';
import {
  allArtifacts,
  headOf,
  recordsOf,
  layOut,
  schedule,
  simulated,
  turnSwitch,
  type RunOptions,
} from '../support/chain.ts';

const layout = layOut('us_equities', '2024-07-01', '2024-07-09', {
  config: { ...simulated('crash-292', '2023-12-01', '2024-08-30'), shorting: true },
});
const { market } = layout;
const KEY = 'us_equities/decision/2024-07-02/20240702T200000Z.jsonl';

/** The same source after its vendor restated every price: a tenth higher. */
const restated: BarProvider = {
  ...layout.plan.provider,
  fetch: async (...args) =>
    (await layout.plan.provider.fetch(...args)).map((bars) => ({
      ...bars,
      open: bars.open.map((price) => price * 1.1),
      high: bars.high.map((price) => price * 1.1),
      low: bars.low.map((price) => price * 1.1),
      close: bars.close.map((price) => price * 1.1),
    })),
};

const stopped = (before: 'fill' | 'ledger'): RunOptions => ({
  before: (step) => {
    if (step === before) throw new Error('stopped');
  },
});

async function headAfter(ticks: readonly number[]): Promise<string> {
  const events = await schedule(memoryStores(), layout);
  for (const k of ticks) await events.run(k);
  return (await headOf(events.stores, market)).sha256;
}

async function bytesOf(stores: Stores): Promise<Map<string, string>> {
  const keys = await stores.artifacts.list('');
  return new Map(
    await Promise.all(
      keys.map(async (key) => [key, Buffer.from(await stores.artifacts.get(key)).toString('hex')] as const),
    ),
  );
}

describe('a decision that is frozen', () => {
  it.each(['fill', 'ledger'] as const)(
    'stands against restated bars when its run stopped before %s, and the ledger is what it would have been',
    async (step) => {
      const stores = memoryStores();
      const events = await schedule(stores, layout);
      await events.run(0);
      await events.run(1, stopped(step)).catch(() => undefined);
      const packet = await stores.artifacts.get(KEY);
      await events.run(1, { provider: restated });
      expect(Buffer.from(await stores.artifacts.get(KEY))).toEqual(Buffer.from(packet));
      expect((await headOf(stores, market)).sha256).toBe(await headAfter([0, 1]));
      // The other bars were seen and written, and nothing names them.
      expect(await stores.artifacts.list(`${market}/window/2024-07-02/`)).toHaveLength(2);
      const [, tick] = await allArtifacts(stores, layout);
      expect(tick!.record.window).toEqual(tick!.packet.header.window);
      expect(tick!.record.data).toEqual(tick!.packet.header.data);
      expect(tick!.record.forecast).toEqual(tick!.packet.header.forecast);
    },
  );

  it('would have been another on the restated bars: the test above is no comparison of equals', async () => {
    const events = await schedule(memoryStores(), layout);
    await events.run(0);
    await events.run(1, { provider: restated });
    expect((await headOf(events.stores, market)).sha256).not.toBe(await headAfter([0, 1]));
  });

  it('is returned by a gate with another clock, another switch and another forecast', async () => {
    const stores = memoryStores();
    const events = await schedule(stores, layout);
    await events.run(0);
    const first = events.runtime(events.tickMs(1) + 60_000);
    const event = { market, scheduled_at_utc: '2024-07-02T20:01:00Z' };
    const predicted = await HANDLERS.predict(await HANDLERS.ingest(event, first.runtime), first.runtime);
    first.clock.advanceTo(events.tickMs(1) + 180_000);
    const decided = (await HANDLERS.gate(predicted, first.runtime)) as { decision: { sha256: string } };
    const packet = await stores.artifacts.get(KEY);

    await turnSwitch(stores, 'true', events.tickMs(1) + 200_000);
    const second = events.runtime(events.tickMs(1) + 500_000, restated);
    const other = (await HANDLERS.predict(
      await HANDLERS.ingest(event, second.runtime),
      second.runtime,
    )) as object;
    const again = (await HANDLERS.gate(other, second.runtime)) as object;
    expect(again).toMatchObject({ decision: decided.decision });
    // What the second run brought along is left behind: the packet's own inputs travel on.
    const { window, data, forecast } = decided as unknown as Record<string, unknown>;
    expect(again).toMatchObject({ window, data, forecast });
    expect(other).not.toMatchObject({ window });
    expect(Buffer.from(await stores.artifacts.get(KEY))).toEqual(Buffer.from(packet));
  });
});

describe('a packet under the name of a tick', () => {
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const FIRST = 'us_equities/decision/2024-07-01/20240701T200000Z.jsonl';

  it.each([
    ['of the tick before', (packet: string) => packet, 'tick_utc'],
    [
      'of another market',
      (packet: string) => moved(packet).replace('"market":"us_equities"', '"market":"crypto"'),
      'market',
    ],
    [
      'of another release',
      (packet: string) =>
        moved(packet).replace(/"release_sha256":"sha256:.{4}/, '"release_sha256":"sha256:0000'),
      'release_sha256',
    ],
    [
      'of another bar',
      (packet: string) => packet.replace('2024-07-01T20:00:00Z', '2024-07-02T20:00:00Z'),
      'ordinal',
    ],
  ])('is refused where it was left there, %s', async (_, change, field) => {
    const stores = memoryStores();
    const events = await schedule(stores, layout);
    await events.run(0);
    const before = await headOf(stores, market);
    const left = new TextEncoder().encode(change(text(await stores.artifacts.get(FIRST))));
    await stores.artifacts.putIfAbsent(KEY, left);
    const error = await events.run(1).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(IntegrityError);
    expect((error as Error).message).toContain(`${KEY} was decided for another ${field}`);
    // No tick is committed; what follows the head is the halt that such bytes are worth.
    const { ordinal, settled_ordinal, state, tick_utc } = before;
    expect(await headOf(stores, market)).toMatchObject({
      n: before.n + 1,
      ordinal,
      settled_ordinal,
      state,
      tick_utc,
    });
    expect((await recordsOf(stores, market)).at(-1)).toMatchObject({
      ...{ kind: 'switch', to: 'HALTED', trigger: 'integrity' },
    });
  });
});

/** A packet of 1 July as one of 2 July would begin. */
const moved = (packet: string): string =>
  packet
    .replace('2024-07-01T20:00:00Z', '2024-07-02T20:00:00Z')
    .replace(/"ordinal":(\d+),"prev"/, (_, ordinal: string) => `"ordinal":${Number(ordinal) + 1},"prev"`);

describe('a clock that is behind', () => {
  it.each([
    ["the bar's close", -1],
    ['the start of its own tick', 59],
  ])('at the gate by %s decides nothing, and the tick fails', async (_, gate) => {
    const stores = memoryStores();
    const events = await schedule(stores, layout);
    const { runtime } = events;
    const handed = await HANDLERS.predict(
      await HANDLERS.ingest(event(0), runtime(events.tickMs(0) + 60_000).runtime),
      runtime(events.tickMs(0) + 60_000).runtime,
    );
    const behind = runtime(events.tickMs(0) + gate * 1_000).runtime;
    await expect(HANDLERS.gate(handed, behind)).rejects.toBeInstanceOf(RefusedError);
    expect(await stores.artifacts.list(`${market}/decision/`)).toEqual([]);
    const right = runtime(events.tickMs(0) + 180_000).runtime;
    expect(await HANDLERS.gate(handed, right)).toMatchObject({ decision: {} });
  });

  it('of the one that froze the decision finishes no tick before it', async () => {
    const stores = memoryStores();
    const events = await schedule(stores, layout);
    await events.run(0, { secondsAfterClose: { gate: 230 }, ...stopped('ledger') }).catch(() => undefined);
    await events.run(0);
    const [tick] = await allArtifacts(stores, layout);
    expect(tick!.record).toMatchObject({
      frozen_at_utc: '2024-07-01T20:03:50Z',
      finished_at_utc: '2024-07-01T20:03:50Z',
    });
    expect(await verifyMarket(stores, market, VERIFY_READERS)).toMatchObject({ ticks: 1 });
  });
});

describe('another release', () => {
  it('that is deployed for the forecast alone makes none, and the run fails', async () => {
    const stores = memoryStores();
    const events = await schedule(stores, layout);
    const { runtime } = events.runtime(events.tickMs(0) + 60_000);
    const open = await HANDLERS.ingest(event(0), runtime);
    const other = { ...runtime.market(market), releaseSha256: `sha256:${'1'.repeat(64)}` as const };
    await expect(HANDLERS.predict(open, { ...runtime, market: () => other })).rejects.toBeInstanceOf(
      OtherReleaseError,
    );
    expect(await stores.artifacts.list(`${market}/forecast/`)).toEqual([]);
  });
});

const event = (k: 0 | 1): unknown => ({ market, scheduled_at_utc: `2024-07-0${k + 1}T20:01:00Z` });

describe('a bar restated after its tick was committed', () => {
  it('changes nothing that is stored, and nothing that follows', async () => {
    const stores = memoryStores();
    const events = await schedule(stores, layout);
    await events.run(0);
    await events.run(1);
    const before = await bytesOf(stores);
    const asked: number[] = [];
    // The past is restated, the newest bar is as it always was.
    const provider: BarProvider = {
      ...layout.plan.provider,
      fetch: (symbols, fromMs, toMs, nowMs) => {
        asked.push(fromMs);
        const newest = fromMs > events.tickMs(1);
        return (newest ? layout.plan.provider : restated).fetch(symbols, fromMs, toMs, nowMs);
      },
    };
    expect(await events.run(1, { provider })).toMatchObject({ status: 'done' });
    await events.run(2, { provider });
    expect(asked.map((from) => new Date(from).toISOString())).toEqual(['2024-07-03T13:30:00.000Z']);
    expect((await headOf(stores, market)).sha256).toBe(await headAfter([0, 1, 2]));
    const after = await bytesOf(stores);
    for (const [key, bytes] of before) expect(after.get(key), key).toBe(bytes);
  });
});
