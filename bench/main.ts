import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { renderTable } from '../cli/output.ts';
import { operationFigures } from './operations-bench.ts';
import { backtestFigures, type BacktestFigures } from './backtest-bench.ts';
import { bundleFigures } from './bundles-bench.ts';
import { settleFigures, type SettleFigures } from './settle-bench.ts';
import { replayFigures, type ReplayFigures } from './replay-bench.ts';

const MEASURES: Readonly<Record<string, (instruments: number) => Promise<object>>> = {
  replay: replayFigures,
  backtest: backtestFigures,
  settle: settleFigures,
  operations: operationFigures,
  bundles: bundleFigures,
};

/** Each measure runs in a process of its own, so that its first pass is one. */
function measure<T>(name: string, instruments: number): T {
  const self = fileURLToPath(import.meta.url);
  return JSON.parse(
    execFileSync(process.execPath, [self, name, String(instruments)], { encoding: 'utf8' }),
  ) as T;
}

function report(): void {
  const show = (head: string[], rows: string[][]): void =>
    void process.stdout.write(`${renderTable(head, rows, { color: false })}\n`);
  const replays = [4, 500].map((instruments) => measure<ReplayFigures>('replay', instruments));
  show(
    ['replay, whole chain, embedded stores', 'ticks', 'first tick ms', 'warm median ms', 'budget ms'],
    replays.map(({ instruments, ticks, cold, warm }) => [
      `${instruments} instruments`,
      String(ticks),
      cold.toFixed(1),
      warm.toFixed(1),
      instruments === 500 ? '250 / 150' : '',
    ]),
  );
  const settled = measure<SettleFigures>('settle', 1000);
  const { warm: tick } = measure<ReplayFigures>('replay', 1000);
  // A tick settles three times: the gate to know the book, the fill step, and the ledger step to check it.
  const share = (100 * 3 * settled.ms) / tick;
  show(
    [
      'settling, CPU ms',
      'orders',
      'fills',
      'once',
      'tick of as many names',
      'three times, % of it',
      'budget',
    ],
    [
      ['1000 orders on one bar', settled.orders, settled.fills, settled.ms.toFixed(2), tick.toFixed(1)]
        .map(String)
        .concat(share.toFixed(1), 'under 5 %'),
    ],
  );
  const backtests = [4, 500].map((instruments) => measure<BacktestFigures>('backtest', instruments));
  show(
    [
      'backtest, million bars a CPU-second',
      'fills',
      'first pass',
      'warm',
      'bare loop',
      'bare / full',
      'budget',
    ],
    backtests.map(({ instruments, bars, fills, first, warm, bare }) => [
      `${instruments} x ${bars}`,
      String(fills),
      first.toFixed(2),
      warm.toFixed(2),
      bare.toFixed(1),
      (bare / warm).toFixed(1),
      instruments === 500 ? '2 / 3' : '',
    ]),
  );
  const { bundles } = measure<Awaited<ReturnType<typeof bundleFigures>>>('bundles', 0);
  show(
    ['Lambda, bundle', 'kB minified', 'budget', 'import, CPU ms', 'budget'],
    bundles.map((one) => [
      one.name,
      one.kilobytes.toFixed(1),
      'under 750',
      one.importCpuMs.toFixed(0),
      'under 200',
    ]),
  );
}

const [name, instruments] = process.argv.slice(2);
if (name === undefined) report();
else process.stdout.write(JSON.stringify(await MEASURES[name]!(Number(instruments))));
