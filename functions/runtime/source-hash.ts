import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { byCodeUnit, hashJson, sha256, type Sha256 } from '../../shared/kernel/canonical.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/**
 * Folders whose code decides. What only shows, tests, or lays a stage out on AWS is evidence beside the release: an alarm
 * that is worded anew starts no new one.
 */
const ROOMS = ['functions', 'infra/local', 'infra/machine', 'shared'];

/** The hash of the source tree: every TypeScript file of the rooms that decide, by its path. */
export function sourceHash(root: string = ROOT): Sha256 {
  const paths = ROOMS.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name).slice(join(root, '/').length)),
  );
  const files = paths
    .sort(byCodeUnit)
    .map((path) => [path.replaceAll('\\', '/'), sha256(readFileSync(join(root, path)))]);
  return hashJson(Object.fromEntries(files) as Record<string, string>);
}
