import { canonicalJson, type Json } from '../../shared/kernel/canonical.ts';
import { csvText } from '../../shared/ledger/projections/csv.ts';
import { DAILY, DRIFT, POSITIONS } from '../../shared/ledger/projections/positions.ts';
import { FILLS } from '../../shared/ledger/projections/fills.ts';
import { POSTINGS } from '../../shared/ledger/projections/postings.ts';
import { ORDERS } from '../../shared/ledger/projections/orders.ts';
import { certificateFiles } from '../../shared/ledger/projections/certificates.ts';
import { projectMarket, type MarketRows } from '../../shared/ledger/projections/market.ts';
import { drillFile, findDrill } from '../../shared/ledger/drills.ts';
import { assumptionsMarkdown } from '../../shared/release/assumptions.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { backtestRows, countDifferences, METRICS, metricsRow } from '../../shared/tick/metrics.ts';
import { packetReader, rowContext } from '../../shared/tick/row-context.ts';
import { signOff, type SignOff } from '../../shared/tick/sign-off.ts';
import { certifiedMarkets } from './certify.ts';
import { backtestOfLedger } from './ledger-bars.ts';
import { marketsIn, readLedgerMarket, type LedgerMarket } from './ledger-markets.ts';
import { releaseManifest, type Evidence } from './manifest.ts';

/** One market's export: the market, its rows, and its backtest's row. */
export interface ExportedMarket {
  readonly market: LedgerMarket;
  readonly rows: MarketRows;
  readonly metrics: ReturnType<typeof metricsRow>;
}

export interface Exported {
  readonly markets: readonly ExportedMarket[];
  readonly signOff: SignOff;
  /** Paths written, relative to the projections' root, in the order written. */
  readonly files: readonly string[];
}

/** Rebuilds every projection from the chains alone. The same chains give the same bytes. */
export async function exportLedger(stores: Stores, evidence: Evidence): Promise<Exported> {
  const markets: ExportedMarket[] = [];
  for (const name of await marketsIn(stores))
    markets.push(await exportMarket(stores, await readLedgerMarket(stores, name)));
  const thresholds = markets[0]!.market.config.thresholds;
  const certified = await certifiedMarkets(
    stores,
    markets.map(({ market: { release, head } }) => ({ market: release.market, headSha256: head.sha256 })),
  );
  const drills = await Promise.all(
    markets.map(async ({ market }) => findDrill(stores, market.release.market)),
  );
  const judged = signOff(
    markets.map(({ market }, k) => ({
      ...market,
      certificates: certified[k]!.certificates,
      drill: drills[k],
    })),
    thresholds,
  );
  const files: string[] = [];
  for (const [path, text] of [
    ...tables(markets),
    ...documents(markets, judged, evidence),
    ...certificateFiles(certified),
    drillFile(markets.map(({ market }, k) => ({ market: market.release.market, drill: drills[k] }))),
  ]) {
    await stores.projections.write(path, new TextEncoder().encode(text));
    files.push(path);
  }
  return { markets, signOff: judged, files };
}

async function exportMarket(stores: Stores, market: LedgerMarket): Promise<ExportedMarket> {
  const { rules, release, releaseSha256 } = market;
  const context = rowContext(rules, release.data_source.name, releaseSha256);
  const reader = packetReader(stores.artifacts, rules, context);
  const rows = await projectMarket(stores, context, reader, rules.policyConfig.drift.psi_red);
  const again = await backtestOfLedger(stores, market);
  const { orders, fills } = backtestRows(rules, context, again);
  // Orders that the switch or the time refused were never placed: they have no deadline, and no backtest has them.
  const placed = rows.orders.filter(({ deadline_utc: deadline }) => deadline !== '');
  const counts = {
    orders: orders.length,
    fills: fills.length,
    orderDifferences: countDifferences(placed, orders),
    fillDifferences: countDifferences(rows.fills, fills),
  };
  return { market, rows, metrics: metricsRow(context, again.state, counts, rules.calendar.sessionsPerYear) };
}

/** The files that grow with the ledger, by path. */
function tables(markets: readonly ExportedMarket[]): [string, string][] {
  const all = <T>(pick: (rows: MarketRows) => readonly T[]): T[] =>
    markets.flatMap(({ rows }) => [...pick(rows)]);
  return [
    [
      'execution/paper_orders.csv',
      csvText(
        ORDERS,
        all((rows) => rows.orders),
      ),
    ],
    [
      'execution/paper_fills.csv',
      csvText(
        FILLS,
        all((rows) => rows.fills),
      ),
    ],
    [
      'execution/paper_postings.csv',
      csvText(
        POSTINGS,
        all((rows) => rows.postings),
      ),
    ],
    [
      'execution/paper_positions.csv',
      csvText(
        POSITIONS,
        all((rows) => rows.positions),
      ),
    ],
    [
      'execution/paper_daily_pnl.csv',
      csvText(
        DAILY,
        all((rows) => rows.daily),
      ),
    ],
    ['execution/paper_run_log.jsonl', all((rows) => rows.runs).join('')],
    ['gates_audit_log.jsonl', all((rows) => rows.gates).join('')],
    ['kill_switch_events.jsonl', all((rows) => rows.switches).join('')],
    ['kill_switch_recovery_log.jsonl', all((rows) => rows.recoveries).join('')],
    [
      'drift_monitor_daily.csv',
      csvText(
        DRIFT,
        all((rows) => rows.drift),
      ),
    ],
    [
      'calendar_alignment_report.json',
      `${JSON.stringify(
        all((rows) => rows.sessions),
        null,
        2,
      )}\n`,
    ],
    [
      'backtest/metrics_summary.csv',
      csvText(
        METRICS,
        markets.map(({ metrics }) => metrics),
      ),
    ],
  ];
}

/** The files that say what was assumed, frozen and judged. */
function documents(
  markets: readonly ExportedMarket[],
  judged: SignOff,
  evidence: Evidence,
): [string, string][] {
  const snapshot = (folder: RegExp): string => {
    const texts = new Map(
      markets.flatMap(({ market }) => [...market.configTexts].filter(([path]) => folder.test(path))),
    );
    const used = new Set(
      markets.flatMap(({ market }) => [
        `cost_profiles/${market.rules.costs.profile.name}.yaml`,
        `trading_rules/${market.rules.config.trading_rules}.yaml`,
        `${market.rules.fillSpec.name}.yaml`,
      ]),
    );
    return [...texts]
      .filter(([path]) => used.has(path))
      .map(([path, text]) => `# ${path}\n${text}`)
      .join('---\n');
  };
  const files = markets.map(({ market }) => market.config.markets.get(market.release.market)!);
  const manifest = releaseManifest(
    markets.map(({ market }) => market),
    evidence,
  );
  return [
    ['cost_profile_snapshot.yaml', snapshot(/^cost_profiles\//)],
    ['trading_rules_snapshot.yaml', snapshot(/^trading_rules\//)],
    ['fill_model_spec.yaml', snapshot(/^fill_model_spec/)],
    ['execution_assumptions.md', assumptionsMarkdown(files)],
    ['threshold_report.csv', judged.csv],
    ['release_signoff.md', judged.markdown],
    [
      'release_manifest.json',
      `${JSON.stringify(JSON.parse(canonicalJson(manifest as unknown as Json)), null, 2)}\n`,
    ],
  ];
}
