import { haltMarkets } from '../../infra/local/operate.ts';
import { alertsTo } from '../alerts.ts';
import { EXIT } from '../exit-codes.ts';
import { onLedger, operatorOptions, operatedText, type OperatorOptions } from '../operator.ts';
import type { Verb } from '../verb.ts';

interface Options extends OperatorOptions {
  readonly market?: string;
}

export const verb: Verb<Options> = {
  configure: (command) =>
    operatorOptions(command).option('--market <name>', 'only this market; all of the ledger by default'),
  run: ({ ledger, market, actor, reason, json }, io) =>
    onLedger(ledger, async (stores) => {
      const operated = await haltMarkets(stores, market, { actor, reason, onAlert: alertsTo(io) });
      io.out(operatedText(operated, json === true, io));
      return EXIT.ok;
    }),
};
