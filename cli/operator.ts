import type { Command } from 'commander';
import type { Operated } from '../infra/local/operate.ts';
import { canonicalJson, type Json } from '../shared/kernel/canonical.ts';
import { mayColor, type Io } from './io.ts';
import { placeOptions, type Place } from './ledger.ts';
import { renderTable } from './output.ts';

/** What every verb that turns the switch is told. */
export interface OperatorOptions extends Place {
  readonly actor: string;
  readonly reason: string;
  readonly json?: true;
}

export const operatorOptions = (command: Command): Command =>
  placeOptions(command, undefined, 'data')
    .requiredOption('--actor <name>', 'who turns the switch, as operators.yaml names them')
    .requiredOption('--reason <text>', 'why; it is recorded for good')
    .option('--json', 'canonical JSON (RFC 8785) in place of a table');

/** Markets after an operation: the latch, and what was recorded. */
export function operatedText(operated: readonly Operated[], json: boolean, io: Io): string {
  if (json) return `${canonicalJson(operated as unknown as Json)}\n`;
  const rows = operated.map(({ market, latch, turns }) => [
    market,
    latch,
    turns.length === 0 ? 'nothing more: it stands there' : turns.map(({ cause }) => cause).join(', '),
  ]);
  return renderTable(['market', 'latch', 'recorded'], rows, { color: mayColor(io) });
}
