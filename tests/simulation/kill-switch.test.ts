import { describe, expect, it } from 'vitest';
import { LATCH, ledgerPartition } from '../../shared/ledger/keys.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import {
  allArtifacts,
  layOut,
  ms,
  schedule,
  simulated,
  turnSwitch,
  type Layout,
  type Schedule,
  type TickArtifacts,
} from '../support/chain.ts';

/** Three orders of 1 July fill at the open of 2 July, 13:30 UTC. */
const layout = layOut('us_equities', '2024-07-01', '2024-07-09', {
  config: { ...simulated('crash-292', '2023-12-01', '2024-08-30'), shorting: true },
});
const { market } = layout;
const six = [0, 1, 2, 3, 4, 5] as const;

async function run(events: Schedule, ticks: readonly number[]): Promise<TickArtifacts[]> {
  for (const k of ticks) await events.run(k);
  return allArtifacts(events.stores, events.layout);
}

/** Nothing is opened: every instrument waits, for the switch, and no order is placed. */
function expectDisabled({ packet, execution, record }: TickArtifacts): void {
  expect(packet.header.gate_status).toBe('RED');
  expect(packet.header.blocked_reason).toContain('KILL_SWITCH');
  expect(packet.header.gates).toContainEqual({
    gate: 'switch',
    check: 'trading_enabled',
    subject: '',
    level: 'RED',
    code: 'KILL_SWITCH',
    value: 0,
    limit: 1,
  });
  for (const [symbol, action, reasons] of packet.rows) {
    expect([symbol, action], record.tick_utc).toEqual([symbol, 'WAIT']);
    expect(reasons).toContain('MARKET_RED');
  }
  expect(record).toMatchObject({ status: 'blocked', gate_status: 'RED', switch: { enabled: false } });
  expect(execution.switch.enabled).toBe(false);
}

describe('DISABLE_TRADING', () => {
  it('at exactly false lets three orders through, which the rest of this file keeps from it', async () => {
    const ticks = await run(await schedule(memoryStores(), layout), six);
    expect(ticks[0]!.execution.placed).toHaveLength(3);
    expect(ticks[1]!.execution.fills).toHaveLength(3);
    expect(ticks.every(({ record }) => record.switch.enabled)).toBe(true);
  });

  it.each(['true', 'False', 'False ', 'FALSE', ' false', 'false ', 'false\n', '0', 'no', ''])(
    'at %j is disabled: every packet waits and no order is placed',
    async (value) => {
      const stores = memoryStores();
      const events = await schedule(stores, layout);
      await turnSwitch(stores, value, ms('2024-06-28T21:00:00Z'));
      for (const tick of await run(events, six)) {
        expectDisabled(tick);
        expect([tick.execution.placed, tick.execution.fills, tick.state.positions.length]).toEqual([
          [],
          [],
          3,
        ]);
        expect(tick.position).toMatchObject({ equity: 10_000_000, cash: 10_000_000, positions: [] });
      }
    },
  );

  it.each(['true', 'False', ''])('of the market alone at %j is disabled too', async (value) => {
    const stores = memoryStores();
    const events = await schedule(stores, layout);
    await turnSwitch(stores, value, ms('2024-06-28T21:00:00Z'), { market });
    for (const tick of await run(events, six)) {
      expectDisabled(tick);
      expect([tick.execution.placed, tick.execution.fills]).toEqual([[], []]);
    }
  });

  it('of another market changes nothing here', async () => {
    const stores = memoryStores();
    const events = await schedule(stores, layout);
    await turnSwitch(stores, 'true', ms('2024-06-28T21:00:00Z'), { market: 'crypto' });
    const [first] = await run(events, [0]);
    expect([first!.record.switch.enabled, first!.execution.placed.length]).toEqual([true, 3]);
  });

  it.each([
    ['the parameter is missing', (stores: Stores) => without(stores, 'parameter')],
    ['the latch is missing', (stores: Stores) => without(stores, 'latch')],
  ])('where %s is disabled', async (_, hide) => {
    const stores = memoryStores();
    await schedule(stores, layout);
    for (const tick of await run(await schedule(hide(stores), layout), six)) {
      expectDisabled(tick);
      expect([tick.execution.placed, tick.execution.fills, tick.position.positions]).toEqual([[], [], []]);
    }
  });

  it('where the latch is HALTED is disabled, though the parameter is false', async () => {
    const stores = memoryStores();
    const events = await schedule(stores, layout);
    const body =
      '{"market_version":1,"ordinal":145,"parameter_version":1,"record":1,"restart":1,' +
      '"since_utc":"2024-06-28T21:00:00Z","state":"HALTED","turned":1}';
    await stores.state.transact([
      { item: { partition: ledgerPartition(market), sort: LATCH, body }, expect: 'any' },
    ]);
    for (const tick of await run(events, six)) {
      expectDisabled(tick);
      expect([tick.execution.placed, tick.execution.fills]).toEqual([[], []]);
    }
    // A parameter at false under a halt says what is not so: it is put back.
    expect(await stores.parameters.get('DISABLE_TRADING/us_equities')).toMatchObject({
      value: 'true',
      changedBy: 'papergate',
      description: expect.stringMatching(/^the market is halted; /) as unknown,
    });
  });

  it('turned and turned back stays disabled: its false only asks for a recovery', async () => {
    const stores = memoryStores();
    const events = await schedule(stores, layout);
    await turnSwitch(stores, 'true', ms('2024-06-28T21:00:00Z'));
    await turnSwitch(stores, 'false', ms('2024-06-28T21:05:00Z'));
    for (const tick of await run(events, six)) {
      expectDisabled(tick);
      expect([tick.execution.placed, tick.execution.fills, tick.position.positions]).toEqual([[], [], []]);
    }
  });

  it('that cannot be read is disabled: every packet waits and says why', async () => {
    const stores = memoryStores();
    let deaf = false;
    const get: Stores['parameters']['get'] = async (name) => {
      if (deaf) throw new Error('access denied');
      return stores.parameters.get(name);
    };
    const events = await schedule({ ...stores, parameters: { ...stores.parameters, get } }, layout);
    deaf = true;
    for (const tick of await run(events, six)) {
      expectDisabled(tick);
      expect([tick.execution.placed, tick.execution.fills, tick.position.positions]).toEqual([[], [], []]);
    }
  });
});

