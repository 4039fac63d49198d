import * as z from 'zod';
import { sha256, type Json, type Sha256 } from '../kernel/canonical.ts';
import { assembleConfig } from './assemble.ts';
import { calendarSchema, type CalendarConfig } from './calendar-schema.ts';
import { costProfileSchema, type CostProfile } from './cost-profile-schema.ts';
import { fillSpecSchema, type FillSpec } from './fill-spec-schema.ts';
import { marketSchema, type MarketConfig } from './market-schema.ts';
import { operatorsSchema, type Operators } from './operators-schema.ts';
import { portfolioSchema, type PortfolioConfig } from './portfolio-schema.ts';
import { policySchema, type PolicyConfig } from './policy-schema.ts';
import { thresholdsSchema, type Thresholds } from './threshold-schema.ts';
import { tradingRulesSchema, type TradingRulesConfig } from './trading-rules-schema.ts';
import { universeSchema, type Universe } from './universe-schema.ts';
import { parseYaml } from './yaml.ts';

export const rootSchema = z.strictObject({
  /** Folder, relative to this one, that gives every file which is not here; null where this one is whole. */
  base: z.string().min(1).nullable(),
});

/** The schema of every kind of file, under the name its JSON Schema is emitted with. */
export const SCHEMAS = {
  config: rootSchema,
  market: marketSchema,
  universe: universeSchema,
  policy: policySchema,
  cost_profile: costProfileSchema,
  trading_rules: tradingRulesSchema,
  calendar: calendarSchema,
  fill_model_spec: fillSpecSchema,
  go_live_thresholds: thresholdsSchema,
  operators: operatorsSchema,
  portfolio: portfolioSchema,
} as const;

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

/**
 * Parses every file of a configuration, including those that no market names: nothing runs on a bad one.
 * @param files text by path relative to the root, `/`-separated; `origin` tells where a path was read from.
 * @throws ConfigError with all problems of the first bad file, or of the references between files.
 */
export const parseConfig = (
  files: ReadonlyMap<string, string>,
  origin: (path: string) => string = (path) => path,
): Config =>
  assembleConfig({
    hashes: Object.fromEntries([...files].map(([path, text]) => [path, sha256(text)])),
    read: (path, schema) => parseYaml(origin(path), files.get(path)!, schema),
    origin,
  });

/** The values of every file's text, as they are stored beside it. @throws ConfigError */
export const configValues = (files: ReadonlyMap<string, string>): Record<string, Json> =>
  Object.fromEntries([...files].map(([path, text]) => [path, parseYaml(path, text, z.json())]));
