/** What a verb may touch of the process it runs in; tests hand in their own. */
export interface Io {
  /** Writes data to stdout, as it is: a line brings its own line feed. */
  out(text: string): void;
  /** Writes messages and progress to stderr, as they are. */
  err(text: string): void;
  readonly outIsTty: boolean;
  readonly errIsTty: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The real streams and environment of this process. */
export const processIo: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  outIsTty: process.stdout.isTTY === true,
  errIsTty: process.stderr.isTTY === true,
  env: process.env,
};

/** Whether data on stdout may be coloured: on a terminal only, and never against NO_COLOR (no-color.org). */
export const mayColor = ({ outIsTty, env }: Io): boolean =>
  outIsTty && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
