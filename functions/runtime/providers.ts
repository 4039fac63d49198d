import type { BarSize, TradingIndex } from '../../shared/calendar/types.ts';
import type { ProviderConfig } from '../../shared/config/market-schema.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import type { BarProvider } from '../../shared/market-data/provider.ts';
import { recordedProvider } from '../../shared/market-data/providers/recorded.ts';
import { barEndsOf } from '../../shared/market-data/providers/reveal.ts';
import { simulatedProvider } from '../../shared/market-data/providers/simulated.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';

/** Where recorded bars lie, and the sessions a source may be asked for. */
export interface SourceOptions {
  /** `--bars DIR`; needed by recorded sources. */
  readonly barsFolder: string | undefined;
  readonly index: TradingIndex;
}

/**
 * Builds the source of bars that a market file names first, of the market's bar size or a finer one.
 * @throws ConfigError where it lacks what it needs.
 */
export function buildProvider(
  rules: MarketRules,
  options: SourceOptions,
  size: BarSize = rules.config.bar_size,
): BarProvider {
  const chosen = rules.config.providers[0] as ProviderConfig;
  switch (chosen.kind) {
    case 'recorded':
      if (options.barsFolder === undefined) {
        throw new ConfigError(
          `market ${rules.config.market} reads recorded bars: say where they are with --bars DIR`,
        );
      }
      return recordedProvider({
        folder: options.barsFolder,
        prefix: chosen.prefix,
        bar: size,
        barEndMs: barEndsOf(options.index),
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
