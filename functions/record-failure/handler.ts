import * as z from 'zod';
import { canonicalJson } from '../../shared/kernel/canonical.ts';
import { parseIsoUtc, SECOND_MS } from '../../shared/kernel/time.ts';
import { failureSort, ledgerPartition } from '../../shared/ledger/keys.ts';
import { parseInput, scheduleSchema } from '../envelope.ts';
import type { Runtime } from '../runtime/runtime.ts';

const failureEvent = z.object({ input: scheduleSchema, step: z.string(), error: z.string() });

/**
 * Notes that an execution failed, timed out or was aborted. The note stays beside the chain until the next ingest
 * records the tick as failed; a redrive that commits before that wins.
 */
export async function recordFailure(event: unknown, runtime: Runtime): Promise<void> {
  const { input, step, error } = parseInput('record-failure', event, failureEvent);
  const { rules } = runtime.market(input.market);
  const tickMs = parseIsoUtc(input.scheduled_at_utc) - rules.config.schedule_offset_s * SECOND_MS;
  const item = {
    partition: ledgerPartition(input.market),
    sort: failureSort(tickMs),
    body: canonicalJson({ step, error: error.slice(0, 1_000).toWellFormed() }),
  };
  await runtime.stores.state.transact([{ item, expect: 'any' }]);
}
