import * as z from 'zod';
import { firstEndingFrom, slice } from '../../shared/calendar/timeline.ts';
import { DAY_MS, isoUtc } from '../../shared/kernel/time.ts';
import { parseInput } from '../envelope.ts';
import { fetchBars } from '../runtime/fetch-bars.ts';
import type { Runtime } from '../runtime/runtime.ts';

const probeEvent = z.object({ market: z.string().min(1), probe: z.literal(true) });

/** Whether an event asks what a source shows, and for no tick. */
export const isProbe = (event: unknown): boolean => probeEvent.safeParse(event).success;

/** What a market's source shows of the newest bar, asked from where the chain runs. */
export interface Probed {
  readonly market: string;
  readonly provider: string;
  readonly live: boolean;
  readonly bar_utc: string;
  readonly instruments: number;
  /** Instruments that have a close in that bar. */
  readonly seen: number;
}

/** Days that always hold a session. */
const DAYS_BACK = 20;

/** Asks a market's source for the newest bar that has closed; writes nothing. @throws ProviderError */
export async function probe(event: unknown, runtime: Runtime): Promise<Probed> {
  const { market: name } = parseInput('ingest', event, probeEvent);
  const { rules, provider, line: lineOf } = runtime.market(name);
  const nowMs = runtime.clock.now();
  const line = lineOf(nowMs - DAYS_BACK * DAY_MS, nowMs);
  const row = firstEndingFrom(line, nowMs + 1) - 1;
  const grid = { firstOrdinal: 0, ...slice(line, row, row + 1) };
  const { bars } = await fetchBars(rules, provider, grid, undefined, nowMs);
  return {
    market: name,
    provider: provider.name,
    live: provider.live,
    bar_utc: isoUtc(line.endMs[row]!),
    instruments: bars.instruments.length,
    seen: bars.close.filter((close) => !Number.isNaN(close)).length,
  };
}
