import { robustnessRows } from '../../shared/ledger/projections/certificates.ts';
import { certifyVerb } from '../certify.ts';

const SHOWN = [
  'market',
  'scenario',
  'net_return',
  'gross_return',
  'trades',
  'traded_names',
  'fees_bps',
  'slippage_bps',
  'impact_bps',
  'spearman_pnl',
  'spearman_signal',
  'same_sign',
  'result',
] as const;

export const verb = certifyVerb('robustness', 'cost_robustness.csv', {
  head: SHOWN,
  rows: (report) => robustnessRows(report).map((row) => SHOWN.map((column) => String(row[column] ?? ''))),
});
