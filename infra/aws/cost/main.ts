import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openConfig } from '../../../functions/runtime/config-files.ts';
import type { Config } from '../../../shared/config/config.ts';
import { PapergateError } from '../../../shared/kernel/errors.ts';
import { stageTemplate } from '../synthesise.ts';
import { billOf } from './bill.ts';
import { stackFacts, type CostedTemplate } from './facts.ts';
import { renderBill } from './report.ts';
import { REFERENCE, spread, universesOf } from './universes.ts';
import { usageOf } from './usage.ts';

/** What a month of a template costs for so many names; for the reference case where none are given. */
export function costReport(template: CostedTemplate, config: Config, instruments?: number): string {
  const names = instruments === undefined ? REFERENCE : spread(instruments);
  const universes = universesOf(config, names);
  const { lines, notes } = usageOf(stackFacts(template), universes);
  return renderBill(universes, billOf(lines), notes);
}

/** `npm run cost -- [--instruments N] [--stage NAME]`: prints the bill of the stack as it synthesises now. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { instruments: { type: 'string' }, stage: { type: 'string', default: 'dev' } },
    });
    const instruments = values.instruments === undefined ? undefined : Number(values.instruments);
    const { config } = openConfig(fileURLToPath(new URL('../../../configs', import.meta.url)));
    const template = await stageTemplate(config, { stage: values.stage });
    process.stdout.write(costReport(template, config, instruments));
    return 0;
  } catch (error) {
    if (!(error instanceof PapergateError || error instanceof TypeError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error instanceof PapergateError ? error.exitCode : 2;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
