import { describe, expect, it } from 'vitest';
import { main } from '../../cli/main.ts';
import { probe, isProbe } from '../../functions/ingest/probe.ts';
import { dailyReport, isDaily } from '../../functions/signoff/daily.ts';
import { ProviderError } from '../../shared/kernel/errors.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import { headOf, ms, schedule } from '../support/chain.ts';
import { cloudTexts, laidOut } from '../support/aws/markets.ts';
import { threeShares } from '../support/switched.ts';

const event = { market: 'us_equities', scheduled_at_utc: '2024-07-03T00:30:00Z', daily: true };

describe('the daily report', () => {
  it('is asked for by its schedule alone, never by a tick', () => {
    expect(isDaily(event)).toBe(true);
    for (const other of [
      { ...event, daily: false },
      { ...event, daily: undefined },
      { ...event, daily: 'true' },
      { market: 'us_equities', scheduled_at_utc: 'tomorrow', daily: true },
      { market: 'us_equities', daily: true },
      { market: 'us_equities', scheduled_at_utc: '2024-07-03T00:30:00Z' },
      'daily',
      null,
    ])
      expect(isDaily(other), JSON.stringify(other)).toBe(false);
  });

  it('leaves the files of its day and tells the owner the head', async () => {
    const events = await schedule(memoryStores(), threeShares('2024-07-03'), 'forward');
    for (const k of [0, 1]) await events.run(k);
    const at = ms('2024-07-03T00:30:20Z');
    const head = await headOf(events.stores, 'us_equities');
    const alerts = events.alerts.length;
    const report = await dailyReport(event, events.runtime(at).runtime);
    expect(report).toEqual({
      ...{ market: 'us_equities', n: 3, tick_utc: '2024-07-02T20:00:00Z', verdict: 'INTERIM' },
      sha256: head.sha256,
    });
    const read = async (name: string): Promise<string> =>
      new TextDecoder().decode(
        await events.stores.projections.read(`daily/us_equities/dt=2024-07-03/${name}`),
      );
    expect(await read('head.json')).toBe(
      `{"market":"us_equities","n":3,"sha256":"${head.sha256}","tick_utc":"2024-07-02T20:00:00Z","verdict":"INTERIM"}\n`,
    );
    expect(await read('threshold_report.csv')).toContain('min_trades_in_window');
    expect(await read('release_signoff.md')).toContain(head.sha256);
    const told = events.alerts.slice(alerts);
    expect(told).toMatchObject([
      { level: 'INFO', market: 'us_equities', code: 'daily_head', at_utc: '2024-07-03T00:30:20Z' },
    ]);
    expect(told[0]!.message).toContain(
      `us_equities stands at record 3 of 2024-07-02T20:00:00Z\nhead ${head.sha256}\n`,
    );
    // Nothing of it is in the chain.
    expect(await headOf(events.stores, 'us_equities')).toEqual(head);
    // What the mail says is a command line that is understood: only the ledger is missing here.
    const [, command = ''] = /^Compare later: papergate (.+)$/m.exec(told[0]!.message)!;
    const errors: string[] = [];
    const io = { out: () => undefined, err: (text: string) => void errors.push(text) };
    const line = command.replace('--stage <stage>', '--ledger nowhere-at-all').split(' ');
    await main(line, { ...io, outIsTty: false, errIsTty: false, env: {} });
    expect(errors.join('')).toContain('nowhere-at-all');
  });

  it('refuses a market that has no ledger, and an event that is none', async () => {
    const { runtime } = (await schedule(memoryStores(), threeShares('2024-07-03'))).runtime(
      ms('2024-07-03T00:30:00Z'),
    );
    await expect(dailyReport({ ...event, market: 'crypto' }, runtime)).rejects.toThrow(
      'market crypto is not part of this run',
    );
    await expect(dailyReport({ market: 'us_equities' }, runtime)).rejects.toThrow('input of signoff: ');
  });
});

describe('a probe', () => {
  const asked = { market: 'crypto', probe: true };
  const layout = laidOut(cloudTexts(['crypto']), 'crypto', '2024-03-06', '2024-03-08');

  it('is asked for by itself alone', () => {
    expect(isProbe(asked)).toBe(true);
    for (const other of [{ ...asked, probe: 1 }, { market: 'crypto' }, { market: '', probe: true }, null])
      expect(isProbe(other)).toBe(false);
  });

  it.each([
    ['2024-03-06T09:30:00Z', '2024-03-06T09:00:00Z'],
    ['2024-03-06T10:00:00Z', '2024-03-06T10:00:00Z'],
    ['2024-03-06T09:59:59Z', '2024-03-06T09:00:00Z'],
  ])('at %s tells of the bar that closed at %s, and writes nothing', async (now, bar) => {
    const writes: string[] = [];
    const events = await schedule(memoryStores({ onWrite: (name) => void writes.push(name) }), layout);
    writes.length = 0;
    const count = layout.plan.rules.instruments.symbols.length;
    expect(count).toBeGreaterThan(0);
    expect(await probe(asked, events.runtime(ms(now)).runtime)).toEqual({
      ...{ market: 'crypto', provider: 'simulated', live: false, bar_utc: bar },
      ...{ instruments: count, seen: count },
    });
    expect(writes).toEqual([]);
  });

  it('tells of the last bar before a weekend, and of instruments that have none', async () => {
    const shares = await schedule(memoryStores(), threeShares('2024-07-12'));
    const { provider } = shares.layout.plan;
    const fetch: typeof provider.fetch = async (...given) =>
      (await provider.fetch(...given)).map((raw, i) =>
        i === 0 ? { ...raw, close: raw.close.map(() => NaN) } : raw,
      );
    const { runtime } = shares.runtime(ms('2024-07-07T12:00:00Z'), { ...provider, fetch });
    expect(await probe({ market: 'us_equities', probe: true }, runtime)).toMatchObject({
      ...{ bar_utc: '2024-07-05T20:00:00Z', instruments: 3, seen: 2 },
    });
  });

  it('passes on what its source throws', async () => {
    const events = await schedule(memoryStores(), layout);
    const fetch = async (): Promise<never> => {
      throw new ProviderError('no way out of this network');
    };
    const { runtime } = events.runtime(ms('2024-03-06T09:30:00Z'), { ...layout.plan.provider, fetch });
    await expect(probe(asked, runtime)).rejects.toThrow(new ProviderError('no way out of this network'));
  });
});
