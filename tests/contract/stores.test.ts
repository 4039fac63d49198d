import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedStores } from '../../shared/stores/embedded.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import { storesContract } from './stores-contract.ts';

storesContract('memory', async () => ({ stores: memoryStores(), close: async () => undefined }));

storesContract('embedded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'papergate-'));
  const stores = embeddedStores(folder);
  return {
    stores,
    close: async () => {
      stores.close();
      rmSync(folder, { recursive: true });
    },
  };
});
