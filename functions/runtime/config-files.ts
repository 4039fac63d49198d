import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfig, rootSchema, type Config } from '../../shared/config/config.ts';
import { parseYaml } from '../../shared/config/yaml.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';

/** The texts of a configuration folder by relative path, and where each was read. */
export interface ConfigFiles {
  readonly texts: ReadonlyMap<string, string>;
  origin(path: string): string;
}

/**
 * Reads a configuration folder. Where its config.yaml names a base, files that the folder lacks come from there.
 * @throws ConfigError where the folder or its config.yaml cannot be read, or bases go in a circle.
 */
export function readConfigFiles(folder: string, depth = 0): ConfigFiles {
  const root = readText(join(folder, 'config.yaml'), folder);
  const { base } = parseYaml(join(folder, 'config.yaml'), root, rootSchema);
  if (depth > 4)
    throw new ConfigError(`${folder}/config.yaml: base: more than four bases in a row, or a circle of them`);
  const below = base === null ? undefined : readConfigFiles(join(folder, base), depth + 1);
  const texts = new Map(below?.texts);
  const origins = new Map<string, string>();
  for (const path of yamlFiles(folder)) {
    texts.set(path, readText(join(folder, path), folder));
    origins.set(path, join(folder, path));
  }
  return {
    texts,
    origin: (path) =>
      origins.get(path) ?? (texts.has(path) ? below?.origin(path) : undefined) ?? join(folder, path),
  };
}

/** A configuration folder, read and parsed. @throws ConfigError with a line for every problem. */
export function openConfig(folder: string): { config: Config; texts: ReadonlyMap<string, string> } {
  const files = readConfigFiles(folder);
  return { config: parseConfig(files.texts, files.origin), texts: files.texts };
}

function readText(path: string, folder: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(
      `${path}: cannot be read; expected a configuration folder at ${folder} (--config DIR)`,
      { path },
      { cause },
    );
  }
}

/** Paths of all YAML files in the folder and one level below, ascending. */
function yamlFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, '/').length).replaceAll('\\', '/'))
    .sort((a, b) => (a < b ? -1 : 1));
}
