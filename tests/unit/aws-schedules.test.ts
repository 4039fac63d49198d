import { DateTime } from 'luxon';
import { beforeAll, describe, expect, it } from 'vitest';
import { marketCrons, type MarketCrons } from '../../infra/aws/crons.ts';
import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import type { ExchangeCalendar } from '../../shared/calendar/types.ts';
import type { MarketConfig } from '../../shared/config/market-schema.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import {
  ofType,
  shippedConfig,
  stackTemplate,
  theOne,
  turnedConfig,
  type StackTemplate,
} from '../support/aws/stack-template.ts';

const DAY_NAMES = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'];

/** An expression of EventBridge Scheduler as far as the stack uses it: numbers, names of days, lists, `*` and `?`. */
function cronMatcher(expression: string): (wall: DateTime) => boolean {
  const fields = /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$/.exec(expression)?.slice(1);
  if (fields === undefined) throw new Error(`${expression} is no expression of six fields`);
  const [minute, hour, dayOfMonth, month, dayOfWeek, year] = fields as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  if ((dayOfMonth === '?') === (dayOfWeek === '?'))
    throw new Error(`${expression}: one of the two days must be ?`);
  if (month !== '*' || year !== '*' || !['*', '?'].includes(dayOfMonth))
    throw new Error(`${expression}: not read here`);
  const numbers = (field: string, most: number): ((value: number) => boolean) => {
    if (field === '*') return () => true;
    const known = field.split(',').map((text) => {
      if (!/^\d{1,2}$/.test(text) || Number(text) > most) throw new Error(`${expression}: ${text}`);
      return Number(text);
    });
    return (value) => known.includes(value);
  };
  const isMinute = numbers(minute, 59);
  const isHour = numbers(hour, 23);
  const days = dayOfWeek === '?' || dayOfWeek === '*' ? DAY_NAMES : dayOfWeek.split(',');
  const unknown = days.filter((day) => !DAY_NAMES.includes(day));
  if (unknown.length > 0) throw new Error(`${expression}: ${unknown.join()}`);
  return (wall) => isMinute(wall.minute) && isHour(wall.hour) && days.includes(DAY_NAMES[wall.weekday - 1]!);
}

const config = shippedConfig();
const MARKETS = ['ashares', 'crypto', 'us_equities'] as const;
type Market = (typeof MARKETS)[number];
const ZONES: Readonly<Record<Market, string>> = {
  ashares: 'Asia/Shanghai',
  crypto: 'UTC',
  us_equities: 'America/New_York',
};
const calendarOf = (market: Market): ExchangeCalendar =>
  exchangeCalendar(config.calendars.get(config.markets.get(market)!.config.exchange)!);
const configOf = (market: Market, fields: Partial<MarketConfig> = {}): MarketConfig => ({
  ...config.markets.get(market)!.config,
  ...fields,
});
/** What was worked out before: all bars since 2015 take a second for a market that never closes. */
function once<T>(kept: Map<string, T>, key: readonly unknown[], make: () => T): T {
  const name = JSON.stringify(key);
  const found = kept.get(name) ?? make();
  kept.set(name, found);
  return found;
}
const madeCrons = new Map<string, MarketCrons>();
const cronsOf = (market: Market, fields: Partial<MarketConfig> = {}): MarketCrons => {
  const given = configOf(market, fields);
  const { bar_size, bar_anchor, schedule_offset_s, sla } = given;
  return once(madeCrons, [market, bar_size, bar_anchor, schedule_offset_s, sla], () =>
    marketCrons(calendarOf(market), given),
  );
};

/** Closes of all bars from 2015 to the calendar's end, by the calendar itself. */
function closesOf(market: Market, { bar_size: size, bar_anchor: anchor }: MarketConfig): Float64Array {
  const calendar = calendarOf(market);
  const from = calendar.boundMin > '2015-01-01' ? calendar.boundMin : '2015-01-01';
  return once(
    madeCloses,
    [market, size, anchor],
    () => calendar.tradingIndex(from, calendar.boundMax, size, anchor).endMs,
  );
}
const madeCloses = new Map<string, Float64Array>();

