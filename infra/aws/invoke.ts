import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { FunctionName } from '../../functions/functions.ts';
import { ProviderError } from '../../shared/kernel/errors.ts';

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
    const answer = JSON.parse(new TextDecoder().decode(Payload)) as unknown;
    if (FunctionError === undefined) return answer;
    const { errorType = '', errorMessage = '' } = answer as { errorType?: string; errorMessage?: string };
    throw new ProviderError(`${FunctionName}: ${errorType}: ${errorMessage}`, { function: FunctionName });
  };
};
