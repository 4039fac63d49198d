import type { Alert } from '../functions/runtime/runtime.ts';
import type { Io } from './io.ts';

/** Writes what an operator must hear of to stderr, a line each. */
export const alertsTo =
  (io: Io) =>
  async ({ level, market, code, message, at_utc }: Alert): Promise<void> =>
    io.err(`${at_utc} ${level} ${market} ${code}: ${message.replaceAll(/\s+/g, ' ')}\n`);
