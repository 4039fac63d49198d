import { synthesiseDefinition } from '../../infra/local/definition.ts';
import { holdDrill } from '../../infra/local/drill/drill.ts';
import { marketsIn } from '../../infra/local/ledger-markets.ts';
import { canonicalJson, type Json } from '../../shared/kernel/canonical.ts';
import { RefusedError } from '../../shared/kernel/errors.ts';
import { drillFile, findDrill, type Drill } from '../../shared/ledger/drills.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { EXIT } from '../exit-codes.ts';
import { mayColor, type Io } from '../io.ts';
import { onLedger, placeOptions, type Place } from '../ledger.ts';
import { renderTable } from '../output.ts';
import type { SubVerb } from '../verb.ts';

const killSwitch: SubVerb<Place & { market?: string; json?: true }> = {
  describe: 'prove on a scratch copy of the ledger that the kill switch works',
  configure: (command) =>
    placeOptions(
      command,
      'folder that was given to --out; processed/kill_switch_drill.json is written there',
      'data',
    )
      .option('--market <name>', 'only this market')
      .option('--json', 'canonical JSON (RFC 8785) in place of a table'),
  run: ({ market, json, ...place }, io) =>
    onLedger(place, 'write', async (stores) => {
      const definition = await synthesiseDefinition();
      const drills: Drill[] = [];
      for (const name of await marketsIn(stores, market))
        drills.push(await holdDrill(stores, name, definition));
      await writeFile(stores);
      io.out(json === true ? `${canonicalJson(drills as unknown as Json)}\n` : tableText(drills, io));
      const failed = drills.filter(({ passed }) => !passed).map((drill) => drill.market);
      if (failed.length > 0) throw new RefusedError(`the drill did not pass in ${failed.join(', ')}`);
      return EXIT.ok;
    }),
};

export const verbs = { 'kill-switch': killSwitch };

/** Rewrites the file with the newest drill of every market. */
async function writeFile(stores: Stores): Promise<void> {
  const markets = await marketsIn(stores);
  const held = await Promise.all(
    markets.map(async (market) => ({ market, drill: await findDrill(stores, market) })),
  );
  const [path, text] = drillFile(held);
  await stores.projections.write(path, new TextEncoder().encode(text));
}

const tableText = (drills: readonly Drill[], io: Io): string =>
  renderTable(
    ['market', 'step', 'result', 'expected', 'found'],
    drills.flatMap(({ market, steps }) =>
      steps.map((step) => [market, step.name, step.passed ? 'passed' : 'FAILED', step.expected, step.found]),
    ),
    { color: mayColor(io) },
  );