function without(stores: Stores, what: 'parameter' | 'latch'): Stores {
  if (what === 'parameter')
    return { ...stores, parameters: { ...stores.parameters, get: async () => undefined } };
  const get: Stores['state']['get'] = async (partition, sort) =>
    sort === LATCH ? undefined : stores.state.get(partition, sort);
  return { ...stores, state: { ...stores.state, get } };
}

describe('a halt', () => {
  it('between gate and fill places nothing of what was decided', async () => {
    const stores = memoryStores();
    const events = await schedule(stores, layout);
    await events.run(0, {
      before: async (step) => {
        if (step === 'fill') await turnSwitch(stores, 'true', ms('2024-07-01T20:03:05Z'));
      },
    });
    const [tick] = await allArtifacts(stores, layout);
    expect(tick!.packet.header).toMatchObject({ gate_status: 'GREEN', switch: { enabled: true } });
    expect(tick!.packet.rows.filter((row) => row[12] !== 0)).toHaveLength(3);
    expect(tick!.execution).toMatchObject({
      switch: { enabled: false, halt_at_utc: '2024-07-01T20:03:05Z' },
      placing_refused: 'KILL_SWITCH',
      placed: [],
    });
    expect(tick!.execution.refused).toHaveLength(3);
    expect(tick!.state.orders).toEqual([]);
    // Set free again before the next tick, nothing comes back of its own.
    await turnSwitch(stores, 'false', ms('2024-07-01T23:00:00Z'));
    await events.run(1);
    expect((await allArtifacts(stores, layout))[1]!.execution.fills).toEqual([]);
  });

  it.each([
    ['before the open', '2024-07-02T12:00:00Z', 'cancelled'],
    ['at the very moment of the open', '2024-07-02T13:30:00Z', 'cancelled'],
    ['a millisecond after the open', '2024-07-02T13:30:00.001Z', 'filled'],
    ['at the close', '2024-07-02T20:00:00Z', 'filled'],
    ['while the tick runs', '2024-07-02T20:02:00Z', 'filled'],
  ] as const)('%s leaves what filled before it and cancels the rest', async (_, at, status) => {
    const whole = await run(await schedule(memoryStores(), layout), [0, 1]);
    const stores = memoryStores();
    const events = await schedule(stores, layout);
    await events.run(0);
    await turnSwitch(stores, 'true', ms(at));
    await events.run(1);
    const tick = (await allArtifacts(stores, layout))[1]!;
    expectDisabled(tick);
    expect(tick.execution.ended.map((order) => [order.status, order.reason])).toEqual(
      Array(3).fill(status === 'filled' ? ['filled', 'FILLED'] : ['cancelled', 'KILL_SWITCH']),
    );
    // Not one digit of a fill that came first is taken back, whether it lost or won until the halt.
    expect(tick.execution.fills).toEqual(status === 'filled' ? whole[1]!.execution.fills : []);
    expect(tick.position.cash).toBe(status === 'filled' ? whole[1]!.position.cash : 10_000_000);
  });
});

/** Forty daily bars free, twenty halted. */
async function longHalt(
  reduceUnderRed: boolean,
): Promise<{ before: TickArtifacts; halted: TickArtifacts[]; given: Layout }> {
  const given = layOut('us_equities', '2014-04-01', '2014-06-29', {
    config: { reduce_under_red: reduceUnderRed },
  });
  const stores = memoryStores();
  const events = await schedule(stores, given);
  for (let k = 0; k < 20; k++) await events.run(k);
  await turnSwitch(stores, 'true', events.tickMs(19) + 3_600_000);
  for (let k = 20; k < 60; k++) await events.run(k);
  const ticks = await allArtifacts(stores, given);
  return { before: ticks[19]!, halted: ticks.slice(20), given };
}

describe('a book that is halted', () => {
  it.each([true, false])('never grows, and is only reduced where the market says so: %s', async (reduces) => {
    const { before, halted } = await longHalt(reduces);
    const held = new Map(before.position.positions.map(({ instrument, quantity }) => [instrument, quantity]));
    expect(held.size, 'there is something to hold').toBeGreaterThan(0);
    const placed = halted.flatMap(({ execution }) => execution.placed);
    for (const tick of halted) {
      expectDisabled(tick);
      for (const { instrument, quantity } of tick.position.positions) {
        expect(Math.abs(quantity)).toBeLessThanOrEqual(Math.abs(held.get(instrument) ?? 0));
        held.set(instrument, quantity);
      }
      for (const [symbol, , reasons, ...row] of tick.packet.rows) {
        if (row[9] === 0) continue;
        expect(
          reasons.some((code) => code === 'TIME_STOP' || code === 'INVALIDATED'),
          symbol,
        ).toBe(true);
      }
    }
    if (reduces) expect(placed.length).toBeGreaterThan(0);
    else expect(placed).toEqual([]);
    expect(halted.at(-1)!.position.positions.length > 0).toBe(!reduces);
  });
});
