import type { Command, OptionValues } from 'commander';
import type { Io } from './io.ts';

/** One thing the operator can ask for. `Options` is what `configure` declares, under commander's camelCase names. */
export interface Verb<Options extends object = OptionValues> {
  /** Declares options and arguments; the verb's help is derived from them. */
  configure?(command: Command): unknown;
  /**
   * Does it: data to `io.out`, messages to `io.err`. Returns the exit code; a refusal is thrown as a PapergateError,
   * whose class decides the code.
   */
  run(options: Options, io: Io, args: readonly string[]): number | Promise<number>;
}

/** A verb below another: `show` in `papergate config show`. */
export interface SubVerb<Options extends object = OptionValues> extends Verb<Options> {
  readonly describe: string;
}

/** A file of cli/verbs/ exports either one verb or the verbs of a group by name. */
export type VerbModule =
  | { readonly verb: Verb; readonly verbs?: never }
  | { readonly verbs: Readonly<Record<string, SubVerb>>; readonly verb?: never };

/** A line of the registry. The file is imported only where the verb is asked for. */
export interface VerbLine {
  readonly describe: string;
  load(): Promise<VerbModule>;
}
