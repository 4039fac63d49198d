import type { Command } from 'commander';
import { runSession, type Session, type SessionMarket } from '../../infra/local/session.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { evidence } from '../evidence.ts';
import { EXIT } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import { configOption, isoDate } from '../options.ts';
import { Progress } from '../progress.ts';
import { summary, summaryJson } from '../summary.ts';
import type { Verb } from '../verb.ts';

export interface ReplayOptions {
  readonly market: string;
  readonly bars?: string;
  readonly symbols?: string[];
  readonly from: string;
  readonly to: string;
  readonly out: string;
  readonly config: string;
  readonly json?: boolean;
}

/** `A,B,C` as a list. @throws ConfigError for an empty name. */
export function symbolList(text: string): string[] {
  const symbols = text.split(',').map((symbol) => symbol.trim());
  if (symbols.includes(''))
    throw new ConfigError(`--symbols ${text}: expected names separated by commas, such as BTCUSDT,ETHUSDT`);
  return symbols;
}

/** The options that say which bars of which market, shared by replay and backtest. */
export function marketOptions(command: Command): Command {
  return command
    .requiredOption('--market <name>', 'market file of the configuration, such as crypto')
    .option('--bars <dir>', 'folder of recorded bars, {PREFIX}_{SYMBOL}_{BAR}.csv[.gz]')
    .option(
      '--symbols <list>',
      'instruments of the universe, separated by commas; all of them by default',
      symbolList,
    )
    .requiredOption('--from <date>', 'first session, YYYY-MM-DD', isoDate)
    .requiredOption('--to <date>', 'last session, YYYY-MM-DD', isoDate)
    .addOption(configOption());
}

/** Replays markets with progress on a terminal, and prints what came of it. */
export async function replaySession(
  io: Io,
  options: Pick<ReplayOptions, 'bars' | 'out' | 'config' | 'json'>,
  markets: readonly SessionMarket[],
): Promise<Session> {
  let progress: Progress | undefined;
  const session = await runSession({
    configFolder: options.config,
    barsFolder: options.bars,
    out: options.out,
    markets,
    evidence: evidence(),
    onMarket: (market, ticksDue) => {
      progress?.done();
      const line = new Progress(io, market, ticksDue);
      progress = line;
      return () => line.step();
    },
  }).finally(() => progress?.done());
  io.out(options.json === true ? summaryJson(session) : summary(session, io));
  return session;
}

export const verb: Verb<ReplayOptions> = {
  configure: (command) =>
    marketOptions(command)
      .option(
        '--out <dir>',
        'folder for ledger/ and processed/; a replay that was cut short goes on there',
        'data',
      )
      .option('--json', 'print the summary as JSON'),
  async run(options, io) {
    const { market, symbols, from, to } = options;
    const session = await replaySession(io, options, [{ market, symbols, from, to }]);
    io.err(`${session.ticksRun} ticks run; ${session.files.length} files in ${options.out}/processed\n`);
    return EXIT.ok;
  },
};
