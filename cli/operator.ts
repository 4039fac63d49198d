import type { Command } from 'commander';
import type { Operated } from '../infra/local/operate.ts';
import { canonicalJson, type Json } from '../shared/kernel/canonical.ts';
import { embeddedStores } from '../shared/stores/embedded.ts';
import type { Stores } from '../shared/stores/ports.ts';
import { mayColor, type Io } from './io.ts';
import { renderTable } from './output.ts';

/** What every verb that turns the switch is told. */
export interface OperatorOptions {
  readonly ledger: string;
  readonly actor: string;
  readonly reason: string;
  readonly json?: true;
}

export const operatorOptions = (command: Command): Command =>
  command
    .option('--ledger <dir>', 'the folder that was given to --out', 'data')
    .requiredOption('--actor <name>', 'who turns the switch, as operators.yaml names them')
    .requiredOption('--reason <text>', 'why; it is recorded for good')
    .option('--json', 'canonical JSON (RFC 8785) in place of a table');

/** Works on the stores of a ledger folder. A folder without one is refused, not made. */
export async function onLedger<T>(ledger: string, work: (stores: Stores) => Promise<T>): Promise<T> {
  embeddedStores(ledger, { readOnly: true }).close();
  const stores = embeddedStores(ledger);
  try {
    return await work(stores);
  } finally {
    stores.close();
  }
}

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
