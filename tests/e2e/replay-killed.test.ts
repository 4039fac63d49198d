import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../shared/kernel/random.ts';
import { embeddedStores } from '../../shared/stores/embedded.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { headOf, layOut, recordsOf, replay } from '../support/chain.ts';

const script = fileURLToPath(new URL('../simulation/replay-process.ts', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'papergate-killed-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Ten sessions of four bars. */
const SAMPLE = ['ashares', '2024-07-12', '2024-07-25'] as const;

/**
 * Replays in a process of its own that is killed some milliseconds after it said its n-th tick.
 * @returns whether it came to its end before.
 */
function replayUntilKilled(folder: string, tick: number, delayMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, folder, ...SAMPLE], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    let complaint = '';
    let timer: NodeJS.Timeout | undefined;
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes(`ticks ${tick}\n`)) timer ??= setTimeout(() => child.kill('SIGKILL'), delayMs);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (signal === 'SIGKILL') resolve(false);
      else if (code === 0) resolve(true);
      else reject(new Error(`the replay ended with ${code}: ${complaint}`));
    });
  });
}

async function keysOf({ artifacts }: Stores, kinds: readonly string[]): Promise<string[]> {
  return (await Promise.all(kinds.map((kind) => artifacts.list(`ashares/${kind}/`)))).flat();
}

describe('a replay whose process is killed', () => {
  it(
    'six times ends in the head and the artifacts of one that was left alone',
    { timeout: 120_000 },
    async () => {
      const alone = memoryStores();
      await replay(alone, layOut(...SAMPLE));
      const folder = join(root, 'run');
      const random = seededRandom('kill');
      let kills = 0;
      // A tick takes about ten milliseconds here: the deaths are spread over all its steps.
      for (let tick = 5; tick <= 35; tick += 6) {
        if (!(await replayUntilKilled(folder, tick, random.below(12)))) kills++;
      }
      expect(await replayUntilKilled(folder, Infinity, 0)).toBe(true);
      expect(kills, 'deaths before the end').toBeGreaterThanOrEqual(5);

      const stores = embeddedStores(folder, { readOnly: true });
      expect((await headOf(stores, 'ashares')).sha256).toBe((await headOf(alone, 'ashares')).sha256);
      // The release, the switch, 10 sessions of 4 bars.
      expect(await recordsOf(stores, 'ashares')).toEqual(await recordsOf(alone, 'ashares'));
      expect(await recordsOf(stores, 'ashares')).toHaveLength(42);
      const kinds = [
        'block',
        'config',
        'data',
        'decision',
        'execution',
        'forecast',
        'position',
        'record',
        'release',
        'state',
        'window',
      ];
      const keys = await keysOf(stores, kinds);
      expect(keys).toEqual(await keysOf(alone, kinds));
      expect(keys.filter((key) => key.startsWith('ashares/decision/'))).toHaveLength(40);
      for (const key of keys) {
        expect(Buffer.compare(await stores.artifacts.get(key), await alone.artifacts.get(key)), key).toBe(0);
      }
      stores.close();
    },
  );
});
