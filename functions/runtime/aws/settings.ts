import * as z from 'zod';
import { ConfigError } from '../../../shared/kernel/errors.ts';

const text = z.string().min(1);

/** What a Lambda is told by its environment: names only, never a secret. */
const settingsSchema = z.object({
  PAPERGATE_STAGE: text,
  PAPERGATE_MARKETS: text.transform((list) => list.split(',')),
  PAPERGATE_TABLE: text,
  PAPERGATE_ARTIFACTS_BUCKET: text,
  PAPERGATE_PROJECTIONS_BUCKET: text,
  PAPERGATE_OWNER_TOPIC: text,
  PAPERGATE_ACCOUNT: z.string().regex(/^\d{12}$/, 'expected the twelve digits of the account'),
});
export type Settings = z.infer<typeof settingsSchema>;

/** Names of the variables that a Lambda needs. */
export type SettingName = keyof Settings;

/** Where the parameters of a stage lie in Parameter Store. */
export const parameterPrefix = (stage: string): string => `/papergate/${stage}`;

/** Parses an environment. @throws ConfigError naming the first variable that is missing or malformed. */
export function parseSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const parsed = settingsSchema.safeParse(env);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0]!;
  throw new ConfigError(
    `environment of this function: ${first.path.join('.')}: ${first.message}: deploy the stack again`,
  );
}