describe('the matcher of these tests', () => {
  const at = (text: string): DateTime => DateTime.fromISO(text, { zone: 'America/New_York' });
  it.each([
    ['cron(31 10,11 ? * MON,FRI *)', '2024-03-08T10:31', true],
    ['cron(31 10,11 ? * MON,FRI *)', '2024-03-08T11:31', true],
    ['cron(31 10,11 ? * MON,FRI *)', '2024-03-08T12:31', false],
    ['cron(31 10,11 ? * MON,FRI *)', '2024-03-08T10:30', false],
    ['cron(31 10,11 ? * MON,FRI *)', '2024-03-07T10:31', false],
    ['cron(1 * * * ? *)', '2024-03-09T00:01', true],
    ['cron(1 * * * ? *)', '2024-03-09T00:02', false],
  ])('%s at %s: %s', (expression, text, expected) => {
    expect(cronMatcher(expression)(at(text))).toBe(expected);
  });
  it.each([
    'cron(1 * * * * *)',
    'cron(1 * ? * ? *)',
    'cron(61 * * * ? *)',
    'cron(1 * ? * MO *)',
    'rate(1 hour)',
  ])('refuses %s', (expression) => {
    expect(() => cronMatcher(expression)).toThrow();
  });
});

describe('the expressions of the shipped markets', () => {
  it.each<[Market, string[], string, string]>([
    [
      'ashares',
      ['cron(1 14,15 ? * MON,TUE,WED,THU,FRI *)', 'cron(31 10,11 ? * MON,TUE,WED,THU,FRI *)'],
      'cron(15 * * * ? *)',
      'cron(30 15 ? * MON,TUE,WED,THU,FRI *)',
    ],
    ['crypto', ['cron(1 * * * ? *)'], 'cron(15 * * * ? *)', 'cron(30 0 * * ? *)'],
    [
      'us_equities',
      ['cron(1 13,16 ? * MON,TUE,WED,THU,FRI *)', 'cron(31 10,11,12,13,14,15 ? * MON,TUE,WED,THU,FRI *)'],
      'cron(45 * * * ? *)',
      'cron(30 16 ? * MON,TUE,WED,THU,FRI *)',
    ],
  ])('%s', (market, ticks, health, daily) => {
    expect(cronsOf(market)).toEqual({ timeZone: ZONES[market], ticks, health, daily });
  });

  it('are those of the full hours of the local clock where bars are cut there', () => {
    expect(cronsOf('us_equities', { bar_anchor: 'clock_hour' }).ticks).toEqual([
      'cron(1 10,11,12,13,14,15,16 ? * MON,TUE,WED,THU,FRI *)',
    ]);
  });

  it('are one a day for daily bars, and at the early close of half days', () => {
    expect(cronsOf('us_equities', { bar_size: '1d' }).ticks).toEqual([
      'cron(1 13,16 ? * MON,TUE,WED,THU,FRI *)',
    ]);
    expect(cronsOf('ashares', { bar_size: '1d' }).ticks).toEqual(['cron(1 15 ? * MON,TUE,WED,THU,FRI *)']);
    expect(cronsOf('crypto', { bar_size: '1d' }).ticks).toEqual(['cron(1 0 * * ? *)']);
  });
});

const KINDS: [Market, Partial<MarketConfig>][] = MARKETS.flatMap((market) => [
  [market, { bar_size: '60m', bar_anchor: 'session_open', schedule_offset_s: 60 }],
  [market, { bar_size: '1d', bar_anchor: 'session_open', schedule_offset_s: 60 }],
  // A market that never closes is cut alike by both anchors, and is the slow one here.
  ...(market === 'crypto'
    ? []
    : ([
        [market, { bar_size: '60m', bar_anchor: 'clock_hour', schedule_offset_s: 60 }],
        [market, { bar_size: '60m', bar_anchor: 'session_open', schedule_offset_s: 0 }],
        [market, { bar_size: '60m', bar_anchor: 'session_open', schedule_offset_s: 180 }],
      ] satisfies [Market, Partial<MarketConfig>][])),
]);

describe('every close from 2015 to the end of the calendar', () => {
  it.each(KINDS)('of %s is hit by exactly one tick: %j', (market, fields) => {
    const given = configOf(market, fields);
    const matchers = cronsOf(market, fields).ticks.map(cronMatcher);
    const closes = closesOf(market, given);
    expect(closes.length).toBeGreaterThan(2_500);
    const last = DateTime.fromMillis(closes.at(-1)!, { zone: ZONES[market] });
    expect(last.toISODate()! >= '2026-12-31').toBe(true);
    // Walls repeat by the week and the offset from UTC: luxon is asked once for each.
    const seen = new Map<string, number>();
    const offsets = new Map<number, number>();
    for (const close of closes) {
      const atMs = close + given.schedule_offset_s * 1_000;
      const hour = Math.floor(atMs / 3_600_000);
      let offset = offsets.get(hour);
      if (offset === undefined)
        offsets.set(hour, (offset = DateTime.fromMillis(atMs, { zone: ZONES[market] }).offset));
      const local = atMs + offset * 60_000;
      const key = String(local % (7 * 86_400_000));
      let hits = seen.get(key);
      if (hits === undefined) {
        const wall = DateTime.fromMillis(atMs, { zone: ZONES[market] });
        seen.set(key, (hits = matchers.filter((matches) => matches(wall)).length));
      }
      if (hits !== 1) throw new Error(`${new Date(atMs).toISOString()} is hit ${hits} times`);
    }
  });

  it('of US equities has the half days among them', () => {
    const closes = closesOf('us_equities', configOf('us_equities'));
    // The day after Thanksgiving closes at 13:00 in New York.
    expect(closes).toContain(Date.UTC(2024, 10, 29, 18, 0));
    expect(closes).not.toContain(Date.UTC(2024, 10, 29, 18, 30));
  });
});

