import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import { changeDays, dated, refuseOverlaps } from '../../shared/config/dated.ts';
import { tradingRulesSchema } from '../../shared/config/trading-rules-schema.ts';
import { universeSchema } from '../../shared/config/universe-schema.ts';
import {
  compileTradingRules,
  exRightsReference,
  priceLimits,
  wholeFillSteps,
  wholeOrderSteps,
  type DayRules,
} from '../../shared/execution/trading-rules.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import { shippedConfig } from '../support/rules.ts';

const day = (date: string): number => Date.parse(date) / 86_400_000;
const calendar = exchangeCalendar(shippedConfig().calendars.get('XSHG')!);

const NO_LIMIT: DayRules = {
  minSteps: 1,
  incrementSteps: 1,
  notionalMin: 0,
  sellAfterSessions: 0,
  upBps: Infinity,
  downBps: Infinity,
};
const LOTS_OF_100 = { ...NO_LIMIT, minSteps: 100, incrementSteps: 100 };
const STAR = { ...NO_LIMIT, minSteps: 200 };
const BUY = 1;
const SELL = -1;

describe('the largest order that the rules allow', () => {
  it.each([
    // rules, side, wanted, held, order
    ['hundreds', LOTS_OF_100, BUY, 99, 0, 0],
    ['hundreds', LOTS_OF_100, BUY, 100, 0, 100],
    ['hundreds', LOTS_OF_100, BUY, 250, 0, 200],
    ['hundreds, nothing odd to fill up with', LOTS_OF_100, BUY, 50, 250, 0],
    ['the whole position, odd as it is', LOTS_OF_100, SELL, 250, 250, 250],
    ['an odd remainder', LOTS_OF_100, SELL, 50, 50, 50],
    ['never an odd part of a position', LOTS_OF_100, SELL, 50, 250, 0],
    ['a part in hundreds', LOTS_OF_100, SELL, 150, 250, 100],
    ['more than is held sells what is held', LOTS_OF_100, SELL, 299, 250, 250],
    ['STAR', STAR, BUY, 199, 0, 0],
    ['STAR', STAR, BUY, 200, 0, 200],
    ['STAR, single shares above', STAR, BUY, 201, 0, 201],
    ['STAR, the whole remainder', STAR, SELL, 150, 150, 150],
    ['STAR, no part below the minimum', STAR, SELL, 150, 300, 0],
    ['STAR, one share may not stay behind alone', STAR, SELL, 199, 200, 0],
    ['a short is covered whole', LOTS_OF_100, BUY, 37, -37, 37],
    ['more of a short is no closing', LOTS_OF_100, SELL, 37, -37, 0],
    ['single steps', NO_LIMIT, BUY, 7, 0, 7],
  ] as const)('%s (%#)', (_, rules, side, wanted, held, order) => {
    expect(wholeOrderSteps(rules, side, wanted, held)).toBe(order);
  });

  it('property: never more than wanted; odd only as the whole position', () => {
    const steps = fc.integer({ min: 1, max: 2_000 });
    fc.assert(
      fc.property(
        fc.constantFrom(LOTS_OF_100, STAR, NO_LIMIT),
        fc.constantFrom<1 | -1>(BUY, SELL),
        steps,
        fc.integer({ min: -2_000, max: 2_000 }),
        (rules, side, wanted, held) => {
          const order = wholeOrderSteps(rules, side, wanted, held);
          expect(order).toBeLessThanOrEqual(wanted);
          const lots = order >= rules.minSteps && (order - rules.minSteps) % rules.incrementSteps === 0;
          expect(order === 0 || lots || order === -side * held).toBe(true);
        },
      ),
    );
  });
});

describe('the part of an order that may trade in one bar', () => {
  it.each([
    // rules, allowed by the bar, left of the order, trades
    [LOTS_OF_100, 250, 500, 200],
    [LOTS_OF_100, 295.7, 500, 200],
    [LOTS_OF_100, 99, 500, 0],
    [LOTS_OF_100, 230, 250, 200],
    [LOTS_OF_100, 60, 50, 50],
    [LOTS_OF_100, 50, 50, 50],
    [LOTS_OF_100, 49, 50, 0],
    [STAR, 37, 300, 37],
    [STAR, 300, 300, 300],
  ] as const)('(%#) of %j, allowed %d, left %d: %d', (rules, allowed, left, part) => {
    expect(wholeFillSteps(rules, allowed, left)).toBe(part);
  });
});

