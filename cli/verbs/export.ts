import { exportLedger } from '../../infra/local/export.ts';
import { evidence } from '../evidence.ts';
import { EXIT } from '../exit-codes.ts';
import { onLedger, placeOptions, type Place } from '../ledger.ts';
import type { Verb } from '../verb.ts';

export const verb: Verb<Place> = {
  configure: (command) => placeOptions(command),
  run: (place, io) =>
    onLedger(place, 'write', async (stores) => {
      const { files } = await exportLedger(stores, evidence());
      for (const file of files) io.out(`${file}\n`);
      return EXIT.ok;
    }),
};
