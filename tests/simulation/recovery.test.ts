import { describe, expect, it } from 'vitest';
import { ms, recordsOf, schedule, turnSwitch, type Layout } from '../support/chain.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import * as faults from '../support/faults.ts';
import { checked, increasing, RESUMED, resumed, story, type Story } from '../support/switch-story.ts';
import { threeShares } from '../support/switched.ts';

/** From 1 July 2024, orders fill whole at the next open. */
const layout = threeShares('2024-07-19');
const { market } = layout;

/** A forward ledger's three first bars, each with a health check. */
async function earned(given: Layout = layout): Promise<Story> {
  const events = await story(given, 'forward');
  await checked(events, 0, 1, 2);
  return events;
}

/** Puts both parameters to false, an hour after tick k, as an admin with a reason. */
async function started(events: Story, k: number): Promise<void> {
  await turnSwitch(events.stores, 'false', events.tickMs(k) + 3_500_000, RESUMED);
  await resumed(events, k);
}

describe('a forward ledger', () => {
  it('starts HALTED, with both parameters at true', async () => {
    const events = await story(layout, 'forward');
    expect(await events.latch()).toMatchObject({ state: 'HALTED', turned: 1, restart: 1 });
    for (const name of ['DISABLE_TRADING', `DISABLE_TRADING/${market}`])
      expect(await events.stores.parameters.get(name)).toMatchObject({
        value: 'true',
        version: 1,
        changedBy: 'papergate',
      });
    const [, opened] = await recordsOf(events.stores, market);
    expect(opened).toMatchObject({
      kind: 'switch',
      mode: 'forward',
      from: 'none',
      to: 'HALTED',
      cause: 'opened',
      trigger: null,
    });
  });

  it('has nothing good to show before its first tick: a check then is RED, and three of them are none', async () => {
    const events = await story(layout, 'forward');
    for (const minutes of [1, 2, 3])
      expect(await events.check(events.tickMs(0) - minutes * 60_000)).toMatchObject({
        ...{ ordinal: 119, data: 'RED', model: 'RED', risk: 'RED' },
      });
    await started(events, 0);
    expect((await events.switches()).at(-1)).toMatchObject({
      cause: 'refusal',
      missing: [
        { condition: 'checks', detail: '0 of 3 health checks on consecutive bars since the halt are good' },
      ],
    });
  });

  it('goes on ticking while it is halted: WAIT is recorded, data is kept, health is checked', async () => {
    const events = await earned();
    for (const { record, packet, execution, data } of await events.ticks()) {
      expect(record).toMatchObject({
        status: 'blocked',
        blocked_reason: ['KILL_SWITCH'],
        switch: { state: 'HALTED' },
      });
      expect(packet.rows.map(([, action]) => action)).toEqual(['WAIT', 'WAIT', 'WAIT']);
      expect([execution.placed, data.seen]).toEqual([[], 3]);
    }
    const checks = await events.stores.artifacts.list(`${market}/health/`);
    expect(checks.map((key) => key.split('/')[2])).toEqual(['2024-07-01', '2024-07-02', '2024-07-03']);
  });

  it('trades from the third good check on, when an admin asks: on trial', async () => {
    const events = await earned();
    await started(events, 2);
    expect((await events.switches()).slice(1)).toMatchObject([
      {
        ...{ from: 'HALTED', to: 'TRIAL', cause: 'recovery', trigger: null, missing: [] },
        ...{
          actor: 'admin',
          role: 'ops_admin',
          reason: 'cause found and mended',
          at_utc: '2024-07-03T18:00:00Z',
        },
        ...{ parameter_version: 2, market_version: 2 },
      },
    ]);
    // It rests on the three checks, each by its hash.
    const checks = await events.stores.artifacts.list(`${market}/health/`);
    const digits = (await events.switches())[1]!.evidence.map((sha256) => sha256.slice(7, 31));
    expect(checks.map((key) => key.slice(-29, -5))).toEqual(digits);
    expect(events.alerts.at(-1)).toMatchObject({ level: 'INFO', code: 'recovery' });
  });

  it('on trial opens a quarter of what a twin opens, rounded down, and all of it when the trial has passed', async () => {
    const twin = await schedule(memoryStores(), threeShares('2024-07-12', {}, '2024-07-05'));
    await twin.run(0);
    const events = await earned();
    await started(events, 2);
    for (const k of [3, 4, 5]) await events.run(k);
    const ticks = await events.ticks();
    const orders = ticks.map(({ packet }) =>
      packet.rows.flatMap((row) => (row[12] === 0 ? [] : [[row[0], row[12]]])),
    );
    // The twin: 846 of AAPL and 266 of GE sold short; a quarter is 211.5 and 66.5.
    expect(orders[3]).toEqual([
      ['AAPL', -211],
      ['GE', -66],
    ]);
    expect(ticks[3]!.packet.rows.map((row) => row[2])).toContainEqual(
      expect.arrayContaining(['TRIAL_SCALED']),
    );
    // Both have filled by 8 July, and what that tick placed was still on trial; on 9 July the quarter is gone.
    expect(ticks.slice(3).map(({ record }) => record.switch.state)).toEqual(['TRIAL', 'TRIAL', 'ACTIVE']);
    expect(ticks[5]!.packet.rows.flatMap((row) => row[2])).not.toContain('TRIAL_SCALED');
    expect((await events.switches()).at(-1)).toMatchObject({
      ...{
        from: 'TRIAL',
        to: 'ACTIVE',
        cause: 'trial_passed',
        actor: 'papergate',
        at_utc: '2024-07-08T20:03:00Z',
      },
    });
    expect(await events.stores.parameters.get(`DISABLE_TRADING/${market}`)).toMatchObject({
      value: 'false',
      version: 2,
    });
  });

  it('is on trial until it places something: bars without an order do not end it', async () => {
    const shipped = layout.plan.rules.config;
    const restricted = ['AAPL', 'MSFT', 'GE'].map((symbol) => ({
      ...{ symbol, from: '2024-07-08', to: '2024-07-08', reason: 'closed for a day by a test' },
    }));
    const given = threeShares('2024-07-19', {
      config: { restricted: [...shipped.restricted, ...restricted] },
    });
    const events = await earned(given);
    await started(events, 2);
    for (const k of [3, 4, 5, 6]) await events.run(k);
    const ticks = (await events.ticks()).slice(3);
    expect(ticks.map(({ execution }) => execution.placed)).toEqual([[], ['AAPL'], ['GE'], ['AAPL']]);
    expect(ticks[0]!.record.gate_status).toBe('GREEN');
    // AAPL, placed on 8 July, has filled on 9 July.
    expect(ticks.map(({ record }) => record.switch.state)).toEqual(['TRIAL', 'TRIAL', 'TRIAL', 'ACTIVE']);
  });

  it('that is halted on trial may earn another one', async () => {
    const events = await earned();
    await started(events, 2);
    await events.run(3);
    await events.run(4, faults.mismatch('model')(events));
    expect((await events.switches()).at(-1)).toMatchObject({
      cause: 'trial_failed',
      trigger: 'trial_red',
      to: 'HALTED',
    });
    await checked(events, 5, 6, 7);
    await resumed(events, 7);
    expect(await events.latch()).toMatchObject({ state: 'TRIAL' });
    expect((await events.switches()).map(({ cause }) => cause)).toEqual([
      'opened',
      'recovery',
      'trial_failed',
      'recovery',
    ]);
  });
});

