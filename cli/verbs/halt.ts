import { haltMarkets } from '../../infra/local/operate.ts';
import { alertsTo } from '../alerts.ts';
import { EXIT } from '../exit-codes.ts';
import { alignAt, onLedger } from '../ledger.ts';
import { operatorOptions, operatedText, type OperatorOptions } from '../operator.ts';
import type { Verb } from '../verb.ts';

interface Options extends OperatorOptions {
  readonly market?: string;
}

export const verb: Verb<Options> = {
  configure: (command) =>
    operatorOptions(command).option('--market <name>', 'only this market; all of the ledger by default'),
  run: ({ market, actor, reason, json, ...place }, io) =>
    onLedger(place, 'write', async (stores) => {
      const operated = await haltMarkets(stores, market, {
        ...{ actor, reason, onAlert: alertsTo(io) },
        ...(await alignAt(place)),
      });
      io.out(operatedText(operated, json === true, io));
      return EXIT.ok;
    }),
};
