import { fileURLToPath } from 'node:url';
import { planMarket } from '../../infra/local/market-plan.ts';
import { parseConfig, type MarketFiles } from '../../shared/config/config.ts';
import { layOut, simulated, type Layout } from './chain.ts';

type Config = MarketFiles['config'];

/** What a test turns in the shipped market file, group by group. */
export interface Changes {
  readonly limits?: Partial<Config['limits']>;
  readonly gates?: Partial<Config['gates']>;
  readonly quality?: Partial<Config['quality']>;
  readonly triggers?: Partial<Config['kill_switch']['triggers']>;
  readonly recovery?: Partial<Config['kill_switch']['recovery']>;
  readonly config?: Partial<Config>;
  readonly fillSpec?: Partial<MarketFiles['fillSpec']>;
}

/**
 * Three made-up shares over daily bars. No limit turns YELLOW before it is reached, so that a book which uses one is no
 * reason against a recovery.
 */
export function threeShares(to: string, changes: Changes = {}, from = '2024-07-01'): Layout {
  const shipped = layOut('us_equities', '2024-07-01', '2024-07-09').plan.rules.config;
  const { kill_switch: killSwitch } = shipped;
  return layOut('us_equities', from, to, {
    config: {
      ...simulated('crash-292', '2023-12-01', '2024-12-30'),
      shorting: true,
      limits: { ...shipped.limits, yellow_at: 1, ...changes.limits },
      gates: { ...shipped.gates, ...changes.gates },
      quality: { ...shipped.quality, ...changes.quality },
      kill_switch: {
        ...killSwitch,
        triggers: { ...killSwitch.triggers, ...changes.triggers },
        recovery: { ...killSwitch.recovery, ...changes.recovery },
      },
      ...changes.config,
    },
    ...(changes.fillSpec === undefined ? {} : { fillSpec: changes.fillSpec }),
  });
}

/** The layout as if its market file had been written so, which is what a ledger keeps and a verification reads. */
export function asWritten(turned: Layout, from: string, to: string): Layout {
  const { market, plan, configTexts } = turned;
  // JSON is YAML.
  const written = new Map([...configTexts, [`markets/${market}.yaml`, JSON.stringify(plan.rules.config)]]);
  const config = parseConfig(written, (path) => path);
  const barsFolder = fileURLToPath(new URL('../../samples/bars', import.meta.url));
  return {
    ...{ market, config, configTexts: written },
    plan: planMarket({ config, market, symbols: undefined, barsFolder, from, to }),
  };
}
