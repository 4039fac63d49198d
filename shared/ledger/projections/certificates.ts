import { canonicalJson, type Json } from '../../kernel/canonical.ts';
import {
  PNL_PARTS,
  type Certificates,
  type RobustnessReport,
  type RobustnessScenario,
} from '../certificates.ts';
import { csvText, rounded, type Cell } from './csv.ts';

/** What is known of one market: its certificates, or why there can be none. */
export interface CertifiedMarket {
  readonly market: string;
  readonly certificates: Certificates;
  /** Why the ledger could not even be read to the end. */
  readonly failure?: string;
}

/**
 * The files of certificates by path, for every market of a ledger: one whose head nobody certified stands there as
 * null, so that no file goes on naming an older head.
 */
export function certificateFiles(markets: readonly CertifiedMarket[]): [string, string][] {
  const reports = markets.flatMap(({ certificates: { robustness } }) => robustness ?? []);
  return [
    ['parity_certificate.json', jsonText(markets, ({ parity }) => parity)],
    ['lookahead_report.json', jsonText(markets, ({ lookahead }) => lookahead)],
    ['cost_robustness.csv', csvText(ROBUSTNESS, reports.flatMap(robustnessRows))],
  ];
}

/** What a file says of one market. */
type Entry = { readonly result: string } | { readonly result: 'FAIL'; readonly failure: string } | null;

/** All of them PASS, or the file does not. */
function jsonText(
  markets: readonly CertifiedMarket[],
  pick: (certificates: Certificates) => { readonly result: string } | undefined,
): string {
  const entries = markets.map(({ market, certificates, failure }): [string, Entry] => [
    market,
    failure === undefined ? (pick(certificates) ?? null) : { result: 'FAIL', failure },
  ]);
  const result = entries.every(([, one]) => one?.result === 'PASS') ? 'PASS' : 'FAIL';
  const text = canonicalJson({ v: 1, result, markets: Object.fromEntries(entries) } as unknown as Json);
  return `${JSON.stringify(JSON.parse(text), null, 2)}\n`;
}

const BPS = [...PNL_PARTS, 'residual'] as const;
const DIFFERENCES = ['net', ...BPS] as const;

/** Columns of cost_robustness.csv. */
export const ROBUSTNESS = [
  'market',
  'scenario',
  'net_return',
  'gross_return',
  'turnover',
  'trades',
  'traded_names',
  'net',
  ...PNL_PARTS,
  ...BPS.map((name) => `${name}_bps` as const),
  'spearman_pnl',
  'spearman_signal',
  'same_sign',
  ...DIFFERENCES.map((name) => `difference_${name}_bps` as const),
  'result',
  'reason',
  'head_sha256',
] as const;
export type RobustnessRow = Readonly<Record<(typeof ROBUSTNESS)[number], Cell>>;

/** A row a scenario; the difference between fixed and dynamic stands in the row of the fixed one. */
export const robustnessRows = (report: RobustnessReport): RobustnessRow[] =>
  report.scenarios.map((scenario) => {
    const bps = (name: (typeof BPS)[number]): number =>
      scenario.turnover === 0 ? 0 : rounded((scenario[name] / scenario.turnover) * 1e4);
    const fixed = scenario.model === 'fixed_v1';
    const cells = {
      market: report.market,
      scenario: scenario.scenario,
      net_return: rounded(scenario.net_return),
      gross_return: rounded(scenario.gross_return),
      turnover: rounded(scenario.turnover),
      trades: scenario.trades,
      traded_names: scenario.traded_names,
      net: rounded(scenario.net),
      ...Object.fromEntries(PNL_PARTS.map((name) => [name, rounded(scenario[name])])),
      ...Object.fromEntries(BPS.map((name) => [`${name}_bps`, bps(name)])),
      ...ranks(scenario),
      ...Object.fromEntries(
        DIFFERENCES.map((name) => [
          `difference_${name}_bps`,
          fixed ? rounded(report.difference_bps[name]) : null,
        ]),
      ),
      result: report.result,
      reason: report.reason,
      head_sha256: report.head.sha256,
    };
    return cells as RobustnessRow;
  });

const ranks = (
  scenario: RobustnessScenario,
): Pick<RobustnessRow, 'spearman_pnl' | 'spearman_signal' | 'same_sign'> => ({
  spearman_pnl: scenario.spearman_pnl === null ? null : rounded(scenario.spearman_pnl),
  spearman_signal: scenario.spearman_signal === null ? null : rounded(scenario.spearman_signal),
  same_sign: String(scenario.same_sign),
});
