import { describe, expect, it } from 'vitest';
import { bootstrapStage, type BootstrapInputs, type Started } from '../../infra/aws/bootstrap.ts';
import { checkMarket } from '../../infra/local/operate.ts';
import { parseConfig } from '../../shared/config/config.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { SimulatedClock } from '../../shared/kernel/time.ts';
import { readBundles } from '../../shared/ledger/bundles.ts';
import { readLatch } from '../../shared/ledger/chain.ts';
import { verifyMarket } from '../../shared/ledger/verify.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { VERIFY_READERS } from '../../shared/tick/verify-readers.ts';
import { readConfigFiles } from '../../functions/runtime/config-files.ts';
import { cloudTexts } from '../support/aws/markets.ts';
import { headOf, ms, recordsOf, type MarketName } from '../support/chain.ts';
import { digest } from '../support/switch-facts.ts';

const CODE = digest(7);
const BUNDLES = new Map([
  ['ingest', digest(1)],
  ['gate', digest(2)],
]);
const NOON = '2024-07-03T02:45:00Z';

/** A stage whose functions do what they would do, and which notes what it was asked. */
function stageOf(
  markets: readonly string[],
  now: string,
  given: Partial<BootstrapInputs> & { stores?: Stores; texts?: ReadonlyMap<string, string> } = {},
) {
  const { stores = memoryStores(), texts = cloudTexts(markets as MarketName[]), ...more } = given;
  const clock = new SimulatedClock(ms(now));
  const asked: [string, object][] = [];
  const said: string[] = [];
  const inputs: BootstrapInputs = {
    deployed: { stage: 'dev', markets, codeSha256: CODE, bundles: BUNDLES, outputs: {} as never },
    ...{ stores, clock, codeSha256: CODE, config: parseConfig(texts), configTexts: texts },
    invoke: async (name, event) => {
      asked.push([name, event]);
      const { market } = event as { market: string };
      if (name === 'health-check') return (await checkMarket(stores, market, { now: clock })).made;
      return { market, provider: 'simulated', live: false, bar_utc: now, instruments: 1, seen: 1 };
    },
    say: (line) => void said.push(line),
    ...more,
  };
  return { inputs, stores, asked, said, start: (): Promise<Started[]> => bootstrapStage(inputs) };
}

/** Stores that note what was written, and from one write on, or at one alone, fail. */
function mortal() {
  const moments: string[] = [];
  let fatal: number | undefined;
  const stores = memoryStores({
    onWrite: (name, phase) => {
      const at = moments.push(`${phase} ${name}`) - 1;
      if (fatal !== undefined && at >= fatal) throw new Error(`killed ${moments[fatal]}`);
    },
  });
  return { stores, moments, killAt: (at: number | undefined) => void (fatal = at) };
}

