import type * as z from 'zod';
import { byCodeUnit, hashJson, type Json, type Sha256 } from '../kernel/canonical.ts';
import { ConfigError } from '../kernel/errors.ts';
import { calendarSchema, type CalendarConfig } from './calendar-schema.ts';
import { costProfileSchema, type CostProfile } from './cost-profile-schema.ts';
import { fillSpecSchema, type FillSpec } from './fill-spec-schema.ts';
import { marketSchema, type MarketConfig } from './market-schema.ts';
import { operatorsSchema, type Operators } from './operators-schema.ts';
import { policySchema, type PolicyConfig } from './policy-schema.ts';
import { portfolioSchema, type PortfolioConfig } from './portfolio-schema.ts';
import { thresholdsSchema, type Thresholds } from './threshold-schema.ts';
import { tradingRulesSchema, type TradingRulesConfig } from './trading-rules-schema.ts';
import { universeSchema, type Universe } from './universe-schema.ts';

/** One market's files, parsed: all that its rules are compiled from. */
export interface MarketFiles {
  readonly config: MarketConfig;
  readonly universe: Universe;
  readonly fillSpec: FillSpec;
  readonly costProfile: CostProfile;
  readonly tradingRules: TradingRulesConfig;
  readonly policy: PolicyConfig;
  /** Limits over the books of several markets: the same for all. */
  readonly portfolio: PortfolioConfig;
}

/** A whole configuration, valid in itself. */
export interface Config {
  readonly markets: ReadonlyMap<string, MarketFiles>;
  readonly calendars: ReadonlyMap<string, CalendarConfig>;
  readonly thresholds: Thresholds;
  readonly operators: Operators;
  readonly portfolio: PortfolioConfig;
  /** Hash of each file's text by its path, and of all of them. */
  readonly fileHashes: Readonly<Record<string, Sha256>>;
  readonly hash: Sha256;
}

/** The files of a configuration, however their contents are read. */
export interface ConfigSource {
  /** Hash of each file's text by its path relative to the root. */
  readonly hashes: Readonly<Record<string, Sha256>>;
  /** A file's content against its schema. @throws ConfigError */
  read<T>(path: string, schema: z.ZodType<T>): T;
  /** Where a path was read from, for whoever must mend it. */
  origin(path: string): string;
}

/**
 * A configuration from the values that a ledger stores beside the texts, so that nothing that runs a frozen release
 * needs to understand YAML.
 * @throws ConfigError
 */
export function configFromValues(
  values: Readonly<Record<string, Json>>,
  hashes: Readonly<Record<string, Sha256>>,
): Config {
  return assembleConfig({
    hashes,
    origin: (path) => path,
    read: (path, schema) => {
      const parsed = schema.safeParse(values[path]);
      if (parsed.success) return parsed.data;
      const first = parsed.error.issues[0]!;
      throw new ConfigError(`${path}: ${first.path.join('.') || '(root)'}: ${first.message}`, { path });
    },
  });
}

/** A file elsewhere would be hashed but never read: a misspelt folder must not pass in silence. */
const KNOWN_PATHS =
  /^((markets|universes|models|cost_profiles|trading_rules|calendars)\/[a-z0-9_]+|config|go_live_thresholds|operators|portfolio|fill_model_spec[a-z0-9_]*)\.yaml$/;
const KNOWN_PATHS_TEXT =
  'config.yaml, go_live_thresholds.yaml, operators.yaml, portfolio.yaml, fill_model_spec*.yaml, or a lower-case file in markets/, universes/, models/, cost_profiles/, trading_rules/ or calendars/';

/**
 * Reads every file of a configuration, including those that no market names, and holds their references against each
 * other: nothing runs on a bad one.
 * @throws ConfigError with all problems of the first bad file, or of the references between files.
 */
