import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleFunctions } from '../infra/aws/bundles.ts';

/** A Lambda's bundle: its size, and the CPU that a fresh process needs to import it. */
export interface BundleFigures {
  readonly name: string;
  readonly kilobytes: number;
  readonly importCpuMs: number;
}

/** Imports are measured so often, each in a process of its own; the median counts. */
const RUNS = 5;

const ENVIRONMENT = {
  PAPERGATE_STAGE: 'bench',
  PAPERGATE_MARKETS: 'crypto',
  PAPERGATE_TABLE: 'table',
  PAPERGATE_ARTIFACTS_BUCKET: 'artifacts',
  PAPERGATE_PROJECTIONS_BUCKET: 'projections',
  PAPERGATE_OWNER_TOPIC: 'topic',
  PAPERGATE_ACCOUNT: '000000000000',
  AWS_REGION: 'us-east-1',
};

const SCRIPT =
  'const before = process.cpuUsage(); await import(process.argv[1]); const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000);';

/** Bundles every function and imports each in fresh processes. */
export async function bundleFigures(): Promise<{ bundles: BundleFigures[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'papergate-bundles-'));
  try {
    const bundles = [...(await bundleFunctions(folder))].map(([name, bundle]) => {
      const file = join(bundle.folder, 'index.mjs');
      const runs = Array.from({ length: RUNS }, () => importCpuMs(file)).sort((a, b) => a - b);
      return { name, kilobytes: bundle.bytes / 1_000, importCpuMs: runs[RUNS >> 1]! };
    });
    return { bundles };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const importCpuMs = (file: string): number =>
  Number(
    execFileSync(process.execPath, ['--input-type=module', '-e', SCRIPT, file], {
      encoding: 'utf8',
      env: { ...process.env, ...ENVIRONMENT },
    }),
  );