describe('the first start of a stage', () => {
  it('opens a ledger of each market, HALTED, and asks every function that it must', async () => {
    const { start, stores, asked, said } = stageOf(['ashares', 'crypto'], NOON);
    const started = await start();
    expect(started).toMatchObject([
      { market: 'ashares', opened: true, probed: { market: 'ashares' } },
      { market: 'crypto', opened: true, probed: { market: 'crypto' } },
    ]);
    const each = (market: string): [string, object][] => [
      ['ingest', { market, probe: true }],
      ...[1, 2, 3].map((): [string, object] => ['health-check', { market }]),
    ];
    expect(asked).toEqual([...each('ashares'), ...each('crypto')]);
    expect(said.slice(0, 3)).toEqual([
      'ashares: opens its ledger',
      'ashares: asks its source from where the chain runs',
      'ashares: health check 1 of 3',
    ]);
    for (const { market, release } of started) {
      expect(await readLatch(stores, market)).toMatchObject({ state: 'HALTED' });
      expect(await headOf(stores, market)).toMatchObject({ mode: 'forward', n: 1, release_sha256: release });
      expect((await readBundles(stores, market))!.bundles).toEqual({
        ingest: [digest(1)],
        gate: [digest(2)],
      });
      expect(await stores.parameters.get(`DISABLE_TRADING/${market}`)).toMatchObject({ value: 'true' });
      expect(await verifyMarket(stores, market, VERIFY_READERS, {})).toMatchObject({ records: 2, ticks: 0 });
    }
    expect(await stores.parameters.get('DISABLE_TRADING')).toMatchObject({ value: 'true', version: 1 });
  });

  it.each<[string, MarketName, string, string, string]>([
    // China: bars close at 10:30, 11:30, 14:00 and 15:00, eight hours ahead.
    ['in the middle of a session', 'ashares', NOON, '2024-07-03T02:30:00Z', '2024-07-03T03:30:00Z'],
    ['at noon', 'ashares', '2024-07-03T04:30:00Z', '2024-07-03T03:30:00Z', '2024-07-03T06:00:00Z'],
    [
      'at the very close of a bar',
      'ashares',
      '2024-07-03T03:30:00Z',
      '2024-07-03T03:30:00Z',
      '2024-07-03T06:00:00Z',
    ],
    [
      'on a Friday evening',
      'ashares',
      '2024-07-05T16:30:00Z',
      '2024-07-05T07:00:00Z',
      '2024-07-08T02:30:00Z',
    ],
    ['on a Saturday', 'us_equities', '2024-07-06T12:00:00Z', '2024-07-05T20:00:00Z', '2024-07-08T14:30:00Z'],
    ['on a holiday', 'us_equities', '2024-07-04T15:00:00Z', '2024-07-03T17:00:00Z', '2024-07-05T14:30:00Z'],
    [
      'before the opening',
      'us_equities',
      '2024-07-05T02:00:00Z',
      '2024-07-03T17:00:00Z',
      '2024-07-05T14:30:00Z',
    ],
    ['by night', 'crypto', '2024-03-06T23:59:59Z', '2024-03-06T23:00:00Z', '2024-03-07T00:00:00Z'],
  ])('%s begins with the next bar to close (%s)', async (_when, market, now, head, first) => {
    const { start, stores } = stageOf([market], now);
    await start();
    expect((await headOf(stores, market)).tick_utc).toBe(head);
    const [release] = await recordsOf(stores, market);
    expect(release).toMatchObject({ kind: 'release', at_utc: now, mode: 'forward' });
    const key = (release as unknown as { release: { key: string } }).release.key;
    const frozen = JSON.parse(new TextDecoder().decode(await stores.artifacts.get(key))) as object;
    expect(frozen).toMatchObject({ first_tick_utc: first, mode: 'forward', code_sha256: CODE });
    expect(await verifyMarket(stores, market, VERIFY_READERS, {})).toMatchObject({ records: 2 });
  });

  it('once more writes nothing but health, and accepts the bundles of another deploy', async () => {
    const first = stageOf(['crypto'], NOON);
    await first.start();
    const head = await headOf(first.stores, 'crypto');
    const bundles = new Map([...BUNDLES, ['gate', digest(22)]] as [string, `sha256:${string}`][]);
    const again = stageOf(['crypto'], '2024-07-03T05:00:00Z', { stores: first.stores });
    expect(await again.start()).toMatchObject([{ opened: false, release: head.release_sha256 }]);
    expect(again.said[0]).toBe('crypto: has its ledger');
    const { deployed } = again.inputs;
    await bootstrapStage({ ...again.inputs, deployed: { ...deployed, bundles } });
    expect(await headOf(first.stores, 'crypto')).toEqual(head);
    expect((await readBundles(first.stores, 'crypto'))!.bundles).toEqual({
      ...{ ingest: [digest(1)], gate: [digest(2), digest(22)] },
    });
    expect(await first.stores.parameters.get('DISABLE_TRADING/crypto')).toMatchObject({ version: 1 });
  });

  it('is what the rehearsal is for: it opens every market of it', async () => {
    const { texts } = readConfigFiles('samples/rehearsal');
    const names = ['ashares', 'crypto', 'us_equities'];
    const { start, stores } = stageOf(names, '2026-11-25T12:00:00Z', { texts });
    expect((await start()).map(({ market, opened }) => [market, opened])).toEqual(
      names.map((name) => [name, true]),
    );
    for (const name of names)
      expect(await verifyMarket(stores, name, VERIFY_READERS, {})).toMatchObject({ records: 2 });
  });

  it('leaves a switch that was put before as it is', async () => {
    const stores = memoryStores();
    const put = { value: 'false', changedAtMs: 0, changedBy: 'somebody', description: 'long ago' };
    await stores.parameters.put('DISABLE_TRADING', put);
    await stageOf(['crypto'], NOON, { stores }).start();
    expect(await stores.parameters.get('DISABLE_TRADING')).toMatchObject(put);
    expect(await readLatch(stores, 'crypto')).toMatchObject({ state: 'HALTED' });
  });
});

