import { describe, expect, it } from 'vitest';
import { ProviderError } from '../../shared/kernel/errors.ts';
import { HOUR_MS } from '../../shared/kernel/time.ts';
import type { BarProvider, RawBars } from '../../shared/market-data/provider.ts';

/** Two instruments on the same six bars: hourly starts, the last of each three half an hour long. */
export interface ProviderCase {
  readonly name: string;
  readonly instruments: readonly [string, string];
  /** Whether the first instrument has the contract's split, 2:1 on the second day; without, nothing has any action. */
  readonly acts: boolean;
  /** A provider with nothing cached, over the same data each time. */
  make(): Promise<BarProvider>;
}

const T0 = Date.parse('2024-03-04T14:30:00Z');
const NIGHT = 24 * HOUR_MS;
/** 14:30, 15:30, 16:30 (to 17:00) on two days. */
export const CONTRACT_STARTS = [0, 1, 2]
  .flatMap((hour) => [T0 + hour * HOUR_MS, T0 + NIGHT + hour * HOUR_MS])
  .sort((a, b) => a - b);
export const CONTRACT_ENDS = CONTRACT_STARTS.map(
  (start, bar) => start + (bar % 3 === 2 ? HOUR_MS / 2 : HOUR_MS),
);

const LATE = T0 + 10 * NIGHT;

const columns = (bars: RawBars): string =>
  JSON.stringify(
    [bars.startMs, bars.open, bars.high, bars.low, bars.close, bars.volume, bars.turnover].map((c) => [...c]),
  );

