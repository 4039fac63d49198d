import { healthCheck } from '../../functions/health-check/handler.ts';
import { factsOf, reconcile } from '../../functions/runtime/reconcile.ts';
import type { MarketRuntime, Runtime } from '../../functions/runtime/runtime.ts';
import { requireHead } from '../../functions/runtime/context.ts';
import { readLatch } from '../../shared/ledger/chain.ts';
import { marketSwitch } from '../../shared/ledger/keys.ts';
import { walkBack } from '../../shared/ledger/walk.ts';
import { missingFor } from '../../shared/risk/health-check.ts';
import { REPLAY, REPLAY_REASON } from '../../shared/ledger/roles.ts';

/**
 * What an operator does behind a tick of a replay: while the market is halted by itself, holds a health check, and asks
 * for a recovery as soon as its conditions are met. What an operator halted stays halted.
 */
export async function operateReplay(runtime: Runtime, market: MarketRuntime): Promise<void> {
  const { stores, clock } = runtime;
  const { market: name, kill_switch: config } = market.rules.config;
  const latch = await readLatch(stores, name);
  if (latch?.state !== 'HALTED') return;
  const { head } = await requireHead(runtime, market);
  const halt = await walkBack(stores, head, ({ n }) => n <= latch.turned);
  if (halt.kind !== 'switch' || halt.trigger === 'operator') return;
  await healthCheck({ market: name }, runtime);
  const facts = await factsOf(runtime, market, head, latch);
  const request = { actor: REPLAY, role: facts.roleOf(REPLAY), reason: REPLAY_REASON };
  const bars = { halted: latch.ordinal, due: facts.dueOrdinal };
  if (missingFor(request, facts.checks, bars, config.recovery).length > 0) return;
  await stores.parameters.put(marketSwitch(name), {
    ...{ value: 'false', changedAtMs: clock.now(), changedBy: REPLAY, description: REPLAY_REASON },
  });
  await reconcile(runtime, market);
}