describe('a start that was killed', () => {
  it('goes on wherever it was, and comes to the same', async () => {
    const whole = mortal();
    await stageOf(['crypto'], NOON, { stores: whole.stores }).start();
    expect(whole.moments.length).toBeGreaterThan(20);
    const opening = whole.moments.findIndex((moment) => moment.startsWith('after state.transact'));
    expect(opening).toBeGreaterThan(0);
    // Killed after one write or before the next leaves the same; of what is left every other one is tried.
    for (let at = 0; at < whole.moments.length; at += 4) {
      const { stores, killAt } = mortal();
      killAt(at);
      await expect(stageOf(['crypto'], NOON, { stores }).start()).rejects.toThrow('killed');
      killAt(undefined);
      const told = whole.moments[at]!;
      const [started] = await stageOf(['crypto'], '2024-07-03T02:46:00Z', { stores }).start();
      expect(started!.opened, told).toBe(at < opening);
      expect(await headOf(stores, 'crypto'), told).toMatchObject({ n: 1, tick_utc: '2024-07-03T02:00:00Z' });
      expect(await readLatch(stores, 'crypto'), told).toMatchObject({ state: 'HALTED', turned: 1 });
      expect((await readBundles(stores, 'crypto'))!.bundles, told).toEqual({
        ...{ ingest: [digest(1)], gate: [digest(2)] },
      });
      expect(await verifyMarket(stores, 'crypto', VERIFY_READERS, {}), told).toMatchObject({ records: 2 });
    }
  });
});

describe('a start that is refused', () => {
  const shipped = readConfigFiles('configs').texts;

  it.each<[string, Partial<BootstrapInputs> & { texts?: ReadonlyMap<string, string> }, string[], string]>([
    [
      'another source tree',
      { codeSha256: digest(8) },
      ['crypto'],
      `stage dev runs source tree ${CODE}, this is ${digest(8)}: deploy it again, or check out what it runs`,
    ],
    [
      'recorded bars',
      { texts: shipped },
      ['crypto'],
      'market crypto reads recorded bars, and none are at hand: on one machine --bars DIR says where they are; on AWS name a source that a Lambda can reach',
    ],
    [
      'recorded bars in its last market',
      {
        texts: new Map([
          ...cloudTexts(['ashares', 'crypto', 'us_equities']),
          ['markets/us_equities.yaml', shipped.get('markets/us_equities.yaml')!],
        ]),
      },
      ['crypto', 'us_equities'],
      'market us_equities reads recorded bars',
    ],
    [
      'a market that the configuration lacks',
      { texts: cloudTexts(['ashares', 'crypto', 'us_equities']) },
      ['crypto', 'forex'],
      'forex is unknown; the configuration has',
    ],
  ])('for %s writes and asks nothing', async (_what, given, markets, message) => {
    const { stores, moments } = mortal();
    const { start, asked } = stageOf(markets, NOON, { ...given, stores });
    const refused = start();
    await expect(refused).rejects.toThrow(ConfigError);
    await expect(refused).rejects.toThrow(message);
    expect([moments, asked]).toEqual([[], []]);
  });

  const three = ['ashares', 'crypto', 'us_equities'] as const;
  const changed = (path: string, from: string, to: string): ReadonlyMap<string, string> => {
    const texts = cloudTexts(three);
    const text = texts.get(path)!.replace(from, to);
    expect(text).not.toBe(texts.get(path));
    return new Map([...texts, [path, text]]);
  };
  it.each<[string, () => Partial<BootstrapInputs> & { texts?: ReadonlyMap<string, string> }]>([
    ['config', () => ({ texts: changed('markets/crypto.yaml', 'level_max: GREEN', 'level_max: YELLOW') })],
    [
      'code',
      () => ({
        codeSha256: digest(8),
        deployed: {
          ...stageOf(['crypto'], NOON, { texts: cloudTexts(three) }).inputs.deployed,
          codeSha256: digest(8),
        },
      }),
    ],
  ])('names the part in which a ledger is of another release: %s', async (part, given) => {
    const { stores, moments } = mortal();
    await stageOf(['crypto'], NOON, { stores, texts: cloudTexts(three) }).start();
    const written = moments.length;
    const turned = given();
    const other = stageOf(['ashares', 'crypto'], '2024-07-03T05:00:00Z', {
      ...{ texts: cloudTexts(three), ...turned },
      ...(turned.deployed === undefined
        ? {}
        : { deployed: { ...turned.deployed, markets: ['ashares', 'crypto'] } }),
      stores,
    });
    await expect(other.start()).rejects.toThrow(
      new RegExp(
        `^crypto: its ledger is of release sha256:[0-9a-f]{64}, from which this differs in ${part}: a new release starts in a stage of its own`,
      ),
    );
    // Not even the market that has no ledger yet was opened.
    expect([moments.length, other.asked]).toEqual([written, []]);
  });

  it('for dates that no calendar covers', async () => {
    const { stores, moments } = mortal();
    await expect(stageOf(['us_equities'], '2028-01-05T00:00:00Z', { stores }).start()).rejects.toThrow(
      /xnys/i,
    );
    expect(moments).toEqual([]);
  });
});
