import { describe, expect, it } from 'vitest';
import type {
  FetchShard,
  ForecastShard,
  OpenTick,
  Part,
  Predicted,
  Sharded,
} from '../../functions/envelope.ts';
import { HANDLERS } from '../../functions/handlers.ts';
import type { Runtime } from '../../functions/runtime/runtime.ts';
import { canonicalJson, type Json } from '../../shared/kernel/canonical.ts';
import { IntegrityError, OtherReleaseError, ProviderError } from '../../shared/kernel/errors.ts';
import { isoUtc } from '../../shared/kernel/time.ts';
import { putJson } from '../../shared/ledger/chain.ts';
import type { BarProvider } from '../../shared/market-data/provider.ts';
import { copyContents, memoryStores, type MemoryContents } from '../../shared/stores/memory.ts';
import type { Reference, Stores } from '../../shared/stores/ports.ts';
import { layOut, schedule, simulated, ticksOf, type Layout, type Schedule } from '../support/chain.ts';

const madeUp = { ...simulated('fan-out', '2023-01-03', '2024-12-31'), shorting: true };
const instruments = ['A', 'B', 'C', 'D', 'E'].map((symbol) => ({
  ...{ symbol, board: 'listed', quantity_digits: 0, price_tick: 0.01 },
}));
const turned = (fan_out: { instruments_above: number; shards: number }): Layout =>
  layOut('us_equities', '2024-07-01', '2024-07-09', { config: { ...madeUp, fan_out }, instruments });
const layout = turned({ instruments_above: 4, shards: 3 });
const whole = turned({ instruments_above: 5, shards: 3 });
const { market } = layout;
/** A minute after the close: the schedule's own moment. */
const OFFSET_MS = 60_000;

interface Opened {
  readonly events: Schedule;
  readonly stores: Stores;
  readonly contents: MemoryContents;
  readonly runtime: Runtime;
  readonly input: { readonly market: string; readonly scheduled_at_utc: string };
}

async function opened(on: Layout = layout, k = 0): Promise<Opened> {
  const contents = copyContents();
  const stores = memoryStores({ contents });
  const events = await schedule(stores, on);
  const atMs = events.tickMs(k) + OFFSET_MS;
  const { runtime } = events.runtime(atMs);
  return { events, stores, contents, runtime, input: { market, scheduled_at_utc: isoUtc(atMs) } };
}

/** What the state machine hands to each iteration. */
const fetchInputs = ({ market, scheduled_at_utc, tick_utc, trace_id, ask, shards }: Sharded): FetchShard[] =>
  shards.map((shard) => ({ market, scheduled_at_utc, tick_utc, trace_id, ask, shard }));
const forecastInputs = (tick: OpenTick): ForecastShard[] => {
  const { scheduled_at_utc, tick_utc, trace_id, ordinal, window } = tick;
  return tick.shards!.map((shard) => ({
    ...{ market, scheduled_at_utc, tick_utc, trace_id, ordinal, window },
    shard,
  }));
};

async function fetched(runtime: Runtime, input: unknown): Promise<Sharded & { parts: Part[] }> {
  const plan = (await HANDLERS.ingest(input, runtime)) as Sharded;
  const parts: Part[] = [];
  for (const one of fetchInputs(plan)) parts.push((await HANDLERS.ingest(one, runtime)) as Part);
  return { ...plan, parts };
}

async function forecast(runtime: Runtime, tick: OpenTick): Promise<OpenTick & { parts: Part[] }> {
  const parts: Part[] = [];
  for (const one of forecastInputs(tick)) parts.push((await HANDLERS.predict(one, runtime)) as Part);
  return { ...tick, parts };
}

const rejection = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.unreachable('did not fail'),
    (error: unknown) => error as Error,
  );

const read = (contents: MemoryContents, { key }: Reference): { part: Record<string, Json> } =>
  JSON.parse(new TextDecoder().decode(contents.artifacts.get(key))) as { part: Record<string, Json> };

