import { readHead } from '../../shared/ledger/chain.ts';
import { committedSchema, parseInput } from '../envelope.ts';
import type { Runtime } from '../runtime/runtime.ts';
export async function signoff(input: unknown, runtime: Runtime): Promise<{ status: 'committed'; market: string; n: number }> {
  const tick = parseInput('signoff', input, committedSchema);
  const at = (await readHead(runtime.stores, tick.market))!;
  return { status: 'committed', market: tick.market, n: at.head.n };
}
