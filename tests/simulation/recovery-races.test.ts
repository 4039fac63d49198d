import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json } from '../../shared/kernel/canonical.ts';
import { LATCH, ledgerPartition } from '../../shared/ledger/keys.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import type { RunOptions } from '../support/chain.ts';
import {
  checked,
  HOUR_MS,
  increasing,
  RESUMED,
  resumed,
  story,
  type Story,
} from '../support/switch-story.ts';
import { threeShares } from '../support/switched.ts';

const layout = threeShares('2024-07-19');
const { market } = layout;

/** A halted market with three good checks, and a tick of 5 July that would open AAPL and GE. */
async function ready(given?: Stores): Promise<Story> {
  const events = await story(layout, 'replay', given);
  await events.turn('true', events.tickMs(0) - HOUR_MS, { by: 'operator', why: 'odd quotes' });
  await checked(events, 0, 1, 2);
  return events;
}

/** Something that happens in the middle of a tick, right before one of its steps. */
const before = (step: string, what: () => Promise<unknown>): RunOptions => ({
  before: async (one) => {
    if (one === step) await what();
  },
});

describe('a recovery in the middle of a tick', () => {
  it.each(['predict', 'gate'])('before its %s step is read by its gate: it opens a quarter', async (step) => {
    const events = await ready();
    const at = events.tickMs(3) + 50_000;
    await events.run(
      3,
      before(step, async () => void (await events.turn('false', at, RESUMED))),
    );
    const tick = (await events.ticks()).at(-1)!;
    expect(tick.packet.header.switch).toMatchObject({ enabled: true, state: 'TRIAL' });
    expect([tick.execution.placed, increasing(tick)]).toEqual([
      ['AAPL', 'GE'],
      ['AAPL', 'GE'],
    ]);
  });

  it('between gate and fill opens nothing: the gate had read HALTED', async () => {
    const events = await ready();
    const at = events.tickMs(3) + 185_000;
    const granted = async (): Promise<void> => {
      await events.turn('false', at, RESUMED);
      expect((await events.watch(at)).map(({ cause }) => cause)).toEqual(['recovery']);
    };
    await events.run(3, before('fill', granted));
    const tick = (await events.ticks()).at(-1)!;
    expect(tick.packet.header.switch.state).toBe('HALTED');
    expect(tick.execution.switch).toMatchObject({ enabled: true, state: 'TRIAL' });
    expect([tick.execution.placed, tick.execution.refused]).toEqual([[], []]);
    // The trial goes on, and the next tick opens.
    expect(await events.latch()).toMatchObject({ state: 'TRIAL' });
    await events.run(4);
    expect((await events.ticks()).at(-1)!.execution.placed).toEqual(['AAPL']);
  });

  it('between fill and commit changes nothing of the tick, and the trial begins with the next', async () => {
    const events = await ready();
    const at = events.tickMs(3) + 195_000;
    await events.run(
      3,
      before('ledger', async () => {
        await events.turn('false', at, RESUMED);
        await events.watch(at);
      }),
    );
    const tick = (await events.ticks()).at(-1)!;
    expect([tick.record.switch.state, tick.execution.placed]).toEqual(['HALTED', []]);
    expect(await events.latch()).toMatchObject({ state: 'TRIAL' });
  });
});

describe('a halt and a recovery in the middle of a tick', () => {
  it('between gate and fill open nothing: the fill finds another turn than the gate', async () => {
    const events = await ready();
    await resumed(events, 2);
    const at = (s: number): number => events.tickMs(3) + s * 1_000;
    await events.run(
      3,
      before('fill', async () => {
        await events.turn('true', at(182), { by: 'operator', why: 'odd quotes' });
        await events.watch(at(183));
        await events.turn('false', at(184), RESUMED);
        await events.watch(at(185));
      }),
    );
    const tick = (await events.ticks()).at(-1)!;
    expect(tick.packet.header.switch).toMatchObject({ enabled: true, state: 'TRIAL' });
    expect(tick.packet.rows.filter((row) => row[12] !== 0).map(([symbol]) => symbol)).toEqual(['AAPL', 'GE']);
    expect(tick.execution).toMatchObject({
      placed: [],
      refused: ['AAPL', 'GE'],
      placing_refused: 'KILL_SWITCH',
    });
    // No tick had run under that halt: it still stands.
    expect((await events.switches()).slice(-2).map(({ cause }) => cause)).toEqual(['halt', 'refusal']);
  });

  it('open nothing though the latch be free again, whatever brought that about: it is of another turn', async () => {
    const events = await ready();
    await resumed(events, 2);
    const turnedTwice = async (): Promise<void> => {
      const latch = await events.latch();
      const body = canonicalJson({ ...latch, turned: latch.turned + 2 } as unknown as Json);
      const item = { partition: ledgerPartition(market), sort: LATCH, body };
      await events.stores.state.transact([{ item, expect: 'any' }]);
    };
    await events.run(3, before('fill', turnedTwice));
    const { execution } = (await events.ticks()).at(-1)!;
    expect(execution.switch).toMatchObject({ enabled: true, state: 'TRIAL' });
    expect(execution).toMatchObject({ placed: [], refused: ['AAPL', 'GE'], placing_refused: 'KILL_SWITCH' });
  });

  it('that nobody answered in between open nothing either: the parameter is of another version', async () => {
    const events = await ready();
    await resumed(events, 2);
    const at = (s: number): number => events.tickMs(3) + s * 1_000;
    await events.run(
      3,
      before('fill', async () => {
        await events.turn('true', at(182), { by: 'operator', why: 'odd quotes' });
        await events.turn('false', at(184), RESUMED);
      }),
    );
    const tick = (await events.ticks()).at(-1)!;
    expect(tick.execution).toMatchObject({ placed: [], refused: ['AAPL', 'GE'], switch: { enabled: false } });
    expect(await events.latch()).toMatchObject({ state: 'HALTED' });
  });
});

