import { describe, expect, it } from 'vitest';
import type { LatchState } from '../../shared/ledger/records.ts';
import { ms, type RunOptions, type TickArtifacts } from './chain.ts';
import { increasing, through, type Story } from './switch-story.ts';
import { threeShares } from './switched.ts';

/**
 * Three shares that fill slowly. When 9 July closes, bar 5, an order in AAPL of an earlier day has filled in part at
 * its open, and twins that nothing happens to go on to open more on 10 July.
 */
export const layout = threeShares('2024-07-16', { fillSpec: { participation_cap: 0.002 } });
const { market } = layout;
const LAST = 8;
type Free = 'ACTIVE' | 'TRIAL';

export interface Row {
  readonly name: string;
  readonly trigger: string;
  readonly fault: (events: Story) => RunOptions | Promise<RunOptions>;
  /** The bars whose ticks meet the fault, the last of which halts; 5 where it is left out. */
  readonly bars?: Readonly<Record<LatchState, readonly number[]>>;
  /** A bar before them whose tick is missed. */
  readonly missed?: number;
  /** What the market is RED for at that bar; nothing where its tick fails. */
  readonly blocked?: readonly string[];
  readonly fails?: boolean;
  /** Whether the fault takes bars away, without which nothing fills at that bar. */
  readonly blind?: boolean;
  readonly by?: 'operator';
  readonly atUtc: Readonly<Record<Free, string>>;
  readonly reason: RegExp;
  /** The bar at which the order in AAPL was decided that is looked at; 3 and 4 where it is left out. */
  readonly order?: Readonly<Record<Free, number>>;
  /** How that order ends: status, reason, filled. */
  readonly ends: Readonly<Record<Free, readonly [string, string, number]>>;
}

export const each = (bars: readonly number[]) => ({ ACTIVE: bars, TRIAL: bars, HALTED: bars });
export const both = <T>(one: T) => ({ ACTIVE: one, TRIAL: one });
const GATE = both('2024-07-09T20:03:00Z');
/** Waiting asks to cancel at the very moment from which the market is halted, and asks first. */
export const WAITED = {
  ACTIVE: ['partially_filled', 'KILL_SWITCH', 329],
  TRIAL: ['partially_filled', 'KILL_SWITCH', 89],
} as const;
export const CANCELLED = {
  ACTIVE: ['partially_filled', 'KILL_SWITCH', 329],
  TRIAL: ['partially_filled', 'KILL_SWITCH', 89],
} as const;

export const gate = (
  trigger: string,
  blocked: string,
  fault: Row['fault'],
  more: Partial<Row> = {},
): Row => ({
  ...{ name: trigger, trigger, fault, blocked: blocked.split(' '), atUtc: GATE, ends: WAITED },
  reason: new RegExp(`^tripped by ${trigger}$`),
  ...more,
});

const twins = new Map<LatchState, Promise<TickArtifacts[]>>();
const twinOf = (state: LatchState): Promise<TickArtifacts[]> => {
  const known = twins.get(state) ?? told(state);
  twins.set(state, known);
  return known;
};
async function told(state: LatchState): Promise<TickArtifacts[]> {
  const events = await through(state, layout);
  for (let k = 5; k <= LAST; k++) await events.run(k);
  return events.ticks();
}

const newest = (bars: readonly number[]): number => bars.at(-1)!;

async function halted(row: Row, state: LatchState) {
  const bars = (row.bars ?? each([5]))[state];
  const events = await through(state, layout, row.missed ?? bars[0]);
  const before = { latch: await events.latch(), switches: await events.switches() };
  for (let k = bars[0]!; k <= LAST; k++) {
    const run = async (): Promise<unknown> => events.run(k, bars.includes(k) ? await row.fault(events) : {});
    if (row.fails === true && bars.includes(k)) await expect(run()).rejects.toThrow();
    else await run();
    if (k !== newest(bars)) continue;
    events.corrupt(undefined);
    expect((await events.latch()).state, 'at once, not only when the next tick comes').toBe('HALTED');
  }
  return { events, before, bars, ticks: await events.ticks() };
}

