import { Command } from 'commander';
import packageJson from '../package.json' with { type: 'json' };
import { EXIT, exitCodesText, reportError } from './exit-codes.ts';
import { mayColor, type Io } from './io.ts';
import { VERBS } from './registry.ts';
import type { Verb } from './verb.ts';

/** Runs one command line, without the program's name, and gives its exit code. Never throws. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.ok;
  const attach = (command: Command, verb: Verb): void => {
    verb.configure?.(command);
    command.action(async () => {
      exitCode = await verb.run(command.opts(), io, command.args);
    });
  };
  try {
    const program = newProgram(io);
    const asked = verbOf(argv);
    for (const [name, { describe, load }] of Object.entries(VERBS)) {
      const command = program.command(name).description(describe);
      if (name !== asked) continue;
      const { verb, verbs } = await load();
      if (verb) attach(command, verb);
      for (const [below, sub] of Object.entries(verbs ?? {})) {
        attach(command.command(below).description(sub.describe), sub);
      }
    }
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return reportError(error, io);
  }
}

/** The verb that the command line names, be it behind `help`: the one whose file must be imported. */
function verbOf(argv: readonly string[]): string | undefined {
  const [first, second] = argv.filter((word) => !word.startsWith('-'));
  return first === 'help' ? second : first;
}

function newProgram(io: Io): Command {
  return new Command('papergate')
    .description(packageJson.description)
    .version(packageJson.version)
    .addHelpText('after', `\nExit codes: ${exitCodesText}.`)
    .exitOverride()
    .showHelpAfterError('(add --help to see what is expected)')
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      getOutHasColors: () => mayColor(io),
      getErrHasColors: () => false,
    });
}
