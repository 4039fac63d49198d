import { hashJson } from '../../shared/kernel/canonical.ts';
import { releaseOf } from '../../shared/tick/sign-off.ts';
import type { LedgerMarket } from './ledger-markets.ts';

/** What stands beside a release as evidence and is not part of its hash: it may differ where the release is the same. */
export interface Evidence {
  readonly gitCommit: string;
  readonly node: string;
  readonly platform: string;
}

/** release_manifest.json: what was frozen, what it assumes, and where each ledger stands. */
export function releaseManifest(markets: readonly LedgerMarket[], evidence: Evidence): object {
  const { releaseName, releaseSha256 } = releaseOf(markets);
  const per = <T>(pick: (market: LedgerMarket) => T): Record<string, T> =>
    Object.fromEntries(markets.map((market) => [market.release.market, pick(market)]));
  const zone = (market: string): string | null =>
    markets.find(({ release }) => release.market === market)?.rules.config.display_time_zone ?? null;
  return {
    release_name: releaseName,
    release_sha256: releaseSha256,
    scope: 'paper_trading_only',
    generated_at_utc: markets
      .map(({ head }) => head.tick_utc)
      .sort()
      .at(-1),
    markets: markets.map(({ release }) => release.market),
    timezones: {
      storage: 'UTC',
      crypto_display: zone('crypto'),
      ashares_display: zone('ashares'),
      us_display: zone('us_equities'),
    },
    versions: {
      git_commit: evidence.gitCommit,
      config_hash: markets[0]!.release.config_sha256,
      code_hash: markets[0]!.release.code_sha256,
      data_hash: hashJson(per(({ release }) => release.data)),
      calendar_hash: per(({ release }) => release.calendar_sha256),
      model_version: per(({ release }) => release.model_version),
      universe_version: per(({ release }) => release.universe_version),
    },
    assumptions: {
      delay_bars: per(({ rules }) => rules.fillSpec.delay_bars),
      fill_price_mode: per(({ rules }) => rules.fillSpec.price_mode),
      trading_rules: per(({ rules }) => `${rules.trading.name}_v${rules.trading.version}`),
      cost_profile: per(({ rules }) => `${rules.costs.profile.name}_v${rules.costs.profile.version}`),
    },
    runtime: { node: evidence.node, platform: evidence.platform },
    data_source: per(({ release }) => release.data_source),
    data_files: per(({ release }) => release.data),
    mode: per(({ head }) => head.mode),
    release_by_market: per(({ releaseSha256: sha256 }) => sha256),
    ledger_head: per(({ head }) => ({ n: head.n, sha256: head.sha256 })),
    witness: 'self-attested',
  };
}
