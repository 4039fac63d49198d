import type { PapergateError } from '../../shared/kernel/errors.ts';
import { noteFailure } from '../record-failure/failures.ts';
import { haltWhereDue } from './reconcile.ts';
import type { Runtime } from './runtime.ts';

/** Notes that something is not what its hash says, which halts the market at once. */
export async function haltForDamage(
  runtime: Runtime,
  market: string,
  step: string,
  error: PapergateError,
): Promise<void> {
  const atMs = runtime.clock.now();
  const failure = { step, error: `${error.name}: ${error.message}`, atMs };
  await noteFailure(runtime.stores, market, atMs, failure);
  await haltWhereDue(runtime, runtime.market(market));
}
