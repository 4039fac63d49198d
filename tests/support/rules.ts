import { fileURLToPath } from 'node:url';
import { readConfigFiles } from '../../functions/runtime/config-files.ts';
import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import { parseConfig, SCHEMAS, type Config } from '../../shared/config/config.ts';
import { compileMarket, type MarketRules } from '../../shared/tick/rules.ts';

/** A part of a value, any level deep; arrays are replaced as a whole. */
type Part<T> = T extends readonly unknown[] ? T : T extends object ? { [key in keyof T]?: Part<T[key]> } : T;

/** What a test changes in the shipped files of one market; each file is validated again. */
export interface Overrides {
  readonly config?: Part<MarketRules['config']>;
  readonly fillSpec?: Part<MarketRules['fillSpec']>;
  readonly costProfile?: Part<MarketRules['costs']['profile']>;
  readonly policy?: Part<MarketRules['policyConfig']>;
  /** Instruments in place of the shipped universe. */
  readonly instruments?: readonly Instrument[];
}

interface Instrument {
  readonly symbol: string;
  readonly quantity_digits: number;
  readonly lot_steps: number;
  readonly price_tick: number;
}

/** An instrument in whole units, lots of one, for arithmetic that fits in the head. */
export const whole = (symbol: string, lot = 1): Instrument => ({
  symbol,
  quantity_digits: 0,
  lot_steps: lot,
  price_tick: 0.01,
});

const parsed = new Map<string, Config>();

/** The shipped configuration of `configs` or `samples/configs`. */
export function shippedConfig(folder: 'configs' | 'samples/configs' = 'configs'): Config {
  let config = parsed.get(folder);
  if (config === undefined) {
    const files = readConfigFiles(fileURLToPath(new URL(`../../${folder}`, import.meta.url)));
    config = parseConfig(files.texts, files.origin);
    parsed.set(folder, config);
  }
  return config;
}

/** The rules of a shipped market with a few knobs turned. */
export function rulesOf(
  market: 'crypto' | 'ashares' | 'us_equities',
  overrides: Overrides = {},
  folder: 'configs' | 'samples/configs' = 'configs',
): MarketRules {
  const shipped = shippedConfig(folder);
  const files = shipped.markets.get(market)!;
  const calendar = shipped.calendars.get(files.config.exchange)!;
  return compileMarket(
    {
      config: SCHEMAS.market.parse(merged(files.config, overrides.config)),
      universe: SCHEMAS.universe.parse(merged(files.universe, { instruments: overrides.instruments })),
      fillSpec: SCHEMAS.fill_model_spec.parse(merged(files.fillSpec, overrides.fillSpec)),
      costProfile: SCHEMAS.cost_profile.parse(merged(files.costProfile, overrides.costProfile)),
      policy: SCHEMAS.policy.parse(merged(files.policy, overrides.policy)),
    },
    exchangeCalendar(calendar),
  );
}

function merged(base: unknown, part: unknown): unknown {
  if (part === undefined) return base;
  if (!isRecord(base) || !isRecord(part)) return part;
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(part)) {
    if (value !== undefined) result[key] = merged(base[key], value);
  }
  return result;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A cost profile without fees' dates in the way: one fee in bps, a fixed half spread, impact of the given size. */
export const plainCosts = (feeBps: number, halfSpreadBps: number, impactY: number, minAmount?: number) => ({
  fees: [
    {
      name: 'fee',
      side: 'both' as const,
      basis: 'notional' as const,
      fee_bps: feeBps,
      ...(minAmount === undefined ? {} : { min_amount: minAmount }),
      effective_from: '2015-01-01',
      source: 'made up for a worked example',
      confirmed: false,
    },
  ],
  half_spread: {
    base_bps: halfSpreadBps,
    volatility: [{ factor: 1 }],
    relative_volume: [{ factor: 1 }],
    time_of_day: [{ factor: 1 }],
  },
  impact: { y: impactY },
});
