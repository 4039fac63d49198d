import type { BarSize } from '../../shared/calendar/types.ts';
import type { ProviderConfig } from '../../shared/config/market-schema.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import type { BarProvider } from '../../shared/market-data/provider.ts';
import { simulatedProvider } from '../../shared/market-data/providers/simulated.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';

/** Opens recorded bars by the prefix of their files' names; undefined where no folder of them is at hand. */
export type Recorded = ((prefix: string, size: BarSize) => BarProvider) | undefined;

/**
 * Builds the source of bars that a market file names first, of the market's bar size or a finer one.
 * @throws ConfigError where it lacks what it needs.
 */
export function buildProvider(
  rules: MarketRules,
  recorded: Recorded,
  size: BarSize = rules.config.bar_size,
): BarProvider {
  const chosen = rules.config.providers[0] as ProviderConfig;
  switch (chosen.kind) {
    case 'recorded':
      if (recorded === undefined) {
        throw new ConfigError(
          `market ${rules.config.market} reads recorded bars, and none are at hand: on one machine --bars DIR says where they are; on AWS name a source that a Lambda can reach`,
        );
      }
      return recorded(chosen.prefix, size);
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
