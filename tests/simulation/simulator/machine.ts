import { AsyncLocalStorage } from 'node:async_hooks';
import { recordFailure } from '../../../functions/record-failure/handler.ts';
import { STEPS, type StepName } from '../../../functions/steps.ts';
import { localMachine, type Failure, type Handler } from '../../../infra/local/machine.ts';
import { definition } from '../../support/chain.ts';
import type { Process } from './process.ts';

/** How an execution ended. */
export type Ending =
  | { readonly output: unknown; readonly failure?: undefined }
  | { readonly output?: undefined; readonly failure: Failure; readonly noted: boolean };

/** The deployed definition, for as many processes as wanted. */
export interface Machine {
  run(process: Process, input: unknown): Promise<Ending>;
  redrive(process: Process, failure: Failure): Promise<Ending>;
}

interface Running {
  readonly process: Process;
  failed?: { failure: Failure; noted: boolean };
}

let made: Promise<Machine> | undefined;

/** Synthesised and validated once a process of the operating system; executions share nothing. */
export const simulatorMachine = (): Promise<Machine> => (made ??= make());

async function make(): Promise<Machine> {
  const current = new AsyncLocalStorage<Running>();
  const handler =
    (step: StepName): Handler =>
    (input) =>
      current.getStore()!.process.handle(step, input);
  const handlers = Object.fromEntries(STEPS.map((step) => [step, handler(step)])) as Record<
    StepName,
    Handler
  >;
  const local = localMachine(await definition(), handlers, {
    onFailure: (failure) => note(current.getStore()!, failure),
  });
  const ended = async (process: Process, start: () => Promise<unknown>): Promise<Ending> => {
    const running: Running = { process };
    try {
      return { output: await current.run(running, start) };
    } catch (error) {
      if (running.failed === undefined) throw error;
      return running.failed;
    }
  };
  return {
    run: (process, input) => ended(process, () => local.run(input)),
    redrive: (process, failure) => ended(process, () => local.redrive(failure)),
  };
}

/** What the status event of a failed execution leads to; a note that cannot be written is lost. */
async function note(running: Running, failure: Failure): Promise<void> {
  running.failed = { failure, noted: false };
  const { input, step, error } = failure;
  const event = { input, step: step ?? '', error: `${error.name}: ${error.message}` };
  if (running.process.dead) return;
  await running.process.job('note', (runtime) => recordFailure(event, runtime));
  running.failed = { failure, noted: !running.process.dead };
}
