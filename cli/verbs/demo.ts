import { existsSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Session, SessionMarket } from '../../infra/local/session.ts';
import { OtherReleaseError } from '../../shared/kernel/errors.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { Verb } from '../verb.ts';
import { replaySession } from './replay.ts';

const samples = (path: string): string => fileURLToPath(new URL(`../../samples/${path}`, import.meta.url));

/** The recorded samples: each begins where the warm-up of its market file has been seen. */
const MARKETS: readonly SessionMarket[] = [
  { market: 'crypto', symbols: undefined, from: '2016-01-09', to: '2016-03-05' },
  { market: 'ashares', symbols: undefined, from: '2024-07-12', to: '2024-09-18' },
  { market: 'us_equities', symbols: undefined, from: '2013-10-31', to: '2015-06-05' },
];

interface DemoOptions {
  readonly out: string;
  readonly json?: boolean;
}

export const verb: Verb<DemoOptions> = {
  configure: (command) =>
    command
      .option('--out <dir>', 'folder for ledger/ and processed/', 'data')
      .option('--json', 'print the summary as JSON'),
  async run(options, io) {
    io.err(
      'papergate replays recorded samples of three markets. They are too small for any claim of profit.\n',
    );
    const session = await freshOrContinued(options, io);
    if (options.json !== true) {
      io.out(`\nfiles in ${options.out}/processed:\n${session.files.map((file) => `  ${file}\n`).join('')}`);
      io.out(`\ncheck the chain yourself: npx papergate verify --ledger ${options.out}\n`);
    }
    if (session.ticksRun === 0) io.err('Every tick was in the ledger already: nothing was traded twice.\n');
    return EXIT.ok;
  },
};

/** Continues the ledger in the folder; one of an earlier release is set aside, never changed or deleted. */
async function freshOrContinued(options: DemoOptions, io: Io): Promise<Session> {
  const run = (): Promise<Session> =>
    replaySession(io, { ...options, config: samples('configs'), bars: samples('bars') }, MARKETS);
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof OtherReleaseError)) throw error;
    const aside = `${options.out}-${error.found.slice('sha256:'.length, 'sha256:'.length + 8)}`;
    if (existsSync(aside)) throw error;
    renameSync(options.out, aside);
    io.err(`${options.out} held a ledger of another release; it is now ${aside}.\n`);
    return run();
  }
}
