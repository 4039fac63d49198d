import { fileURLToPath } from 'node:url';
import type * as z from 'zod';
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
  /** Lists of rows in place of the shipped ones; the boards of `whole` come with them. */
  readonly tradingRules?: Partial<TradingRulesInput>;
  /** Instruments in place of the shipped universe. */
  readonly instruments?: readonly Instrument[];
}

export type Instrument = z.input<typeof SCHEMAS.universe>['instruments'][number];
type TradingRulesInput = z.input<typeof SCHEMAS.trading_rules>;

/** Boards that only tests have: lots of the number in the name, no price limit, T+0, no tax on dividends. */
const LOTS_OF = 'lots_of_';

/** An instrument in whole units, lots of one, for arithmetic that fits in the head. */
export const whole = (symbol: string, lot = 1): Instrument => ({
  symbol,
  board: `${LOTS_OF}${lot}`,
  quantity_digits: 0,
  price_tick: 0.01,
});

/** Trading rules with a board of their own for every lot that an instrument of `whole` has. */
function withLotBoards<Rules extends TradingRulesInput>(
  rules: Rules,
  instruments: readonly { readonly board: string }[],
): Rules {
  const made = new Set(instruments.map(({ board }) => board).filter((board) => board.startsWith(LOTS_OF)));
  const boards = [...made].filter((board) => !rules.lots.some((row) => row.board === board));
  const rows = <Row>(fields: (board: string) => Row) =>
    boards.map((board) => ({
      board,
      ...fields(board),
      effective_from: '1970-01-01',
      source: 'made up for a worked example',
      confirmed: false,
    }));
  const lots = rows((board) => {
    const steps = Number(board.slice(LOTS_OF.length));
    return { min_steps: steps, increment_steps: steps, notional_min: 0 };
  });
  return {
    ...rules,
    lots: [...rules.lots, ...lots],
    settlement: [...rules.settlement, ...rows(() => ({ sell_after_sessions: 0 as const }))],
    price_limits: [
      ...rules.price_limits,
      ...rows(() => ({ up_bps: null, down_bps: null, unlimited_sessions: 0 })),
    ],
    dividends: [...rules.dividends, ...rows(() => ({ held_days_max: null, withholding_bps: 0 }))],
  };
}

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
      portfolio: files.portfolio,
      tradingRules: SCHEMAS.trading_rules.parse(
        withLotBoards({ ...files.tradingRules, ...overrides.tradingRules }, overrides.instruments ?? []),
      ),
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

/**
 * A cost profile without fees' dates in the way: one fee in bps, a fixed half spread, impact of the given size. The
 * spread has no floor but half a tick; every short may be borrowed, and holding costs nothing.
 */
export const plainCosts = (feeBps: number, halfSpreadBps: number, impactY: number, minAmount?: number) => ({
  model: 'dynamic_v1' as const,
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
    floor_bps: 0,
    volatility: [{ factor: 1 }],
    relative_volume: [{ factor: 1 }],
    time_of_day: [{ factor: 1 }],
  },
  impact: { model: 'square_root' as const, y: impactY },
  holding: [
    {
      name: 'borrow',
      position: 'short' as const,
      bps: 0,
      interval_h: 24,
      effective_from: '2015-01-01',
      source: 'made up for a worked example',
      confirmed: false,
    },
  ],
});
