import { judgeDrift, type DriftReference } from '../forecast/drift.ts';
import { DAY_MS, isoUtc, utcDay } from '../kernel/time.ts';
import type { PositionReport } from '../ledger/artifacts.ts';
import type { Bars } from '../market-data/bars.ts';
import { receivable } from '../portfolio/book.ts';
import { markPrice, positionValue, value, type Valuation } from '../portfolio/mark.ts';
import type { MarketRules } from './rules.ts';
import type { TickState } from './state.ts';
import type { Decision } from './decision.ts';
import { countRed } from './measure.ts';
import { close } from './tick.ts';

/** What closing a tick needs beside the executed state. */
export interface CloseInputs {
  readonly rules: MarketRules;
  readonly state: TickState;
  readonly bars: Bars;
  readonly row: number;
  readonly decision: Decision;
  /** Orders that the tick placed. */
  readonly placed: number;
  readonly misaligned: number;
  readonly late: boolean;
  readonly driftCounts: readonly (readonly number[])[];
  readonly driftReference: DriftReference;
}

/** Marks the executed book to market, carries the figures forward and reports positions, day and drift. */
export function closeTick(inputs: CloseInputs): { valuation: Valuation; report: PositionReport } {
  const { rules, state, bars, row } = inputs;
  const valuation = value(state.book, bars.sessionDay[row]!, rules.marking);
  close(rules, state, bars, row, {
    decision: inputs.decision,
    placed: inputs.placed,
    valuation,
    instrumentsRed: countRed(bars, row, rules.unusable),
    misaligned: inputs.misaligned,
    late: inputs.late,
    driftCounts: inputs.driftCounts,
  });
  const { rows_min: rowsMin, psi_red: psiRed } = rules.policyConfig.drift;
  const drift = judgeDrift(state.drift, inputs.driftReference, rowsMin, psiRed);
  return {
    valuation,
    report: {
      v: 1,
      market: rules.config.market,
      tick_utc: isoUtc(bars.endMs[row]!),
      currency: rules.config.currency,
      equity: valuation.equity,
      cash: state.book.cash,
      receivable: receivable(state.book),
      positions: positionsOf(rules, state, bars.sessionDay[row]!),
      day: dayOf(state),
      drift: drift.map((entry) => ({ ...entry, psi: Number.isNaN(entry.psi) ? null : entry.psi })),
    },
  };
}

function positionsOf(rules: MarketRules, { book }: TickState, day: number): PositionReport['positions'] {
  return rules.instruments.symbols.flatMap((instrument, i) =>
    book.quantity[i] === 0
      ? []
      : [
          {
            instrument,
            quantity: book.quantity[i]!,
            quantity_digits: rules.instruments.quantityDigits[i]!,
            cost: book.cost[i]!,
            mark_price: markPrice(book, i, day, rules.marking),
            value: positionValue(book, i, day, rules.marking),
            realised: book.realisedBy[i]!,
          },
        ],
  );
}

function dayOf({ performance: { today } }: TickState): PositionReport['day'] {
  return {
    date: utcDay(today.day * DAY_MS),
    equity_open: today.equityOpen,
    equity_close: today.equityClose,
    costs: today.costs,
    traded: today.traded,
    trades: today.trades,
    drawdown: today.drawdown,
    gross_exposure: today.ticks === 0 ? 0 : today.grossSum / today.ticks,
  };
}
