import { join } from 'node:path';
import { runBacktest } from '../../infra/local/run-backtest.ts';
import { csvText } from '../../shared/ledger/projections/csv.ts';
import { FILLS } from '../../shared/ledger/projections/fills.ts';
import { ORDERS } from '../../shared/ledger/projections/orders.ts';
import { METRICS } from '../../shared/tick/metrics.ts';
import { EXIT } from '../exit-codes.ts';
import { mayColor } from '../io.ts';
import { loadConfig } from '../options.ts';
import { renderTable } from '../output.ts';
import type { Verb } from '../verb.ts';
import { writeFileWhole } from '../write-file.ts';
import { marketOptions, type ReplayOptions } from './replay.ts';

export const verb: Verb<Omit<ReplayOptions, 'out'> & { out?: string }> = {
  configure: (command) =>
    marketOptions(command)
      .option(
        '--out <dir>',
        'folder for orders.csv, fills.csv and metrics_summary.csv; nothing is written without it',
      )
      .option('--json', 'print the summary as JSON'),
  async run({ market, symbols, from, to, bars, config: folder, out, json }, io) {
    const config = loadConfig(folder);
    const { metrics, orders, fills } = await runBacktest({
      config,
      market,
      symbols,
      from,
      to,
      barsFolder: bars,
    });
    if (out !== undefined) {
      writeFileWhole(join(out, 'orders.csv'), csvText(ORDERS, orders));
      writeFileWhole(join(out, 'fills.csv'), csvText(FILLS, fills));
      writeFileWhole(join(out, 'metrics_summary.csv'), csvText(METRICS, [metrics]));
    }
    const shown = METRICS.filter((column) => !column.endsWith('_differences'));
    if (json === true)
      io.out(
        `${JSON.stringify(Object.fromEntries(shown.map((column) => [column, metrics[column]])), null, 2)}\n`,
      );
    else
      io.out(
        renderTable(
          ['backtest', ''],
          shown.map((column) => [column, String(metrics[column] ?? '')]),
          { color: mayColor(io) },
        ),
      );
    return EXIT.ok;
  },
};
