import * as z from 'zod';
import { isoUtc, parseIsoUtc, SECOND_MS } from '../../shared/kernel/time.ts';
import { parseInput, scheduleSchema } from '../envelope.ts';
import { haltWhereDue } from '../runtime/reconcile.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { noteFailure } from './failures.ts';

const failureEvent = z.object({ input: scheduleSchema, step: z.string(), error: z.string() });

/**
 * Notes that an execution failed, timed out or was aborted, tells an operator, and turns the switch where the failure
 * is one of too many or of integrity. Positions stay as they are. The note stays beside the chain until the next ingest
 * records the tick as failed; a redrive that commits before that wins.
 */
export async function recordFailure(event: unknown, runtime: Runtime): Promise<void> {
  const { input, step, error } = parseInput('record-failure', event, failureEvent);
  const market = runtime.market(input.market);
  const tickMs = parseIsoUtc(input.scheduled_at_utc) - market.rules.config.schedule_offset_s * SECOND_MS;
  const atMs = runtime.clock.now();
  await noteFailure(runtime.stores, input.market, tickMs, { step, error, atMs });
  await runtime.alert({
    level: 'WARN',
    market: input.market,
    code: 'run_failed',
    message: `the tick of ${isoUtc(tickMs)} failed in ${step || 'its input'}: ${error}`,
    at_utc: isoUtc(atMs),
  });
  await haltWhereDue(runtime, market);
}
