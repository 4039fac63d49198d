import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Evidence } from '../infra/local/manifest.ts';

/** The commit, runtime and platform of this process: evidence beside a release, never part of its hash. */
export function evidence(): Evidence {
  const git = spawnSync('git', ['rev-parse', 'HEAD'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
  });
  return {
    gitCommit: git.status === 0 ? git.stdout.trim() : 'unknown',
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  };
}