export function assembleConfig({ hashes, read, origin }: ConfigSource): Config {
  const known = Object.keys(hashes).sort(byCodeUnit);
  const folder = <T>(name: string, schema: z.ZodType<T>): Map<string, T> => {
    const paths = known.filter((path) => path.startsWith(`${name}/`));
    return new Map(paths.map((path) => [path.slice(name.length + 1, -'.yaml'.length), read(path, schema)]));
  };
  for (const path of known) {
    if (!KNOWN_PATHS.test(path))
      throw new ConfigError(`${origin(path)}: is no configuration file; expected ${KNOWN_PATHS_TEXT}`);
  }
  const markets = folder('markets', marketSchema);
  const universes = named(folder('universes', universeSchema), 'universes', origin);
  const policies = named(folder('models', policySchema), 'models', origin);
  const profiles = named(folder('cost_profiles', costProfileSchema), 'cost_profiles', origin);
  const tradingRules = named(folder('trading_rules', tradingRulesSchema), 'trading_rules', origin);
  const calendars = new Map<string, CalendarConfig>();
  for (const [file, calendar] of folder('calendars', calendarSchema)) {
    const expected = calendar.exchange.toLowerCase();
    if (file !== expected)
      throw new ConfigError(
        `${origin(`calendars/${file}.yaml`)}: exchange: is ${calendar.exchange}, expected the file to be ${expected}.yaml`,
      );
    calendars.set(calendar.exchange, calendar);
  }
  const specs = new Map(
    known
      .filter((path) => /^fill_model_spec[a-z0-9_]*\.yaml$/.test(path))
      .map((path) => {
        const spec = read(path, fillSpecSchema);
        return [spec.name, spec] as const;
      }),
  );
  const single = <T>(path: string, schema: z.ZodType<T>): T => {
    if (known.includes(path)) return read(path, schema);
    throw new ConfigError(`${origin(path)}: is missing; every configuration needs it`);
  };
  const thresholds = single('go_live_thresholds.yaml', thresholdsSchema);
  const operators = single('operators.yaml', operatorsSchema);
  const portfolio = single('portfolio.yaml', portfolioSchema);
  if (markets.size === 0) throw new ConfigError(`${origin('markets')}: holds no market file`);
  const resolved = new Map<string, MarketFiles>();
  for (const [file, config] of markets) {
    const where = origin(`markets/${file}.yaml`);
    if (config.market !== file)
      throw new ConfigError(`${where}: market: is ${config.market}, expected the file's name ${file}`);
    const bundle: MarketFiles = {
      config,
      universe: lookUp(universes, config.universe, where, 'universe'),
      fillSpec: lookUp(specs, config.fill_spec, where, 'fill_spec'),
      costProfile: lookUp(profiles, config.cost_profile, where, 'cost_profile'),
      tradingRules: lookUp(tradingRules, config.trading_rules, where, 'trading_rules'),
      policy: lookUp(policies, config.model, where, 'model'),
      portfolio,
    };
    lookUp(calendars, config.exchange, where, 'exchange');
    if (bundle.costProfile.currency !== config.currency) {
      throw new ConfigError(
        `${where}: currency: is ${config.currency}, but cost profile ${config.cost_profile} is in ${bundle.costProfile.currency}`,
      );
    }
    assertBoards(bundle, where);
    assertRestricted(bundle, where);
    resolved.set(file, bundle);
  }
  assertMembers(portfolio, resolved, origin('portfolio.yaml'));
  const fileHashes = Object.fromEntries(known.map((path) => [path, hashes[path]!]));
  const hash = hashJson(fileHashes);
  return { markets: resolved, calendars, thresholds, operators, portfolio, fileHashes, hash };
}

/** Files that carry a name must carry their file's. */
function named<T extends { name: string }>(
  files: Map<string, T>,
  folder: string,
  origin: (path: string) => string,
): Map<string, T> {
  for (const [file, { name }] of files) {
    if (name !== file)
      throw new ConfigError(
        `${origin(`${folder}/${file}.yaml`)}: name: is ${name}, expected the file's name ${file}`,
      );
  }
  return files;
}

/** A board that no row names would leave its instruments uncovered on every day: most likely it is misspelt. */
function assertBoards({ universe, tradingRules }: MarketFiles, where: string): void {
  const boards = new Set(tradingRules.lots.map((row) => row.board));
  const lost = universe.instruments.find((row) => !boards.has(row.board));
  if (lost === undefined) return;
  const known = [...boards].sort(byCodeUnit).join(', ');
  throw new ConfigError(
    `${where}: universe: ${universe.name} puts ${lost.symbol} on board ${lost.board}, which trading rules ${tradingRules.name} do not have; known are ${known}`,
  );
}

/** A restriction of an instrument that does not exist restricts nothing: most likely it is misspelt. */
function assertRestricted({ config, universe }: MarketFiles, where: string): void {
  const symbols = new Set(universe.instruments.map((row) => row.symbol));
  const lost = config.restricted.find((row) => !symbols.has(row.symbol));
  if (lost === undefined) return;
  throw new ConfigError(
    `${where}: restricted: ${lost.symbol} is not in universe ${universe.name}; name an instrument that it has`,
  );
}

function assertMembers(
  { members }: PortfolioConfig,
  markets: ReadonlyMap<string, MarketFiles>,
  where: string,
): void {
  const lost = members.find((member) => !markets.has(member));
  if (lost === undefined) return;
  throw new ConfigError(
    `${where}: members: ${lost} does not exist; known are ${[...markets.keys()].sort(byCodeUnit).join(', ')}`,
  );
}

function lookUp<T>(known: ReadonlyMap<string, T>, name: string, where: string, key: string): T {
  const found = known.get(name);
  if (found !== undefined) return found;
  throw new ConfigError(
    `${where}: ${key}: ${name} does not exist; known are ${[...known.keys()].sort(byCodeUnit).join(', ') || 'none'}`,
  );
}
