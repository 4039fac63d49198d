import { NEVER_MS, type OrderColumn } from '../../shared/execution/orders.ts';
import { post } from '../../shared/portfolio/book.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { noClusters } from '../../shared/risk/clusters.ts';
import { openSwitch } from '../../shared/risk/kill-switch.ts';
import type { DecisionHead } from '../../shared/tick/decision.ts';
import { openState, type TickState } from '../../shared/tick/state.ts';
import type { GateInputs, Verdict } from '../../shared/risk/gates.ts';

/** A working order in words; what is not given is as an order placed at the bar of ordinal 0 would have it. */
export interface OrderGiven {
  readonly side: 1 | -1;
  readonly quantity: number;
  readonly reference: number;
  readonly frozen: string;
  /** Half the spread that the decision saw; 0 where it is left out. */
  readonly spreadBps?: number;
  readonly deadlineOrdinal?: number;
  readonly more?: Partial<Record<OrderColumn, number>>;
  readonly cancel?: { readonly at: string; readonly code: string };
}

/** Puts a working order of instrument i into the state, as if an earlier tick had placed it. */
export function withOrder(state: TickState, i: number, given: OrderGiven): TickState {
  const { orders } = state;
  const columns: Partial<Record<OrderColumn, number>> = {
    side: given.side,
    quantity: given.quantity,
    referencePrice: given.reference,
    frozenAtMs: Date.parse(given.frozen),
    deadlineOrdinal: given.deadlineOrdinal ?? 3,
    cancelAtMs: given.cancel === undefined ? NEVER_MS : Date.parse(given.cancel.at),
    increases: state.book.quantity[i]! * given.side < 0 ? 0 : 1,
    spreadBps: given.spreadBps ?? 0,
    sigma: 0.01,
    averageNotional: 500_000,
    relativeVolume: 1,
    ...given.more,
  };
  for (const [column, value] of Object.entries(columns)) orders[column as OrderColumn][i] = value;
  orders.cancelCode[i] = given.cancel?.code ?? '';
  return state;
}

/** A state that already holds a position, bought or sold without a fee at the price per unit. */
export function holding(
  rules: MarketRules,
  i: number,
  steps: number,
  price: number,
  state = openState(rules),
): TickState {
  const notional = Math.round(
    (Math.abs(steps) / rules.instruments.stepsPerUnit[i]!) * price * rules.minorPerUnit,
  );
  post(state.book, i, Math.sign(steps), Math.abs(steps), notional, 0);
  state.book.lastClose[i] = price;
  return state;
}

const none = { value: 0, name: '' };
const noLosses = { drawdown: 0, dailyReturn: 0, drawdownSinceHalt: 0, dailyReturnSinceHalt: 0 };

/** Measurements that every gate is content with. */
export const goodInputs: GateInputs = {
  data: {
    ...{ instruments: 4, seen: 4, red: 0, missing: 0, duplicates: 0, stale: 0, suspects: 0 },
    ...{ misaligned: 0, fallbacks: 0, disagreements: 0, lateness_s: 60 },
  },
  health: { source: 'oos', samples: 1000, brier: 0.24, coverage: 0.8, grade: 'A', codes: [] },
  calendar: { covered: true, rulesCovered: true },
  mismatched: [],
  tradingEnabled: true,
  risk: {
    losses: noLosses,
    exposure: { gross: 0, net: 0, name: none, theme: none, cluster: none, capacity: none },
    ...{ turnover: 0, ordersToday: 0, failRate: 0 },
  },
  portfolio: { gross: 0, losses: noLosses },
};

/** What a decision says of the whole market where a test is about something else. */
export const decisionHead = (
  head: Pick<DecisionHead, 'ordinal' | 'tickMs' | 'frozenAtMs'> & Partial<DecisionHead>,
): DecisionHead => ({
  ...{ verdict: greenVerdict, switch: openSwitch, equity: 0, equityOfAll: NaN, clusters: noClusters },
  ...head,
});

/** What deciding needs beside the bars and the forecast where a test is about something else. */
export const quietRisk = (state: TickState) => ({
  ...{ risk: state.risk, clusters: noClusters, switch: openSwitch, equityOfAll: NaN },
});

export const greenVerdict: Verdict = {
  status: 'GREEN',
  blocked: [],
  rows: [],
  healthGrade: 'A',
  riskBudgetLeft: 1,
  riskBudgetName: 'drawdown',
};
export const redVerdict: Verdict = { ...greenVerdict, status: 'RED', blocked: ['DATA_RED'] };
