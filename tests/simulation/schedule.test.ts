import { describe, expect, it } from 'vitest';
import { HANDLERS } from '../../functions/handlers.ts';
import { STEPS, type StepName } from '../../functions/steps.ts';
import { hashJson, type Json } from '../../shared/kernel/canonical.ts';
import { ProviderError, RefusedError, UncoveredError } from '../../shared/kernel/errors.ts';
import { seededRandom, type Random } from '../../shared/kernel/random.ts';
import { failureSort, ledgerPartition } from '../../shared/ledger/keys.ts';
import type { LedgerRecord } from '../../shared/ledger/records.ts';
import type { BarProvider } from '../../shared/market-data/provider.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import {
  allArtifacts,
  headOf,
  layOut,
  ms,
  recordsOf,
  schedule,
  simulated,
  type RunOptions,
  type Schedule,
} from '../support/chain.ts';

/** Six sessions around the fourth of July; three orders of the first fill in the second. */
const layout = layOut('us_equities', '2024-07-01', '2024-07-09', {
  config: { ...simulated('crash-292', '2023-12-01', '2024-08-30'), shorting: true },
});
const { market } = layout;

/** A ledger whose first ticks are done, and every write that is made from then on. */
async function after(ticks: readonly number[], jitter?: Random): Promise<Schedule & { writes: string[] }> {
  const writes: string[] = [];
  const stores = memoryStores({ onWrite: (name, phase) => void (phase === 'before' && writes.push(name)) });
  const events = await schedule(stores, layout);
  for (const k of ticks) await events.run(k);
  writes.length = 0;
  return { ...(jitter === undefined ? events : await schedule(jittered(stores, jitter), layout)), writes };
}

const headAfter = async (ticks: readonly number[]): Promise<string> =>
  (await headOf((await after(ticks)).stores, market)).sha256;

/** Stores that answer late, each call by another while: what runs at once meets in any order. */
function jittered(stores: Stores, random: Random): Stores {
  const late = <T extends object>(store: T): T =>
    new Proxy(store, {
      get:
        (target, name) =>
        async (...args: unknown[]) => {
          // Mostly at once, sometimes very late: the order of two runs changes between any two calls.
          for (let wait = random.below(4) === 0 ? random.below(40) : 0; wait > 0; wait--)
            await new Promise(setImmediate);
          return (target[name as keyof T] as (...given: unknown[]) => unknown)(...args);
        },
    });
  return {
    state: late(stores.state),
    artifacts: late(stores.artifacts),
    parameters: late(stores.parameters),
    projections: late(stores.projections),
  };
}

/** What a chain says, record by record: its kind and the tick it is of, by number. */
function story(records: readonly LedgerRecord[], events: Schedule): string {
  const number = (tickUtc: string): number =>
    [0, 1, 2, 3, 4, 5].find((k) => events.tickMs(k) === ms(tickUtc))!;
  return records
    .map((record) => ('tick_utc' in record ? `${record.kind} ${number(record.tick_utc)}` : record.kind))
    .join(', ');
}

/** The law of a chain: numbered from 0, each linked to the one before, ordinals without hole or repetition. */
function assertChain(records: readonly LedgerRecord[], head: { sha256: string; n: number }): void {
  let previous: string | null = null;
  let ordinal = layout.plan.firstRow - 1;
  for (const [n, record] of records.entries()) {
    expect([record.n, record.prev]).toEqual([n, previous]);
    previous = hashJson(record as unknown as Json);
    if ('tick_utc' in record)
      expect(record.ordinal, `record ${n}, a ${record.kind} of ${record.tick_utc}`).toBe(++ordinal);
  }
  expect([head.sha256, head.n]).toEqual([previous, records.length - 1]);
}

const rejected = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.unreachable('did not fail'),
    (error: unknown) => error as Error,
  );

