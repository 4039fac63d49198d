import type { PartOf } from '../../shared/ledger/parts.ts';
import { spanOf, type Shard } from '../../shared/market-data/shards.ts';
import type { MarketRuntime } from './runtime.ts';

/** What the part of a slice is of: its tick under its release, and its instruments. */
export function partOf({ rules, releaseSha256 }: MarketRuntime, tickUtc: string, shard: Shard): PartOf {
  const { symbols } = rules.instruments;
  return {
    market: rules.config.market,
    release_sha256: releaseSha256,
    tick_utc: tickUtc,
    ...shard,
    symbols: symbols.slice(...spanOf(symbols.length, shard)),
  };
}
