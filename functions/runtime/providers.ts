import type { BarSize, TradingIndex } from '../../shared/calendar/types.ts';
import type { ProviderConfig } from '../../shared/config/market-schema.ts';
import { ConfigError, ProviderError } from '../../shared/kernel/errors.ts';
import type { BarProvider } from '../../shared/market-data/provider.ts';
import { recordedProvider } from '../../shared/market-data/providers/recorded.ts';
import { barEndsOf } from '../../shared/market-data/providers/reveal.ts';
import { simulatedProvider } from '../../shared/market-data/providers/simulated.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';

/** Where recorded bars lie, and the sessions that they may be asked for. */
export interface Recorded {
  /** `--bars DIR` */
  readonly folder: string;
  readonly index: TradingIndex;
}

/**
 * Builds the source of bars that a market file names first, of the market's bar size or a finer one.
 * @throws ConfigError where it lacks what it needs.
 */
export function buildProvider(
  rules: MarketRules,
  recorded: Recorded | undefined,
  size: BarSize = rules.config.bar_size,
): BarProvider {
  const chosen = rules.config.providers[0] as ProviderConfig;
  switch (chosen.kind) {
    case 'recorded':
      if (recorded === undefined) {
        throw new ConfigError(
          `market ${rules.config.market} reads recorded bars: say where they are with --bars DIR`,
        );
      }
      return recordedProvider({
        folder: recorded.folder,
        prefix: chosen.prefix,
        bar: size,
        barEndMs: barEndsOf(recorded.index),
      });
    case 'simulated': {
      if (size !== rules.config.bar_size) {
        throw new ConfigError(
          `market ${rules.config.market}: execution_bar_size: simulated bars have no finer ones within them; leave it out`,
        );
      }
      const perBar = chosen.volatility_daily / Math.sqrt(rules.barsPerDay);
      return simulatedProvider({
        seed: chosen.seed,
        index: rules.calendar.tradingIndex(
          chosen.start_session,
          chosen.end_session,
          rules.config.bar_size,
          rules.config.bar_anchor,
        ),
        instruments: rules.instruments.symbols,
        trendStrength: chosen.trend_strength,
        volatility: perBar,
      });
    }
  }
}

/** A source for whoever fetches nothing. @throws ProviderError where one does all the same. */
export const noBars = (name: string): BarProvider => {
  const refuse = async (): Promise<never> => {
    throw new ProviderError(`${name}: only the ingest step fetches bars`);
  };
  return { name, live: false, fetch: refuse, fetchActions: refuse, fingerprint: refuse };
};
