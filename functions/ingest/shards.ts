import { IntegrityError } from '../../shared/kernel/errors.ts';
import { isoUtc, parseIsoUtc } from '../../shared/kernel/time.ts';
import {
  fetchedSource,
  loadBarParts,
  storeBarPart,
  type Ask,
  type BarPartOf,
} from '../../shared/ledger/bar-parts.ts';
import type { Shard } from '../../shared/market-data/shards.ts';
import type { FetchedParts, FetchShard, Part } from '../envelope.ts';
import { requireHead } from '../runtime/context.ts';
import { partOf } from '../runtime/part-of.ts';
import type { MarketRuntime, Runtime } from '../runtime/runtime.ts';

/** What the part of a slice is of, all that the source was asked included. */
const barPartOf = (market: MarketRuntime, tickUtc: string, shard: Shard, ask: Ask): BarPartOf => ({
  ...partOf(market, tickUtc, shard),
  provider: market.provider.name,
  ask,
});

/**
 * Fetches the bars and actions of one slice as the source shows them at the moment at which the tick began, however
 * often and however late this is tried, and stores them as they are.
 */
export async function fetchShard(given: FetchShard, runtime: Runtime): Promise<Part> {
  const market = runtime.market(given.market);
  // Slices of another universe would not fit together.
  await requireHead(runtime, market);
  const { ask, shard, tick_utc } = given;
  const part = barPartOf(market, tick_utc, shard, ask);
  const { symbols } = part;
  const { provider, executionProvider } = market;
  const nowMs = parseIsoUtc(ask.now_utc);
  const spanMs = (span: Ask['bars']) => [parseIsoUtc(span.from_utc), parseIsoUtc(span.to_utc)] as const;
  const fetched = {
    bars: await provider.fetch(symbols, ...spanMs(ask.bars), nowMs),
    execution:
      ask.execution === null
        ? undefined
        : await executionProvider?.fetch(symbols, ...spanMs(ask.execution), nowMs),
    actions: await provider.fetchActions(symbols, ask.actions.from, ask.actions.to, nowMs),
  };
  const stored = await storeBarPart(runtime.stores.artifacts, parseIsoUtc(tick_utc), part, fetched);
  return { shard: shard.shard, part: stored };
}

/**
 * The market with what its slices fetched in place of its sources.
 * @throws IntegrityError where a slice has no part or several, or a part is of something else.
 */
export async function joinedMarket(
  { shards, ask, parts }: FetchedParts,
  runtime: Runtime,
  market: MarketRuntime,
  tickMs: number,
): Promise<MarketRuntime> {
  if ((market.executionProvider === undefined) !== (ask.execution === null))
    throw new IntegrityError(
      `the slices of ${market.rules.config.market} were asked for other bars than it fills in`,
    );
  const wanted = shards.map((shard) => barPartOf(market, isoUtc(tickMs), shard, ask));
  const { bars, execution, actions } = await loadBarParts(runtime.stores.artifacts, parts, wanted);
  const { symbols } = market.rules.instruments;
  const { provider, executionProvider } = market;
  return {
    ...market,
    provider: fetchedSource(provider, symbols, ask, ask.bars, bars, actions),
    executionProvider:
      executionProvider === undefined || ask.execution === null
        ? undefined
        : fetchedSource(executionProvider, symbols, ask, ask.execution, execution ?? [], []),
  };
}
