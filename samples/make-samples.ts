/**
 * Makes `samples/bars` from three npm packages. README.md names their versions.
 *
 *   npm pack <package>@<version>      # in a scratch folder, once for each
 *   tar xzf <file>.tgz -C <folder>    # each holds a folder `package`
 *   node samples/make-samples.ts <react-stockcharts-rollup>/package <hqchart>/package <sample-datasets>/package
 *
 * The same packages give the same bytes. A fourth argument writes to another folder.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { parseIsoUtc } from '../shared/kernel/time.ts';
import {
  barsOfAShareMinutes,
  barsToCsv,
  daysOfUsRows,
  hoursOfFiveMinutes,
  type AShareMinute,
  type SampleBar,
} from './convert.ts';

/** Whole UTC days; the first hour of 2016-01-01 lacks its first row, from 2016-03-06 11:40 on there are holes. */
const CRYPTO_FROM = '2016-01-02T00:00:00Z';
const CRYPTO_TO = '2016-03-06T00:00:00Z';
/** What all three shares have, less the last day: its volumes were taken before they were final. */
const US_FROM = '2013-05-13';
const US_TO = '2015-06-05';

type Row = Readonly<Record<string, string>>;

function readRows(path: string, delimiter: ',' | '\t'): Row[] {
  return parse(readFileSync(path), { columns: true, delimiter, bom: true });
}

function readMinutes(hqchart: string, symbol: string): AShareMinute[] {
  const path = join(hqchart, 'src/jscommon/umychart.testdata/M1KLine', `${symbol}.minute.kline.json`);
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));
  const rows = (parsed as { data?: unknown }).data;
  if (!Array.isArray(rows) || !rows.every((row) => isMinute(row)))
    throw new TypeError(`${path}: not minutes`);
  return rows;
}

const isMinute = (row: unknown): row is AShareMinute =>
  Array.isArray(row) && row.length === 9 && row.every((field) => Number.isFinite(field));

/** The bars of every sample file, by the file's name. */
function convertAll(stockcharts: string, hqchart: string, datasets: string): Map<string, SampleBar[]> {
  const charts = join(stockcharts, 'docs/data');
  const bitstamp = readRows(join(charts, 'bitstamp_xbtusd_5m.csv'), ',');
  const files = new Map([
    ['CRYPTO_XBTUSD_60m.csv', hoursOfFiveMinutes(bitstamp, parseIsoUtc(CRYPTO_FROM), parseIsoUtc(CRYPTO_TO))],
  ]);
  for (const symbol of ['000001.sz', '000151.sz', '600000.sh']) {
    files.set(`CN_${symbol.slice(0, 6)}_60m.csv`, barsOfAShareMinutes(readMinutes(hqchart, symbol)));
  }
  const shares = {
    AAPL: readRows(join(datasets, 'aapl.csv'), ','),
    GE: readRows(join(charts, 'GE.csv'), ','),
    MSFT: readRows(join(charts, 'comparison.tsv'), '\t'),
  };
  for (const [symbol, rows] of Object.entries(shares)) {
    files.set(`US_${symbol}_1d.csv`, daysOfUsRows(rows, US_FROM, US_TO));
  }
  return files;
}

function writeAll(files: ReadonlyMap<string, SampleBar[]>, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, bars] of files) {
    const path = join(folder, name);
    writeFileSync(`${path}.tmp`, barsToCsv(bars));
    renameSync(`${path}.tmp`, path);
    process.stdout.write(`${name} ${bars.length} bars\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [stockcharts, hqchart, datasets, folder = fileURLToPath(new URL('bars', import.meta.url))] =
    process.argv.slice(2);
  if (stockcharts === undefined || hqchart === undefined || datasets === undefined) {
    process.stderr.write(
      'usage: node samples/make-samples.ts <stockcharts> <hqchart> <sample-datasets> [folder]\n',
    );
    process.exitCode = 2;
  } else {
    writeAll(convertAll(stockcharts, hqchart, datasets), folder);
  }
}