/** What every source of bars owes to the tick. */
export function describeProvider({ name, instruments, acts, make }: ProviderCase): void {
  const [one, two] = instruments;
  const starts = async (from: number, to: number, now: number): Promise<number[]> => [
    ...(await (await make()).fetch([one], from, to, now))[0]!.startMs,
  ];

  describe(`${name}: the contract of a provider`, () => {
    it('is named, and is not live', async () => {
      const provider = await make();
      expect(provider.name).toMatch(/^(recorded|simulated)$/);
      expect(provider.live).toBe(false);
    });

    it('gives every bar of the calendar once all have closed', async () => {
      expect(await starts(-Infinity, Infinity, LATE)).toEqual(CONTRACT_STARTS);
    });

    it('includes the first instant of a range and excludes the last', async () => {
      expect(await starts(CONTRACT_STARTS[1]!, CONTRACT_STARTS[4]!, LATE)).toEqual(
        CONTRACT_STARTS.slice(1, 4),
      );
      expect(await starts(CONTRACT_STARTS[1]! + 1, CONTRACT_STARTS[4]! + 1, LATE)).toEqual(
        CONTRACT_STARTS.slice(2, 5),
      );
    });

    it('gives nothing for a range that is empty or holds no bar', async () => {
      expect(await starts(CONTRACT_STARTS[2]!, CONTRACT_STARTS[2]!, LATE)).toEqual([]);
      expect(await starts(CONTRACT_STARTS[4]!, CONTRACT_STARTS[1]!, LATE)).toEqual([]);
      expect(await starts(LATE, LATE + 1, LATE + 2)).toEqual([]);
    });

    it('shows a bar from the instant of its close on, not a millisecond earlier', async () => {
      for (let bar = 0; bar < CONTRACT_STARTS.length; bar++) {
        const end = CONTRACT_ENDS[bar]!;
        expect(await starts(-Infinity, Infinity, end - 1)).toEqual(CONTRACT_STARTS.slice(0, bar));
        expect(await starts(-Infinity, Infinity, end)).toEqual(CONTRACT_STARTS.slice(0, bar + 1));
      }
    });

    it('shows a half bar at its true end, half an hour before a whole one would close', async () => {
      expect(CONTRACT_ENDS[2]! - CONTRACT_STARTS[2]!).toBe(1_800_000);
      expect(await starts(CONTRACT_STARTS[2]!, Infinity, CONTRACT_STARTS[2]! + 1_800_000)).toEqual([
        CONTRACT_STARTS[2],
      ]);
    });

    it('answers in the order of the instruments asked, repeats included', async () => {
      const provider = await make();
      const [a, b] = (await provider.fetch([one, two], -Infinity, Infinity, LATE)).map(columns);
      expect(a).not.toBe(b);
      expect((await provider.fetch([two, one, two], -Infinity, Infinity, LATE)).map(columns)).toEqual([
        b,
        a,
        b,
      ]);
      expect(await provider.fetch([], -Infinity, Infinity, LATE)).toEqual([]);
    });

    it('gives the same bytes again: any order of calls, any range, a new provider', async () => {
      const whole = (await (await make()).fetch([one], -Infinity, Infinity, LATE))[0]!;
      const other = await make();
      await other.fetch([two], CONTRACT_STARTS[3]!, Infinity, LATE);
      const head = (await other.fetch([one], -Infinity, CONTRACT_STARTS[3]!, LATE))[0]!;
      const tail = (await other.fetch([one], CONTRACT_STARTS[3]!, Infinity, LATE))[0]!;
      for (const field of ['startMs', 'open', 'high', 'low', 'close', 'volume', 'turnover'] as const) {
        expect([...head[field], ...tail[field]]).toEqual([...whole[field]]);
      }
    });

    it('hands out copies: what a caller writes into them is not seen by the next', async () => {
      const provider = await make();
      const first = (await provider.fetch([one], -Infinity, Infinity, LATE))[0]!;
      const before = columns(first);
      first.close.fill(-1);
      first.startMs.fill(0);
      expect(columns((await provider.fetch([one], -Infinity, Infinity, LATE))[0]!)).toBe(before);
    });

    it('refuses an instrument it does not know, by name', async () => {
      const provider = await make();
      for (const unknown of ['NOPE', '', '../etc/passwd', `${one}/`, 'constructor', '__proto__']) {
        const fetched = provider.fetch([one, unknown], -Infinity, Infinity, LATE);
        await expect(fetched, unknown).rejects.toThrow(ProviderError);
        await expect(fetched, unknown).rejects.toThrow(unknown || '""');
        await expect(provider.fingerprint([unknown]), unknown).rejects.toThrow(ProviderError);
      }
    });

    it('refuses a bound that is NaN instead of showing nothing', async () => {
      const provider = await make();
      await expect(provider.fetch([one], NaN, 1, 2)).rejects.toThrow('fromMs is NaN');
      await expect(provider.fetch([one], 0, NaN, 2)).rejects.toThrow('toMs is NaN');
      await expect(provider.fetch([one], 0, 1, NaN)).rejects.toThrow('nowMs is NaN');
    });

    it('shows the corporate actions of a range of ex-dates, and none before its ex-date has begun', async () => {
      const actions = async (from: string, to: string, now = LATE): Promise<string[]> =>
        (await (await make()).fetchActions([two, one], from, to, now)).map(
          ({ symbol, exDate, kind, ratio }) => `${symbol} ${exDate} ${kind} ${ratio}`,
        );
      const all = acts ? [`${one} 2024-03-05 split 2`] : [];
      const midnight = Date.parse('2024-03-05T00:00:00Z');
      expect(await actions('2024-03-05', '2024-03-05')).toEqual(all);
      expect(await actions('2024-03-01', '2024-03-31', midnight)).toEqual(all);
      expect(await actions('2024-03-01', '2024-03-31', midnight - 1)).toEqual([]);
      expect(await actions('2024-03-01', '2024-03-04')).toEqual([]);
      expect(await actions('2024-03-06', '2024-03-31')).toEqual([]);
      expect(await actions('2024-03-31', '2024-03-01')).toEqual([]);
      const provider = await make();
      expect(await provider.fetchActions([two], '2024-03-01', '2024-03-31', LATE)).toEqual([]);
      for (const unknown of ['NOPE', '../etc/passwd']) {
        const fetched = provider.fetchActions([one, unknown], '2024-03-01', '2024-03-31', LATE);
        await expect(fetched, unknown).rejects.toThrow(ProviderError);
      }
    });

    it('has a fingerprint that stays, whatever was fetched before', async () => {
      const provider = await make();
      const before = await provider.fingerprint([one, two]);
      await provider.fetch([one], -Infinity, Infinity, LATE);
      expect(await provider.fingerprint([one, two])).toEqual(before);
      expect(await (await make()).fingerprint([one, two])).toEqual(before);
      expect(await provider.fingerprint([one])).not.toEqual(before);
    });
  });
}
