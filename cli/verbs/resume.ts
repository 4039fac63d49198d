import { marketsIn } from '../../infra/local/ledger-markets.ts';
import { resumeMarket, type Operated } from '../../infra/local/operate.ts';
import { RefusedError } from '../../shared/kernel/errors.ts';
import { alertsTo } from '../alerts.ts';
import { EXIT } from '../exit-codes.ts';
import { alignAt, onLedger } from '../ledger.ts';
import { operatedText, operatorOptions, type OperatorOptions } from '../operator.ts';
import type { Verb } from '../verb.ts';

interface Options extends OperatorOptions {
  readonly confirm: string;
}

export const verb: Verb<Options> = {
  configure: (command) =>
    operatorOptions(command).requiredOption(
      '--confirm <market>',
      'the market to start again, typed out; `all` asks for every market of the ledger',
    ),
  run: ({ confirm, actor, reason, json, ...place }, io) =>
    onLedger(place, 'write', async (stores) => {
      const align = await alignAt(place);
      const markets = confirm === 'all' ? await marketsIn(stores) : [confirm];
      const operated: Operated[] = [];
      const refusals: string[] = [];
      for (const market of markets) {
        try {
          operated.push(
            await resumeMarket(stores, market, { actor, reason, onAlert: alertsTo(io), ...align }),
          );
        } catch (error) {
          if (!(error instanceof RefusedError)) throw error;
          refusals.push(error.message);
        }
      }
      if (operated.length > 0) io.out(operatedText(operated, json === true, io));
      if (refusals.length > 0) throw new RefusedError(refusals.join('\n'));
      return EXIT.ok;
    }),
};
