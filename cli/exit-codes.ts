import { CommanderError } from 'commander';
import { PapergateError } from '../shared/kernel/errors.ts';
import type { Io } from './io.ts';

/** Exit codes of the command line. Those of a PapergateError are its class's own. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  gate: 3,
  integrity: 4,
  provider: 5,
  /** 128 + SIGINT, as shells count it. */
  interrupted: 130,
} as const;

/** One line for the help. */
export const exitCodesText =
  '0 done, 1 failure, 2 usage or configuration, 3 a gate or condition refuses, 4 integrity, 5 data source, 130 interrupted';

/** Clears a progress line that an error interrupts. */
const CLEAR_LINE = '\r\u001b[2K';

/** Says on stderr what went wrong and gives the exit code. The stack follows only with PAPERGATE_DEBUG=1. */
export function reportError(error: unknown, io: Io): number {
  // Commander has written its message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const debug = io.env['PAPERGATE_DEBUG'] === '1';
  const known = error instanceof PapergateError;
  if (io.errIsTty) io.err(CLEAR_LINE);
  io.err(
    known
      ? `${error.message}\n`
      : `papergate: ${oneLine(error)}${debug ? '' : ' (PAPERGATE_DEBUG=1 shows where)'}\n`,
  );
  if (debug && error instanceof Error) io.err(`${stacks(error)}\n`);
  return known ? error.exitCode : EXIT.failure;
}

const oneLine = (error: unknown): string => `unexpected ${String(error)}`.replaceAll(/\s+/g, ' ').trim();

/** The stack of an error and of what caused it. */
function stacks(error: Error): string {
  const own = error.stack ?? String(error);
  return error.cause instanceof Error ? `${own}\ncaused by ${stacks(error.cause)}` : own;
}