describe('on trial, a book from before the halt', () => {
  it('is reduced as a whole: only what is opened is scaled down', async () => {
    const events = await story(threeShares('2024-07-19', { recovery: { level_max: 'YELLOW' } }));
    await checked(events, 0, 1);
    await events.turn('true', events.tickMs(1) + 600_000);
    await checked(events, 2, 3, 4);
    await resumed(events, 4);
    await events.run(5);
    const [before, , , , , trial] = await events.ticks();
    expect(before!.packet.rows.map((row) => [row[0], row[12]])).toEqual([
      ['AAPL', -943],
      ['MSFT', -508],
      ['GE', -260],
    ]);
    expect(trial!.record.switch.state).toBe('TRIAL');
    expect(trial!.packet.rows.flatMap((row) => (row[12] === 0 ? [] : [[row[0], row[1], row[12]]]))).toEqual([
      ['MSFT', 'FLAT', 508],
    ]);
    expect([trial!.execution.placed, increasing(trial!)]).toEqual([['MSFT'], []]);
  });
});

describe('a halt after a fill', () => {
  it('stamped after it takes back nothing, though the fill has lost since', async () => {
    const whole = await story(layout);
    for (const k of [0, 1]) await whole.run(k);
    const events = await story(layout);
    await events.run(0);
    // The orders of 1 July fill at 13:30 on 2 July; the halt comes when the day has shown that they lose.
    await events.turn('true', ms('2024-07-02T19:00:00Z'));
    await events.run(1);
    const [a, b] = [(await whole.ticks())[1]!, (await events.ticks())[1]!];
    expect(a.record.equity).toBe(9_999_193);
    expect([b.record.equity, b.execution.fills]).toEqual([9_999_193, a.execution.fills]);
  });

  it('nor do missed ticks: the fill is booked at its own moment when the next one runs', async () => {
    const events = await story(layout);
    await events.run(0);
    await events.turn('true', ms('2024-07-05T12:00:00Z'));
    await events.run(4);
    const whole = await story(layout);
    for (const k of [0, 1]) await whole.run(k);
    const tick = (await events.ticks()).at(-1)!;
    expect(tick.record).toMatchObject({ tick_utc: '2024-07-08T20:00:00Z', switch: { state: 'HALTED' } });
    expect(tick.execution.fills).toEqual((await whole.ticks())[1]!.execution.fills);
    expect(tick.execution.fills).toHaveLength(3);
  });
});