describe('runs of one tick at once', () => {
  it.each(STEPS)('come to one record when the second overtakes the first before its %s', async (step) => {
    const expected = await headAfter([0, 1]);
    const events = await after([0]);
    const answers: unknown[] = [];
    const overtaken: RunOptions = {
      before: async (now) => {
        if (now === step) answers.push(await events.run(1));
      },
    };
    answers.push(await events.run(1, overtaken));
    expect((await headOf(events.stores, market)).sha256).toBe(expected);
    const [first, second] = answers as { record_sha256?: string; status: string }[];
    // A run that begins when all is done has nothing to tell but that.
    if (step === 'ingest') expect(second).toMatchObject({ status: 'done' });
    else if (step === 'signoff') expect(first).toMatchObject({ status: 'done' });
    else expect(second).toEqual(first);
  });

  it('come to one record and one packet, whichever clock runs ahead and however they meet', async () => {
    const expected = await headAfter([0, 1]);
    for (let seed = 0; seed < 100; seed++) {
      const events = await after([0], seededRandom(`meet ${seed}`));
      const steps: string[] = [];
      const before: RunOptions['before'] = (step) => void steps.push(step);
      const secondsAfterClose = { ingest: 65, gate: 185, fill: 195, ledger: 205 };
      const other: RunOptions = seed % 2 === 0 ? { before } : { before, secondsAfterClose };
      await Promise.all([events.run(1, { before }), events.run(1, other)]);
      // Neither needs a second attempt: the loser of a race reads what the winner wrote.
      const began = steps.filter((step) => step === 'ingest').length;
      expect([began, new Set(steps).size]).toEqual([2, 6]);
      for (const step of STEPS)
        expect(steps.filter((one) => one === step).length, step).toBeLessThanOrEqual(2);
      const records = await recordsOf(events.stores, market);
      expect(story(records, events), `seed ${seed}`).toBe('release, switch, tick 0, tick 1');
      assertChain(records, await headOf(events.stores, market));
      const packets = (await events.stores.artifacts.list(`${market}/decision/`)).filter((key) =>
        key.includes('0702'),
      );
      expect(packets).toHaveLength(1);
      if (seed % 2 === 0) expect(records.at(-1)!.n, 'the same clocks give the same bytes').toBe(3);
      if (seed % 2 === 0) expect((await headOf(events.stores, market)).sha256).toBe(expected);
    }
  });

  it('and of the tick after it leave a chain without hole or repetition', async () => {
    const stories = new Set<string>();
    for (let seed = 0; seed < 150; seed++) {
      const events = await after([0], seededRandom(`overlap ${seed}`));
      const late = (k: number): Promise<unknown> => events.run(k).catch((error: unknown) => error);
      const given =
        seed % 3 === 0
          ? [late(1), late(2)]
          : seed % 3 === 1
            ? [late(3), late(3)]
            : [late(2), late(3), late(3)];
      await Promise.all(given);
      const records = await recordsOf(events.stores, market);
      assertChain(records, await headOf(events.stores, market));
      stories.add(story(records, events));
    }
    // Whoever is first wins; what lost to a missed record is refused, never squeezed in.
    const allowed =
      /^release, switch, tick 0(, (missed|tick) 1, tick 2(, tick 3)?|, missed 1, (missed|tick) 2, tick 3|, missed 1, missed 2, tick 3)$/;
    for (const told of stories) expect(told).toMatch(allowed);
    expect(stories.size).toBeGreaterThan(1);
  });
});

