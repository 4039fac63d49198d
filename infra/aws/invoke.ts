import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import type { FunctionName } from '../../functions/functions.ts';
import { ProviderError } from '../../shared/kernel/errors.ts';
import { checkSchema, type HealthCheck } from '../../shared/risk/health-check.ts';

/** Has a stage's own function hold a health check: it answers the switch too, and only it knows who is an operator. */
export const checkIn =
  (invoke: Invoke) =>
  async (market: string): Promise<HealthCheck> =>
    checkSchema.parse(await invoke('health-check', { market }));

const errorSchema = z.object({ errorType: z.string().optional(), errorMessage: z.string().optional() });

/** Calls a function of a stage and waits for its answer. */
export type Invoke = (name: FunctionName, event: object) => Promise<unknown>;

/** A function may take as long as its own timeout. */
const LIMITS = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 120_000, throwOnRequestTimeout: true },
} as const;

/** Calls the functions of a stage with the caller's own credentials. @throws ProviderError with what a function threw. */
export const invokeIn = (stage: string, client = new LambdaClient(LIMITS)): Invoke => {
  return async (name, event) => {
    const FunctionName = `papergate-${stage}-${name}`;
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName, Payload: new TextEncoder().encode(JSON.stringify(event)) }),
    );
    const answer = new TextDecoder().decode(Payload);
    if (FunctionError === undefined) return JSON.parse(answer) as unknown;
    throw new ProviderError(`${FunctionName}: ${thrown(answer) || FunctionError}`, {
      function: FunctionName,
    });
  };
};

/** What a function threw, `Name: message`; empty where it ended without a word. One that took too long has no name. */
function thrown(answer: string): string {
  try {
    const { errorType, errorMessage } = errorSchema.parse(JSON.parse(answer));
    return [errorType, errorMessage].filter((text) => text !== undefined && text !== '').join(': ');
  } catch {
    return answer;
  }
}
