import { embeddedStores } from '../../shared/stores/embedded.ts';
import { memoryStores } from '../../shared/stores/memory.ts';
import { headOf, layOut, replay, type MarketName } from '../support/chain.ts';

/**
 * A process of its own that replays a shipped sample, says `ticks N` after each tick and ends with what it found:
 * `node replay-process.ts <folder|memory> <market> <from> <to>`.
 */
const [folder, market, from, to] = process.argv.slice(2) as [string, MarketName, string, string];
const stores = folder === 'memory' ? memoryStores() : embeddedStores(folder);
let ticks = 0;
await replay(stores, layOut(market, from, to), async () => void process.stdout.write(`ticks ${++ticks}\n`));
const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions();
const found = { head: (await headOf(stores, market)).sha256, timeZone, locale, folder: process.cwd() };
process.stdout.write(`${JSON.stringify(found)}\n`);
