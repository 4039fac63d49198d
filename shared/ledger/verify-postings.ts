import { toMinor } from '../kernel/money.ts';
import type { CorporateAction } from '../market-data/actions.ts';
import type { Bars } from '../market-data/bars.ts';
import type { Execution } from './artifacts.ts';
import type { Tally } from './verify-book.ts';
import { flaw, same, type Place } from './verify-flaw.ts';
import type { Settled } from './verify-orders.ts';
import type { Units } from './verify-units.ts';
import { freshBar } from './verify-window.ts';

type Posting = Execution['postings'][number];

/**
 * Holds a tick's postings against its bars: every dividend and split lies there as its source gave it, is posted once
 * and comes to what quantity and rate give; a charge is of something held and of the size of its value; and what was
 * held before the tick has its share in the actions of the first bar settled.
 */
export function checkPostings(
  place: Place,
  execution: Execution,
  settled: Settled,
  before: Tally,
  symbols: readonly string[],
  units: Units,
): void {
  const posted = new Set<string>();
  execution.postings.forEach((posting, k) => {
    const field = `execution.postings.${k}`;
    const { ordinal, instrument, kind } = posting;
    if (!(ordinal > settled.after && ordinal <= settled.to))
      throw flaw(
        place,
        `${field}.ordinal`,
        `${ordinal} is not a bar after ${settled.after} and up to ${settled.to}`,
      );
    const bar = freshBar(settled.window, ordinal);
    if (bar === undefined) throw flaw(place, `${field}.ordinal`, `${ordinal} is no bar that this tick added`);
    if (symbols[instrument] === undefined) throw flaw(place, `${field}.instrument`, 'is not in the universe');
    if (kind === 'holding') checkCharge(place, field, posting, bar, units);
    if (kind !== 'dividend' && kind !== 'split') return;
    const action = actionOf(posting, bar.bars);
    if (action === undefined) throw flaw(place, field, `is a ${kind} that the tick's bars do not have`);
    const name = `${ordinal} ${instrument} ${kind} ${action.exDay}`;
    if (posted.has(name)) throw flaw(place, field, `posts one ${kind} twice`);
    posted.add(name);
    if (isOnTime(action, bar)) checkAmounts(place, field, posting, units);
  });
  const first = freshBar(settled.window, settled.after + 1);
  for (const { instrument, ordinal, kind, exDay } of first?.bars.actions ?? []) {
    if (kind === 'real_move' || ordinal !== settled.after + 1) continue;
    const held = before.quantities.has(symbols[instrument]!);
    if (held && !posted.has(`${ordinal} ${instrument} ${kind} ${exDay}`))
      throw flaw(
        place,
        'execution.postings',
        `leave out the ${kind} of ${symbols[instrument]}, which is held`,
      );
  }
}

const actionOf = (posting: Posting, { actions }: Bars): CorporateAction | undefined =>
  actions.find(
    (action) =>
      action.kind === posting.kind &&
      action.instrument === posting.instrument &&
      action.ordinal === posting.ordinal &&
      action.ratio === posting.ratio &&
      action.source === posting.source &&
      (posting.kind === 'split' || action.amount === posting.rate),
  );

/** Whether nothing can have been traded between the ex-date and the posting: then the whole holding has its share. */
const isOnTime = ({ exDay }: CorporateAction, { bars, row }: { bars: Bars; row: number }): boolean =>
  row > 0 ? bars.sessionDay[row - 1]! < exDay : bars.sessionDay[row] === exDay;

function checkAmounts(place: Place, field: string, posting: Posting, units: Units): void {
  const { kind, instrument, quantityBefore, quantityAfter, due, withheld, ratio, rate, cash } = posting;
  const steps = units.stepsPerUnit[instrument]!;
  if (kind === 'dividend') {
    const gross = toMinor((quantityBefore / steps) * rate, units.minorPerUnit);
    same(place, `${field}.due`, due + withheld, gross, 'quantity and rate (due and withheld)');
    if (withheld < 0) throw flaw(place, `${field}.withheld`, `${withheld} is below 0`);
    return;
  }
  const after = Math.sign(quantityBefore) * Math.floor(Math.abs(quantityBefore) * ratio + 1e-6);
  same(place, `${field}.quantityAfter`, quantityAfter, after === 0 ? 0 : after, 'quantity and ratio');
  // Less than a step is paid out.
  const most = toMinor(rate / steps, units.minorPerUnit) + 1;
  if (Math.abs(cash) > most)
    throw flaw(place, `${field}.cash`, `${cash} is more than a step is worth, ${most}`);
}

/** The highest finite close of an instrument in the rows before one; 0 where there is none. */
function highestClose({ close, instruments }: Bars, row: number, instrument: number): number {
  let highest = 0;
  for (let before = 0; before < row; before++) {
    const value = close[before * instruments.length + instrument]!;
    if (value > highest && value < Infinity) highest = value;
  }
  return highest;
}

/**
 * A charge has its rate's sign and is at most about twice its share of the value held. It is reckoned at the last valid
 * close, which may lie back: the bar in which it falls due may hold no number at all. Where no close before it is in the
 * bar's block, its size cannot be judged here.
 */
function checkCharge(
  place: Place,
  field: string,
  { cash, rate, quantityBefore, instrument }: Posting,
  { bars, row }: { bars: Bars; row: number },
  units: Units,
): void {
  if (quantityBefore === 0) throw flaw(place, `${field}.quantityBefore`, 'is 0: nothing was held');
  if (cash * rate > 0)
    throw flaw(place, `${field}.cash`, `${cash} has not the sign of a charge of ${rate} bps`);
  const price = highestClose(bars, row, instrument);
  const value = (Math.abs(quantityBefore) / units.stepsPerUnit[instrument]!) * price * units.minorPerUnit;
  if (price === 0) return;
  const most = (2 * value * Math.abs(rate)) / 1e4 + 1;
  if (Math.abs(cash) > most)
    throw flaw(place, `${field}.cash`, `${cash} is more than twice a charge of ${rate} bps`);
}
