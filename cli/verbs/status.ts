import { ledgerStatus } from '../../infra/local/status.ts';
import { EXIT } from '../exit-codes.ts';
import { mayColor } from '../io.ts';
import { onLedger, placeOptions, type Place } from '../ledger.ts';
import { renderTable } from '../output.ts';
import type { Verb } from '../verb.ts';

const HEAD = [
  'market',
  'mode',
  'records',
  'newest tick',
  'equity',
  'latch',
  'since',
  'DISABLE_TRADING',
  'own',
  'good checks',
  'turned by',
  'chain head',
];

export const verb: Verb<Place & { json?: boolean }> = {
  configure: (command) => placeOptions(command, undefined, 'data').option('--json', 'print as JSON'),
  run: ({ json, ...place }, io) =>
    onLedger(place, 'read', async (stores) => {
      const markets = await ledgerStatus(stores);
      if (json === true) io.out(`${JSON.stringify(markets, null, 2)}\n`);
      else {
        const rows = markets.map((one) => [
          one.market,
          one.mode,
          String(one.records),
          one.tick_utc,
          one.equity,
          one.latch,
          one.since_utc,
          one.disable_trading,
          one.disable_trading_market,
          one.checks_good,
          one.turned_by,
          one.head,
        ]);
        io.out(renderTable(HEAD, rows, { color: mayColor(io) }));
      }
      return EXIT.ok;
    }),
};
