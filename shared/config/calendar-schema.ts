import { Info } from 'luxon';
import * as z from 'zod';
import { parseIsoDate } from '../kernel/time.ts';

const isoDate = z
  .string()
  .refine((text) => !Number.isNaN(parseIsoDate(text)), 'expected a date that exists, written YYYY-MM-DD');
const openTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a local time HH:MM');
const closeTime = z
  .string()
  .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'expected a local time HH:MM, at most 24:00');
const weekday = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']);
const name = z.string().min(1);
const source = z.string().min(1).describe('Who published the fact, and where.');
const year = z.int().min(1900).max(2100);

/** Fields that every yearly rule has; `except` names dates on which practice departed from the rule. */
const ruleFields = {
  name,
  source,
  from_year: year.optional().describe('First year of the rule; without it the rule has no beginning.'),
  to_year: year.optional().describe('Last year of the rule; without it the rule has no end.'),
  except: z.array(z.strictObject({ date: isoDate, source })).default([]),
};

const fixedDate = z.strictObject({
  kind: z.literal('fixed_date'),
  month: z.int().min(1).max(12),
  day: z.int().min(1).max(31),
  on_saturday: z.enum(['preceding_friday', 'following_monday', 'not_observed']),
  on_sunday: z.enum(['following_monday', 'not_observed']),
  ...ruleFields,
});
const nthWeekday = z.strictObject({
  kind: z.literal('nth_weekday'),
  month: z.int().min(1).max(12),
  weekday,
  nth: z
    .union([z.int().min(1).max(4), z.literal(-1)])
    .describe('1 to 4 from the start of the month; -1 is the last.'),
  offset_days: z.int().min(-31).max(31).default(0).describe('Days after (or before) the weekday found.'),
  ...ruleFields,
});
const easterOffset = z.strictObject({
  kind: z.literal('easter_offset'),
  offset_days: z.int().min(-100).max(100).describe('Days after Western Easter Sunday; Good Friday is -2.'),
  ...ruleFields,
});
const ruleSchema = z.discriminatedUnion('kind', [fixedDate, nthWeekday, easterOffset]);
const earlyCloseRuleSchema = z.discriminatedUnion('kind', [
  fixedDate.extend({ close: closeTime }),
  nthWeekday.extend({ close: closeTime }),
  easterOffset.extend({ close: closeTime }),
]);

const hoursSchema = z.strictObject({
  from: isoDate.describe('First date with these hours; the first row starts at bound_min.'),
  open: openTime,
  close: closeTime,
  break: z.strictObject({ start: openTime, end: openTime }).nullable(),
  source,
});

/** One announcement and the days it closes. Ranges include both ends and may run over weekends. */
const closuresSchema = z.strictObject({
  source,
  days: z.array(z.strictObject({ name, from: isoDate, to: isoDate })).min(1),
});

/**
 * One exchange's calendar: `configs/calendars/<exchange>.yaml`. Dates are local to `time_zone`. Beyond the bounds
 * nothing is known, and the calendar refuses to answer.
 */
export const calendarSchema = z
  .strictObject({
    exchange: z
      .string()
      .regex(/^[A-Z0-9][A-Z0-9_]*$/, 'expected capitals, digits and _ (a market identifier code)'),
    name,
    time_zone: z.string().refine((zone) => Info.isValidIANAZone(zone), 'expected an IANA time zone'),
    sessions_per_year: z.int().min(1).max(366).describe('For annualising: 365, 252 or 243.'),
    bound_min: isoDate,
    bound_max: isoDate,
    source,
    session_weekdays: z.array(weekday).min(1),
    hours: z.array(hoursSchema).min(1),
    holidays: z.array(ruleSchema).default([]),
    closures: z.array(closuresSchema).default([]),
    early_closes: z.array(earlyCloseRuleSchema).default([]),
    dated_early_closes: z
      .array(z.strictObject({ date: isoDate, close: closeTime, name, source }))
      .default([]),
    dated_late_opens: z.array(z.strictObject({ date: isoDate, open: openTime, name, source })).default([]),
  })
  .superRefine((calendar, context) => {
    for (const { path, message } of contradictions(calendar))
      context.addIssue({ code: 'custom', path, message });
  });

export type CalendarConfig = z.infer<typeof calendarSchema>;
export type HolidayRule = z.infer<typeof ruleSchema>;
export type Weekday = z.infer<typeof weekday>;

interface Contradiction {
  path: PropertyKey[];
  message: string;
}

/** What single fields cannot see: order of dates, overlaps, days outside the bounds. ISO dates compare as text. */
function* contradictions(calendar: CalendarConfig): Generator<Contradiction> {
  const { bound_min, bound_max } = calendar;
  const outside = (date: string): boolean => date < bound_min || date > bound_max;
  if (bound_min > bound_max) yield { path: ['bound_max'], message: 'lies before bound_min' };
  yield* hoursContradictions(calendar);
  const ranges = calendar.closures.flatMap((group, index) =>
    group.days.map((day, item) => ({ ...day, path: ['closures', index, 'days', item] })),
  );
  for (const { from, to, path } of ranges) {
    if (from > to) yield { path, message: `from ${from} lies after to ${to}` };
    if (outside(from) || outside(to)) yield { path, message: `lies outside ${bound_min}..${bound_max}` };
  }
  ranges.sort((a, b) => (a.from < b.from ? -1 : 1));
  for (const [index, range] of ranges.entries()) {
    const previous = ranges[index - 1];
    if (previous && range.from <= previous.to)
      yield { path: range.path, message: `overlaps ${previous.name}` };
  }
  for (const key of ['dated_early_closes', 'dated_late_opens'] as const) {
    for (const [index, { date }] of calendar[key].entries()) {
      if (outside(date))
        yield { path: [key, index, 'date'], message: `lies outside ${bound_min}..${bound_max}` };
      if (ranges.some(({ from, to }) => from <= date && date <= to)) {
        yield { path: [key, index, 'date'], message: `${date} is closed by a closure` };
      }
      if (calendar[key].findIndex((other) => other.date === date) !== index) {
        yield { path: [key, index, 'date'], message: `${date} is listed twice` };
      }
    }
  }
}

function* hoursContradictions({ hours, bound_min }: CalendarConfig): Generator<Contradiction> {
  for (const [index, row] of hours.entries()) {
    const path = ['hours', index];
    const previous = hours[index - 1];
    if (!previous && row.from !== bound_min)
      yield { path, message: `the first row starts at bound_min ${bound_min}` };
    if (previous && row.from <= previous.from) yield { path, message: 'rows ascend by from' };
    const times =
      row.break === null ? [row.open, row.close] : [row.open, row.break.start, row.break.end, row.close];
    if (times.some((time, k) => k > 0 && time <= (times[k - 1] ?? ''))) {
      yield { path, message: `times do not ascend: ${times.join(', ')}` };
    }
  }
}