describe('price limits, rounded half up to the tick', () => {
  it.each([
    // reference, up and down in bps, tick, prices
    [10.05, 1000, 1000, 0.01, 11.06, 9.05], // 11.055 and 9.045
    [1.15, 1000, 1000, 0.01, 1.27, 1.04], // 1.265 and 1.035, which floats put just below their halves
    [6.45, 1000, 1000, 0.01, 7.1, 5.81], // 7.095 and 5.805
    [10.01, 4400, 3600, 0.01, 14.41, 6.41], // 14.4144 and 6.4064
    [3.35, 500, 500, 0.01, 3.52, 3.18], // 3.5175 and 3.1825
    [8.35, 2000, 2000, 0.01, 10.02, 6.68],
    [2.345, 1000, 1000, 0.001, 2.58, 2.111], // 2.5795 and 2.1105
    [10.05, 1000, 1000, 0.05, 11.05, 9.05], // 221.1 and 180.9 ticks
    [1005, 1000, 1000, 5, 1105, 905],
    [0.04, 1000, 1000, 0.01, 0.05, 0.03], // 0.044 and 0.036 round to the reference: one tick away instead
    [0.01, 1000, 1000, 0.01, 0.02, 0.01], // never below one tick
    [10, Infinity, 1000, 0.01, Infinity, 9],
    [10, 1000, Infinity, 0.01, 11, 0],
  ])('%d with +%d / -%d bps, ticks of %d: %d and %d', (reference, upBps, downBps, tick, up, down) => {
    expect(priceLimits({ ...NO_LIMIT, upBps, downBps }, reference, tick)).toEqual({ up, down });
  });

  it('property: within half a tick of the exact limit, in whole numbers of 1e-6', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 1_000_000 }),
        fc.constantFrom(500, 1000, 2000, 3000),
        (fen, bps) => {
          const rules = { ...NO_LIMIT, upBps: bps, downBps: bps };
          const { up, down } = priceLimits(rules, fen / 100, 0.01);
          const exact = (sign: number): number => fen * (10_000 + sign * bps); // in 1e-6
          const error = (price: number, sign: number): number => Math.round(price * 100) * 1e4 - exact(sign);
          // Ten fen and more move by at least one tick at any of these limits, or stand one tick away.
          expect(error(up, 1) > -5_000 && (error(up, 1) <= 5_000 || up === (fen + 1) / 100)).toBe(true);
          expect(error(down, -1) <= 5_000 && (error(down, -1) > -5_000 || down === (fen - 1) / 100)).toBe(
            true,
          );
        },
      ),
    );
  });
});

describe('the reference price of an ex-date', () => {
  it.each([
    // close, dividend a share, new shares per old, tick, reference
    [10, 0.25, 1, 0.01, 9.75],
    [10, 0.005, 1, 0.01, 10], // 9.995, which is 999.4999999999999 ticks in floats
    [10, 0.25, 1.4, 0.01, 6.96], // 9.75 / 1.4 = 6.964
    [645.57, 0, 7, 0.01, 92.22], // 92.224
    [499.23, 0, 4, 0.01, 124.81], // 124.8075
    [1.23, 0, 0.1, 0.01, 12.3],
    [10, 0, 1.33333333, 0.01, 7.5],
    [2.345, 0.1, 1, 0.001, 2.245],
    [0.05, 0.06, 1, 0.01, 0.01], // no price lies below one tick
  ])('(%d - %d) / %d on ticks of %d: %d', (close, dividend, ratio, tick, reference) => {
    expect(exRightsReference(close, dividend, ratio, tick)).toBe(reference);
  });

  it('refuses what it cannot compute exactly', () => {
    expect(() => exRightsReference(1e8, 0, 1, 0.01)).toThrow(RangeError);
  });
});

const fact = { source: 'made up for a worked example', confirmed: false };

/** Trading rules of one board `b`: lots of 100 from 2020 on, then of 10; other lists as given. */
const rulesFile = (parts: Record<string, unknown> = {}) => ({
  name: 'test',
  version: 1,
  lots: [
    {
      board: 'b',
      min_steps: 100,
      increment_steps: 100,
      notional_min: 0,
      effective_from: '2020-01-01',
      effective_to: '2020-06-30',
      ...fact,
    },
    {
      board: 'b',
      min_steps: 10,
      increment_steps: 10,
      notional_min: 5,
      effective_from: '2020-07-01',
      ...fact,
    },
  ],
  settlement: [{ board: 'b', sell_after_sessions: 1, effective_from: '2020-01-01', ...fact }],
  price_limits: [
    { board: 'b', up_bps: 1000, down_bps: 900, unlimited_sessions: 2, effective_from: '2020-01-01', ...fact },
    {
      board: 'b',
      special_treatment: true,
      up_bps: 500,
      down_bps: 400,
      unlimited_sessions: 0,
      effective_from: '2020-01-01',
      ...fact,
    },
  ],
  dividends: [
    { board: 'b', held_days_max: null, withholding_bps: 0, effective_from: '2020-01-01', ...fact },
    { board: 'b', held_days_max: 30, withholding_bps: 2000, effective_from: '2020-01-01', ...fact },
  ],
  ...parts,
});
const one = { board: 'b', quantity_digits: 0, price_tick: 0.01 };

