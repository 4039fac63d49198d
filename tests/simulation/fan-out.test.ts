import { describe, expect, it } from 'vitest';
import type { RawAction } from '../../shared/market-data/actions.ts';
import type { BarProvider, RawBars } from '../../shared/market-data/provider.ts';
import { copyContents, memoryStores, type MemoryContents } from '../../shared/stores/memory.ts';
import {
  headOf,
  layOut,
  replay,
  simulated,
  ticksOf,
  withProvider,
  type Layout,
  type MarketName,
  type Turned,
} from '../support/chain.ts';
import { finerBars } from './simulator/finer-bars.ts';

/** Configuration texts, and with them the release, are the same: only whether the universe is cut differs. */
const inSlices = (shards: number): Turned['config'] => ({ fan_out: { instruments_above: 1, shards } });
const many = Array.from({ length: 43 }, (_, k) => ({
  ...{ symbol: `S${String(k).padStart(2, '0')}`, board: 'listed', quantity_digits: 0, price_tick: 0.01 },
}));

interface Case {
  readonly name: string;
  readonly market: MarketName;
  readonly from: string;
  readonly to: string;
  readonly ticks: number;
  readonly shards: number;
  readonly turned: Turned;
  readonly source?: (layout: Layout) => Layout;
}

const madeUp = { ...simulated('fan-out', '2023-01-03', '2024-12-31'), shorting: true };
const CASES: readonly Case[] = [
  {
    name: 'three made-up shares in two slices',
    ...{ market: 'us_equities', from: '2024-07-01', to: '2024-09-10', ticks: 50, shards: 2 },
    turned: { config: madeUp },
  },
  {
    name: 'recorded hours, a slice an instrument',
    ...{ market: 'ashares', from: '2024-07-12', to: '2024-07-30', ticks: 52, shards: 40 },
    turned: {},
  },
  {
    name: 'fills in finer bars',
    ...{ market: 'ashares', from: '2024-07-15', to: '2024-07-17', ticks: 12, shards: 3 },
    turned: { config: { execution_bar_size: '5m' }, fillSpec: { open_struck_before_freeze: false } },
    source: (layout) => ({ ...layout, plan: { ...layout.plan, ...finerBars(layout.plan, 'finer') } }),
  },
  {
    name: 'a source that is wrong in every way, and has corporate actions',
    ...{ market: 'us_equities', from: '2024-07-01', to: '2024-07-31', ticks: 22, shards: 3 },
    turned: { config: madeUp },
    source: (layout) => withProvider(layout, messy(layout.plan.provider)),
  },
  {
    name: '43 shares in 40 slices',
    ...{ market: 'us_equities', from: '2024-07-01', to: '2024-07-03', ticks: 3, shards: 40 },
    turned: { config: madeUp, instruments: many },
  },
];

/** Every instrument has something that its bars should not have; each comes of its name, not of its place. */
function messy(provider: BarProvider): BarProvider {
  const more = (raw: RawBars, change: (name: string, value: number) => number): RawBars => {
    const columns = ['startMs', 'open', 'high', 'low', 'close', 'volume', 'turnover'] as const;
    const twice = columns.map((name) => [
      name,
      Float64Array.from([...raw[name], ...raw[name].map((value) => change(name, value))]),
    ]);
    return Object.fromEntries(twice) as unknown as RawBars;
  };
  const changes: Readonly<Record<string, (raw: RawBars) => RawBars>> = {
    // Once more with another close, once off the grid, once at a moment that nobody can read.
    AAPL: (raw) => more(raw, (name, value) => (name === 'close' ? value + 1 : value)),
    MSFT: (raw) => ({
      ...more(raw, (name, value) => (name === 'startMs' ? NaN : value)),
      spread: new Float64Array(2 * raw.close.length).fill(0.02),
      fallback: true,
    }),
    GE: (raw) => ({
      ...more(raw, (name, value) => (name === 'startMs' ? value + 60_000 : value)),
      turnover: new Float64Array(2 * raw.close.length).fill(NaN),
      disagrees: true,
    }),
  };
  const action = (symbol: string, exDate: string, given: Partial<RawAction>): RawAction => ({
    ...{ symbol, exDate, kind: 'dividend', ratio: 1, amount: 0, payDate: null, source: 'made up' },
    ...given,
  });
  const actions = [
    action('MSFT', '2024-07-10', { amount: 0.75, payDate: '2024-07-25' }),
    action('AAPL', '2024-07-10', { amount: 0.25 }),
    action('GE', '2024-07-16', { kind: 'split', ratio: 2 }),
  ];
  return {
    ...provider,
    fetch: async (symbols, ...asked) =>
      (await provider.fetch(symbols, ...asked)).map((raw, i) => changes[symbols[i]!]!(raw)),
    fetchActions: async (symbols, fromDate, toDate) =>
      actions.filter(
        ({ symbol, exDate }) => symbols.includes(symbol) && exDate >= fromDate && exDate <= toDate,
      ),
  };
}

async function ledgerOf({ market, from, to, turned, source }: Case, config: Turned['config'] = {}) {
  const plain = layOut(market, from, to, { ...turned, config: { ...turned.config, ...config } });
  const layout = source?.(plain) ?? plain;
  const contents = copyContents();
  const stores = memoryStores({ contents });
  await replay(stores, layout);
  return { contents, stores, layout };
}

const partsIn = ({ artifacts }: MemoryContents, kind: string): string[] =>
  [...artifacts.keys()].filter((key) => key.includes(`/${kind}/`) && key.endsWith('.json'));
const isPart = (key: string): boolean => /^[a-z_]+\/(bars|forecast)_part\//.test(key);

describe('a universe that is fetched and forecast in slices', () => {
  it.each(CASES)('leaves the ledger of one that is not: $name', async (one) => {
    const single = await ledgerOf(one);
    const cut = await ledgerOf(one, inSlices(one.shards));
    const slices = Math.min(one.shards, cut.layout.plan.rules.instruments.symbols.length);
    expect(await ticksOf(cut.stores, one.market)).toHaveLength(one.ticks);
    expect(await headOf(cut.stores, one.market)).toEqual(await headOf(single.stores, one.market));

    const { artifacts } = cut.contents;
    expect([...artifacts].filter(([key]) => !isPart(key))).toEqual([...single.contents.artifacts]);
    expect(cut.contents.items).toEqual(single.contents.items);
    expect(cut.contents.files).toEqual(single.contents.files);
    expect(partsIn(cut.contents, 'bars_part')).toHaveLength(one.ticks * slices);
    expect(partsIn(cut.contents, 'forecast_part')).toHaveLength(one.ticks * slices);
    expect([...single.contents.artifacts.keys()].filter(isPart)).toEqual([]);
  });
});
