import { checkMarket } from '../../infra/local/operate.ts';
import { canonicalJson, type Json } from '../../shared/kernel/canonical.ts';
import { alertsTo } from '../alerts.ts';
import { EXIT } from '../exit-codes.ts';
import { mayColor } from '../io.ts';
import { checkAt, onLedger, placeOptions, type Place } from '../ledger.ts';
import { renderTable } from '../output.ts';
import type { Verb } from '../verb.ts';

export const verb: Verb<Place & { market: string; json?: true }> = {
  configure: (command) =>
    placeOptions(command, undefined, 'data')
      .requiredOption('--market <name>', 'the market to look at')
      .option('--json', 'canonical JSON (RFC 8785) in place of a table'),
  run: ({ market, json, ...place }, io) =>
    onLedger(place, 'write', async (stores) => {
      const { made, checks } = await checkMarket(stores, market, {
        onAlert: alertsTo(io),
        ...(await checkAt(place)),
      });
      if (json === true) io.out(`${canonicalJson({ made, checks } as unknown as Json)}\n`);
      else {
        const rows = checks.map((one) => [one.at_utc, one.tick_utc, one.data, one.model, one.risk]);
        io.out(renderTable(['checked', 'bar', 'data', 'model', 'risk'], rows, { color: mayColor(io) }));
      }
      return EXIT.ok;
    }),
};