/** Everything that a market's partition holds, and both parameters with their history. */
const remains = async ({ state, parameters }: Stores): Promise<unknown> => [
  await state.query(ledgerPartition(market), ''),
  await parameters.history('DISABLE_TRADING'),
  (await parameters.history(`DISABLE_TRADING/${market}`)).map(({ value, changedBy }) => [value, changedBy]),
];

describe('two at once', () => {
  it.each([
    ['a recovery', RESUMED, 'recovery', 'TRIAL'],
    ['a refusal', { by: 'operator', why: 'let me try' }, 'refusal', 'HALTED'],
  ] as const)('who answer %s record it once', async (_, who, cause, state) => {
    const events = await ready();
    const at = events.tickMs(2) + HOUR_MS;
    await events.turn('false', at, who);
    const turns = await Promise.all([1, 2, 3, 4].map(() => events.watch(at + 1_000)));
    expect(turns.flat().map((turn) => turn.cause)).toEqual([cause]);
    expect((await events.switches()).map((record) => record.cause)).toEqual(['opened', 'halt', cause]);
    expect(await events.latch()).toMatchObject({ state });
    await events.run(3);
  });

  it('who hold a health check of one bar write one', async () => {
    const events = await ready();
    await events.run(3);
    const at = events.tickMs(3) + 300_000;
    const [first, second] = await Promise.all([events.check(at), events.check(at)]);
    expect(second).toEqual(first);
    await resumed(events, 3);
    expect(await events.latch()).toMatchObject({ state: 'TRIAL' });
  });
});

class Killed extends Error {
  override readonly name = 'Killed';
}

/** Stores whose process dies at one moment, counted in befores and afters of writes from when it is armed. */
function mortal(): { stores: Stores; moments: string[]; arm(at: number): void; rescue(): void } {
  const moments: string[] = [];
  let fatal = Infinity;
  let armed = false;
  const onWrite = (name: string, phase: string): void => {
    if (armed && moments.push(`${phase} ${name}`) > fatal) throw new Killed(moments.at(-1));
  };
  return {
    ...{ stores: memoryStores({ onWrite }), moments },
    arm: (at) => void ([fatal, armed] = [at, true]),
    rescue: () => void (armed = false),
  };
}

const TURNS = [
  { name: 'a recovery', who: RESUMED, writes: 2 },
  { name: 'a refusal', who: { by: 'operator', why: 'let me try' }, writes: 3 },
] as const;

describe('a process that dies while it turns the switch', () => {
  it.each(TURNS)(
    'for $name leaves it to the next one, which ends in the same items',
    async ({ who, writes }) => {
      const turn = async (at: number): Promise<{ stores: Stores; moments: string[] }> => {
        const { stores, moments, arm, rescue } = mortal();
        const events = await ready(stores);
        const atMs = events.tickMs(2) + HOUR_MS;
        await events.turn('false', atMs, who);
        arm(at);
        const first = events.watch(atMs + 1_000);
        if (at === Infinity) await first;
        else await expect(first).rejects.toThrow(Killed);
        rescue();
        await events.watch(atMs + 1_000);
        return { stores, moments };
      };
      const whole = await turn(Infinity);
      expect(whole.moments).toHaveLength(2 * writes);
      const left = await remains(whole.stores);
      for (let at = 0; at < whole.moments.length; at++)
        expect(await remains((await turn(at)).stores), whole.moments[at]).toEqual(left);
    },
  );

  it('for a halt by what a tick tripped leaves it to the next gate', async () => {
    const given = threeShares('2024-07-19', { limits: { daily_loss_min: -0.005 } });
    // 9 July loses 0.93 % of the equity.
    const story5 = async (at: number): Promise<{ events: Story; stores: Stores; moments: string[] }> => {
      const { stores, moments, arm, rescue } = mortal();
      const events = await story(given, 'replay', stores);
      for (const k of [0, 1, 2, 3, 4]) await events.run(k);
      const run = events.run(5, { after: async (step) => void (step === 'fill' && arm(at)) });
      if (at === Infinity) await run;
      else await expect(run).rejects.toThrow();
      rescue();
      if (at !== Infinity) await events.run(5);
      await events.run(6);
      return { events, stores, moments };
    };
    const whole = await story5(Infinity);
    expect(whole.moments.filter((name) => name.startsWith('before'))).not.toHaveLength(0);
    const told = await whole.events.switches();
    expect(told.map(({ cause, trigger }) => [cause, trigger])).toEqual([
      ['opened', null],
      ['halt', 'daily_loss'],
    ]);
    for (let at = 0; at < whole.moments.length; at++) {
      const { events } = await story5(at);
      expect(
        (await events.switches()).map(({ cause, trigger }) => [cause, trigger]),
        whole.moments[at],
      ).toEqual([
        ['opened', null],
        ['halt', 'daily_loss'],
      ]);
      const tick = (await events.ticks()).at(-1)!;
      expect([tick.record.blocked_reason, tick.execution.placed]).toEqual([['KILL_SWITCH'], []]);
      expect(await events.stores.parameters.get(`DISABLE_TRADING/${market}`)).toMatchObject({
        value: 'true',
      });
    }
  });
});