describe('a tick in slices, call by call', () => {
  it('is planned, fetched and put together to what one call leaves', async () => {
    const { runtime, input } = await opened();
    const plan = (await HANDLERS.ingest(input, runtime)) as Sharded;
    expect(plan).toEqual({
      ...input,
      status: 'sharded',
      tick_utc: '2024-07-01T20:00:00Z',
      trace_id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
      ask: {
        bars: { from_utc: '2024-07-01T13:30:00Z', to_utc: '2024-07-01T20:00:00Z' },
        actions: { from: expect.stringMatching(/^2024-/) as string, to: '2024-07-01' },
        execution: null,
        now_utc: '2024-07-01T20:01:00Z',
      },
      shards: [
        { shard: 0, of: 3 },
        { shard: 1, of: 3 },
        { shard: 2, of: 3 },
      ],
    });
    const inSlices = await fetched(runtime, input);
    const open = (await HANDLERS.ingest(inSlices, runtime)) as OpenTick;
    const single = await opened(whole);
    const one = (await HANDLERS.ingest(single.input, single.runtime)) as OpenTick;
    expect(open).toEqual({ ...one, shards: plan.shards });
    expect(await HANDLERS.predict(await forecast(runtime, open), runtime)).toEqual(
      await HANDLERS.predict(one, single.runtime),
    );
  });

  it('cuts the universe in its order: five instruments in three slices', async () => {
    const { runtime, input, contents } = await opened();
    const { parts } = await fetched(runtime, input);
    expect(parts.map(({ part }) => read(contents, part).part['symbols'])).toEqual([
      ['A'],
      ['B', 'C'],
      ['D', 'E'],
    ]);
  });

  it('fetches as of the moment at which the tick began, whenever a slice is tried again', async () => {
    const { events, runtime, input } = await opened();
    const plan = (await HANDLERS.ingest(input, runtime)) as Sharded;
    const asked: number[] = [];
    const { provider } = layout.plan;
    const watched: BarProvider = {
      ...provider,
      fetch: (symbols, fromMs, toMs, nowMs) => {
        asked.push(nowMs);
        return provider.fetch(symbols, fromMs, toMs, nowMs);
      },
    };
    const late = events.runtime(events.tickMs(0) + 10 * OFFSET_MS, watched).runtime;
    const [first] = fetchInputs(plan);
    const again = await HANDLERS.ingest(first, late);
    expect(asked).toEqual([events.tickMs(0) + OFFSET_MS]);
    expect(await HANDLERS.ingest(first, runtime)).toEqual(again);
    // So does the tick: it is as late as its first call was.
    const { parts } = await fetched(runtime, input);
    const open = (await HANDLERS.ingest({ ...plan, parts }, late)) as OpenTick;
    expect(open).toMatchObject({ started_at_utc: '2024-07-01T20:01:00Z', lateness_s: 60 });
  });

  it('takes its parts in any order', async () => {
    const { runtime, input } = await opened();
    const given = await fetched(runtime, input);
    const open = (await HANDLERS.ingest(given, runtime)) as OpenTick;
    expect(await HANDLERS.ingest({ ...given, parts: given.parts.toReversed() }, runtime)).toEqual(open);
    const forecasts = await forecast(runtime, open);
    expect(await HANDLERS.predict({ ...forecasts, parts: forecasts.parts.toReversed() }, runtime)).toEqual(
      await HANDLERS.predict(forecasts, runtime),
    );
  });

  it('ends where another run committed it meanwhile', async () => {
    const { events, runtime, input, stores } = await opened();
    const given = await fetched(runtime, input);
    await events.run(0);
    expect(await HANDLERS.ingest(given, runtime)).toEqual({ ...input, status: 'done' });
    expect(await ticksOf(stores, market)).toHaveLength(1);
  });

  it('is not fetched for another release', async () => {
    const { events, runtime, input } = await opened();
    const [first] = fetchInputs((await HANDLERS.ingest(input, runtime)) as Sharded);
    const releaseSha256 = `sha256:${'1'.repeat(64)}` as const;
    const other = events.runtime(events.tickMs(0) + OFFSET_MS, undefined, { releaseSha256 }).runtime;
    expect(await rejection(HANDLERS.ingest(first, other))).toBeInstanceOf(OtherReleaseError);
  });

  it('refuses what a source gives for no instrument of the slice, and columns that do not match', async () => {
    const { events, runtime, input } = await opened();
    const [first] = fetchInputs((await HANDLERS.ingest(input, runtime)) as Sharded);
    const { provider } = layout.plan;
    const from = (changes: Partial<BarProvider>): Runtime =>
      events.runtime(events.tickMs(0) + OFFSET_MS, { ...provider, ...changes }).runtime;
    const foreign = { symbol: 'B', exDate: '2024-07-01', kind: 'split', ratio: 2, amount: 0 } as const;
    const actions = from({ fetchActions: async () => [{ ...foreign, payDate: null, source: 'made up' }] });
    expect(await rejection(HANDLERS.ingest(first, actions))).toMatchObject({
      name: 'ProviderError',
      message: 'split of B on 2024-07-01: is of an instrument that was not asked for',
    });
    const short = from({
      fetch: async (...asked) =>
        (await provider.fetch(...asked)).map((raw) => ({ ...raw, close: new Float64Array(0) })),
    });
    const error = await rejection(HANDLERS.ingest(first, short));
    expect(error).toBeInstanceOf(ProviderError);
    expect(error.message).toBe('simulated gave 1 starts of A, but 0 of close');
  });
});

