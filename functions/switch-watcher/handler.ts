import * as z from 'zod';
import { parseInput } from '../envelope.ts';
import { reconcile } from '../runtime/reconcile.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Turn } from '../../shared/risk/switch-machine.ts';

const watchEvent = z.object({ markets: z.array(z.string().min(1)).min(1) });

/**
 * Answers a change of the kill switch's parameters at once: halts, grants or refuses a recovery in every market named.
 * Events of a change are best effort; every gate and health check does the same.
 */
export async function watchSwitch(event: unknown, runtime: Runtime): Promise<Record<string, Turn[]>> {
  const { markets } = parseInput('switch-watcher', event, watchEvent);
  const turns: Record<string, Turn[]> = {};
  for (const market of markets) turns[market] = await reconcile(runtime, runtime.market(market));
  return turns;
}
