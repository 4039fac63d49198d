import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { sessionsCsv } from '../../shared/calendar/csv.ts';
import { exchangeCalendar } from '../../shared/calendar/exchange-calendar.ts';
import type { ExchangeCalendar } from '../../shared/calendar/types.ts';
import { calendarSchema } from '../../shared/config/calendar-schema.ts';
import { parseYaml } from '../../shared/config/yaml.ts';
import { isoUtc } from '../../shared/kernel/time.ts';

function load(file: string): ExchangeCalendar {
  const url = new URL(`../../configs/calendars/${file}.yaml`, import.meta.url);
  return exchangeCalendar(parseYaml(`${file}.yaml`, readFileSync(url, 'utf8'), calendarSchema));
}
const xnys = load('xnys');
const xshg = load('xshg');
const crypto = load('crypto_24x7');
const at = (iso: string): number => Date.parse(iso);

describe('answers depend on nothing but the question', () => {
  const zone = process.env.TZ;
  afterEach(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  test.each(['UTC', 'America/New_York', 'Asia/Shanghai', 'Pacific/Apia'])(
    'not on the process in %s',
    (processZone) => {
      process.env.TZ = processZone;
      expect(sessionsCsv(load('xnys'), '2011-12-29', '2012-01-03')).toBe(
        'session,open_utc,close_utc,break_start_utc,break_end_utc,early_close\n' +
          '2011-12-29,2011-12-29T14:30:00Z,2011-12-29T21:00:00Z,,,0\n' +
          '2011-12-30,2011-12-30T14:30:00Z,2011-12-30T21:00:00Z,,,0\n' +
          '2012-01-03,2012-01-03T14:30:00Z,2012-01-03T21:00:00Z,,,0\n',
      );
    },
  );

  test('not on what was asked before', () => {
    const day = fc
      .integer({ min: 0, max: 4382 })
      .map((days) => isoUtc(at('2015-01-01') + days * 86_400_000).slice(0, 10));
    fc.assert(
      fc.property(fc.constantFrom(xnys, xshg, crypto), day, day, (calendar, a, b) => {
        const file = calendar === xnys ? 'xnys' : calendar === xshg ? 'xshg' : 'crypto_24x7';
        expect(calendar.sessionsIn(a, b)).toEqual(load(file).sessionsIn(a, b));
      }),
      { numRuns: 30, seed: 20261122 },
    );
  });

  test('a minute trades exactly when an expected bar holds it', () => {
    const instant = fc.integer({ min: at('2015-01-02') / 60_000, max: at('2026-12-30') / 60_000 });
    const anchor = fc.constantFrom('session_open' as const, 'clock_hour' as const);
    fc.assert(
      fc.property(fc.constantFrom(xnys, xshg, crypto), anchor, instant, (calendar, cut, minute) => {
        const t = minute * 60_000;
        const [from, to] = [isoUtc(t - 86_400_000).slice(0, 10), isoUtc(t + 86_400_000).slice(0, 10)];
        const index = calendar.tradingIndex(from, to, '60m', cut);
        const bar = index.startMs.findIndex((start, k) => start <= t && t < index.endMs[k]!);
        const owner = bar < 0 ? undefined : index.sessions[index.session[bar]!]?.session;
        expect(calendar.minuteToSession(t)?.session).toBe(owner);
      }),
      { numRuns: 2000, seed: 20261122 },
    );
  });
});
