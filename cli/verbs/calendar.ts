import { Option, type Command } from 'commander';
import { barsCsv, sessionsCsv } from '../../shared/calendar/csv.ts';
import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import type { BarAnchor, BarSize, ExchangeCalendar } from '../../shared/calendar/types.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { EXIT } from '../exit-codes.ts';
import { configOption, isoDate, loadConfig, pick } from '../options.ts';
import type { SubVerb } from '../verb.ts';

interface Range {
  config: string;
  exchange: string;
  from: string;
  to: string;
}

const rangeOptions = (command: Command): Command =>
  command
    .addOption(configOption())
    .requiredOption('--exchange <code>', 'exchange of a calendar file, such as XNYS, XSHG or CRYPTO_24X7')
    .requiredOption('--from <date>', 'first session, YYYY-MM-DD', isoDate)
    .requiredOption('--to <date>', 'last session, YYYY-MM-DD', isoDate);

const sessions: SubVerb<Range> = {
  describe: 'sessions with their opens, closes and breaks in UTC, as CSV',
  configure: rangeOptions,

  run(options, io) {
    io.out(sessionsCsv(calendarOf(options), options.from, options.to));
    return EXIT.ok;
  },
};

const bars: SubVerb<Range & { period: BarSize; anchor: BarAnchor }> = {
  describe: 'the bars that are expected, in UTC, as CSV',
  configure: (command) =>
    rangeOptions(command)
      .addOption(
        new Option('--period <size>', 'size of a bar')
          .choices(['60m', '1d'] satisfies BarSize[])
          .makeOptionMandatory(),
      )
      .addOption(
        new Option('--anchor <where>', 'where bars are cut from')
          .choices(['session_open', 'clock_hour'] satisfies BarAnchor[])
          .default('session_open' satisfies BarAnchor),
      ),

  run(options, io) {
    io.out(barsCsv(calendarOf(options), options.period, options.anchor, options.from, options.to));
    return EXIT.ok;
  },
};

export const verbs = { sessions, bars };

function calendarOf({ config, exchange, from, to }: Range): ExchangeCalendar {
  if (from > to) throw new ConfigError(`--from ${from} lies after --to ${to}; expected a range that ascends`);
  return exchangeCalendar(pick(loadConfig(config).calendars, exchange, '--exchange'));
}
