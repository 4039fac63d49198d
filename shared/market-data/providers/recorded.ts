import type { BarSize } from '../../calendar/types.ts';
import { ConfigError } from '../../kernel/errors.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../kernel/time.ts';
import type { RawAction } from '../actions.ts';
import type { BarProvider } from '../provider.ts';
import { parseActionCsv } from './action-csv.ts';
import { parseBarCsv } from './bar-csv.ts';
import { isSafeName, readActionFile, readBarFile, type BarFolder } from './bar-files.ts';
import { parseLeanFactors } from './lean-factors.ts';
import { reveal, revealActions, timedBars, type TimedBars } from './reveal.ts';

const MEBIBYTE = 1_048_576;
const NOMINAL_MS: Readonly<Record<BarSize, number>> = {
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '60m': HOUR_MS,
  '1d': DAY_MS,
};

export interface RecordedOptions {
  /** The folder that holds `{prefix}_{symbol}_{bar}.csv` or `.csv.gz`. */
  readonly folder: string;
  /** `CRYPTO`, `CN`, `US`: the first part of the files' names. */
  readonly prefix: string;
  readonly bar: BarSize;
  /**
   * The end of the bar that starts at an instant, UTC milliseconds, from the calendar (`barEndsOf`). Undefined for
   * a start that the calendar does not know: such a bar is shown one nominal period after its start.
   */
  readonly barEndMs: (startMs: number) => number | undefined;
  /** The largest file, unzipped, in bytes; 256 MiB unless told. */
  readonly fileBytesMax?: number;
}

interface Recording {
  /** Hashes of the files that were read, by name. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly timed: TimedBars;
  readonly actions: readonly RawAction[];
}

/**
 * Bars from files that a user has, as `parseBarCsv` reads them: in the file's own order, nothing filled, repaired
 * or sorted; and corporate actions from a file beside them, where there is one. Each file is read once; what is shown
 * and what the fingerprint hashes are the same bytes.
 * @throws ConfigError where the prefix is no plain name.
 *
 * @example
 * recordedProvider({ folder: 'samples/bars', prefix: 'US', bar: '1d', barEndMs: barEndsOf(index) });
 */
export function recordedProvider(options: RecordedOptions): BarProvider {
  const { folder, prefix, bar, fileBytesMax = 256 * MEBIBYTE } = options;
  if (!isSafeName(prefix)) {
    throw new ConfigError(`prefix ${JSON.stringify(prefix)} of recorded bars is no plain name such as US`, {
      prefix,
    });
  }
  const where: BarFolder = { folder, prefix, bar, bytesMax: fileBytesMax };
  const recordings = new Map<string, Promise<Recording>>();
  const load = (symbol: string): Promise<Recording> => {
    let recording = recordings.get(symbol);
    if (recording === undefined) {
      recording = readRecording(where, symbol, options.barEndMs);
      recordings.set(symbol, recording);
      // A file that failed is read again on the next call: it may have been put right.
      recording.catch(() => recordings.delete(symbol));
    }
    return recording;
  };
  return {
    name: 'recorded',
    live: false,
    async fetch(instruments, fromMs, toMs, nowMs) {
      const shown = [];
      for (const symbol of instruments) shown.push(reveal((await load(symbol)).timed, fromMs, toMs, nowMs));
      return shown;
    },
    async fetchActions(instruments, fromDate, toDate, nowMs) {
      const shown = [];
      for (const symbol of instruments)
        shown.push(...revealActions((await load(symbol)).actions, fromDate, toDate, nowMs));
      return shown;
    },
    async fingerprint(instruments) {
      const hashes: Record<string, string> = {};
      for (const symbol of instruments) Object.assign(hashes, (await load(symbol)).hashes);
      return hashes;
    },
  };
}

async function readRecording(
  where: BarFolder,
  symbol: string,
  barEndMs: RecordedOptions['barEndMs'],
): Promise<Recording> {
  const file = await readBarFile(where, symbol);
  const bars = parseBarCsv(file.text, file.name);
  const nominal = NOMINAL_MS[where.bar];
  const endMs = bars.startMs.map((start) => barEndMs(start) ?? start + nominal);
  const acted = await readActionFile(where, symbol);
  const parseActions = acted?.format === 'lean' ? parseLeanFactors : parseActionCsv;
  return {
    hashes: { [file.name]: file.sha256, ...(acted && { [acted.name]: acted.sha256 }) },
    timed: timedBars(bars, endMs),
    actions: acted === undefined ? [] : parseActions(acted.text, acted.name, symbol),
  };
}
