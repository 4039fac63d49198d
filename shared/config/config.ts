import * as z from 'zod';
import { sha256, type Json } from '../kernel/canonical.ts';
import { assembleConfig, type Config, type MarketFiles } from './assemble.ts';
import { calendarSchema } from './calendar-schema.ts';
import { costProfileSchema } from './cost-profile-schema.ts';
import { fillSpecSchema } from './fill-spec-schema.ts';
import { marketSchema } from './market-schema.ts';
import { operatorsSchema } from './operators-schema.ts';
import { portfolioSchema } from './portfolio-schema.ts';
import { policySchema } from './policy-schema.ts';
import { thresholdsSchema } from './threshold-schema.ts';
import { tradingRulesSchema } from './trading-rules-schema.ts';
import { universeSchema } from './universe-schema.ts';
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

export type { Config, MarketFiles };

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