describe('the check of health', () => {
  const CHECKED: [Market, Partial<MarketConfig>][] = KINDS.filter(
    ([, { schedule_offset_s }]) => schedule_offset_s === 60,
  );
  it.each(CHECKED)(
    'of %s comes after each bar is late and before the next one closes, once where that is an hour off: %j',
    (market, fields) => {
      const { health } = cronsOf(market, fields);
      const minute = Number(/^cron\((\d+) \* \* \* \? \*\)$/.exec(health)![1]);
      const given = configOf(market, fields);
      const closes = closesOf(market, given);
      const zone = ZONES[market];
      for (let k = 0; k + 1 < closes.length; k++) {
        const [close, next] = [closes[k]!, closes[k + 1]!];
        // All three zones are off UTC by whole hours since 2015, so a minute of their hours is one of UTC's.
        const hour = Math.floor(close / 3_600_000) * 3_600_000 + minute * 60_000;
        const first = hour > close + given.sla.late_after_s * 1_000 ? hour : hour + 3_600_000;
        const checks = Math.ceil((next - first) / 3_600_000);
        const found = `${new Date(close).toISOString()} in ${zone}: first check ${new Date(first).toISOString()}, next close ${new Date(next).toISOString()}`;
        if (first <= close + given.sla.late_after_s * 1_000 || first >= next) throw new Error(found);
        // Within a minute of its time it runs: it must still be before the next close then.
        if (first + 60_000 > next) throw new Error(found);
        if (next - close <= 3_600_000 && checks !== 1) throw new Error(`${checks} checks: ${found}`);
      }
    },
  );

  it('is refused where no minute of the hour is left for it', () => {
    expect(() => cronsOf('crypto', { sla: { late_after_s: 3_600 } })).toThrow(
      "market crypto: no minute of the hour lies after every tick's 60 minutes and before the next bar's close: shorten sla.late_after_s",
    );
  });
});

describe('the daily report', () => {
  it.each(MARKETS)('of %s comes on every day that has a session, when its last tick is over', (market) => {
    const matches = cronMatcher(cronsOf(market).daily);
    for (const { session, closeMs } of calendarOf(market).sessionsIn('2024-01-01', '2025-12-31')) {
      const zone = ZONES[market];
      const from = DateTime.fromMillis(closeMs, { zone });
      // Minutes from the close to the report: never before the tick may end, and before midnight of the next day.
      const minute = [...Array(24 * 60).keys()].find((k) => matches(from.plus({ minutes: k })));
      expect(minute, session).toBeGreaterThanOrEqual(10);
      expect(minute, session).toBeLessThanOrEqual(5 * 60);
    }
  });
});