describe('an event', () => {
  it('that comes twice, or of a tick older than the head, changes nothing and says done', async () => {
    const events = await after([0, 1, 2]);
    const before = await headOf(events.stores, market);
    for (const k of [2, 2, 1, 0]) {
      expect(await events.run(k)).toMatchObject({ status: 'done', market: 'us_equities' });
    }
    // A bar of the warm-up is older than the ledger itself.
    expect(await events.runAt(ms('2024-06-28T20:00:00Z'))).toMatchObject({ status: 'done' });
    expect(await headOf(events.stores, market)).toEqual(before);
    expect(events.writes).toEqual([]);
  });

  it.each([
    ['on a holiday', '2024-07-04T20:00:00Z'],
    ['on a Saturday', '2024-07-06T20:00:00Z'],
    ['at the regular close of a day that closed early', '2024-07-03T20:00:00Z'],
    ['in the middle of a bar', '2024-07-05T15:00:00Z'],
    ['of the same hour in winter time', '2024-07-05T21:00:00Z'],
  ])('%s finds the market closed and writes nothing', async (_, at) => {
    const events = await after([0]);
    expect(await events.runAt(ms(at))).toMatchObject({ status: 'closed', market: 'us_equities' });
    expect(events.writes).toEqual([]);
  });

  it('finds the early close where it is: 13:00 New York on 3 July 2024', async () => {
    const events = await after([0, 1]);
    await events.runAt(ms('2024-07-03T17:00:00Z'));
    expect(story(await recordsOf(events.stores, market), events)).toBe(
      'release, switch, tick 0, tick 1, tick 2',
    );
  });

  it('past the calendar fails and commits nothing', async () => {
    const events = await after([0]);
    const before = await headOf(events.stores, market);
    const error = await rejected(events.runAt(ms('2028-01-03T21:00:00Z')));
    expect(error).toBeInstanceOf(UncoveredError);
    expect(error.message).toContain('after bound_max 2027-12-31');
    expect(await headOf(events.stores, market)).toEqual(before);
    expect(await events.stores.artifacts.list(`${market}/window/2028`)).toEqual([]);
    // The note of the failure is all that stays.
    expect(events.writes).toEqual([
      'state.transact ledger/us_equities failure/20280103T210000Z, ledger/us_equities failing',
    ]);
  });
});

describe('a missed tick', () => {
  it('is recorded by the next ingest and never computed; its orders fill at their own moments', async () => {
    const whole = await after([0, 1, 2]);
    const holed = await after([0, 2]);
    const records = await recordsOf(holed.stores, market);
    expect(story(records, holed)).toBe('release, switch, tick 0, missed 1, tick 2');
    assertChain(records, await headOf(holed.stores, market));
    expect(records[3]).toMatchObject({
      kind: 'missed',
      tick_utc: '2024-07-02T20:00:00Z',
      step: '',
      error: '',
    });
    expect(await holed.stores.artifacts.list(`${market}/decision/2024-07-02`)).toEqual([]);

    const [, second] = await allArtifacts(whole.stores, layout);
    const [, resumed] = await allArtifacts(holed.stores, layout);
    expect(second!.execution.fills).toHaveLength(3);
    // What was due in the missed bar filled in it, to the last digit as if the tick had run.
    expect(resumed!.execution.fills.slice(0, 3)).toEqual(second!.execution.fills);
    expect(resumed!.execution.fills.map(({ barStartMs }) => new Date(barStartMs).toISOString())).toEqual([
      '2024-07-02T13:30:00.000Z',
      '2024-07-02T13:30:00.000Z',
      '2024-07-02T13:30:00.000Z',
    ]);
    expect(resumed!.state.performance).toMatchObject({ ticks: 2, ticksFailed: 1 });
    // Three instruments and three bars: the missed one counts as expected and not as good.
    expect(resumed!.state.performance).toMatchObject({ barsExpected: 9, barsGood: 6 });
  });
});

/** A source that is down for all bars up to a moment. */
function broken(until: number): { provider: BarProvider; calls: () => number } {
  let calls = 0;
  const { provider } = layout.plan;
  return {
    calls: () => calls,
    provider: {
      ...provider,
      fetch: async (...args) => {
        calls++;
        if (args[2] <= until) throw new ProviderError('the source is down');
        return provider.fetch(...args);
      },
    },
  };
}

const down = (step: StepName): RunOptions => ({
  before: (now) => {
    if (now === step) throw new ProviderError(`${step} is down`);
  },
});

