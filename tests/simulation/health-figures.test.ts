import { describe, expect, it } from 'vitest';
import { healthFigures, type Figures } from '../../functions/health-check/figures.ts';
import { noteFailure } from '../../functions/record-failure/failures.ts';
import { certifyLedger } from '../../infra/local/certify.ts';
import { noteCertified } from '../../shared/ledger/certificates.ts';
import type { HealthCheck } from '../../shared/risk/health-check.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import { ms, replay, turnSwitch } from '../support/chain.ts';
import { checked, HOUR_MS, RESUMED, story, type Story } from '../support/switch-story.ts';
import { checkOf, digest } from '../support/switch-facts.ts';
import { asWritten, threeShares } from '../support/switched.ts';

/** Daily bars that close at 20:00 UTC, on 3 July at 17:00; 4 July is a holiday. */
const layout = threeShares('2024-07-12');
const { market } = layout;
const MINUTE_MS = 60_000;

const figuresAt = (events: Story, atMs: number, check: HealthCheck = checkOf(0)): Promise<Figures> => {
  const { runtime } = events.runtime(atMs);
  return healthFigures(runtime, runtime.market(market), check);
};
const forward = (): Promise<Story> => story(layout, 'forward');

describe('BarsBehind', () => {
  it('counts bars that are not committed once a tick has had its time', async () => {
    const events = await forward();
    await checked(events, 0);
    const behindAt = async (utc: string): Promise<number> => (await figuresAt(events, ms(utc))).BarsBehind;
    expect(await behindAt('2024-07-01T20:20:00Z')).toBe(0);
    // The bar of 2 July closes at 20:00 and may be late by ten minutes.
    expect(await behindAt('2024-07-02T20:00:00Z')).toBe(0);
    expect(await behindAt('2024-07-02T20:09:59Z')).toBe(0);
    expect(await behindAt('2024-07-02T20:10:00Z')).toBe(1);
    expect(await behindAt('2024-07-03T17:09:00Z')).toBe(1);
    expect(await behindAt('2024-07-03T17:10:00Z')).toBe(2);
    // A holiday has no bar.
    expect(await behindAt('2024-07-05T12:00:00Z')).toBe(2);
    expect(await behindAt('2024-07-05T20:10:00Z')).toBe(3);
  });

  it('is none before the first bar has closed', async () => {
    const events = await forward();
    expect((await figuresAt(events, ms('2024-07-01T12:00:00Z'))).BarsBehind).toBe(0);
  });
});

describe('Level', () => {
  it.each([
    [{}, 0],
    [{ data: 'YELLOW' }, 1],
    [{ model: 'YELLOW' }, 1],
    [{ risk: 'RED' }, 2],
    [{ data: 'RED', model: 'YELLOW' }, 2],
    [{ model: 'RED' }, 2],
  ] as const)('of %j is %i', async (levels, expected) => {
    const events = await forward();
    expect((await figuresAt(events, ms('2024-07-01T12:00:00Z'), checkOf(0, levels))).Level).toBe(expected);
  });
});

describe('TradingDisabled', () => {
  it('is 1 in a ledger that was just opened, 0 in one that trades, and 1 again from the moment of a halt', async () => {
    const events = await forward();
    await checked(events, 0, 1, 2);
    const at = events.tickMs(2) + HOUR_MS;
    expect((await figuresAt(events, at)).TradingDisabled).toBe(1);
    await turnSwitch(events.stores, 'false', at, RESUMED);
    await events.turn('false', at, RESUMED);
    // Nobody has answered it yet.
    expect((await figuresAt(events, at + 1)).TradingDisabled).toBe(1);
    await events.watch(at + 1_000);
    expect((await figuresAt(events, at + 2_000)).TradingDisabled).toBe(0);
    await turnSwitch(events.stores, 'False', at + 3_000);
    expect((await figuresAt(events, at + 4_000)).TradingDisabled).toBe(1);
  });
});