describe('the schedules in the template', () => {
  let template: StackTemplate;
  beforeAll(() => {
    template = stackTemplate();
  });
  interface Schedule {
    readonly Name: string;
    readonly GroupName: unknown;
    readonly ScheduleExpression: string;
    readonly ScheduleExpressionTimezone: string;
    readonly FlexibleTimeWindow: unknown;
    readonly State?: string;
    readonly StartDate?: string;
    readonly EndDate?: string;
    readonly Target: {
      readonly Arn: unknown;
      readonly RoleArn: unknown;
      readonly Input: string;
      readonly DeadLetterConfig: unknown;
      readonly RetryPolicy: unknown;
    };
  }
  const schedules = (): Schedule[] =>
    ofType(template, 'AWS::Scheduler::Schedule').map(
      ([, { Properties }]) => Properties as unknown as Schedule,
    );
  const arnOf = (type: string, prefix = ''): unknown => ({
    'Fn::GetAtt': [theOne(template, type, prefix).id, 'Arn'],
  });

  it('are eleven, each in its market’s zone and with one target', () => {
    const machine = { Ref: theOne(template, 'AWS::StepFunctions::StateMachine').id };
    const health = arnOf('AWS::Lambda::Function', 'Functionshealthcheck');
    const signoff = arnOf('AWS::Lambda::Function', 'Functionssignoff');
    const found = schedules().map(({ Name, ScheduleExpression, ScheduleExpressionTimezone, Target }) => [
      ...[Name, ScheduleExpression, ScheduleExpressionTimezone, Target.Arn],
    ]);
    const weekdays = '? * MON,TUE,WED,THU,FRI *';
    expect(found).toEqual([
      ['ashares-tick-1', `cron(1 14,15 ${weekdays})`, 'Asia/Shanghai', machine],
      ['ashares-tick-2', `cron(31 10,11 ${weekdays})`, 'Asia/Shanghai', machine],
      ['ashares-health', 'cron(15 * * * ? *)', 'Asia/Shanghai', health],
      ['ashares-daily', `cron(30 15 ${weekdays})`, 'Asia/Shanghai', signoff],
      ['crypto-tick-1', 'cron(1 * * * ? *)', 'UTC', machine],
      ['crypto-health', 'cron(15 * * * ? *)', 'UTC', health],
      ['crypto-daily', 'cron(30 0 * * ? *)', 'UTC', signoff],
      ['us_equities-tick-1', `cron(1 13,16 ${weekdays})`, 'America/New_York', machine],
      ['us_equities-tick-2', `cron(31 10,11,12,13,14,15 ${weekdays})`, 'America/New_York', machine],
      ['us_equities-health', 'cron(45 * * * ? *)', 'America/New_York', health],
      ['us_equities-daily', `cron(30 16 ${weekdays})`, 'America/New_York', signoff],
    ]);
  });

  it('fire on the minute, keep what was not delivered, and give up after a minute', () => {
    const queue = arnOf('AWS::SQS::Queue');
    const group = theOne(template, 'AWS::Scheduler::ScheduleGroup');
    const role = arnOf('AWS::IAM::Role', 'SchedulesRole');
    for (const schedule of schedules()) {
      expect(schedule.FlexibleTimeWindow).toEqual({ Mode: 'OFF' });
      expect(schedule.GroupName).toEqual({ Ref: group.id });
      expect(schedule.Target.RoleArn).toEqual(role);
      expect(schedule.Target.DeadLetterConfig).toEqual({ Arn: queue });
      expect(schedule.Target.RetryPolicy).toEqual({
        MaximumEventAgeInSeconds: 60,
        MaximumRetryAttempts: 3,
      });
      expect([schedule.State, schedule.StartDate, schedule.EndDate]).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
    }
  });

  it('say which market and which moment, and the daily one that it is', () => {
    for (const { Name, Target } of schedules()) {
      const [market, job] = Name.split('-');
      expect(JSON.parse(Target.Input)).toEqual({
        market,
        scheduled_at_utc: '<aws.scheduler.scheduled-time>',
        ...(job === 'daily' ? { daily: true } : {}),
      });
    }
  });

  it.each(['dev', 'prod'])('lie in one group that goes with the stack: %s', (stage) => {
    const group = theOne(stackTemplate({ stage }), 'AWS::Scheduler::ScheduleGroup');
    expect(group.Properties['Name']).toBe(`papergate-${stage}`);
    expect([group.DeletionPolicy, group.UpdateReplacePolicy]).toEqual(['Delete', 'Delete']);
  });
});

const thrownBy = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

describe('the time that a tick has', () => {
  it('is the whole of what its bar may be late, and not a second more', () => {
    // 60 s after the close, 60 s for the schedule to fire, 60 s to be delivered, 420 s to run.
    const late = turnedConfig('ashares', { sla: { late_after_s: 599 } });
    const error = thrownBy(() => stackTemplate({}, late));
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toBe(
      "market ashares: sla.late_after_s: is 599; a tick may end 600 s after its bar's close: expected at least that",
    );
    expect(() => stackTemplate({}, turnedConfig('ashares', { schedule_offset_s: 120 }))).toThrow(
      "market ashares: sla.late_after_s: is 600; a tick may end 660 s after its bar's close: expected at least that",
    );
  });

  it('begins on a whole minute', () => {
    expect(() => cronsOf('crypto', { schedule_offset_s: 90 })).toThrow(
      'market crypto: schedule_offset_s: is 90; a schedule knows whole minutes: expected a multiple of 60',
    );
  });
});
