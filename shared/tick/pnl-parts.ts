import type { TickEvents } from '../execution/events.ts';
import type { PNL_PARTS } from '../ledger/certificates.ts';
import type { Bars } from '../market-data/bars.ts';
import { exPrice } from '../portfolio/corporate-actions.ts';
import { positionValue } from '../portfolio/mark.ts';
import type { MarketRules } from './rules.ts';
import type { TickState } from './state.ts';

/** A net result and what it is made of, in the currency; costs as what they took, negative where they gave. */
export interface PnlParts {
  readonly net: number;
  /** What the same fills at raw prices would have made, what is left valued at its last close. */
  readonly gross: number;
  /** Dividends net of what was withheld; those that shorts owed are negative. */
  readonly dividends: number;
  readonly fees: number;
  readonly slippage: number;
  readonly impact: number;
  readonly latency: number;
  /** Borrow and funding. */
  readonly holding: number;
  /** What leaving the open positions would cost: last closes less marks. */
  readonly exit_mark: number;
  /** Net less all of the above: rounding to minor units, or an error in the accounts. */
  readonly residual: number;
}

/** 1 where a part adds to the net result, -1 where it takes from it. */
export const signOf = (part: (typeof PNL_PARTS)[number]): 1 | -1 =>
  part === 'gross' || part === 'dividends' ? 1 : -1;

/** A finished run: where its book stands, and all that happened on the way. */
export interface FinishedRun {
  readonly state: TickState;
  readonly events: TickEvents;
}

/**
 * Takes a result apart. Gross is reckoned anew from raw fill prices and the bars' last closes, not from the book, so
 * that the residual shows whatever the book and the fills do not agree on.
 */
export function pnlParts(rules: MarketRules, bars: Bars, run: FinishedRun): PnlParts {
  const { fills, postings } = run.events;
  const { stepsPerUnit } = rules.instruments;
  const minor = rules.minorPerUnit;
  const sum = { gross: 0, fees: 0, slippage: 0, impact: 0, latency: 0, dividends: 0, holding: 0 };
  const steps = new Float64Array(stepsPerUnit.length);
  for (const fill of fills) {
    const units = fill.quantity / stepsPerUnit[fill.instrument]!;
    const bps = (units * fill.referencePrice) / 1e4;
    steps[fill.instrument]! += fill.side * fill.quantity;
    sum.gross -= fill.side * units * fill.rawPrice;
    sum.fees += fill.feeMinor / minor;
    sum.slippage += fill.slippageBps * bps;
    sum.impact += fill.impactBps * bps;
    sum.latency += fill.latencyBps * bps;
  }
  for (const { kind, instrument, quantityBefore, quantityAfter, cash, due } of postings) {
    steps[instrument]! += quantityAfter - quantityBefore;
    if (kind === 'split') sum.gross += cash / minor;
    else if (kind === 'dividend') sum.dividends += due / minor;
    else if (kind === 'holding') sum.holding -= cash / minor;
  }
  let exitMark = 0;
  for (let i = 0; i < steps.length; i++) {
    if (steps[i] === 0) continue;
    const worth = (steps[i]! / stepsPerUnit[i]!) * lastClose(rules, bars, i);
    sum.gross += worth;
    exitMark += worth - valueOf(rules, bars, run.state, i) / minor;
  }
  const net = (run.state.performance.today.equityClose - run.state.book.capital) / minor;
  const { gross, dividends, fees, slippage, impact, latency, holding } = sum;
  const explained = gross + dividends - fees - slippage - impact - latency - holding - exitMark;
  return { net, ...sum, exit_mark: exitMark, residual: net - explained };
}

/** Net result of each instrument in the currency: what it paid and received, and what it would be left for. */
export function netByInstrument(
  rules: MarketRules,
  bars: Bars,
  { state, events }: FinishedRun,
): Float64Array {
  const net = new Float64Array(rules.instruments.symbols.length);
  for (const { instrument, side, notionalMinor, feeMinor } of events.fills)
    net[instrument]! -= side * notionalMinor + feeMinor;
  // A payment turns what was due into cash and adds nothing.
  for (const { instrument, cash, due } of events.postings) net[instrument]! += cash + due;
  for (let i = 0; i < net.length; i++) net[i]! += valueOf(rules, bars, state, i);
  return net.map((minor) => minor / rules.minorPerUnit);
}

const valueOf = (rules: MarketRules, bars: Bars, { book }: TickState, i: number): number =>
  book.quantity[i] === 0 ? 0 : positionValue(book, i, bars.sessionDay.at(-1)!, rules.marking);

/** The last usable close of an instrument, as it reads after the corporate actions since. 0 where there is none. */
function lastClose({ unusable }: MarketRules, bars: Bars, i: number): number {
  const n = bars.instruments.length;
  let row = bars.startMs.length - 1;
  while (row >= 0 && (bars.flags[row * n + i]! & unusable) !== 0) row--;
  if (row < 0) return 0;
  const since = bars.actions.filter(
    ({ instrument, ordinal }) => instrument === i && ordinal > bars.firstOrdinal + row,
  );
  return since.reduce((price, action) => exPrice(price, action), bars.close[row * n + i]!);
}
