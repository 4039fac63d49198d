import type { Exported, ExportedMarket } from '../infra/local/export.ts';
import { decimalText, minorDigits } from '../shared/kernel/money.ts';
import { costsBps } from '../shared/tick/metrics.ts';
import { renderTable } from './output.ts';
import { mayColor, type Io } from './io.ts';

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';

/** What one market's ledger shows, line by line. */
function figures({ market, rows, metrics }: ExportedMarket, verdict: string): [string, string][] {
  const { performance, book } = market.state;
  const { currency } = market.rules.config;
  return [
    ['ticks', String(rows.ticks)],
    ['decisions', listed(rows.actions)],
    ['orders / fills', `${rows.orders.length} / ${rows.fills.length}`],
    ['trades closed', String(performance.trades)],
    ['costs, bps of traded value', costsBps(performance).toFixed(2)],
    ['equity', `${decimalText(performance.today.equityClose, minorDigits(currency))} ${currency}`],
    ['return after costs', percent(performance.today.equityClose / book.capital - 1)],
    ['max drawdown', percent(performance.maxDrawdown)],
    ['ticks blocked, by reason', listed(rows.blocked)],
    ['backtest differs in', `${metrics.order_differences} orders, ${metrics.fill_differences} fills`],
    ['sign-off', verdict],
    ['chain head', market.head.sha256],
  ];
}

/** The summary of a session: a block a market, since what matters reads down, then the verdict of the release. */
export function summary(exported: Exported, io: Io): string {
  const blocks = exported.markets.map((entry) => {
    const name = entry.market.release.market;
    return renderTable([name, ''], figures(entry, exported.signOff.verdicts[name]!), { color: mayColor(io) });
  });
  return `${blocks.join('\n')}\nrelease: ${exported.signOff.release}\n`;
}

/** The whole summary as JSON, for programs. */
export function summaryJson(exported: Exported): string {
  const markets = Object.fromEntries(
    exported.markets.map(({ market, rows, metrics }) => [
      market.release.market,
      {
        ticks: rows.ticks,
        actions: rows.actions,
        blocked: rows.blocked,
        verdict: exported.signOff.verdicts[market.release.market],
        head: { n: market.head.n, sha256: market.head.sha256 },
        release_sha256: market.releaseSha256,
        backtest: metrics,
      },
    ]),
  );
  return `${JSON.stringify({ release: exported.signOff.release, markets, files: exported.files }, null, 2)}\n`;
}
