import * as z from 'zod';
import { parseInput } from '../envelope.ts';
import { reconcile } from '../runtime/reconcile.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Turn } from '../../shared/risk/switch-machine.ts';

const watchEvent = z.object({ markets: z.array(z.string().min(1)).min(1) });

/**
 * Answers a change of the kill switch's parameters at once: halts, grants or refuses a recovery in every market named.
 * Events of a change are best effort; every gate and health check does the same. A market whose switch cannot be answered
 * keeps no other from being halted; then the first failure is thrown.
 */
export async function watchSwitch(event: unknown, runtime: Runtime): Promise<Record<string, Turn[]>> {
  const { markets } = parseInput('switch-watcher', event, watchEvent);
  const turns: Record<string, Turn[]> = {};
  const failures: unknown[] = [];
  for (const market of markets) {
    try {
      turns[market] = await reconcile(runtime, runtime.market(market));
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return turns;
}