function compiled(instruments: readonly Record<string, unknown>[], parts: Record<string, unknown> = {}) {
  const universe = { name: 'test', version: 1, source: 'made up', instruments };
  return compileTradingRules(
    tradingRulesSchema.parse(rulesFile(parts)),
    universeSchema.parse(universe),
    calendar,
  );
}

describe('compiled rules', () => {
  const rules = compiled([
    { symbol: 'A', ...one },
    { symbol: 'B', ...one },
    {
      symbol: 'ST',
      ...one,
      special_treatment: [{ from: '2020-03-02', to: '2020-03-31', source: 'made up for a worked example' }],
    },
    { symbol: 'NEW', ...one, listed_on: '2020-06-29' },
  ]);

  it('hold from their first to their last day, and nowhere else', () => {
    expect(rules.on(0, day('2019-12-31'))).toBeUndefined();
    expect(rules.on(0, day('2020-01-01'))).toEqual({
      minSteps: 100,
      incrementSteps: 100,
      notionalMin: 0,
      sellAfterSessions: 1,
      upBps: 1000,
      downBps: 900,
    });
    expect(rules.on(0, day('2020-06-30'))).toMatchObject({ minSteps: 100, notionalMin: 0 });
    expect(rules.on(0, day('2020-07-01'))).toMatchObject({ minSteps: 10, notionalMin: 5 });
  });

  it('are uncovered where one of the lists has no row', () => {
    const ending = { ...rulesFile().settlement[0]!, effective_to: '2020-08-31' };
    const gap = compiled([{ symbol: 'A', ...one }], { settlement: [ending] });
    expect(gap.on(0, day('2020-08-31'))).toMatchObject({ sellAfterSessions: 1 });
    expect(gap.on(0, day('2020-09-01'))).toBeUndefined();
    const elsewhere = compiled([{ symbol: 'A', ...one, board: 'c' }]);
    expect(elsewhere.on(0, day('2020-09-01'))).toBeUndefined();
    expect(elsewhere.withholdingBps(0, day('2020-09-01'), 5)).toBeUndefined();
  });

  it('are one object per board and period', () => {
    expect(rules.on(1, day('2020-02-03'))).toBe(rules.on(0, day('2020-05-06')));
  });

  it('follow the days of a risk warning', () => {
    const limits = (date: string) => [
      rules.on(2, day(date))!.upBps,
      rules.on(2, day(date))!.downBps,
      rules.on(2, day(date))!.minSteps,
    ];
    expect(limits('2020-03-01')).toEqual([1000, 900, 100]);
    expect(limits('2020-03-02')).toEqual([500, 400, 100]);
    expect(limits('2020-03-31')).toEqual([500, 400, 100]);
    expect(limits('2020-04-01')).toEqual([1000, 900, 100]);
  });

  it('free the first sessions of a listing from limits, and no others', () => {
    // Monday 2020-06-29 and Tuesday; the lots change on Wednesday, the limits begin.
    expect(rules.on(3, day('2020-06-28'))).toBeUndefined();
    expect(rules.on(3, day('2020-06-29'))).toMatchObject({ upBps: Infinity, downBps: Infinity });
    expect(rules.on(3, day('2020-06-30'))).toMatchObject({ upBps: Infinity, minSteps: 100 });
    expect(rules.on(3, day('2020-07-01'))).toMatchObject({ upBps: 1000, downBps: 900, minSteps: 10 });
  });

  it('apply the usual limit to a listing before the calendar, and know nothing of one after it', () => {
    const edges = compiled([
      { symbol: 'OLD', ...one, listed_on: '2014-12-31' },
      { symbol: 'LATER', ...one, listed_on: '2030-01-02' },
    ]);
    expect(edges.on(0, day('2020-01-02'))).toMatchObject({ upBps: 1000 });
    expect(edges.on(1, day('2026-12-31'))).toBeUndefined();
  });

  it('refuse a listing on a day without a session', () => {
    const listed = () => compiled([{ symbol: 'A', ...one, listed_on: '2020-06-27' }]);
    expect(listed).toThrow(ConfigError);
    expect(listed).toThrow('A is listed on 2020-06-27, which is no session of XSHG');
  });

  it('find the dividend row of the holding, whatever the order of the file', () => {
    expect(rules.withholdingBps(0, day('2020-01-01'), 30)).toBe(2000);
    expect(rules.withholdingBps(0, day('2020-01-01'), 31)).toBe(0);
    expect(rules.withholdingBps(0, day('2019-12-31'), 30)).toBeUndefined();
  });
});

