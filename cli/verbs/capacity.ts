import { ledgerCapacity } from '../../infra/local/capacity.ts';
import { canonicalJson, type Json } from '../../shared/kernel/canonical.ts';
import type { CapacityReport, CapacityRow } from '../../shared/tick/capacity-report.ts';
import { EXIT } from '../exit-codes.ts';
import { mayColor, type Io } from '../io.ts';
import { onLedger, placeOptions, type Place } from '../ledger.ts';
import { renderTable } from '../output.ts';
import type { Verb } from '../verb.ts';

export const verb: Verb<Place & { market?: string; json?: true }> = {
  configure: (command) =>
    placeOptions(command)
      .option('--market <name>', 'only this market')
      .option('--json', 'canonical JSON (RFC 8785) in place of a table'),

  run: ({ market, json, ...place }, io) =>
    onLedger(place, 'read', async (stores) => {
      const reports = await ledgerCapacity(stores, market);
      io.out(
        json
          ? `${canonicalJson({ v: 1, markets: reports } as unknown as Json)}\n`
          : reports.map((report) => marketText(report, io)).join('\n'),
      );
      return EXIT.ok;
    }),
};

/** Figures of an instrument as columns show them: bps to the hundredth, money in whole units. */
const COLUMNS: readonly (readonly [title: string, cell: (row: CapacityRow) => string])[] = [
  ['instrument', (row) => row.instrument],
  ['acted', (row) => `${row.ticks_acted}`],
  ['edge bps', (row) => figure(row.edge_bps, 2)],
  ['round trip bps', (row) => figure(row.round_trip_bps, 2)],
  ['sigma bps', (row) => figure(row.sigma_bps, 2)],
  ['traded a bar', (row) => figure(row.average_notional, 0)],
  ['break-even', (row) => figure(row.break_even, 0)],
  ['optimal', (row) => figure(row.optimal, 0)],
  ['limit', (row) => figure(row.limit, 0)],
  ['size', (row) => figure(row.size, 0)],
  ['bound by', (row) => row.binding],
  ['net bps', (row) => figure(row.net_bps, 2)],
  ['net', (row) => figure(row.net, 0)],
];

const figure = (value: number | null, digits: number): string =>
  value === null ? 'none' : value.toFixed(digits);

function marketText(report: CapacityReport, io: Io): string {
  const { market, currency, ticks, first_tick_utc: from, last_tick_utc: to, instruments, book } = report;
  const table = renderTable(
    COLUMNS.map(([title]) => title),
    instruments.map((row) => COLUMNS.map(([, cell]) => cell(row))),
    { color: mayColor(io) },
  );
  const sum = (value: number | null): string =>
    value === null ? 'without bound' : `${figure(value, 0)} ${currency}`;
  const lines = [
    `${market}: ${ticks} ticks from ${from} to ${to}; sizes in ${currency}`,
    'The edge is the mean |q50| of the forecasts at ticks that said LONG or SHORT: what the models expect, not a result.',
    ...(instruments.length === 0 ? [] : [table.trimEnd()]),
    ...report.without_size.map(({ instrument, why }) => `no size for ${instrument}: ${why}`),
    `book: break-even ${sum(book.break_even)}, optimal ${sum(book.optimal)}, within the limits ${sum(book.size)}`,
    ...(book.gross_exposure === null
      ? []
      : [`all optimal sizes at once are ${figure(book.gross_exposure, 2)} times the newest equity`]),
    `gross_max ${book.gross_max} reaches them at a capital of ${sum(book.capital_at_optimal)}, ` +
      `within the limits of ${sum(book.capital_at_size)}`,
  ];
  return lines.map((line) => `${line}\n`).join('');
}
