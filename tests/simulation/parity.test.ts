import { describe, expect, it } from 'vitest';
import { readRelease } from '../../functions/runtime/frozen-market.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import { decodeState } from '../../shared/tick/state-codec.ts';
import {
  allArtifacts,
  backtestOf,
  layOut,
  replay,
  simulated,
  type MarketName,
  type Turned,
} from '../support/chain.ts';

interface Case {
  readonly name: string;
  readonly market: MarketName;
  readonly from: string;
  readonly to: string;
  /** Counted by hand from the sessions of the dates. */
  readonly ticks: number;
  readonly turned?: Turned;
}

const madeUp = simulated('parity', '2024-01-02', '2024-12-31');

/** Whole samples first; then made-up bars, which trade far more, under every price that the contract knows. */
const CASES: readonly Case[] = [
  // 47 sessions from the 21st of the file to its last, 4 bars each.
  { name: 'ashares', market: 'ashares', from: '2024-07-12', to: '2024-09-18', ticks: 188 },
  // The file has 521 sessions; the first 121 lie before.
  { name: 'us_equities', market: 'us_equities', from: '2013-11-01', to: '2015-06-05', ticks: 400 },
  // 23 days of January, 29 of February, 5 of March, 24 bars each.
  { name: 'crypto', market: 'crypto', from: '2016-01-09', to: '2016-03-05', ticks: 1368 },
  ...(['next_open', 'vwap', 'mid'] as const).map((mode): Case => ({
    name: `made-up bars at ${mode}, short positions allowed`,
    market: 'us_equities',
    from: '2024-07-01',
    to: '2024-09-30',
    ticks: 64,
    turned: {
      config: { ...madeUp, shorting: true },
      fillSpec: { price_mode: mode, participation_cap: 0.01, deadline_bars: 1 },
    },
  })),
  {
    // Inside a session a bar opens as the last one closes: such an order waits for the bar after.
    name: 'made-up bars that may not be struck before the freeze',
    market: 'ashares',
    from: '2024-07-01',
    to: '2024-07-31',
    ticks: 92,
    turned: {
      config: madeUp,
      fillSpec: { open_struck_before_freeze: false, participation_cap: 0.01 },
    },
  },
];

describe('the chain and the backtest', () => {
  it.each(CASES)('place, fill and end the same orders and end with the same books: $name', async (given) => {
    const layout = layOut(given.market, given.from, given.to, given.turned);
    const stores = memoryStores();
    expect(await replay(stores, layout)).toEqual({ ticksRun: given.ticks, ticksDue: given.ticks });

    const ticks = await allArtifacts(stores, layout);
    const { release } = await readRelease(stores, given.market);
    const { state, events, actions } = await backtestOf(layout, release);

    expect(ticks).toHaveLength(given.ticks);
    const executions = ticks.map(({ execution }) => execution);
    // Compared number by number, 0 apart from -0: the same bits.
    expect(executions.flatMap(({ fills }) => fills)).toEqual(events.fills);
    expect(executions.flatMap(({ ended }) => ended)).toEqual(events.ended);
    expect(events.fills.length, 'a comparison of nothing says nothing').toBeGreaterThan(10);
    expect(events.ended.length).toBeGreaterThan(10);
    // The last packet that was not ended is a working order of the state compared below.
    expect(executions.flatMap(({ placed }) => placed).length - events.ended.length).toBe(
      state.orders.quantity.filter((quantity) => quantity !== 0).length,
    );

    const last = decodeState(layout.plan.rules, ticks.at(-1)!.state);
    expect(last.book).toEqual(state.book);
    expect(last.orders).toEqual(state.orders);
    expect(last.performance).toEqual(state.performance);

    const decided = { WAIT: 0, LONG: 0, SHORT: 0, FLAT: 0 };
    for (const { packet } of ticks) for (const [, action] of packet.rows) decided[action]++;
    expect(Object.values(decided)).toEqual([...actions]);
  });
});
