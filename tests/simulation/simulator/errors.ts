/** The process is gone: whoever it was part of hears nothing more of it. */
export class Killed extends Error {
  override readonly name = 'Killed';
  /** Read by the runner: a process that is gone is not tried again, its state machine is gone too. */
  readonly isRetryable = false;
}

/** One Lambda died, or one call failed: the state machine goes on, and tries again. */
export class Struck extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export const lambdaDied = (where: string): Struck => new Struck('Lambda.Unknown', `died ${where}`);
export const throttled = (where: string): Struck =>
  new Struck('ThrottlingException', `rate exceeded at ${where}`);
export const timedOut = (where: string): Struck =>
  new Struck('States.Timeout', `${where} took longer than its state allows`);
