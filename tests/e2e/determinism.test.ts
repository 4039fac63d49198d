import { execFile } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { memoryStores } from '../../shared/stores/memory.ts';
import { headOf, layOut, replay, type MarketName } from '../support/chain.ts';

const script = fileURLToPath(new URL('../simulation/replay-process.ts', import.meta.url));
const elsewhere = realpathSync(mkdtempSync(join(tmpdir(), 'papergate-elsewhere-')));
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));
const run = promisify(execFile);

/** Days around the change of the clocks in New York and Apia, and sessions of both hemispheres' summers. */
const SAMPLES: readonly (readonly [MarketName, string, string])[] = [
  ['ashares', '2024-07-12', '2024-07-25'],
  ['us_equities', '2013-11-01', '2013-11-29'],
];
const PLACES = [
  { TZ: 'UTC', LANG: 'zh_CN.UTF-8', LC_ALL: 'C', locale: 'en-US' },
  { TZ: 'America/New_York', LANG: 'C', LC_ALL: 'de_DE.UTF-8', locale: 'de-DE' },
  { TZ: 'Asia/Shanghai', LANG: 'C', LC_ALL: 'zh_CN.UTF-8', locale: 'zh-CN' },
  { TZ: 'Pacific/Apia', LANG: 'C', LC_ALL: 'tr_TR.UTF-8', locale: 'tr-TR' },
] as const;

interface Found {
  readonly head: string;
  readonly timeZone: string;
  readonly locale: string;
  readonly folder: string;
}

async function replayAt(
  sample: readonly string[],
  { TZ, LANG, LC_ALL }: (typeof PLACES)[number],
): Promise<Found> {
  const env = { ...process.env, TZ, LANG, LC_ALL, LC_NUMERIC: LANG };
  const { stdout } = await run(process.execPath, [script, 'memory', ...sample], { env, cwd: elsewhere });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Found;
}

describe('a replay', () => {
  it.each(SAMPLES)('of %s ends in one head in every zone, locale and folder', async (...sample) => {
    const stores = memoryStores();
    await replay(stores, layOut(...sample));
    const { sha256 } = await headOf(stores, sample[0]);
    for (const place of PLACES) {
      const { head, timeZone, locale, folder } = await replayAt(sample, place);
      // The process was where it was sent, else the comparison says nothing.
      expect([timeZone, locale, folder]).toEqual([place.TZ, place.locale, elsewhere]);
      expect(head, place.TZ).toBe(sha256);
    }
  });
});