describe('the state of a universe in 40 slices', () => {
  it('stays far below what may pass between two steps', async () => {
    const many = Array.from({ length: 41 }, (_, k) => ({ ...instruments[0]!, symbol: `S${k}` }));
    const config = { ...madeUp, fan_out: { instruments_above: 1, shards: 40 } };
    const wide = layOut('us_equities', '2024-07-01', '2024-07-02', { config, instruments: many });
    const { runtime, input } = await opened(wide);
    const bytesOf = (state: object): number => Buffer.byteLength(JSON.stringify(state));
    const bars = await fetched(runtime, input);
    const forecasts = await forecast(runtime, (await HANDLERS.ingest(bars, runtime)) as OpenTick);
    expect([bars.parts, forecasts.parts].map(({ length }) => length)).toEqual([40, 40]);
    // A slice and its reference take about 240 bytes; 262,144 are allowed.
    for (const state of [bars, forecasts]) expect(bytesOf(state)).toBeLessThan(12_000);
  });
});

/** What may be wrong with the parts of three slices. */
const WRONG: readonly (readonly [string, (parts: Part[]) => Part[], RegExp])[] = [
  ['none', () => [], /^parts none: expected each of 0 to 2 once$/],
  ['one is missing', (parts) => parts.slice(1), /^parts 1, 2: expected each of 0 to 2 once$/],
  ['one is there twice', ([a, b]) => [a!, b!, b!], /^parts 0, 1, 1: expected each/],
  ['one too many', ([a, b, c]) => [a!, b!, c!, { ...c!, shard: 3 }], /^parts 0, 1, 2, 3: expected each/],
  [
    'two changed places',
    ([a, b, c]) => [{ ...a!, part: b!.part }, { ...b!, part: a!.part }, c!],
    /part us_equities\/.*: shard is 1, expected 0/,
  ],
];

/** A part that says that it is of something else, stored under a hash of its own. */
async function disguised(
  { stores, contents, events }: Opened,
  kind: 'bars_part' | 'forecast_part',
  { shard, part }: Part,
  field: string,
  value: Json,
): Promise<Part> {
  const stored = read(contents, part);
  expect(Object.keys(stored.part)).toContain(field);
  const other = { ...stored, part: { ...stored.part, [field]: value } } as unknown as Json;
  return { shard, part: await putJson(stores.artifacts, market, kind, events.tickMs(0), other) };
}
const HASH = `sha256:${'2'.repeat(64)}`;
const FOREIGN: readonly (readonly [field: string, value: Json])[] = [
  ['market', 'crypto'],
  ['release_sha256', HASH],
  ['tick_utc', '2024-06-28T20:00:00Z'],
  ['of', 4],
  ['shard', 2],
  ['symbols', ['B']],
];

