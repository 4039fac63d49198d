import * as z from 'zod';
import type { Json } from '../../shared/kernel/canonical.ts';
import { IntegrityError } from '../../shared/kernel/errors.ts';
import { isoUtc } from '../../shared/kernel/time.ts';
import { getChecked, putJson } from '../../shared/ledger/chain.ts';
import type { Head } from '../../shared/ledger/records.ts';
import { walkBack } from '../../shared/ledger/walk.ts';
import type { GateRow } from '../../shared/risk/gate-row.ts';
import { groupsOf, type HealthCheck } from '../../shared/risk/health-check.ts';
import { parsePacket } from '../../shared/tick/packet.ts';
import { parseInput } from '../envelope.ts';
import { requireHead } from '../runtime/context.ts';
import { haltForDamage } from '../runtime/halt-for-damage.ts';
import { barsBehind, reconcile } from '../runtime/reconcile.ts';
import type { MarketRuntime, Runtime } from '../runtime/runtime.ts';
import { addCheck } from './checks.ts';

const checkEvent = z.object({ market: z.string().min(1) });

/**
 * Looks at a market on a schedule of its own, halted or not, and writes down how data, model and risk stand at its
 * newest committed bar, so that a recovery can be earned. Brings the switch in line first, as every gate does. What it
 * reads it reads through its hashes: bytes that are not what they should be halt the market.
 */
export async function healthCheck(event: unknown, runtime: Runtime): Promise<HealthCheck> {
  const { market: name } = parseInput('health-check', event, checkEvent);
  const market = runtime.market(name);
  try {
    await reconcile(runtime, market);
    return await check(runtime, market);
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    await haltForDamage(runtime, name, 'health-check', error);
    throw error;
  }
}

async function check(runtime: Runtime, market: MarketRuntime): Promise<HealthCheck> {
  const { stores, clock } = runtime;
  const name = market.rules.config.market;
  const { head } = await requireHead(runtime, market);
  const current = barsBehind(market, head, clock.now()) === 0;
  const rows = await newestRows(runtime, head);
  const groups =
    rows === undefined ? ({ data: 'RED', model: 'RED', risk: 'RED' } as const) : groupsOf(rows, current);
  const facts = {
    ...{ at_utc: isoUtc(clock.now()), tick_utc: head.tick_utc, ordinal: head.ordinal },
    ...groups,
  };
  const stored = await putJson(stores.artifacts, name, 'health', clock.now(), {
    ...{ v: 1, market: name, ...facts, current, head: head.sha256 },
    rows: (rows ?? []) as unknown as Json,
  });
  const made = { ...facts, sha256: stored.sha256 };
  await addCheck(stores, name, made);
  return made;
}

/** The gates of the newest bar; undefined where its tick was missed or failed, or there is none yet. */
async function newestRows({ stores }: Runtime, head: Head): Promise<readonly GateRow[] | undefined> {
  const record = await walkBack(stores, head, ({ kind }) => kind !== 'switch');
  if (record.kind !== 'tick') return undefined;
  const packet = await getChecked(stores.artifacts, record.decision);
  await getChecked(stores.artifacts, record.state);
  return parsePacket(packet, record.decision.key).header.gates;
}