describe('a failed run', () => {
  it('tries four times, leaves a note, and is recorded as failed by the next ingest', async () => {
    const events = await after([0]);
    const { provider, calls } = broken(events.tickMs(1));
    expect(await rejected(events.run(1, { provider }))).toBeInstanceOf(ProviderError);
    expect(calls(), 'one attempt and three retries').toBe(4);
    const note = await events.stores.state.get(ledgerPartition(market), failureSort(events.tickMs(1)));
    expect(note!.body).toBe('{"error":"ProviderError: the source is down","step":"ingest"}');
    expect(story(await recordsOf(events.stores, market), events)).toBe('release, switch, tick 0');

    await events.run(2, { provider });
    const records = await recordsOf(events.stores, market);
    expect(story(records, events)).toBe('release, switch, tick 0, failed 1, tick 2');
    assertChain(records, await headOf(events.stores, market));
    expect(records[3]).toMatchObject({
      kind: 'failed',
      tick_utc: '2024-07-02T20:00:00Z',
      step: 'ingest',
      error: 'ProviderError: the source is down',
      recorded_at_utc: '2024-07-03T17:01:00Z',
    });
    expect(await events.run(1)).toMatchObject({ status: 'done' });
    expect(await recordsOf(events.stores, market)).toHaveLength(5);
  });

  it.each([
    ['is longer than a note', `${'x'.repeat(992)}\u{1f4a5}${'x'.repeat(500)}`],
    ['holds half a character', 'cut \ud83d here'],
    ['holds NUL and line feeds', 'first\0\nsecond'],
    ['is empty', ''],
  ])('is recorded as failed though its message %s', async (_, message) => {
    const events = await after([0]);
    const failing: RunOptions = {
      before: () => {
        throw new Error(message);
      },
    };
    expect((await rejected(events.run(1, failing))).message).toBe(message);
    await events.run(2);
    const records = await recordsOf(events.stores, market);
    expect(story(records, events)).toBe('release, switch, tick 0, failed 1, tick 2');
    const { error } = records[3] as { error: string };
    expect(error.startsWith(`Error: ${message.slice(0, 4)}`)).toBe(true);
    expect(error.length).toBeLessThanOrEqual(1_000);
    expect(error.isWellFormed()).toBe(true);
  });

  it.each(['predict', 'gate', 'fill', 'ledger'] as const)(
    'at %s may be run again until the next ingest, and is refused afterwards',
    async (step) => {
      const expected = await headAfter([0, 1, 2]);
      const again = await after([0]);
      expect((await rejected(again.run(1, down(step)))).message).toBe(`${step} is down`);
      await again.run(1);
      await again.run(2);
      expect((await headOf(again.stores, market)).sha256).toBe(expected);

      const events = await after([0]);
      const handed: unknown[] = [];
      const { runtime } = events.runtime(events.tickMs(3));
      await rejected(
        events.run(1, {
          ...down(step),
          after: async (now) => {
            if (STEPS.indexOf(now) === STEPS.indexOf(step) - 1) handed.push(now);
          },
        }),
      );
      expect(handed).toHaveLength(1);
      const state = await stateBefore(events, step);
      await events.run(2);
      expect(story(await recordsOf(events.stores, market), events)).toBe(
        'release, switch, tick 0, failed 1, tick 2',
      );

      // A redrive goes on where the run failed, with what the step before handed on.
      const redriven = STEPS.slice(STEPS.indexOf(step), STEPS.indexOf('ledger') + 1).reduce(
        (given, next) => given.then((input) => HANDLERS[next](input, runtime)),
        Promise.resolve(state),
      );
      // Refused, and no failure of integrity: nothing stored is wrong, and the market goes on.
      expect(await rejected(redriven)).toBeInstanceOf(RefusedError);
      expect(await recordsOf(events.stores, market)).toHaveLength(5);
    },
  );
});

/** What the steps before one hand on for tick 1, as a failed execution keeps it for its redrive. */
async function stateBefore(events: Schedule, step: StepName): Promise<unknown> {
  const { runtime, clock } = events.runtime(events.tickMs(1));
  let state: unknown = { market, scheduled_at_utc: '2024-07-02T20:01:00Z' };
  for (const one of STEPS.slice(0, STEPS.indexOf(step))) {
    clock.advanceTo(events.tickMs(1) + (one === 'ingest' || one === 'predict' ? 60_000 : 180_000));
    state = await HANDLERS[one](state, runtime);
  }
  return state;
}