/** Fills up to a bar, of orders that were decided before it. */
const settledBy = (ticks: readonly TickArtifacts[], k: number) =>
  ticks
    .flatMap(({ execution }) => execution.fills)
    .filter(({ ordinal, decidedOrdinal }) => ordinal <= 120 + k && decidedOrdinal < 120 + k);

const tickAt = (ticks: readonly TickArtifacts[], k: number): TickArtifacts | undefined =>
  ticks.find(({ record }) => record.ordinal === 119 + 1 + k);

export const describeTable = (table: readonly Row[]): void =>
  describe.each(table)('$name', (row) => {
    it.each(['ACTIVE', 'TRIAL'] as const)('in %s halts: record, parameter, orders, fills', async (state) => {
      const twin = await twinOf(state);
      expect(twin.slice(6).flatMap(increasing), 'a twin goes on to open more').toContain('AAPL');
      const { events, before, bars, ticks } = await halted(row, state);

      const records = (await events.switches()).slice(before.switches.length);
      expect(records).toHaveLength(1);
      expect(records[0]).toMatchObject({
        ...{ from: state, to: 'HALTED', cause: 'halt', trigger: row.trigger, missing: [] },
        ...{ actor: row.by ?? 'papergate', role: row.by === undefined ? null : 'ops_operator' },
        ...{ at_utc: row.atUtc[state], reason: expect.stringMatching(row.reason) as string },
      });
      expect(await events.latch()).toMatchObject({
        state: 'HALTED',
        since_utc: row.atUtc[state],
        restart: before.latch.restart,
      });
      const own = await events.stores.parameters.get(`DISABLE_TRADING/${market}`);
      if (row.by === undefined) {
        expect(own).toMatchObject({ value: 'true', changedBy: 'papergate' });
        expect(own!.description).toMatch(new RegExp(`^${records[0]!.reason.slice(0, 20)}`));
      } else expect(own!.changedBy).not.toBe('papergate');
      expect(events.alerts.filter(({ level }) => level === 'PAGE').at(-1)).toMatchObject({
        market,
        code: 'halt',
      });

      const first = row.missed ?? bars[0]!;
      // What filled up to that bar stands, whether it won or lost: not one digit is taken back.
      if (row.blind !== true) expect(settledBy(ticks, first)).toEqual(settledBy(twin, first));
      const at = tickAt(ticks, newest(bars));
      expect(at?.record.blocked_reason).toEqual(row.blocked);
      expectNothingOpened(ticks, newest(bars), row.atUtc[state]);
      const ended = ticks.flatMap(({ execution }) => execution.ended);
      const bar = (row.order ?? { ACTIVE: 3, TRIAL: 4 })[state];
      const order = ended.find(
        ({ instrument, decidedOrdinal }) => instrument === 0 && decidedOrdinal === 120 + bar,
      )!;
      expect([order.status, order.reason, order.filled]).toEqual(row.ends[state]);
    });

    it('in HALTED changes nothing', async () => {
      const { events, before, bars, ticks } = await halted(row, 'HALTED');
      expect(await events.switches()).toEqual(before.switches);
      expect(await events.latch()).toEqual(before.latch);
      expectNothingOpened(ticks, newest(bars), '2024-07-02T21:00:00Z');
      const at = tickAt(ticks, newest(bars));
      if (row.fails !== true) expect(at!.record.blocked_reason).toContain('KILL_SWITCH');
    });
  });

/** After a bar nothing is opened or made larger, and from a moment on nothing fills that would: all of it is sold short. */
function expectNothingOpened(ticks: readonly TickArtifacts[], k: number, sinceUtc: string): void {
  for (const tick of ticks.filter(({ record }) => record.ordinal >= 120 + k)) {
    const { record, packet } = tick;
    expect(increasing(tick), record.tick_utc).toEqual([]);
    if (record.ordinal === 120 + k) continue;
    expect(record.blocked_reason).toContain('KILL_SWITCH');
    expect(packet.rows.map(([, action]) => action)).toEqual(['WAIT', 'WAIT', 'WAIT']);
  }
  const late = ticks
    .flatMap(({ execution }) => execution.fills)
    .filter(({ barStartMs }) => barStartMs >= ms(sinceUtc));
  expect(late.filter(({ side }) => side < 0)).toEqual([]);
}
