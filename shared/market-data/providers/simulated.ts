import type { TradingIndex } from '../../calendar/types.ts';
import { byCodeUnit, canonicalJson, sha256 } from '../../kernel/canonical.ts';
import { ConfigError, ProviderError } from '../../kernel/errors.ts';
import type { BarProvider } from '../provider.ts';
import { isAscending, reveal, timedBars, type TimedBars } from './reveal.ts';
import {
  indexPath,
  marketShocks,
  simulateBars,
  type IndexPath,
  type SimulatedMarket,
} from './simulated-path.ts';

/** Written into the fingerprint: raise it with any change that gives other bars for the same seed. */
export const SIMULATED_VERSION = 'simulated/1';

export interface SimulatedOptions extends Partial<SimulatedMarket> {
  /** Any text; the bars of an instrument depend on it and on the instrument's name only. */
  readonly seed: string;
  /** Bars start and end exactly where these do. */
  readonly index: TradingIndex;
  /** The instruments that exist; any other is an error, as in a real source. */
  readonly instruments: readonly string[];
}

const DEFAULTS: SimulatedMarket = {
  tick: 0.01,
  volatility: 0.006,
  persistence: 0.9,
  reaction: 0.08,
  correlation: 0.3,
  gapScale: 2.5,
  jumpProbability: 0.001,
  trendStrength: 0,
  regimeBars: 60,
  startPrice: 100,
  volumePerBar: 50_000,
};

/**
 * Bars made from a seed: volatility that clusters, gaps over night, rare jumps, a declared trend, volume that is
 * high at both ends of a session, no corporate actions. For tests, benches and demos; it says nothing about any
 * market. The same seed gives the same bytes whatever range is fetched, in whatever order.
 * @throws ConfigError where an option is out of its bounds.
 */
export function simulatedProvider(options: SimulatedOptions): BarProvider {
  const { seed, index, instruments, ...chosen } = options;
  const market: SimulatedMarket = { ...DEFAULTS, ...chosen };
  checkMarket(market);
  checkIndex(index);
  const known = new Set(instruments);
  const made = new Map<string, TimedBars>();
  let path: IndexPath | undefined;
  const load = (symbol: string): TimedBars => {
    if (!known.has(symbol)) throw unknownInstrument(symbol, instruments);
    let timed = made.get(symbol);
    if (timed === undefined) {
      path ??= indexPath(index, marketShocks(`${seed}/`, index.startMs.length));
      timed = timedBars(simulateBars(`${seed}/${symbol}`, path, market), path.endMs);
      made.set(symbol, timed);
    }
    return timed;
  };
  const checkKnown = (symbols: readonly string[]): void => {
    for (const symbol of symbols) if (!known.has(symbol)) throw unknownInstrument(symbol, instruments);
  };
  return {
    name: 'simulated',
    live: false,
    async fetch(symbols, fromMs, toMs, nowMs) {
      return symbols.map((symbol) => reveal(load(symbol), fromMs, toMs, nowMs));
    },
    async fetchActions(symbols) {
      checkKnown(symbols);
      return [];
    },
    async fingerprint(symbols) {
      checkKnown(symbols);
      return {
        version: SIMULATED_VERSION,
        seed,
        parameters: canonicalJson({ ...market }),
        instruments: [...symbols].sort(byCodeUnit).join(','),
        index: indexHash(index),
      };
    },
  };
}

/** Half-open or closed bounds of each knob, with what it does. */
const BOUNDS: Readonly<Record<keyof SimulatedMarket, readonly [number, number]>> = {
  tick: [1e-8, 1_000],
  volatility: [1e-6, 0.1],
  persistence: [0, 0.999],
  reaction: [0, 0.999],
  correlation: [0, 0.99],
  gapScale: [0, 10],
  jumpProbability: [0, 0.1],
  trendStrength: [0, 1],
  regimeBars: [1, 1e9],
  startPrice: [1e-6, 1e9],
  volumePerBar: [1, 1e12],
};

function checkMarket(market: SimulatedMarket): void {
  for (const [name, [low, high]] of Object.entries(BOUNDS)) {
    const value = market[name as keyof SimulatedMarket];
    if (!(value >= low && value <= high)) {
      throw new ConfigError(`simulated ${name}: ${value}, expected ${low} to ${high}`, { name, value });
    }
  }
  const { persistence, reaction, tick, startPrice } = market;
  if (persistence + reaction >= 1) {
    throw new ConfigError(`simulated persistence + reaction: ${persistence} + ${reaction}, expected below 1`);
  }
  const perUnit = tick < 1 ? 1 / tick : tick;
  if (Math.abs(perUnit - Math.round(perUnit)) > 1e-6 || startPrice < tick) {
    throw new ConfigError(
      `simulated tick: ${tick}, expected 1/n or n, not above the start price ${startPrice}`,
    );
  }
}

function checkIndex(index: TradingIndex): void {
  if (!isAscending(index.startMs) || !isAscending(index.endMs)) {
    throw new ConfigError('simulated index: starts and ends must ascend; take it from a calendar');
  }
}

function unknownInstrument(symbol: string, instruments: readonly string[]): ProviderError {
  const listed = instruments.slice(0, 50).join(', ');
  return new ProviderError(`instrument ${JSON.stringify(symbol)} is not simulated; there are ${listed}`, {
    symbol,
  });
}

function indexHash(index: TradingIndex): string {
  const { startMs, endMs, session } = index;
  const columns = [startMs, endMs, session].map((c) =>
    sha256(new Uint8Array(c.buffer, c.byteOffset, c.byteLength)),
  );
  return sha256(columns.join('\n'));
}
