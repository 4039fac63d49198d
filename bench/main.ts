import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { renderTable } from '../cli/output.ts';
import { backtestFigures, type BacktestFigures } from './backtest-bench.ts';
import { replayFigures, type ReplayFigures } from './replay-bench.ts';

const MEASURES: Readonly<Record<string, (instruments: number) => Promise<object>>> = {
  replay: replayFigures,
  backtest: backtestFigures,
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
}

const [name, instruments] = process.argv.slice(2);
if (name === undefined) report();
else process.stdout.write(JSON.stringify(await MEASURES[name]!(Number(instruments))));
