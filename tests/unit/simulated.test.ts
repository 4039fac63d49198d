import { describe, expect, it } from 'vitest';
import type { TradingIndex } from '../../shared/calendar/types.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { DAY_MS, HOUR_MS } from '../../shared/kernel/time.ts';
import type { RawBars } from '../../shared/market-data/provider.ts';
import { simulatedProvider, type SimulatedOptions } from '../../shared/market-data/providers/simulated.ts';

/** `perDay` hourly bars a day from midnight; 24 of them meet, fewer leave a night between. */
function hourly(days: number, perDay: number): TradingIndex {
  const count = days * perDay;
  const startMs = new Float64Array(count).map(
    (_, bar) => Math.floor(bar / perDay) * DAY_MS + (bar % perDay) * HOUR_MS,
  );
  return {
    startMs,
    endMs: startMs.map((start) => start + HOUR_MS),
    session: new Int32Array(count).map((_, bar) => Math.floor(bar / perDay)),
    sessions: [],
  };
}

async function simulate(options: Partial<SimulatedOptions> = {}, symbols = ['AAA']): Promise<RawBars[]> {
  const instruments = options.instruments ?? symbols;
  const provider = simulatedProvider({ seed: 'seed-1', index: hourly(300, 7), ...options, instruments });
  return provider.fetch(symbols, -Infinity, Infinity, Infinity);
}

const returns = ({ open, close }: RawBars): number[] =>
  [...close].map((price, bar) => price / open[bar]! - 1);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function correlation(a: readonly number[], b: readonly number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  const product = mean(a.map((value, k) => (value - ma) * (b[k]! - mb)));
  return (
    product /
    Math.sqrt(
      mean(a.map((value) => (value - ma) * (value - ma))) *
        mean(b.map((value) => (value - mb) * (value - mb))),
    )
  );
}

