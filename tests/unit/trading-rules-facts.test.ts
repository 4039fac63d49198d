import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import { SCHEMAS } from '../../shared/config/config.ts';
import { tradingRulesSchema } from '../../shared/config/trading-rules-schema.ts';
import { parseYaml } from '../../shared/config/yaml.ts';
import { compileTradingRules, priceLimits, type DayRules } from '../../shared/execution/trading-rules.ts';
import { shippedConfig } from '../support/rules.ts';

const EXCHANGES = {
  ashares: 'XSHG',
  us_equities: 'XNYS',
  crypto_spot: 'CRYPTO_24X7',
  crypto_perpetual: 'CRYPTO_24X7',
} as const;
type Name = keyof typeof EXCHANGES;

const day = (date: string): number => Date.parse(date) / 86_400_000;
const fileOf = (name: Name) => {
  const path = `configs/trading_rules/${name}.yaml`;
  return parseYaml(path, readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'), tradingRulesSchema);
};
const calendarOf = (name: Name) => exchangeCalendar(shippedConfig().calendars.get(EXCHANGES[name])!);

interface Given {
  readonly listed?: string;
  readonly st?: boolean;
}
const ST_SINCE = [{ from: '2010-01-01', source: 'made up for a worked example' }];

/** The shipped rules of one instrument on the board. */
function rulesOn(name: Name, board: string, { listed, st = false }: Given = {}) {
  const universe = SCHEMAS.universe.parse({
    name: 'test',
    version: 1,
    source: 'made up',
    instruments: [
      {
        symbol: 'X',
        board,
        quantity_digits: 0,
        price_tick: 0.01,
        ...(listed === undefined ? {} : { listed_on: listed }),
        ...(st ? { special_treatment: ST_SINCE } : {}),
      },
    ],
  });
  return compileTradingRules(fileOf(name), universe, calendarOf(name));
}

const on = (name: Name, board: string, date: string, given?: Given): DayRules | undefined =>
  rulesOn(name, board, given).on(0, day(date));

/** Up and down in bps, null for none, on a date. */
function limits(board: string, date: string, given?: Given): unknown {
  const rules = on('ashares', board, date, given);
  return rules && [rules.upBps, rules.downBps].map((bps) => (bps === Infinity ? null : bps));
}

describe('A-share price limits on both sides of each date', () => {
  it.each([
    ['main', '2015-01-05', [1000, 1000]],
    ['main', '2023-04-07', [1000, 1000]],
    ['main', '2023-04-10', [1000, 1000]],
    ['main', '2026-07-06', [1000, 1000]],
    ['chinext', '2015-01-05', [1000, 1000]],
    ['chinext', '2020-08-21', [1000, 1000]],
    ['chinext', '2020-08-24', [2000, 2000]],
    ['star', '2019-07-19', undefined],
    ['star', '2019-07-22', [2000, 2000]],
    ['bse', '2021-11-12', undefined],
    ['bse', '2021-11-15', [3000, 3000]],
  ])('%s on %s: %j bps', (board, date, expected) => {
    expect(limits(board, date)).toEqual(expected);
  });

  it.each([
    ['main', '2015-01-05', [500, 500]],
    ['main', '2026-07-03', [500, 500]],
    ['main', '2026-07-05', [500, 500]],
    ['main', '2026-07-06', [1000, 1000]],
    // What held before the reform was not looked up: nothing is guessed.
    ['chinext', '2020-08-21', undefined],
    ['chinext', '2020-08-24', [2000, 2000]],
    ['star', '2019-07-22', [2000, 2000]],
    ['bse', '2021-11-15', [3000, 3000]],
  ])('under a risk warning, %s on %s: %j bps', (board, date, expected) => {
    expect(limits(board, date, { st: true })).toEqual(expected);
  });

  // 10.00 with 44 and 36 per cent: 14.40 and 6.40; with 10: 11.00 and 9.00; with 5: 10.50 and 9.50.
  it.each([
    ['main', '2023-04-07', { listed: '2023-04-07' }, 14.4, 6.4],
    ['main', '2023-04-07', {}, 11, 9],
    ['main', '2026-07-03', { st: true }, 10.5, 9.5],
    ['main', '2026-07-06', { st: true }, 11, 9],
    ['chinext', '2020-08-24', {}, 12, 8],
    ['bse', '2024-01-02', {}, 13, 7],
    ['main', '2023-04-10', { listed: '2023-04-10' }, Infinity, 0],
  ])('10.00 on %s, %s, %j: between %d and %d', (board, date, given, up, down) => {
    expect(priceLimits(on('ashares', board, date, given)!, 10, 0.01)).toEqual({ up, down });
  });
});

describe('A-share listings', () => {
  const FREE = [null, null];
  const FIRST = [4400, 3600];
  const TEN = [1000, 1000];
  const TWENTY = [2000, 2000];

  // Sessions: Monday 2019-07-22 to Friday 26, Monday 29. 2020-08-24 is a Monday. 2023-04-10 is a Monday.
  it.each([
    ['star', '2019-07-22', '2019-07-22', FREE],
    ['star', '2019-07-22', '2019-07-26', FREE],
    ['star', '2019-07-22', '2019-07-29', TWENTY],
    ['chinext', '2020-08-24', '2020-08-28', FREE],
    ['chinext', '2020-08-24', '2020-08-31', TWENTY],
    // Listed on the last session of the old rules: 44 and 36 per cent on the first, and no free days under the new.
    ['chinext', '2020-08-21', '2020-08-21', FIRST],
    ['chinext', '2020-08-21', '2020-08-24', TWENTY],
    ['main', '2023-04-10', '2023-04-14', FREE],
    ['main', '2023-04-10', '2023-04-17', TEN],
    ['main', '2023-04-07', '2023-04-07', FIRST],
    ['main', '2023-04-07', '2023-04-10', TEN],
    ['main', '2016-03-01', '2016-03-02', TEN],
    ['bse', '2023-09-01', '2023-09-01', FREE],
    ['bse', '2023-09-01', '2023-09-04', [3000, 3000]],
    // Over the holidays of 1 to 8 October 2020: 09-28, 09-29, 09-30, 10-09 and 10-12 are five sessions.
    ['star', '2020-09-28', '2020-10-12', FREE],
    ['star', '2020-09-28', '2020-10-13', TWENTY],
    // Not listed yet: nothing may trade.
    ['main', '2023-04-10', '2023-04-07', undefined],
  ])('%s, listed %s, on %s: %j', (board, listed, date, expected) => {
    expect(limits(board, date, { listed })).toEqual(expected);
  });
});

describe('lots, settlement and least values', () => {
  // board, date, least, increment, least value, sessions to wait
  it.each([
    ['ashares', 'main', '2015-01-05', [100, 100, 0, 1]],
    ['ashares', 'main', '2026-11-20', [100, 100, 0, 1]],
    ['ashares', 'chinext', '2020-08-24', [100, 100, 0, 1]],
    ['ashares', 'star', '2019-07-22', [200, 1, 0, 1]],
    ['ashares', 'bse', '2021-11-15', [100, 1, 0, 1]],
    ['ashares', 'main', '2013-12-31', undefined],
    ['us_equities', 'listed', '2007-01-01', [1, 1, 0, 0]],
    ['us_equities', 'listed', '2026-11-20', [1, 1, 0, 0]],
    ['us_equities', 'listed', '2006-12-29', undefined],
    ['crypto_spot', 'binance_spot', '2017-07-13', undefined],
    ['crypto_spot', 'binance_spot', '2017-07-14', [1, 1, 10, 0]],
    ['crypto_spot', 'binance_spot', '2023-12-31', [1, 1, 10, 0]],
    ['crypto_spot', 'binance_spot', '2024-01-01', [1, 1, 5, 0]],
    ['crypto_spot', 'bitstamp_spot', '2014-05-14', undefined],
    ['crypto_spot', 'bitstamp_spot', '2016-03-01', [1, 1, 5, 0]],
    ['crypto_spot', 'bitstamp_spot', '2018-01-01', undefined],
    ['crypto_perpetual', 'btcusdt', '2021-02-23', undefined],
    ['crypto_perpetual', 'btcusdt', '2023-11-01', [1, 1, 5, 0]],
    ['crypto_perpetual', 'btcusdt', '2023-11-02', [1, 1, 100, 0]],
    ['crypto_perpetual', 'ethusdt', '2023-11-01', [1, 1, 5, 0]],
    ['crypto_perpetual', 'ethusdt', '2023-11-02', [1, 1, 20, 0]],
    ['crypto_perpetual', 'other', '2023-11-02', [1, 1, 5, 0]],
  ] as const)('%s, %s on %s: %j', (name, board, date, expected) => {
    const rules = on(name, board, date);
    expect(
      rules && [rules.minSteps, rules.incrementSteps, rules.notionalMin, rules.sellAfterSessions],
    ).toEqual(expected);
  });

  it.each(['us_equities/listed', 'crypto_spot/binance_spot', 'crypto_perpetual/other'])(
    'no price limit on %s',
    (place) => {
      const [name, board] = place.split('/') as [Name, string];
      expect(on(name, board, '2024-06-03')).toMatchObject({ upBps: Infinity, downBps: Infinity });
    },
  );
});

describe('withholding from dividends', () => {
  it.each([
    // ex-date, days held, bps of the gross dividend
    ['ashares', 'main', '2015-09-08', 31, 2000],
    ['ashares', 'main', '2015-09-08', 32, 1000],
    ['ashares', 'main', '2015-09-08', 366, 1000],
    ['ashares', 'main', '2015-09-08', 367, 500],
    ['ashares', 'main', '2015-09-09', 1, 2000],
    ['ashares', 'main', '2015-09-09', 31, 2000],
    ['ashares', 'main', '2015-09-09', 32, 1000],
    ['ashares', 'main', '2015-09-09', 366, 1000],
    ['ashares', 'main', '2015-09-09', 367, 0],
    ['ashares', 'main', '2013-01-04', 1, undefined],
    ['ashares', 'chinext', '2015-09-08', 400, 500],
    ['ashares', 'star', '2019-07-19', 10, undefined],
    ['ashares', 'star', '2023-06-01', 10, 2000],
    ['ashares', 'bse', '2023-06-01', 400, 0],
    ['us_equities', 'listed', '2014-08-07', 1, 3000],
    ['us_equities', 'listed', '2014-08-07', 4000, 3000],
    ['crypto_spot', 'binance_spot', '2024-01-01', 10, 0],
    ['crypto_perpetual', 'other', '2024-01-01', 10, 0],
  ] as const)('%s, %s, %s after %d days: %s', (name, board, date, held, expected) => {
    expect(rulesOn(name, board).withholdingBps(0, day(date), held)).toBe(expected);
  });
});
