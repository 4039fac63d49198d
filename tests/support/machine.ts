import { expect } from 'vitest';
import { STEPS, type StepName } from '../../functions/steps.ts';
import type { Handler } from '../../infra/local/machine.ts';

export type State = Record<string, unknown>;
export const INPUT = { market: 'crypto', tick: '2026-11-22T10:00:00Z' };

/** Handlers that note their calls and add their name to the state; `special` replaces some. */
export function fakes(special: Partial<Record<StepName, Handler>> = {}) {
  const calls: string[] = [];
  const inputs: unknown[] = [];
  const handlers = Object.fromEntries(
    STEPS.map((step) => [
      step,
      async (input: unknown) => {
        calls.push(step);
        inputs.push(structuredClone(input));
        const answer: Handler =
          special[step] ?? (async (state) => ({ ...(state as State), status: 'open', [step]: 1 }));
        return answer(input);
      },
    ]),
  ) as Record<StepName, Handler>;
  return { calls, inputs, handlers };
}

/** What a promise is rejected with. */
export const rejection = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.unreachable('did not fail'),
    (error: unknown) => error as Error,
  );
