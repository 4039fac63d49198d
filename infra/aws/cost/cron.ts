import { ConfigError } from '../../../shared/kernel/errors.ts';
import { DAY_MS } from '../../../shared/kernel/time.ts';

/** The year over which runs are counted: 365 days, so that a month here is a twelfth of it, 30.4 days. */
export const COUNTED_YEAR = 2026;

const NAMES: Readonly<Record<string, readonly string[]>> = {
  month: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  weekday: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
};
const FIELDS = {
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  month: [1, 12],
  weekday: [1, 7],
  year: [1970, 2199],
} as const;
type Field = keyof typeof FIELDS;
const RATE_MINUTES: Readonly<Record<string, number>> = { minute: 1, hour: 60, day: 1_440 };

/**
 * How often a schedule fires in a mean month, counted over a whole year in its own zone; the hour that a change of the
 * clocks takes or gives is not.
 * @param expression `cron(m h day month weekday year)` or `rate(n minutes|hours|days)`, as EventBridge writes them.
 * @throws ConfigError on whatever else, `L`, `W` and `#` among it.
 */
export function runsPerMonth(expression: string): number {
  const rate = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression);
  if (rate) return (365 * 1_440) / (Number(rate[1]) * RATE_MINUTES[rate[2]!]!) / 12;
  const cron = /^cron\((.+)\)$/.exec(expression);
  const fields = cron?.[1]!.trim().split(/\s+/);
  if (fields?.length !== 6) throw unreadable(expression, 'cron(...) of six fields or rate(...)');
  const [minute, hour, day, month, weekday, year] = fields as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const days = daysOf({ day, month, weekday, year }, expression);
  const perDay = values('minute', minute, expression).size * values('hour', hour, expression).size;
  return (days * perDay) / 12;
}

/** Days of the counted year on which a cron expression fires. */
function daysOf(
  { day, month, weekday, year }: Readonly<Record<'day' | 'month' | 'weekday' | 'year', string>>,
  expression: string,
): number {
  const [days, months, weekdays, years] = [
    values('day', day, expression),
    values('month', month, expression),
    values('weekday', weekday, expression),
    values('year', year, expression),
  ];
  if (!years.has(COUNTED_YEAR)) return 0;
  let count = 0;
  for (let ms = Date.UTC(COUNTED_YEAR, 0, 1); ms < Date.UTC(COUNTED_YEAR + 1, 0, 1); ms += DAY_MS) {
    const date = new Date(ms);
    const fires =
      months.has(date.getUTCMonth() + 1) && days.has(date.getUTCDate()) && weekdays.has(date.getUTCDay() + 1);
    if (fires) count++;
  }
  return count;
}

/** The values of one field: `*`, `?`, `5`, `1-5`, `MON-FRI`, `0/15`, and lists of them. */
function values(field: Field, text: string, expression: string): Set<number> {
  const [low, high] = FIELDS[field];
  const numberOf = (name: string): number => {
    const index = NAMES[field]?.indexOf(name.toUpperCase()) ?? -1;
    const value = index >= 0 ? index + 1 : /^\d+$/.test(name) ? Number(name) : NaN;
    if (!(value >= low && value <= high)) {
      throw unreadable(expression, `a ${field} from ${low} to ${high}, not ${JSON.stringify(name)}`);
    }
    return value;
  };
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const [range, step] = part.split('/') as [string, string | undefined];
    if (step !== undefined && !/^[1-9]\d*$/.test(step)) {
      throw unreadable(expression, `a step from 1 on, not ${JSON.stringify(step)}`);
    }
    const whole = range === '*' || range === '?';
    const [from, to] = whole ? [low, high] : (range.split('-').map(numberOf) as [number, number | undefined]);
    const last = to ?? (step === undefined ? from : high);
    if (last < from) throw unreadable(expression, `a ${field} range that ascends, not ${range}`);
    for (let value = from; value <= last; value += Number(step ?? 1)) found.add(value);
  }
  return found;
}

const unreadable = (expression: string, expected: string): ConfigError =>
  new ConfigError(`schedule ${JSON.stringify(expression)}: expected ${expected}`, { expression });
