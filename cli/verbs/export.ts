import { exportLedger } from '../../infra/local/export.ts';
import { embeddedStores } from '../../shared/stores/embedded.ts';
import { evidence } from '../evidence.ts';
import { EXIT } from '../exit-codes.ts';
import type { Verb } from '../verb.ts';

export const verb: Verb<{ ledger: string }> = {
  configure: (command) => command.requiredOption('--ledger <dir>', 'the folder that was given to --out'),
  async run({ ledger }, io) {
    // Opened read-only first: a folder without a ledger is refused, not made.
    embeddedStores(ledger, { readOnly: true }).close();
    const stores = embeddedStores(ledger);
    try {
      const { files } = await exportLedger(stores, evidence());
      for (const file of files) io.out(`${file}\n`);
    } finally {
      stores.close();
    }
    return EXIT.ok;
  },
};
