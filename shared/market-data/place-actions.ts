import { ProviderError } from '../kernel/errors.ts';
import { DAY_MS, parseIsoDate, utcDay } from '../kernel/time.ts';
import { actionProblem, byPlace, type CorporateAction, type RawAction } from './actions.ts';
import type { Grid } from './align.ts';
import type { Bars } from './bars.ts';

/**
 * The ex-dates to ask a source for, both included: from the day after the first session in sight to that of the newest
 * row. What went ex earlier was applied at a row that is out of sight, and must not be applied again.
 */
export function actionDates(grid: Grid, past: Bars | undefined): { fromDate: string; toDate: string } {
  const first = firstDay(grid, past);
  const last = grid.sessionDay[grid.sessionDay.length - 1]!;
  return { fromDate: utcDay((first + 1) * DAY_MS), toDate: utcDay(last * DAY_MS) };
}

/** Whether an action was first seen after the session in which it should have taken effect had begun. */
export const isLate = (action: CorporateAction, past: Bars | undefined): boolean =>
  past !== undefined && past.sessionDay[past.sessionDay.length - 1]! >= action.exDay;

/**
 * Puts what a source gave on the rows of a grid: at the first bar of the first session on or after the ex-date. What
 * the bars before hold is left out, however the source restates it; an ex-date whose session they have already begun
 * is late and lies at the first new row. Ex-dates outside `actionDates` are left out.
 * @param past bars that end where the grid begins; undefined for the first bars of a ledger.
 * @throws ProviderError on an action that is none, or is there twice.
 */
export function placeActions(
  instruments: readonly string[],
  grid: Grid,
  raw: readonly RawAction[],
  past: Bars | undefined,
): CorporateAction[] {
  const known = new Set(past?.actions.map(nameOf));
  const given = new Set<string>();
  const placed: CorporateAction[] = [];
  for (const one of raw) {
    const action = parseAction(instruments, one);
    if (given.has(nameOf(action))) throw refused(one, 'is there twice; give the sum of that day once');
    given.add(nameOf(action));
    if (known.has(nameOf(action)) || action.exDay <= firstDay(grid, past)) continue;
    const row = isLate(action, past) ? 0 : grid.sessionDay.findIndex((day) => day >= action.exDay);
    if (row >= 0) placed.push({ ...action, ordinal: grid.firstOrdinal + row });
  }
  return placed.sort(byPlace);
}

const firstDay = (grid: Grid, past: Bars | undefined): number => (past ?? grid).sessionDay[0]!;

/** One action of a kind an instrument and ex-date. */
const nameOf = ({ instrument, exDay, kind }: CorporateAction): string => `${instrument} ${exDay} ${kind}`;

/**
 * The index of the instrument that an action is of.
 * @throws ProviderError on an action that is none, or is of another instrument.
 */
export function checkAction(instruments: readonly string[], raw: RawAction): number {
  const problem = actionProblem(raw);
  const instrument = instruments.indexOf(raw.symbol);
  if (problem !== undefined) throw refused(raw, problem);
  if (instrument < 0) throw refused(raw, 'is of an instrument that was not asked for');
  return instrument;
}

/** A source's action in days and indices; its ordinal is still to be found. */
function parseAction(instruments: readonly string[], raw: RawAction): CorporateAction {
  const instrument = checkAction(instruments, raw);
  const { kind, ratio, amount, payDate, source } = raw;
  const exDay = parseIsoDate(raw.exDate) / DAY_MS;
  const payDay = payDate === null ? null : parseIsoDate(payDate) / DAY_MS;
  return { instrument, ordinal: -1, exDay, kind, ratio, amount, payDay, source };
}

const refused = (raw: RawAction, problem: string): ProviderError =>
  new ProviderError(`${raw.kind} of ${raw.symbol} on ${raw.exDate}: ${problem}`, { ...raw });