describe('simulatedProvider', () => {
  it('gives the bars that another program (Python) computes from the same description', async () => {
    const [aaa, bbb] = await simulate({ index: hourly(2, 3), trendStrength: 0.2, regimeBars: 3 }, [
      'AAA',
      'BBB',
    ]);
    const rows = ({ open, high, low, close, volume }: RawBars): number[][] =>
      [...open].map((price, bar) => [price, high[bar]!, low[bar]!, close[bar]!, volume[bar]!]);
    expect(rows(aaa!)).toEqual([
      [81.5, 82.17, 81.29, 81.86, 89569],
      [81.86, 82.46, 81.67, 82.44, 30936],
      [82.44, 82.94, 82.43, 82.73, 91657],
      [83.42, 83.76, 82.8, 83.14, 79352],
      [83.14, 83.96, 82.95, 83.69, 27210],
      [83.69, 84.5, 83.57, 84.23, 123776],
    ]);
    expect(rows(bbb!).slice(3)).toEqual([
      [194.05, 195.28, 193.2, 194.99, 111227],
      [194.99, 197.04, 194.24, 196.2, 26041],
      [196.2, 197.1, 194.01, 194.63, 75061],
    ]);
  });

  it('makes bars that a market could have: a range that holds open, close and vwap, on the tick, traded', async () => {
    for (const tick of [0.01, 0.05, 1]) {
      const [bars] = await simulate({ tick, startPrice: 40 });
      const { open, high, low, close, volume, turnover } = bars!;
      for (let bar = 0; bar < open.length; bar++) {
        const vwap = turnover[bar]! / volume[bar]!;
        const sorted = [
          low[bar]!,
          Math.min(open[bar]!, close[bar]!),
          Math.max(open[bar]!, close[bar]!),
          high[bar]!,
        ];
        expect([...sorted].sort((a, b) => a - b)).toEqual(sorted);
        expect(low[bar]!).toBeGreaterThanOrEqual(tick);
        expect(vwap).toBeGreaterThanOrEqual(low[bar]! * (1 - 1e-12));
        expect(vwap).toBeLessThanOrEqual(high[bar]! * (1 + 1e-12));
        expect(volume[bar]).toBeGreaterThan(0);
        expect(Number.isInteger(volume[bar])).toBe(true);
        for (const price of sorted)
          expect(Math.abs(price / tick - Math.round(price / tick))).toBeLessThan(1e-9);
      }
    }
  });

  it('rounds prices to the nearest double of their decimal text, without float dust', async () => {
    const [bars] = await simulate();
    for (const price of bars!.close) expect(Number(price.toFixed(2))).toBe(price);
  });

  it('gaps over night, and not where bars meet', async () => {
    const jumps = ({ open, close }: RawBars, bar: number): number =>
      Math.abs(open[bar]! / close[bar - 1]! - 1);
    const [stock] = await simulate({ index: hourly(300, 7) });
    const nights = Array.from({ length: 299 }, (_, day) => jumps(stock!, (day + 1) * 7));
    expect(mean(nights)).toBeGreaterThan(0.005);
    for (let bar = 1; bar < 7; bar++) expect(jumps(stock!, bar)).toBe(0);
    const [coin] = await simulate({ index: hourly(100, 24) });
    for (let bar = 1; bar < 2_400; bar++) expect(jumps(coin!, bar)).toBe(0);
  });

  it('trades most at both ends of a session and least in the middle', async () => {
    const [bars] = await simulate();
    const volumeAt = (hour: number): number => mean([...bars!.volume].filter((_, bar) => bar % 7 === hour));
    expect(volumeAt(0)).toBeGreaterThan(1.8 * volumeAt(3));
    expect(volumeAt(6)).toBeGreaterThan(1.8 * volumeAt(3));
  });

  it('clusters volatility: the size of a move says something about the next', async () => {
    const symbols = Array.from({ length: 20 }, (_, name) => `S${name}`);
    const acf = async (options: Partial<SimulatedOptions>): Promise<number> => {
      const all = await simulate({ index: hourly(100, 24), jumpProbability: 0, ...options }, symbols);
      return mean(
        all.map((bars) => {
          const sizes = returns(bars).map(Math.abs);
          return correlation(sizes.slice(1), sizes.slice(0, -1));
        }),
      );
    };
    expect(await acf({})).toBeGreaterThan(0.08);
    expect(Math.abs(await acf({ reaction: 0 }))).toBeLessThan(0.02);
  });

  it('trends as strongly as it declares: the last 20 bars say which way, or nothing', async () => {
    const symbols = Array.from({ length: 40 }, (_, name) => `S${name}`);
    const followed = async (trendStrength: number): Promise<number> => {
      const all = await simulate({ index: hourly(100, 24), jumpProbability: 0, trendStrength }, symbols);
      return mean(
        all.flatMap((bars) => {
          const moves = returns(bars);
          return moves.slice(20).map((move, k) => move * Math.sign(mean(moves.slice(k, k + 20))));
        }),
      );
    };
    expect(Math.abs(await followed(0))).toBeLessThan(0.0001);
    expect(await followed(0.3)).toBeGreaterThan(0.0004);
    expect(await followed(0.3)).toBeLessThan(0.3 * 0.006);
  });

  it('moves instruments together by the declared share', async () => {
    const [a, b] = await simulate({ index: hourly(300, 24), jumpProbability: 0, correlation: 0.5 }, [
      'AAA',
      'BBB',
    ]);
    expect(correlation(returns(a!), returns(b!))).toBeCloseTo(0.5, 1);
    const [c, d] = await simulate({ index: hourly(300, 24), jumpProbability: 0, correlation: 0 }, [
      'AAA',
      'BBB',
    ]);
    expect(Math.abs(correlation(returns(c!), returns(d!)))).toBeLessThan(0.05);
  });

  it('depends on the seed and the name, not on which other instruments there are', async () => {
    const [alone] = await simulate();
    const [, among] = await simulate({}, ['ZZZ', 'AAA', 'BBB']);
    expect([...among!.close]).toEqual([...alone!.close]);
    const [reseeded] = await simulate({ seed: 'seed-2' });
    expect([...reseeded!.close]).not.toEqual([...alone!.close]);
  });

  it('leaves the index that it was given as it was, and does not follow later changes to it', async () => {
    const index = hourly(2, 3);
    const provider = simulatedProvider({ seed: 's', index, instruments: ['AAA'] });
    await provider.fetch(['AAA'], -Infinity, Infinity, Infinity);
    index.startMs.fill(0);
    const [bars] = await provider.fetch(['AAA'], -Infinity, Infinity, Infinity);
    expect([...bars!.startMs]).toEqual([0, 3_600_000, 7_200_000, 86_400_000, 90_000_000, 93_600_000]);
  });

  it('names seed, version and parameters in its fingerprint, and they tell two markets apart', async () => {
    const print = (options: Partial<SimulatedOptions>): Promise<Readonly<Record<string, string>>> =>
      simulatedProvider({ seed: 's', index: hourly(2, 3), instruments: ['AAA'], ...options }).fingerprint([
        'AAA',
      ]);
    expect(await print({})).toMatchObject({ version: 'simulated/1', seed: 's', instruments: 'AAA' });
    expect(JSON.parse((await print({ tick: 0.05 }))['parameters']!)).toMatchObject({
      tick: 0.05,
      trendStrength: 0,
    });
    for (const changed of [{ seed: 't' }, { tick: 0.05 }, { index: hourly(2, 4) }]) {
      expect(await print(changed)).not.toEqual(await print({}));
    }
  });

  it.each([
    [{ tick: 0 }, 'tick: 0'],
    [{ tick: 0.03 }, 'tick: 0.03'],
    [{ tick: 200 }, 'start price 100'],
    [{ volatility: NaN }, 'volatility: NaN'],
    [{ persistence: 0.95, reaction: 0.05 }, 'persistence + reaction'],
    [{ correlation: 1 }, 'correlation: 1'],
    [{ trendStrength: -0.1 }, 'trendStrength: -0.1'],
    [{ regimeBars: 0 }, 'regimeBars: 0'],
    [{ index: { ...hourly(1, 3), startMs: Float64Array.from([2, 1, 3]) } }, 'index'],
  ])('refuses %j', (options, message) => {
    const make = (): unknown =>
      simulatedProvider({ seed: 's', index: hourly(1, 3), instruments: [], ...options });
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(message);
  });
});
