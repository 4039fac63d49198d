import { fill } from './fill/handler.ts';
import { gate } from './gate/handler.ts';
import { ingest } from './ingest/handler.ts';
import { ledger } from './ledger/handler.ts';
import { predict } from './predict/handler.ts';
import type { Runtime } from './runtime/runtime.ts';
import { signoff } from './signoff/handler.ts';
import type { StepName } from './steps.ts';

/** What every step does, by name: what a Lambda exports and what the local runner calls. */
export const HANDLERS: Readonly<Record<StepName, (input: unknown, runtime: Runtime) => Promise<unknown>>> = {
  ingest,
  predict,
  gate,
  fill,
  ledger,
  signoff,
};
