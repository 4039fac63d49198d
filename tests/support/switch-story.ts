import { readLatch } from '../../shared/ledger/chain.ts';
import type { Latch, LatchState, SwitchRecord } from '../../shared/ledger/records.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import {
  allArtifacts,
  ms,
  recordsOf,
  schedule,
  turnSwitch,
  type Layout,
  type Schedule,
  type TickArtifacts,
} from './chain.ts';

export const HOUR_MS = 3_600_000;
export const RESUMED = { by: 'admin', why: 'cause found and mended' };

/** A schedule whose artifacts can be made to read as other bytes than were written. */
export interface Story extends Schedule {
  readonly market: string;
  /** Artifacts whose key has the text in it read one byte off from now on; none where it is undefined. */
  corrupt(part: string | undefined): void;
  latch(): Promise<Latch>;
  switches(): Promise<SwitchRecord[]>;
  ticks(): Promise<TickArtifacts[]>;
  /** Turns the market's own parameter. */
  turn(value: string, atMs: number, who?: { by?: string; why?: string }): Promise<unknown>;
}

export async function story(
  layout: Layout,
  mode: 'forward' | 'replay' = 'replay',
  given?: Stores,
): Promise<Story> {
  let broken: string | undefined;
  const written = given ?? memoryStores();
  const get: Stores['artifacts']['get'] = async (key) => {
    const bytes = await written.artifacts.get(key);
    if (broken !== undefined && key.includes(broken)) bytes[0] = bytes[0]! ^ 1;
    return bytes;
  };
  const stores = { ...written, artifacts: { ...written.artifacts, get } };
  const events = await schedule(stores, layout, mode);
  const { market } = layout;
  return {
    ...events,
    market,
    corrupt: (part) => void (broken = part),
    latch: async () => (await readLatch(stores, market))!,
    switches: async () => (await recordsOf(stores, market)).filter((record) => record.kind === 'switch'),
    ticks: () => allArtifacts(stores, layout),
    turn: (value, atMs, who = {}) => turnSwitch(stores, value, atMs, { market, ...who }),
  };
}

/** Runs ticks, each with a health check five minutes after its close. */
export async function checked(events: Story, ...ticks: readonly number[]): Promise<void> {
  for (const k of ticks) {
    await events.run(k);
    await events.check(events.tickMs(k) + 300_000);
  }
}

/** Asks for a recovery an hour after tick k, and has it answered. */
export async function resumed(
  events: Story,
  k: number,
  who: { by?: string; why?: string } = RESUMED,
): Promise<void> {
  await events.turn('false', events.tickMs(k) + HOUR_MS, who);
  await events.watch(events.tickMs(k) + HOUR_MS + 1_000);
}

/**
 * Brings a market through its bars before one of them into a state. ACTIVE: it traded freely. TRIAL: an operator halted it before the
 * first bar and started again after the third. HALTED: an operator halted it after the second.
 */
export async function through(state: LatchState, layout: Layout, before = 5): Promise<Story> {
  const events = await story(layout);
  if (state === 'TRIAL') {
    await events.turn('true', ms('2024-07-01T12:00:00Z'));
    await checked(events, 0, 1, 2);
    await resumed(events, 2);
  } else for (const k of [0, 1]) await events.run(k);
  if (state === 'HALTED') await events.turn('true', events.tickMs(1) + HOUR_MS);
  for (let k = state === 'TRIAL' ? 3 : 2; k < before; k++) await events.run(k);
  return events;
}

/** Symbols whose orders of a tick open a position or make it larger. */
export const increasing = ({ packet, execution, position }: TickArtifacts): string[] => {
  const held = new Map(position.positions.map(({ instrument, quantity }) => [instrument, quantity]));
  const delta = new Map(packet.rows.map((row) => [row[0], row[12]]));
  return execution.placed.filter((symbol) => delta.get(symbol)! * (held.get(symbol) ?? 0) >= 0);
};
