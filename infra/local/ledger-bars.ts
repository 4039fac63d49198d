import { rowClosingAt, slice, timeline, dateAround, type Timeline } from '../../shared/calendar/timeline.ts';
import { getChecked } from '../../shared/ledger/chain.ts';
import { walkChain } from '../../shared/ledger/walk.ts';
import { loadManifest } from '../../shared/ledger/window-store.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import { BLOCK_ROWS, blockOf, decodeBlocks } from '../../shared/market-data/window.ts';
import type { Reference, Stores } from '../../shared/stores/ports.ts';
import { backtest, type Backtest } from '../../shared/tick/backtest.ts';
import type { LedgerMarket } from './ledger-markets.ts';

/** All bars a ledger ever froze, first seen as they were, and the ordinal of its first tick. */
export async function ledgerBars(
  stores: Stores,
  { rules, release: { market } }: LedgerMarket,
): Promise<{ bars: Bars; firstTick: number }> {
  const blocks = new Map<number, Reference>();
  let firstTick = 0;
  let newest: Reference | undefined;
  let read = -1;
  const take = async (window: Reference): Promise<void> => {
    for (const block of (await loadManifest(stores.artifacts, window)).blocks) blocks.set(block.index, block);
  };
  for await (const { record } of walkChain(stores, market)) {
    if (record.kind === 'release') {
      firstTick = record.ordinal + 1;
      await take(record.window);
    }
    if (record.kind !== 'tick') continue;
    newest = record.window;
    // A block changes until it is full; one manifest a block and the last one name every block's final form.
    if (blockOf(record.ordinal) === read) continue;
    read = blockOf(record.ordinal);
    await take(record.window);
  }
  if (newest !== undefined) await take(newest);
  const indices = [...blocks.keys()].sort((a, b) => a - b);
  const bytes = await Promise.all(indices.map((index) => getChecked(stores.artifacts, blocks.get(index)!)));
  return { bars: decodeBlocks(rules.instruments.symbols, (indices[0] ?? 0) * BLOCK_ROWS, bytes), firstTick };
}

/** The backtest over a ledger's own frozen bars: what the chain decided, decided again in one loop. */
export async function backtestOfLedger(stores: Stores, market: LedgerMarket): Promise<Backtest> {
  const { rules, release } = market;
  const { bars, firstTick } = await ledgerBars(stores, market);
  return backtest({
    rules,
    bars,
    firstRow: firstTick - bars.firstOrdinal,
    line: lineOf(market, bars),
    health: release.health,
  });
}

/** The calendar's bars from the matrix's first row on, reaching past its last by what orders need. */
function lineOf({ rules }: LedgerMarket, bars: Bars): Timeline {
  const { bar_size: size, bar_anchor: anchor } = rules.config;
  const from = dateAround(bars.startMs[0]!, -5);
  const line = timeline(rules.calendar, size, anchor, from, dateAround(bars.endMs.at(-1)!, 45));
  return slice(line, rowClosingAt(line, bars.endMs[0]!), line.startMs.length);
}
