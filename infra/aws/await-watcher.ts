import { setTimeout as wait } from 'node:timers/promises';
import { RefusedError } from '../../shared/kernel/errors.ts';
import { getJson, parseStored, readLatch } from '../../shared/ledger/chain.ts';
import { DISABLE_TRADING, ledgerPartition, marketSwitch, recordSort } from '../../shared/ledger/keys.ts';
import { recordSchema, referenceSchema, type Latch, type SwitchRecord } from '../../shared/ledger/records.ts';
import { parseIsoUtc } from '../../shared/kernel/time.ts';
import type { Trigger } from '../../shared/risk/triggers.ts';
import type { Turn } from '../../shared/risk/switch-machine.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import type { Align, Operated } from '../local/operate.ts';

/** How long the watcher gets: it answers within seconds, and its first start takes some. */
const TRIES = 30;
const EVERY_MS = 2_000;

/**
 * Waits until the stage's own watcher has answered both parameters as they stand now: people may put them, but only the
 * chain's functions write its records.
 * @throws RefusedError where nobody answered in a minute: what was put stands, and the next gate answers it.
 */
export const awaitWatcher =
  (pause: (ms: number) => Promise<unknown> = wait): Align =>
  async (stores, market) => {
    for (let left = TRIES; left > 0; left--) {
      const latch = await readLatch(stores, market);
      if (latch !== undefined && (await isAnswered(stores, market, latch)))
        return operated(stores, market, latch);
      await pause(EVERY_MS);
    }
    throw new RefusedError(
      `the watcher of ${market} did not answer in ${(TRIES * EVERY_MS) / 1_000} s: the parameter stands as it was put, trading reads it ` +
        'at every tick, and the next gate or health check answers it; look at papergate status',
      { market },
    );
  };

/**
 * Whether the latch stands where the parameters leave it: in an enabled state both versions are answered; HALTED, no
 * request is open, which is so as long as one of them is not `false`.
 */
async function isAnswered(stores: Stores, market: string, latch: Latch): Promise<boolean> {
  const [all, own] = await Promise.all(
    [DISABLE_TRADING, marketSwitch(market)].map((name) => stores.parameters.get(name)),
  );
  if (latch.state === 'HALTED') return all?.value !== 'false' || own?.value !== 'false';
  return all?.version === latch.parameter_version && own?.version === latch.market_version;
}

/** The market with the newest record of its switch. */
async function operated(stores: Stores, market: string, latch: Latch): Promise<Operated> {
  const sort = recordSort(latch.record);
  const item = await stores.state.get(ledgerPartition(market), sort);
  const reference = parseStored(item?.body ?? '', referenceSchema, `${sort} of ${market}`);
  const record = await getJson(stores.artifacts, reference, recordSchema);
  return { market, latch: latch.state, turns: record.kind === 'switch' ? [turnOf(record)] : [] };
}

/** A switch record as the turn that it tells. */
const turnOf = (record: SwitchRecord): Turn => ({
  from: record.from === 'none' ? record.to : record.from,
  trigger: record.trigger as Trigger | null,
  ...{ to: record.to, cause: record.cause, actor: record.actor, role: record.role, reason: record.reason },
  ...{ missing: record.missing, evidence: record.evidence, atMs: parseIsoUtc(record.at_utc) },
  ...{ version: record.parameter_version, marketVersion: record.market_version },
});
