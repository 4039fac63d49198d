import { describe, expect, it } from 'vitest';
import { ledgerPartition } from '../../shared/ledger/keys.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { allArtifacts, headOf, layOut, recordsOf, replay, schedule, simulated } from '../support/chain.ts';

/** Six sessions around the fourth of July, on bars that trade on most of them. */
const layout = layOut('us_equities', '2024-07-01', '2024-07-09', {
  config: { ...simulated('crash-292', '2023-12-01', '2024-08-30'), shorting: true },
});

class Killed extends Error {
  override readonly name = 'Killed';
}

/** Stores whose process is killed at one moment, counted in befores and afters of writes, or fails there once. */
function mortalStores(): {
  stores: Stores;
  moments: string[];
  kill(at: number, mode: 'dead' | 'once'): void;
  restart(): void;
} {
  const moments: string[] = [];
  let fatal = -1;
  let mode: 'dead' | 'once' = 'dead';
  const stores = memoryStores({
    onWrite: (name, phase) => {
      const moment = moments.push(`${phase} ${name}`) - 1;
      if (moment === fatal || (moment > fatal && fatal >= 0 && mode === 'dead'))
        throw new Killed(moments[fatal]);
    },
  });
  return {
    stores,
    moments,
    kill: (at, how) => {
      fatal = at;
      mode = how;
    },
    restart: () => {
      fatal = -1;
    },
  };
}

/** Everything that a finished run leaves: names and bytes of all artifacts, and every item of the state. */
async function remains({ artifacts, state }: Stores, market: string): Promise<unknown> {
  const keys = await artifacts.list('');
  const bytes = await Promise.all(
    keys.map(async (key) => Buffer.from(await artifacts.get(key)).toString('base64')),
  );
  return {
    artifacts: keys.map((key, k) => [key, bytes[k]]),
    items: await state.query(ledgerPartition(market), ''),
  };
}

type Run = (stores: Stores) => Promise<unknown>;

/** Runs to the end with one death or failure on the way, each after another process took over. */
async function withOne(run: Run, at: number, mode: 'dead' | 'once'): Promise<Stores> {
  const mortal = mortalStores();
  mortal.kill(at, mode);
  await run(mortal.stores).catch((error: unknown) => {
    // What the dead process could not even note comes with it.
    const cause = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
    expect(cause, mortal.moments[at]!).toBeInstanceOf(Killed);
  });
  expect(mortal.moments.length, `moment ${at} was reached`).toBeGreaterThan(at);
  mortal.restart();
  await run(mortal.stores);
  return mortal.stores;
}

/** The sessions of a layout as the schedule fires for them; those it leaves out are missed. */
const scheduled =
  (ticks: readonly number[]): Run =>
  async (stores) => {
    const events = await schedule(stores, layout);
    for (const k of ticks) await events.run(k);
  };
const replayed: Run = (stores) => replay(stores, layout);

const unbroken = async (run: Run) => {
  const { stores, moments } = mortalStores();
  await run(stores);
  return {
    stores,
    moments,
    head: await headOf(stores, layout.market),
    left: await remains(stores, layout.market),
  };
};

const CASES = [
  { name: 'six ticks', run: scheduled([0, 1, 2, 3, 4, 5]), records: 8, everyNth: 1 },
  { name: 'two missed ticks between others', run: scheduled([0, 3, 4]), records: 7, everyNth: 1 },
  // The definition is validated anew with each replay, a tenth of a second: a sample of the same moments.
  { name: 'a replay', run: replayed, records: 8, everyNth: 23 },
] as const;

describe('a ledger ends in the same bytes', () => {
  it.each(CASES)(
    'wherever its process is killed, or one write fails: $name',
    async ({ run, records, everyNth }) => {
      const { stores, moments, head, left } = await unbroken(run);
      expect(await recordsOf(stores, layout.market)).toHaveLength(records);
      const executions = (await allArtifacts(stores, layout)).map(({ execution }) => execution);
      expect(executions.flatMap(({ fills }) => fills).length, 'something is at stake').toBeGreaterThan(2);

      let points = 0;
      for (let at = 0; at < moments.length; at += everyNth) {
        for (const mode of ['dead', 'once'] as const) {
          const broken = await withOne(run, at, mode);
          expect((await headOf(broken, layout.market)).sha256, `${mode} ${moments[at]}`).toBe(head.sha256);
          expect(await remains(broken, layout.market), `${mode} ${moments[at]}`).toEqual(left);
          points++;
        }
      }
      process.stdout.write(
        `${points} crash points of ${moments.length / 2} writes: the same head and bytes\n`,
      );
      expect(points).toBeGreaterThan(15);
    },
  );

  it('replayed or run by the schedule', async () => {
    const [first, second] = [await unbroken(scheduled([0, 1, 2, 3, 4, 5])), await unbroken(replayed)];
    expect(second.head.sha256).toBe(first.head.sha256);
    expect(second.left).toEqual(first.left);
  });
});
