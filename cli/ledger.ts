import { Option, type Command } from 'commander';
import type { Align, Checking } from '../infra/local/operate.ts';
import { ConfigError } from '../shared/kernel/errors.ts';
import { embeddedStores } from '../shared/stores/embedded.ts';
import type { Stores } from '../shared/stores/ports.ts';

/** Where a ledger lies: in a folder of this machine, or in a stage on AWS. */
export interface Place {
  readonly ledger?: string;
  readonly stage?: string;
}

/** `--ledger DIR` or `--stage NAME`. @param what what the folder is for. */
export function placeOptions(
  command: Command,
  what = 'folder that was given to --out',
  fallback?: string,
): Command {
  return command
    .option('--ledger <dir>', what, fallback)
    .addOption(
      new Option(
        '--stage <name>',
        'a stage on AWS in place of a folder, with your own credentials',
      ).conflicts('ledger'),
    );
}

/** The place for a reader. */
export const placeName = ({ ledger, stage }: Place): string =>
  stage === undefined ? String(ledger) : `stage ${stage}`;

/**
 * Works on the stores of a ledger. A folder without one is refused, not made.
 * @throws ConfigError where neither a folder nor a stage is named, or there is none.
 */
export async function onLedger<T>(
  { ledger, stage }: Place,
  mode: 'read' | 'write',
  work: (stores: Stores) => Promise<T>,
): Promise<T> {
  const { stores, close } = stage === undefined ? folderStores(ledger, mode) : await storesOf(stage);
  try {
    return await work(stores);
  } finally {
    close();
  }
}

function folderStores(ledger: string | undefined, mode: 'read' | 'write'): { stores: Stores; close(): void } {
  if (ledger === undefined) throw new ConfigError('--ledger DIR or --stage NAME: expected one of them');
  const readOnly = embeddedStores(ledger, { readOnly: true });
  if (mode === 'read') return { stores: readOnly, close: () => readOnly.close() };
  readOnly.close();
  const stores = embeddedStores(ledger);
  return { stores, close: () => stores.close() };
}

/** Loaded only where a stage is named: the clients of AWS take longer than most verbs. */
async function storesOf(stage: string): Promise<{ stores: Stores; close(): void }> {
  const { deployedStage, stageStores } = await import('../infra/aws/deployed-stage.ts');
  return stageStores(await deployedStage(stage));
}

/** Who brings the latch in line where a verb puts a parameter: this process in a folder, the watcher of a stage. */
export async function alignAt({ stage }: Place): Promise<{ align?: Align }> {
  if (stage === undefined) return {};
  const { awaitWatcher } = await import('../infra/aws/await-watcher.ts');
  return { align: awaitWatcher() };
}

/** Who holds a health check: this process in a folder, the function of a stage. */
export async function checkAt({ stage }: Place): Promise<Pick<Checking, 'hold'>> {
  if (stage === undefined) return {};
  const { checkIn, invokeIn } = await import('../infra/aws/invoke.ts');
  return { hold: checkIn(invokeIn(stage)) };
}