describe('parts of bars that do not fit together', () => {
  it.each(WRONG)('are refused: %s', async (_, change, message) => {
    const { runtime, input, contents } = await opened();
    const given = await fetched(runtime, input);
    const before = contents.artifacts.size;
    const error = await rejection(HANDLERS.ingest({ ...given, parts: change(given.parts) }, runtime));
    expect(error).toBeInstanceOf(IntegrityError);
    expect(error.message).toMatch(message);
    expect(contents.artifacts.size, 'nothing was frozen').toBe(before);
  });

  const others: typeof FOREIGN = [
    ...FOREIGN,
    ['provider', 'recorded'],
    [
      'ask',
      {
        bars: { from_utc: '2024-07-01T13:30:00Z', to_utc: '2024-07-01T20:00:00Z' },
        actions: { from: '2024-01-01', to: '2024-07-01' },
        execution: null,
        now_utc: '2024-07-01T20:02:00Z',
      },
    ],
  ];
  it.each(others)('are refused where one is of another %s', async (field, value) => {
    const given = await opened();
    const state = await fetched(given.runtime, given.input);
    const parts = [
      await disguised(given, 'bars_part', state.parts[0]!, field, value),
      ...state.parts.slice(1),
    ];
    const error = await rejection(HANDLERS.ingest({ ...state, parts }, given.runtime));
    expect(error).toBeInstanceOf(IntegrityError);
    expect(error.message).toContain(`: ${field} is ${canonicalJson(value)}, expected `.slice(0, 100));
  });

  it('are refused where all of them were asked something else than the tick needs', async () => {
    const { runtime, input } = await opened();
    const plan = (await HANDLERS.ingest(input, runtime)) as Sharded;
    const asked = async (ask: Sharded['ask']): Promise<Error> => {
      const parts: Part[] = [];
      for (const one of fetchInputs({ ...plan, ask }))
        parts.push((await HANDLERS.ingest(one, runtime)) as Part);
      return rejection(HANDLERS.ingest({ ...plan, ask, parts }, runtime));
    };
    const { ask } = plan;
    const early = { ...ask.bars, from_utc: '2024-07-01T13:29:00Z' };
    for (const other of [
      { ...ask, bars: early },
      { ...ask, bars: { ...ask.bars, to_utc: '2024-07-01T19:59:00Z' } },
      { ...ask, actions: { ...ask.actions, from: '2024-06-30' } },
      { ...ask, actions: { ...ask.actions, to: '2024-06-30' } },
      { ...ask, execution: early },
    ]) {
      expect(await asked(other), canonicalJson(other)).toBeInstanceOf(IntegrityError);
    }
  });

  it('are refused where they hold no finer bars, and the market fills in such', async () => {
    const { events, runtime, input } = await opened();
    const given = await fetched(runtime, input);
    const { provider } = layout.plan;
    const finer = events.runtime(events.tickMs(0) + OFFSET_MS, provider, { executionProvider: provider });
    const error = await rejection(HANDLERS.ingest(given, finer.runtime));
    expect(error).toBeInstanceOf(IntegrityError);
    expect(error.message).toBe('the slices of us_equities were asked for other bars than it fills in');
  });

  it('are refused where bytes are missing or changed', async () => {
    const { runtime, input, contents } = await opened();
    const given = await fetched(runtime, input);
    const columns = [...contents.artifacts.keys()].filter((key) => /\/bars_part\/.*\.f64$/.test(key));
    expect(columns).toHaveLength(3);
    for (const key of [given.parts[1]!.part.key, columns[1]!]) {
      const bytes = contents.artifacts.get(key)!;
      contents.artifacts.set(key, bytes.slice(0, -8));
      expect(await rejection(HANDLERS.ingest(given, runtime))).toBeInstanceOf(IntegrityError);
      contents.artifacts.delete(key);
      expect(await rejection(HANDLERS.ingest(given, runtime))).toBeInstanceOf(IntegrityError);
      contents.artifacts.set(key, bytes);
    }
    expect(await HANDLERS.ingest(given, runtime)).toMatchObject({ status: 'open' });
  });
});