describe('RecoveriesRefused', () => {
  it('counts those of the hour between two checks, and five minutes more', async () => {
    const events = await forward();
    await events.run(0);
    const at = events.tickMs(0) + 30 * MINUTE_MS;
    const countAt = async (minutes: number): Promise<number> =>
      (await figuresAt(events, at + minutes * MINUTE_MS)).RecoveriesRefused;
    expect(await countAt(0)).toBe(0);
    await turnSwitch(events.stores, 'false', at, RESUMED);
    for (const minutes of [0, 20]) {
      await events.turn('false', at + minutes * MINUTE_MS, RESUMED);
      await events.watch(at + minutes * MINUTE_MS + 1_000);
    }
    expect((await events.switches()).map(({ cause }) => cause)).toEqual(['opened', 'refusal', 'refusal']);
    expect(await countAt(21)).toBe(2);
    expect(await countAt(65)).toBe(2);
    expect(await countAt(66)).toBe(1);
    expect(await countAt(86)).toBe(0);
    // What came after them does not hide them.
    await events.run(1);
    expect(await countAt(86)).toBe(0);
  });
});

describe('IntegrityErrors', () => {
  it('counts failures of damage in that time, of ticks that were committed since too', async () => {
    const events = await forward();
    const at = ms('2024-07-01T20:30:00Z');
    const note = (minutes: number, error: string): Promise<void> =>
      noteFailure(events.stores, market, at + minutes * MINUTE_MS, {
        ...{ step: 'gate', error, atMs: at + minutes * MINUTE_MS },
      });
    const countAt = async (minutes: number): Promise<number> =>
      (await figuresAt(events, at + minutes * MINUTE_MS)).IntegrityErrors;
    expect(await countAt(0)).toBe(0);
    await note(0, 'IntegrityError: one is not what its hash says');
    await note(1, 'ProviderError: does not answer');
    await note(10, 'IntegrityError: another is not what its hash says');
    expect(await countAt(11)).toBe(2);
    expect(await countAt(64)).toBe(2);
    expect(await countAt(65)).toBe(1);
    expect(await countAt(76)).toBe(0);
    await events.run(0);
    expect(await countAt(11)).toBe(2);
  });
});

describe('CalendarDaysLeft', () => {
  it.each([
    ['2027-12-31T23:59:59Z', 0],
    ['2027-12-31T00:00:00Z', 1],
    ['2027-12-30T12:00:00Z', 1],
    ['2027-11-01T00:00:00Z', 61],
    ['2027-11-01T12:00:00Z', 60],
    ['2027-11-02T12:00:00Z', 59],
    ['2028-01-02T00:00:00Z', -1],
  ])('at %s is %i', async (utc, expected) => {
    const events = await forward();
    const { runtime } = events.runtime(ms(utc));
    const known = runtime.market(market);
    const calendar = { ...known.rules.calendar, boundMax: '2027-12-31' };
    const ending = {
      ...known,
      rules: { ...known.rules, calendar },
      line: () => layout.plan.line,
    };
    expect((await healthFigures(runtime, ending, checkOf(0))).CalendarDaysLeft).toBe(expected);
  });
});

describe('CertificateAgeDays', () => {
  it('counts from the opening where there is none, and from the certified head where there is', async () => {
    const events = await forward();
    const ageAt = async (utc: string): Promise<number> =>
      (await figuresAt(events, ms(utc))).CertificateAgeDays;
    // It was opened with the start of its first bar, 1 July at 13:30.
    expect(await ageAt('2024-07-01T13:30:00Z')).toBe(0);
    expect(await ageAt('2024-07-09T13:29:59Z')).toBe(7);
    expect(await ageAt('2024-07-09T13:30:00Z')).toBe(8);
    await noteCertified(events.stores.state, market, {
      ...{ n: 2, sha256: digest(2), tick_utc: '2024-07-08T20:00:00Z' },
    });
    expect(await ageAt('2024-07-09T13:30:00Z')).toBe(0);
    expect(await ageAt('2024-07-16T20:00:00Z')).toBe(8);
    // A certified head that lies ahead of a check that began before it is no negative age.
    expect(await ageAt('2024-07-08T19:00:00Z')).toBe(0);
  });

  it('is noted by a certification', async () => {
    const written = asWritten(threeShares('2024-07-03'), '2024-07-01', '2024-07-03');
    const stores = memoryStores();
    await replay(stores, written);
    const { failure } = await certifyLedger(stores, {
      kinds: ['lookahead'],
      codeSha256: `sha256:${'0'.repeat(64)}`,
    });
    expect(failure).toBeUndefined();
    const events = await story(written, 'replay', stores);
    const { runtime } = events.runtime(ms('2024-07-13T17:00:00Z'));
    expect((await healthFigures(runtime, runtime.market(market), checkOf(0))).CertificateAgeDays).toBe(10);
  });
});
