import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import * as z from 'zod';
import { PapergateError } from '../kernel/errors.ts';
import { StorageError } from './outcomes.ts';

const ATTEMPTS_MAX = 8;
const PAUSE_FIRST_MS = 25;
const PAUSE_MAX_MS = 1_000;

/** How the adapters wait between attempts; tests do not. */
export interface Waiting {
  pause?(ms: number): Promise<unknown>;
}

/** Names one transaction, so that its repeats are known as such. It is stored nowhere. */
export const requestToken = (): string => randomUUID();

/**
 * Repeats what failed for a passing reason: at most eight attempts in all, over about two seconds. The SDK itself repeats
 * throttled and broken requests; this is for what it takes for final.
 * @throws the last error.
 */
export async function retrying<T>(
  operation: () => Promise<T>,
  isPassing: (error: unknown) => boolean,
  { pause = wait }: Waiting = {},
  attemptsMax: number = ATTEMPTS_MAX,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation();
    } catch (error) {
      if (attempt === attemptsMax || !isPassing(error)) throw error;
    }
    const longest = Math.min(PAUSE_FIRST_MS * 2 ** (attempt - 1), PAUSE_MAX_MS);
    // Writers that met once would meet again if they waited equally long.
    await pause(longest * (0.5 + Math.random() / 2));
  }
}

const metadata = z.object({
  $metadata: z.object({ httpStatusCode: z.number().optional(), requestId: z.string().optional() }),
});

/** The HTTP status under an SDK's error; undefined where no response came. */
export const statusOf = (error: unknown): number | undefined =>
  metadata.safeParse(error).data?.$metadata.httpStatusCode;

export const isNamed = (error: unknown, ...names: string[]): boolean =>
  error instanceof Error && names.includes(error.name);

/** An SDK's error says neither which table nor which key: this one does. Errors of our own pass unchanged. */
export function failure(doing: string, error: unknown, evidence: Record<string, unknown>): Error {
  if (error instanceof PapergateError) return error;
  if (!(error instanceof Error)) return new StorageError(`cannot ${doing}: ${String(error)}`, evidence);
  const request = metadata.safeParse(error).data?.$metadata;
  return new StorageError(
    `cannot ${doing}: ${error.name}: ${error.message}`,
    { ...evidence, error: error.name, status: request?.httpStatusCode, request_id: request?.requestId },
    { cause: error },
  );
}
