/**
 * Every error the product throws on purpose. The class decides the exit code and whether a step is retried:
 * `ConfigError`, `IntegrityError`, `RefusedError` and `UncoveredError` never are, since trying again cannot mend them.
 */
export abstract class PapergateError extends Error {
  /**
   * The class's name, written out: a bundler shortens the classes' own, and retries and triggers go by it.
   */
  abstract override readonly name: string;
  /** Exit code of the command line: 1 failure, 2 usage or configuration, 3 gate, 4 integrity, 5 provider. */
  abstract readonly exitCode: number;
  readonly evidence: Readonly<Record<string, unknown>>;

  constructor(message: string, evidence: Record<string, unknown> = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.evidence = evidence;
  }
}

/** A file, flag or knob is wrong: the message says what, where, what was expected and what to do. */
export class ConfigError extends PapergateError {
  override readonly name: string = 'ConfigError';
  readonly exitCode = 2;
}

/** Stored bytes are not what their hash or the chain says. */
export class IntegrityError extends PapergateError {
  override readonly name: string = 'IntegrityError';
  readonly exitCode = 4;
}

/** A source of market data failed or lied. */
export class ProviderError extends PapergateError {
  override readonly name: string = 'ProviderError';
  readonly exitCode = 5;
}

/** A conditional write lost against another writer; the loser reads the winner's result. */
export class ConflictError extends PapergateError {
  override readonly name: string = 'ConflictError';
  readonly exitCode = 1;
}

/** A gate or a condition refuses what was asked. */
export class RefusedError extends PapergateError {
  override readonly name: string = 'RefusedError';
  readonly exitCode = 3;
}

/** A date lies outside what a calendar or table covers: never guessed. */
export class UncoveredError extends PapergateError {
  override readonly name: string = 'UncoveredError';
  readonly exitCode = 3;
}

/** A ledger belongs to another release than the one that runs: it is left as it is. */
export class OtherReleaseError extends ConfigError {
  override readonly name = 'OtherReleaseError';
  /** Hash of the release that the ledger belongs to. */
  readonly found: string;

  constructor(market: string, found: string, running: string) {
    super(
      `the ledger of ${market} belongs to release ${found}, this is ${running}: changed data, configuration or code ` +
        'is a new release and needs a ledger of its own; choose another --out folder',
      { market, found, running },
    );
    this.found = found;
  }
}
