import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, Option } from 'commander';
import { openConfig } from '../functions/runtime/config-files.ts';
import type { Config } from '../shared/config/config.ts';
import { ConfigError } from '../shared/kernel/errors.ts';
import { parseIsoDate } from '../shared/kernel/time.ts';

/** The configuration that comes with papergate, wherever it is installed. */
export const shippedConfigs = fileURLToPath(new URL('../configs', import.meta.url));

/** `--config DIR`, by default the configuration that comes with papergate. */
export const configOption = (): Option =>
  new Option('--config <dir>', 'configuration folder').default(shippedConfigs, 'configs of papergate');

/** Reads and parses a configuration folder. @throws ConfigError with a line for every problem. */
export const loadConfig = (folder: string): Config => openConfig(folder).config;

/** What a name stands for. @throws ConfigError that names the flag and lists what there is. */
export function pick<T>(known: ReadonlyMap<string, T>, name: string, flag: string): T {
  const found = known.get(name);
  if (found !== undefined) return found;
  throw new ConfigError(`${flag}: ${name} is unknown; expected one of ${[...known.keys()].join(', ')}`);
}

/** Parser of an option that takes a date, which stays text. */
export function isoDate(text: string): string {
  if (Number.isNaN(parseIsoDate(text)))
    throw new InvalidArgumentError('Expected a date that exists, written YYYY-MM-DD.');
  return text;
}
