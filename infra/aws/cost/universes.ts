import { exchangeCalendar } from '../../../shared/calendar/exchange-calendar.ts';
import { timeline } from '../../../shared/calendar/timeline.ts';
import type { Config } from '../../../shared/config/config.ts';
import { ConfigError } from '../../../shared/kernel/errors.ts';
import { COUNTED_YEAR } from './cron.ts';
import type { Universe } from './usage.ts';

/** The case that the bill is held against: names by market. */
export const REFERENCE: Readonly<Record<string, number>> = { crypto: 100, ashares: 300, us_equities: 500 };

/** So many names over the markets, in the proportions of the reference case; the last market takes what rounding leaves. */
export function spread(total: number): Record<string, number> {
  const markets = Object.entries(REFERENCE);
  if (!Number.isSafeInteger(total) || total < markets.length) {
    throw new ConfigError(`--instruments: expected a whole number from ${markets.length} on, not ${total}`);
  }
  const reference = markets.reduce((sum, [, names]) => sum + names, 0);
  let left = total;
  return Object.fromEntries(
    markets.map(([market, names], index) => {
      const share =
        index === markets.length - 1 ? left : Math.max(1, Math.round((total * names) / reference));
      left -= share;
      return [market, share];
    }),
  );
}

/** Markets of these sizes with the bars that their calendars close in a mean month. */
export function universesOf(config: Config, names: Readonly<Record<string, number>>): Universe[] {
  return Object.entries(names).map(([market, instruments]) => {
    const files = config.markets.get(market);
    if (files === undefined) throw new ConfigError(`the configuration has no market ${market}`);
    const calendar = exchangeCalendar(config.calendars.get(files.config.exchange)!);
    const [from, to] = [`${COUNTED_YEAR}-01-01`, `${COUNTED_YEAR}-12-31`];
    const bars = timeline(calendar, files.config.bar_size, files.config.bar_anchor, from, to);
    return {
      ...{ market, instruments },
      fanOut: {
        instrumentsAbove: files.config.fan_out.instruments_above,
        shards: files.config.fan_out.shards,
      },
      barsPerMonth: bars.startMs.length / 12,
      sessionsPerMonth: calendar.sessionsIn(from, to).length / 12,
    };
  });
}
