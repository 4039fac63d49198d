import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { canonicalJson } from '../../shared/kernel/canonical.ts';
import { isoUtc } from '../../shared/kernel/time.ts';
import { commit, readHead } from '../../shared/ledger/chain.ts';
import { LATCH, ledgerPartition } from '../../shared/ledger/keys.ts';
import { embeddedStores, type EmbeddedStores } from '../../shared/stores/embedded.ts';
import {
  layOut,
  recordsOf,
  replay,
  schedule,
  simulated,
  turnSwitch,
  type Schedule,
} from '../support/chain.ts';
import { verify } from '../support/tampered-ledger.ts';

/** Ledgers that had an eventful life verify like any other: what is allowed must never be called a flaw. */
const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

/** Lives a ledger, closes it and verifies it; gives its records' kinds, of switch records their causes. */
async function lived(
  live: (stores: EmbeddedStores) => Promise<unknown>,
): Promise<{ kinds: string[]; stdout: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'papergate-lived-'));
  folders.push(folder);
  const stores = embeddedStores(folder);
  await live(stores);
  const kinds = (await recordsOf(stores, 'us_equities')).map((record) =>
    record.kind === 'switch' ? record.cause : record.kind,
  );
  stores.close();
  const { status, stdout, stderr } = await verify(folder);
  expect([status, stderr]).toEqual([0, '']);
  return { kinds, stdout };
}

/** Made-up daily bars of three names that may be sold short. */
const layout = layOut('us_equities', '2024-07-01', '2024-07-19', {
  config: { ...simulated('verify-1', '2023-12-01', '2024-08-30'), shorting: true },
});

/** Appends a switch record as an operator's halt does, at any moment. */
async function halt({ stores }: Schedule, atMs: number): Promise<void> {
  const { head, body } = (await readHead(stores, 'us_equities'))!;
  const n = head.n + 1;
  const latch = {
    ...{ state: 'HALTED', since_utc: isoUtc(atMs), turned: n, ordinal: head.ordinal, restart: 1 },
    ...{ parameter_version: 1, market_version: 1, record: n },
  };
  await commit(stores, {
    atMs,
    head,
    previousHead: body,
    record: {
      ...{ v: 1, kind: 'switch', market: 'us_equities', mode: head.mode, n, prev: head.sha256 },
      ...{ release_sha256: head.release_sha256, at_utc: isoUtc(atMs), from: 'ACTIVE', to: 'HALTED' },
      ...{ cause: 'halt', trigger: 'operator', actor: 'operator', role: 'ops_operator', reason: 'a test' },
      ...{ missing: [], evidence: [], parameter_version: 1, market_version: 1 },
    },
    also: [
      {
        item: { partition: ledgerPartition('us_equities'), sort: LATCH, body: canonicalJson(latch) },
        expect: 'any',
      },
    ],
  });
}

describe('an eventful ledger verifies', () => {
  test('short positions and many fills', async () => {
    const { kinds } = await lived((stores) => replay(stores, layout));
    expect(kinds.filter((kind) => kind === 'tick')).toHaveLength(14);
  });

  test('missed ticks, whose orders settle later at their own bars', async () => {
    const { kinds } = await lived(async (stores) => {
      const { run } = await schedule(stores, layout);
      for (const k of [0, 1, 2, 5, 6, 9, 12]) await run(k);
    });
    expect(kinds.slice(2).join(' ')).toBe(
      'tick tick tick missed missed tick tick missed missed tick missed missed tick',
    );
  });

  test('a failed tick', async () => {
    const { kinds } = await lived(async (stores) => {
      const { run } = await schedule(stores, layout);
      await run(0);
      const before = (step: string): void => {
        if (step === 'fill') throw new Error('no');
      };
      await run(1, { before }).catch(() => undefined);
      await run(2);
    });
    expect(kinds).toEqual(['release', 'opened', 'tick', 'failed', 'tick']);
  });

  test('a parameter that was turned off and on', async () => {
    const { kinds } = await lived(async (stores) => {
      const { run, tickMs } = await schedule(stores, layout);
      for (let k = 0; k < 10; k++) {
        if (k === 3) await turnSwitch(stores, 'true', tickMs(k));
        if (k === 6) await turnSwitch(stores, 'false', tickMs(k));
        await run(k);
      }
    });
    // Turned off it is a halt; turned on again it is a request, which is refused.
    expect(kinds.join(' ')).toBe(
      'release opened tick tick tick halt tick tick tick refusal tick tick tick tick',
    );
  });

  test('a halt that is recorded between a decision and its commit', async () => {
    const { kinds } = await lived(async (stores) => {
      const made = await schedule(stores, layout);
      for (let k = 0; k < 4; k++) await made.run(k);
      const before = (step: string) => (step === 'fill' ? halt(made, made.tickMs(4) + 185_000) : undefined);
      await made.run(4, { before });
      await made.run(5);
    });
    expect(kinds.slice(5)).toEqual(['tick', 'halt', 'tick', 'tick']);
  });

  test('a halt, a recovery that was earned, and its trial', async () => {
    const { kinds } = await lived(async (stores) => {
      const made = await schedule(stores, layout);
      const minute = 60_000;
      const turn = (k: number, value: string, by: string, why: string) =>
        turnSwitch(stores, value, made.tickMs(k) + 20 * minute, { by, why, market: 'us_equities' });
      for (let k = 0; k < 14; k++) {
        await made.run(k);
        if (k === 0) await turn(k, 'true', 'operator', 'something looks odd');
        if (k >= 1 && k <= 3) await made.check(made.tickMs(k) + 30 * minute);
        if (k !== 3) continue;
        await turn(k, 'false', 'admin', 'it was looked into');
        await made.watch(made.tickMs(k) + 40 * minute);
      }
    });
    expect(kinds.join(' ')).toBe(
      'release opened tick halt tick tick tick recovery tick tick trial_passed tick tick tick tick tick tick tick tick',
    );
  });

  test('two runs of the same tick, one of which lost', async () => {
    const { stdout } = await lived(async (stores) => {
      const { run } = await schedule(stores, layout);
      await run(0);
      await run(1, { after: async (step) => void (step === 'gate' && (await run(1))) });
    });
    expect(stdout).toMatch(/^us_equities +4 +2 +3 /m);
  });

  test('a run that was killed before its first record', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'papergate-lived-'));
    folders.push(folder);
    const stores = embeddedStores(folder);
    await stores.artifacts.putIfAbsent('crypto/state/2024-07-01/x.json', new Uint8Array([1]));
    stores.close();
    const { status, stdout } = await verify(folder);
    expect([status, stdout.includes('empty')]).toEqual([0, true]);
  });

  test('a ledger that a run is still writing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'papergate-lived-'));
    folders.push(folder);
    const stores = embeddedStores(folder);
    const { run } = await schedule(stores, layout);
    for (let k = 0; k < 4; k++) await run(k);
    const [{ status, stderr }] = await Promise.all([verify(folder), run(4).then(() => run(5))]);
    stores.close();
    expect([status, stderr]).toEqual([0, '']);
  });
});