/** The problems of a value, as `path: message`. */
function problems(schema: z.ZodType, value: unknown): string[] {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('files that contradict themselves are refused', () => {
  const lot = rulesFile().lots[0]!;
  const limit = rulesFile().price_limits[0]!;

  it.each([
    ['nothing', {}, []],
    [
      'rows that overlap by one day',
      { lots: [lot, { ...lot, effective_from: '2020-06-30', effective_to: '2021-01-01' }] },
      ['lots.1.effective_from: b from 2020-06-30 overlaps its row from 2020-01-01'],
    ],
    [
      'a row without an end before another',
      { lots: [{ ...lot, effective_to: undefined }, rulesFile().lots[1]!] },
      ['lots.1.effective_from: b from 2020-07-01 overlaps its row from 2020-01-01'],
    ],
    [
      'an end before the beginning',
      { lots: [{ ...lot, effective_to: '2019-12-31' }] },
      ['lots.0.effective_to: lies before effective_from'],
    ],
    [
      'half a first session',
      { price_limits: [{ ...limit, unlimited_sessions: 0, first_session_up_bps: 4400 }] },
      [
        'price_limits.0.first_session_up_bps: expected first_session_up_bps and first_session_down_bps together',
      ],
    ],
    [
      'limits of a first session that has none',
      { price_limits: [{ ...limit, first_session_up_bps: 4400, first_session_down_bps: 3600 }] },
      ['price_limits.0.unlimited_sessions: expected 0 where the first session has limits of its own'],
    ],
  ])('%s', (_, parts, expected) => {
    expect(problems(tradingRulesSchema, rulesFile(parts))).toEqual(expected);
  });

  it('risk warnings that overlap or run backwards', () => {
    const source = 'made up for a worked example';
    const universe = (rows: unknown[]) => ({
      name: 'test',
      version: 1,
      source: 'made up',
      instruments: [{ symbol: 'A', ...one, special_treatment: rows }],
    });
    const at = 'instruments.0.special_treatment';
    expect(problems(universeSchema, universe([{ from: '2020-01-02', to: '2020-01-01', source }]))).toEqual([
      `${at}.0.to: lies before from`,
    ]);
    const second = { from: '2020-02-01', source };
    const before = `${at}.1.from: expected after the end of the row before`;
    expect(
      problems(universeSchema, universe([{ from: '2020-01-02', to: '2020-02-01', source }, second])),
    ).toEqual([before]);
    expect(problems(universeSchema, universe([{ from: '2020-01-02', source }, second]))).toEqual([before]);
    expect(
      problems(universeSchema, universe([{ from: '2020-01-02', to: '2020-01-31', source }, second])),
    ).toEqual([]);
  });
});

describe('dated rows', () => {
  const rows = z
    .array(z.strictObject({ names: z.array(z.string()), ...dated }))
    .superRefine(refuseOverlaps((row) => row.names));
  const from = (date: string, ...names: string[]) => ({ names, effective_from: date, ...fact });

  it('may overlap where they share no key, and not where they share one', () => {
    expect(problems(rows, [from('2020-01-01', 'A', 'B'), from('2020-01-01', 'C')])).toEqual([]);
    const ended = { ...from('2020-01-01', 'A'), effective_to: '2020-12-31' };
    expect(problems(rows, [from('2021-01-01', 'A'), ended])).toEqual([]);
    expect(problems(rows, [from('2020-01-01', 'A', 'B'), from('2021-01-01', 'C', 'B')])).toEqual([
      '1.effective_from: B from 2021-01-01 overlaps its row from 2020-01-01',
    ]);
  });

  it('change on the first day and on the day after the last', () => {
    const held = { effective_from: '1970-01-11', effective_to: '1970-01-20' };
    expect([...changeDays([{ effective_from: '1970-02-01' }, held])]).toEqual([10, 20, 31]);
  });
});