describe('parts of forecasts that do not fit together', () => {
  async function open(): Promise<Opened & { state: OpenTick & { parts: Part[] } }> {
    const given = await opened();
    const tick = await HANDLERS.ingest(await fetched(given.runtime, given.input), given.runtime);
    return { ...given, state: await forecast(given.runtime, tick as OpenTick) };
  }

  it.each(WRONG)('are refused: %s', async (_, change, message) => {
    const { runtime, state } = await open();
    const error = await rejection(HANDLERS.predict({ ...state, parts: change(state.parts) }, runtime));
    expect(error).toBeInstanceOf(IntegrityError);
    expect(error.message).toMatch(message);
  });

  it.each([...FOREIGN, ['window', { key: 'us_equities/window/other.json', sha256: HASH }]] as const)(
    'are refused where one is of another %s',
    async (field, value) => {
      const given = await open();
      const { state } = given;
      const parts = [
        await disguised(given, 'forecast_part', state.parts[0]!, field, value),
        ...state.parts.slice(1),
      ];
      const error = await rejection(HANDLERS.predict({ ...state, parts }, given.runtime));
      expect(error).toBeInstanceOf(IntegrityError);
      expect(error.message).toContain(`: ${field} is ${canonicalJson(value)}, expected `.slice(0, 100));
    },
  );

  it('are refused where a column is not of the instruments of its slice', async () => {
    const { runtime, state, contents, stores, events } = await open();
    const stored = read(contents, state.parts[1]!.part) as unknown as { forecast: { p_launch: number[][] } };
    stored.forecast.p_launch[2]!.push(0);
    const reference = await putJson(
      ...([stores.artifacts, market, 'forecast_part', events.tickMs(0)] as const),
      stored as unknown as Json,
    );
    const parts = state.parts.with(1, { shard: 1, part: reference });
    expect((await rejection(HANDLERS.predict({ ...state, parts }, runtime))).message).toBe(
      'forecast.p_launch.2 of part 1 of 3 has 3 values, its slice 2 instruments',
    );
  });

  it('are no parts of bars', async () => {
    const { runtime, input, state } = await open();
    const bars = await fetched(runtime, input);
    expect(await rejection(HANDLERS.predict({ ...state, parts: bars.parts }, runtime))).toBeInstanceOf(
      IntegrityError,
    );
    expect(await rejection(HANDLERS.ingest({ ...bars, parts: state.parts }, runtime))).toBeInstanceOf(
      IntegrityError,
    );
  });
});

describe('a call that is killed', () => {
  /** Ends the process around its n-th write; false where it made fewer. */
  async function killedAt(nth: number, phase: 'before' | 'after'): Promise<boolean> {
    const { contents, input, events } = await opened();
    let left = nth;
    const stores = memoryStores({
      contents,
      onWrite: (_, now) => {
        if (now === phase && left-- === 0) throw new Error('killed');
      },
    });
    const { runtime } = (await schedule(stores, layout)).runtime(events.tickMs(0) + OFFSET_MS);
    // Every call is tried again after it was killed, as the state machine does.
    const call = (step: 'ingest' | 'predict', given: unknown): Promise<unknown> =>
      HANDLERS[step](given, runtime).catch((error: Error) => {
        if (error.message !== 'killed') throw error;
        return HANDLERS[step](given, runtime);
      });
    const plan = (await call('ingest', input)) as Sharded;
    const parts: unknown[] = [];
    for (const one of fetchInputs(plan)) parts.push(await call('ingest', one));
    const tick = (await call('ingest', { ...plan, parts })) as OpenTick;
    const forecasts: unknown[] = [];
    for (const one of forecastInputs(tick)) forecasts.push(await call('predict', one));
    const predicted = (await call('predict', { ...tick, parts: forecasts })) as Predicted;
    expect(predicted, `${phase} write ${nth}`).toEqual(await undisturbed());
    return left < 0;
  }

  let known: Promise<Predicted> | undefined;
  const undisturbed = (): Promise<Predicted> =>
    (known ??= opened(whole).then(
      async ({ runtime, input }) =>
        (await HANDLERS.predict(await HANDLERS.ingest(input, runtime), runtime)) as Predicted,
    ));

  it.each(['before', 'after'] as const)('%s any write is made good by the next', async (phase) => {
    let writes = 0;
    while (await killedAt(writes, phase)) writes++;
    // Claim; two objects a slice; block, window, data report; a forecast a slice, and the whole.
    expect(writes).toBe(1 + 6 + 3 + 3 + 1);
  });
});
