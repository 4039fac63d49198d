import { beforeAll, describe, expect, it } from 'vitest';
import { readBooks } from '../../functions/ingest/books.ts';
import type { MarketRuntime } from '../../functions/runtime/runtime.ts';
import { ProviderError } from '../../shared/kernel/errors.ts';
import type { RateProvider } from '../../shared/market-data/provider.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import {
  allArtifacts,
  headOf,
  layOut,
  ms,
  schedule,
  simulated,
  ticksOf,
  type Schedule,
} from '../support/chain.ts';
import { rulesOf } from '../support/rules.ts';

/** A US ledger of daily bars as a Chinese one sees it; the base is the dollar. */
const layout = layOut('us_equities', '2024-07-01', '2024-07-19', {
  config: { ...simulated('verify-1', '2023-12-01', '2024-08-30'), shorting: true },
});
const rules = rulesOf('ashares');

/** One dollar is eight yuan, whenever it is asked for. */
const rates: RateProvider = {
  rate: async (currency, base, atMs) =>
    currency === 'CNY' && base === 'USD'
      ? { atMs: atMs - 1000, rate: 1 / 8, source: 'made up for a test' }
      : undefined,
};

let lived: Schedule;
beforeAll(async () => {
  lived = await schedule(memoryStores(), layout);
  for (const k of [0, 1, 2]) await lived.run(k);
}, 60_000);

async function seen(at: string, stores: Stores, more: Partial<MarketRuntime> = {}) {
  const { runtime } = lived.runtime(ms(at));
  const { plan } = layout;
  const other = { market: 'us_equities', currency: 'USD', line: () => plan.line };
  const market = { rules, others: [other], rates, ...more } as unknown as MarketRuntime;
  const alerts: unknown[] = [];
  const told = { ...runtime, stores, alert: async (alert: unknown) => void alerts.push(alert) };
  return { books: await readBooks(told, market, ms(at)), alerts };
}

describe("the other members' books", () => {
  it('of a market that counts alone are none', async () => {
    expect((await seen('2024-07-05T07:00:00Z', lived.stores, { others: [] })).books).toBeNull();
  });

  it("are what their newest tick left, as its position report has it, with their head's number and hash", async () => {
    const head = await headOf(lived.stores, 'us_equities');
    const last = (await allArtifacts(lived.stores, layout)).at(-1)!.position;
    const gross = last.positions.reduce((sum, { value }) => sum + Math.abs(value), 0);
    expect(gross, 'there is something held').toBeGreaterThan(0);
    const { books } = await seen('2024-07-04T07:00:00Z', lived.stores);
    expect(books).toEqual({
      base_currency: 'USD',
      rates: [{ currency: 'CNY', at_utc: '2024-07-04T06:59:59Z', rate: 0.125, source: 'made up for a test' }],
      others: [
        {
          ...{ market: 'us_equities', currency: 'USD', equity: last.equity, gross, behind_bars: 0 },
          head: { n: head.n, sha256: head.sha256, tick_utc: '2024-07-03T17:00:00Z' },
        },
      ],
    });
  });

  it.each([
    // The newest tick is that of 3 July, 17:00 UTC; the fourth is a holiday, the next close is 5 July, 20:00.
    ['2024-07-03T16:59:59Z', 0],
    ['2024-07-03T17:00:00Z', 0],
    ['2024-07-05T19:59:59Z', 0],
    ['2024-07-05T20:00:00Z', 1],
    ['2024-07-08T20:00:00Z', 2],
    ['2024-07-15T07:00:00Z', 6],
  ])('at %s lie %d bars behind their calendar', async (at, behind) => {
    expect((await seen(at, lived.stores)).books!.others[0]!.behind_bars).toBe(behind);
  });

  it('of a market without a ledger, or without a tick yet, have no head', async () => {
    const none = { head: null, equity: 0, gross: 0, behind_bars: 0 };
    expect((await seen('2024-07-04T07:00:00Z', memoryStores())).books!.others).toMatchObject([none]);
    const fresh = await schedule(memoryStores(), layout);
    expect((await seen('2024-07-04T07:00:00Z', fresh.stores)).books!.others).toMatchObject([none]);
  });

  it('lie as far behind as their newest tick, however far failed ones moved the head', async () => {
    const events = await schedule(memoryStores(), layout);
    await events.run(0);
    const before = (step: string): void => {
      if (step === 'predict') throw new ProviderError('the source is down');
    };
    // Each ingest records the tick before as failed and then fails itself at the next step.
    for (const k of [1, 2, 3, 4]) await events.run(k, { before }).catch(() => undefined);
    const head = await headOf(events.stores, 'us_equities');
    expect(head.tick_utc).toBe('2024-07-05T20:00:00Z');
    const { books } = await seen('2024-07-08T20:00:00Z', events.stores);
    const [first] = await ticksOf(events.stores, 'us_equities');
    expect(books!.others).toMatchObject([{ equity: first!.equity, behind_bars: 4, head: { n: head.n } }]);
  });
});

describe('rates that are not there', () => {
  const unknown = { base_currency: 'USD', rates: [] };

  it('are left out where nobody has them', async () => {
    const { books, alerts } = await seen('2024-07-04T07:00:00Z', lived.stores, { rates: undefined });
    expect([books, alerts]).toMatchObject([unknown, []]);
  });

  it('are left out and told where their source fails, and the tick goes on', async () => {
    const rate = async () => Promise.reject(new ProviderError('FX_CNYUSD.csv, line 2: no rate'));
    const { books, alerts } = await seen('2024-07-04T07:00:00Z', lived.stores, { rates: { rate } });
    expect(books).toMatchObject(unknown);
    expect(alerts).toEqual([
      {
        ...{ level: 'WARN', market: 'ashares', code: 'rate_failed', at_utc: '2024-07-04T07:00:00Z' },
        message: 'no rate of CNY in USD: FX_CNYUSD.csv, line 2: no rate',
      },
    ]);
  });

  it('fail the tick where something else is wrong', async () => {
    const rate = async () => Promise.reject(new TypeError('a bug'));
    await expect(seen('2024-07-04T07:00:00Z', lived.stores, { rates: { rate } })).rejects.toThrow('a bug');
  });
});
