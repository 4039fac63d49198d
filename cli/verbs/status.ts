import { ledgerStatus } from '../../infra/local/status.ts';
import { embeddedStores } from '../../shared/stores/embedded.ts';
import { EXIT } from '../exit-codes.ts';
import { mayColor } from '../io.ts';
import { renderTable } from '../output.ts';
import type { Verb } from '../verb.ts';

export const verb: Verb<{ ledger: string; json?: boolean }> = {
  configure: (command) =>
    command
      .option('--ledger <dir>', 'the folder that was given to --out', 'data')
      .option('--json', 'print as JSON'),
  async run({ ledger, json }, io) {
    const stores = embeddedStores(ledger, { readOnly: true });
    try {
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
        const head = [
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
        io.out(renderTable(head, rows, { color: mayColor(io) }));
      }
    } finally {
      stores.close();
    }
    return EXIT.ok;
  },
};
