import { beforeEach, describe, expect, it } from 'vitest';
import { awaitWatcher } from '../../infra/aws/await-watcher.ts';
import { checkIn } from '../../infra/aws/invoke.ts';
import { checkMarket, haltMarkets, resumeMarket, type Operation } from '../../infra/local/operate.ts';
import { RefusedError } from '../../shared/kernel/errors.ts';
import { SimulatedClock } from '../../shared/kernel/time.ts';
import { turnSwitch } from '../support/chain.ts';
import { checked, HOUR_MS, RESUMED, story, type Story } from '../support/switch-story.ts';
import { checkOf, digest } from '../support/switch-facts.ts';
import { threeShares } from '../support/switched.ts';

const layout = threeShares('2024-07-12');
const { market } = layout;

describe('an operator of a stage, who waits for its watcher', () => {
  const pauses: number[] = [];
  let events: Story;
  let at: number;
  beforeEach(async () => {
    pauses.length = 0;
    events = await story(layout, 'forward');
    await checked(events, 0, 1, 2);
    at = events.tickMs(2) + HOUR_MS;
    await turnSwitch(events.stores, 'false', at, RESUMED);
  });

  /** The watcher answers with the n-th pause; never where it is undefined. */
  const operation = (n: number | undefined, actor = 'admin', reason = RESUMED.why): Operation => ({
    ...{ actor, reason, now: new SimulatedClock(at + 1_000) },
    align: awaitWatcher(async (ms) => {
      pauses.push(ms);
      if (pauses.length === n) await events.watch(at + 2_000);
    }),
  });
  const traded = async (): Promise<void> => {
    await events.turn('false', at, RESUMED);
    await events.watch(at + 500);
  };

  it('is told of the trial that it began', async () => {
    const operated = await resumeMarket(events.stores, market, operation(2));
    expect(operated).toMatchObject({
      ...{ market, latch: 'TRIAL' },
      turns: [{ cause: 'recovery', from: 'HALTED', to: 'TRIAL', actor: 'admin', role: 'ops_admin' }],
    });
    expect(pauses).toEqual([2_000, 2_000]);
  });

  it.each([
    ['operator', RESUMED.why, 'operator is ops_operator; only an ops_admin may start again'],
    ['admin', 'short', 'a reason of at least 10 characters is needed'],
  ])('is refused as %s because of %j, with what is missing', async (actor, reason, missing) => {
    const refused = resumeMarket(events.stores, market, operation(1, actor, reason));
    await expect(refused).rejects.toThrow(
      new RefusedError(`${market} stays HALTED: ${missing}`, { market, missing: [missing] }),
    );
    expect(await events.stores.parameters.get(`DISABLE_TRADING/${market}`)).toMatchObject({ value: 'true' });
  });

  it('waits for nothing where nothing is to be answered', async () => {
    expect(await haltMarkets(events.stores, market, operation(undefined))).toMatchObject([
      { market, latch: 'HALTED', turns: [{ cause: 'opened', from: 'HALTED', to: 'HALTED' }] },
    ]);
    expect(pauses).toEqual([]);
    await traded();
    expect(await resumeMarket(events.stores, market, operation(undefined))).toMatchObject({ latch: 'TRIAL' });
    expect(pauses).toEqual([]);
  });

  it.each([market, undefined])('halts %s and is told so', async (one) => {
    await traded();
    expect(await haltMarkets(events.stores, one, operation(3, 'bob', 'prices look wrong'))).toMatchObject([
      {
        ...{ market, latch: 'HALTED' },
        turns: [{ cause: 'halt', trigger: 'operator', actor: 'bob', reason: 'prices look wrong' }],
      },
    ]);
    expect(pauses).toEqual([2_000, 2_000, 2_000]);
  });

  it('is told after a minute that nobody answered; what it put stands', async () => {
    await traded();
    const halting = haltMarkets(events.stores, market, operation(undefined, 'bob', 'prices look wrong'));
    await expect(halting).rejects.toThrow(RefusedError);
    await expect(halting).rejects.toThrow(
      `the watcher of ${market} did not answer in 60 s: the parameter stands as it was put, trading reads it at every tick, and the next gate or health check answers it; look at papergate status`,
    );
    expect(pauses).toEqual(Array.from({ length: 30 }, () => 2_000));
    expect(await events.stores.parameters.get(`DISABLE_TRADING/${market}`)).toMatchObject({
      ...{ value: 'true', changedBy: 'bob', description: 'prices look wrong' },
    });
    expect(await events.latch()).toMatchObject({ state: 'TRIAL' });
  });

  it('is still answered by the last try', async () => {
    await traded();
    expect(await haltMarkets(events.stores, market, operation(29))).toMatchObject([{ latch: 'HALTED' }]);
    expect(pauses).toHaveLength(29);
  });

  it('has its health checks held by the stage, whose function alone answers the switch', async () => {
    await events.turn('false', at, { by: 'arn:aws:sts::1:assumed-role/x/alice', why: RESUMED.why });
    const before = await events.switches();
    const asked: unknown[] = [];
    const hold = checkIn(async (...given) => {
      asked.push(given);
      return { ...checkOf(124), sha256: digest(9) };
    });
    const { made, checks } = await checkMarket(events.stores, market, { hold });
    expect(made).toEqual({ ...checkOf(124), sha256: digest(9) });
    expect(asked).toEqual([['health-check', { market }]]);
    expect(checks.map(({ ordinal }) => ordinal)).toEqual([120, 121, 122]);
    expect(await events.switches()).toEqual(before);
    await expect(checkIn(async () => ({ data: 'GREEN' }))(market)).rejects.toThrow(/at_utc/);
    await expect(checkMarket(events.stores, 'forex', { hold })).rejects.toThrow('forex has no ledger here');
  });
});
