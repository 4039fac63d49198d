import type { MarketConfig } from '../config/market-schema.ts';
import { BAR_FIELDS, type Bars } from './bars.ts';

/** One slice of a universe: number `shard`, from 0, of `of` slices. */
export interface Shard {
  readonly shard: number;
  readonly of: number;
}

/** The slices in which a universe is fetched and forecast, in its order; none where one call does it whole. */
export function shardsOf(instruments: number, fanOut: MarketConfig['fan_out']): Shard[] {
  if (instruments <= fanOut.instruments_above) return [];
  const of = Math.min(fanOut.shards, instruments);
  return Array.from({ length: of }, (_, shard) => ({ shard, of }));
}

/**
 * The instruments of a slice, [from, to). All slices together are the universe in its order, and their sizes differ by
 * one at most.
 */
export const spanOf = (instruments: number, { shard, of }: Shard): readonly [from: number, to: number] => [
  Math.floor((shard * instruments) / of),
  Math.floor(((shard + 1) * instruments) / of),
];

/** The columns of instruments [from, to), in every row, with the actions of these instruments. */
export function cutBars(bars: Bars, from: number, to: number): Bars {
  const n = bars.instruments.length;
  const width = to - from;
  const cut = (column: Float64Array): Float64Array => {
    const part = new Float64Array(bars.startMs.length * width);
    for (let row = 0; row < bars.startMs.length; row++)
      part.set(column.subarray(row * n + from, row * n + to), row * width);
    return part;
  };
  const fields = Object.fromEntries(BAR_FIELDS.map((field) => [field, cut(bars[field])]));
  return {
    ...bars,
    ...(fields as { [field in (typeof BAR_FIELDS)[number]]: Float64Array }),
    instruments: bars.instruments.slice(from, to),
    actions: bars.actions
      .filter(({ instrument }) => instrument >= from && instrument < to)
      .map((action) => ({ ...action, instrument: action.instrument - from })),
  };
}
