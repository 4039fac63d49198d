import type { Certificate } from '../ledger/certificates.ts';
import type { Reader, Reading } from './reading.ts';

/** A figure that only a certificate of the reviewed head gives. */
const undefinedWithout = (what: string, verb: string): Reading => ({
  value: null,
  arithmetic: what,
  lack: {
    why: 'nothing names the reviewed head',
    advice: `Run papergate ${verb} --ledger DIR on this head, then papergate export --ledger DIR`,
  },
});

/** A certificate without ticks proves nothing. */
const empty = (certificate: Exclude<Certificate, { kind: 'robustness' }>): Reading['lack'] =>
  certificate.compared.ticks > 0
    ? undefined
    : { why: 'no tick was compared', advice: 'Run the market, then certify its head' };

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** Rows that differ between the ledger and the backtest over its frozen inputs (definition 28). */
const parityDifferences: Reader = {
  breach: 'fails_at_once',
  advice:
    'Do not go live: ledger and backtest disagree; see the examples in parity_certificate.json for the first that differ',
  read({ standing: { certificates } }) {
    const { parity } = certificates;
    if (parity === undefined) return undefinedWithout('a parity certificate', 'parity');
    const { ticks, decisions, orders, fills } = parity.compared;
    return {
      value: sum(parity.differences),
      arithmetic: `${ticks} ticks, ${decisions} decisions, ${orders} orders and ${fills} fills of the ledger against its backtest`,
      lack: empty(parity),
    };
  },
};

/** Ticks that come out otherwise once nothing after their own bar can be seen. */
const lookaheadDifferences: Reader = {
  breach: 'fails_at_once',
  advice: 'Do not go live: a decision used what it could not know; see lookahead_report.json for where',
  read({ standing: { certificates } }) {
    const { lookahead } = certificates;
    if (lookahead === undefined) return undefinedWithout('a look-ahead report', 'lookahead');
    return {
      value: sum(lookahead.differences),
      arithmetic: `${lookahead.compared.decisions} decisions worked out again on bars that end with their own`,
      lack: empty(lookahead),
    };
  },
};

/** 1 where results hold under other costs (definition 24). */
const costRobustnessPass: Reader = {
  breach: 'fails_at_once',
  advice:
    'Do not go live: the result hangs on the cost assumptions; see cost_robustness.csv, and revise the model in a new release',
  read({ standing: { certificates } }) {
    const { robustness } = certificates;
    if (robustness === undefined) return undefinedWithout('a cost robustness report', 'robustness');
    return {
      value: robustness.result === 'UNDERPOWERED' ? null : robustness.result === 'PASS' ? 1 : 0,
      arithmetic: `${robustness.scenarios.length} backtests of the ledger's bars under other costs${robustness.result === 'UNDERPOWERED' ? '' : `: ${robustness.reason}`}`,
      lack:
        robustness.result === 'UNDERPOWERED'
          ? { why: robustness.reason, advice: 'Let more instruments trade before the review' }
          : undefined,
    };
  },
};

/** What is proven of the reviewed head by working it out again. */
export const certificateReaders = {
  parity_differences: parityDifferences,
  lookahead_differences: lookaheadDifferences,
  cost_robustness_pass: costRobustnessPass,
} as const;
