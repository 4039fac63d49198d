import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import type { Config, MarketFiles } from '../../shared/config/config.ts';
import type { Sha256 } from '../../shared/kernel/canonical.ts';
import type { BarProvider, RateProvider } from '../../shared/market-data/provider.ts';
import { mismatchedParts } from '../../shared/release/mismatch.ts';
import { frozenSpreads, runningParts } from '../../shared/release/release.ts';
import { compileMarket, withSpreads, type MarketRules } from '../../shared/tick/rules.ts';
import type { FrozenRelease } from './frozen-market.ts';
import { lineSource, type MarketRuntime, type OtherMarket } from './runtime.ts';

/** What a market is run with. */
export interface RunningMarket {
  readonly config: Config;
  readonly files: MarketFiles;
  readonly rules: MarketRules;
  readonly opened: FrozenRelease;
  /** Hash of the source tree that runs. */
  readonly codeSha256: Sha256;
  readonly provider: BarProvider;
  readonly executionProvider: BarProvider | undefined;
  readonly rates: RateProvider | undefined;
  /** Roles of actors who are not in the operators' file; none by default. */
  readonly roleOfSession?: MarketRuntime['roleOfSession'];
}

/** A market as the steps see it. */
export function marketRuntimeOf(given: RunningMarket): MarketRuntime {
  const { config, files, rules, opened, provider, executionProvider, rates } = given;
  return {
    rules: withSpreads(rules, frozenSpreads(opened.release)),
    ...{ provider, executionProvider, rates },
    release: opened.release,
    releaseSha256: opened.sha256,
    thresholds: config.thresholds,
    operators: config.operators,
    roleOfSession: given.roleOfSession ?? (() => undefined),
    mismatched: mismatchedParts(opened.release, runningParts(config, files, given.codeSha256)),
    others: othersOf(config, rules.config.market),
    line: lineSource(rules),
  };
}

/** The other members of the portfolio; none where the market is no member. */
function othersOf({ portfolio, markets, calendars }: Config, market: string): OtherMarket[] {
  if (!portfolio.members.includes(market)) return [];
  return portfolio.members
    .filter((member) => member !== market)
    .map((member) => {
      const files = markets.get(member)!;
      const calendar = exchangeCalendar(calendars.get(files.config.exchange)!);
      return {
        market: member,
        currency: files.config.currency,
        line: lineSource(compileMarket(files, calendar)),
      };
    });
}
