import { readConfigFiles } from '../functions/runtime/config-files.ts';
import { parseConfig, type Config } from '../shared/config/config.ts';

/** The shipped crypto market with simulated bars of so many instruments, from a seed. */
export function simulatedConfig(instruments: number): { config: Config; texts: ReadonlyMap<string, string> } {
  const files = readConfigFiles(new URL('../configs', import.meta.url).pathname);
  const texts = new Map(files.texts);
  const rows = Array.from(
    { length: instruments },
    (_, i) =>
      `  - { symbol: SIM${String(i).padStart(4, '0')}, board: binance_spot, quantity_digits: 3, price_tick: 0.01 }`,
  );
  texts.set(
    'universes/crypto_v1.yaml',
    `name: crypto_v1\nversion: 1\nsource: generated for the bench\ninstruments:\n${rows.join('\n')}\n`,
  );
  const recorded = '  - { kind: recorded, prefix: CRYPTO }';
  const simulated =
    '  - { kind: simulated, seed: bench, start_session: "2025-01-01", end_session: "2025-06-30", trend_strength: 0, volatility_daily: 0.03 }';
  const market = texts.get('markets/crypto.yaml')!;
  if (!market.includes(recorded))
    throw new Error('the crypto market no longer names a recorded source first');
  texts.set(
    'markets/crypto.yaml',
    market.replace(recorded, simulated).replace(/warmup_bars: \d+/, 'warmup_bars: 480'),
  );
  return { config: parseConfig(texts), texts };
}

export const cpuSeconds = (since: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;
