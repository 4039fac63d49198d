import type { Config, MarketFiles } from '../config/config.ts';
import { byCodeUnit, hashJson, type Json, type Sha256 } from '../kernel/canonical.ts';
import { ConfigError } from '../kernel/errors.ts';
import { isoUtc, utcDay } from '../kernel/time.ts';
import type { Release } from '../ledger/artifacts.ts';
import type { Running } from './mismatch.ts';

/** What a release is frozen from, beside the configuration. */
export interface ReleaseInputs {
  readonly config: Config;
  readonly files: MarketFiles;
  readonly mode: 'forward' | 'replay';
  readonly codeSha256: Sha256;
  readonly dataFingerprint: Readonly<Record<string, string>>;
  readonly dataSource: { readonly name: string; readonly live: boolean };
  readonly firstTickMs: number;
  readonly health: Release['health'];
  readonly driftReference: Release['drift_reference'];
  readonly halfSpreadBps: Float64Array;
}

/** What runs, in the parts that a release freezes beside its data. */
export function runningParts(
  config: Config,
  { config: market, policy }: MarketFiles,
  codeSha256: Sha256,
): Running {
  return {
    config_sha256: config.hash,
    code_sha256: codeSha256,
    model_version: `${market.model}_${market.bar_size}_v${policy.version}`,
    calendar_sha256: hashJson(config.calendars.get(market.exchange) as unknown as Json),
  };
}

/** The frozen release of one market: the same data, configuration, model, calendar and code give the same hash. */
export function freezeRelease(inputs: ReleaseInputs): { release: Release; sha256: Sha256 } {
  const { config, files } = inputs;
  const { market, model } = files.config;
  const release: Release = {
    v: 1,
    release_name: `${utcDay(inputs.firstTickMs)}_${market}_${model}_v${files.policy.version}`,
    market,
    mode: inputs.mode,
    ...runningParts(config, files, inputs.codeSha256),
    data: { ...inputs.dataFingerprint },
    data_source: inputs.dataSource,
    universe_version: `${files.universe.name}_v${files.universe.version}`,
    symbols: files.universe.instruments.map(({ symbol }) => symbol),
    first_tick_utc: isoUtc(inputs.firstTickMs),
    health: inputs.health,
    half_spread_bps: Array.from(inputs.halfSpreadBps, (bps) => (Number.isNaN(bps) ? null : bps)),
    drift_reference: inputs.driftReference,
  };
  return { release, sha256: hashJson(release as unknown as Json) };
}

/** The half spreads that a release froze, by instrument, NaN where it has none: what the compiled market takes. */
export const frozenSpreads = ({ half_spread_bps: frozen }: Release): Float64Array =>
  Float64Array.from(frozen, (bps) => bps ?? NaN);

/** A market's files with the universe cut to the symbols asked for, in the order of the universe file. */
export function cutUniverse(files: MarketFiles, symbols: readonly string[] | undefined): MarketFiles {
  if (symbols === undefined) return files;
  const known = files.universe.instruments.map(({ symbol }) => symbol);
  const unknown = symbols.filter((symbol) => !known.includes(symbol));
  if (unknown.length > 0 || symbols.length === 0) {
    throw new ConfigError(
      `--symbols: ${unknown.join(', ') || 'an empty list'} is not in universe ${files.universe.name}; it has ${[...known].sort(byCodeUnit).join(', ')}`,
    );
  }
  const wanted = new Set(symbols);
  return {
    ...files,
    universe: {
      ...files.universe,
      instruments: files.universe.instruments.filter(({ symbol }) => wanted.has(symbol)),
    },
  };
}
