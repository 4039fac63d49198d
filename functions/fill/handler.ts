import { parseIsoUtc, SECOND_MS } from '../../shared/kernel/time.ts';
import type { Json } from '../../shared/kernel/canonical.ts';
import { putJson } from '../../shared/ledger/chain.ts';
import { encodeExecution } from '../../shared/tick/execution-codec.ts';
import { execute } from '../../shared/tick/execute.ts';
import { decidedSchema, parseInput, type Executed } from '../envelope.ts';
import { currentSwitch, isCommitted, loadExecution, requireHead } from '../runtime/context.ts';
import type { Runtime } from '../runtime/runtime.ts';

/**
 * Reads the kill switch and the time again and settles what is due on this bar; then places what was decided, as far
 * as it still may be. Run again, it reads the switch again: what it wrote before counts only once it is committed.
 */
export async function fill(input: unknown, runtime: Runtime): Promise<Executed> {
  const tick = parseInput('fill', input, decidedSchema);
  const market = runtime.market(tick.market);
  const { head } = await requireHead(runtime, market);
  const tickMs = parseIsoUtc(tick.tick_utc);
  if (isCommitted(head, tickMs)) return tick;
  const reading = await currentSwitch(runtime, tick.market);
  const late = (runtime.clock.now() - tickMs) / SECOND_MS > market.rules.config.sla.late_after_s;
  const found = { reading, late, mismatched: market.mismatched.length > 0 };
  const executed = execute(await loadExecution(runtime, market, head, tick, found));
  const stored = encodeExecution(market.rules, tick.tick_utc, found, executed);
  const execution = await putJson(
    runtime.stores.artifacts,
    tick.market,
    'execution',
    tickMs,
    stored as unknown as Json,
  );
  return { ...tick, execution };
}
