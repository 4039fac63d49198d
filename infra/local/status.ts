import { readChecks } from '../../functions/health-check/checks.ts';
import { decimalText, minorDigits } from '../../shared/kernel/money.ts';
import { readLatch } from '../../shared/ledger/chain.ts';
import { DISABLE_TRADING, marketSwitch } from '../../shared/ledger/keys.ts';
import type { Latch } from '../../shared/ledger/records.ts';
import { walkBack } from '../../shared/ledger/walk.ts';
import { goodRun } from '../../shared/risk/health-check.ts';
import type { Parameter, Stores } from '../../shared/stores/ports.ts';
import { marketsIn, readLedgerMarket, type LedgerMarket } from './ledger-markets.ts';

/** Where one market's ledger stands, as an operator wants to see it. */
export interface MarketStatus {
  readonly market: string;
  readonly mode: string;
  readonly records: number;
  readonly tick_utc: string;
  readonly equity: string;
  /** The latch; `none` counts as HALTED. */
  readonly latch: string;
  readonly since_utc: string;
  /** Why the latch stands where it does: what turned it, who, and the reason. */
  readonly turned_by: string;
  /** The parameters' texts as they are; `missing` disables trading. */
  readonly disable_trading: string;
  readonly disable_trading_market: string;
  /** Good health checks on consecutive bars, of those that a recovery needs. */
  readonly checks_good: string;
  readonly head: string;
}

/** Every market of the stores, ascending. */
export async function ledgerStatus(stores: Stores): Promise<MarketStatus[]> {
  const all = await stores.parameters.get(DISABLE_TRADING);
  const statuses: MarketStatus[] = [];
  for (const name of await marketsIn(stores)) {
    const market = await readLedgerMarket(stores, name);
    const { head, state, rules } = market;
    const latch = await readLatch(stores, name);
    const { currency } = rules.config;
    statuses.push({
      market: name,
      mode: head.mode,
      records: head.n + 1,
      tick_utc: head.tick_utc,
      equity: `${decimalText(state.performance.today.equityClose, minorDigits(currency))} ${currency}`,
      latch: latch?.state ?? 'none',
      since_utc: latch?.since_utc ?? '',
      turned_by: latch === undefined ? '' : await turnedBy(stores, market, latch),
      disable_trading: parameterText(all),
      disable_trading_market: parameterText(await stores.parameters.get(marketSwitch(name))),
      checks_good: await checksGood(stores, market, latch),
      head: head.sha256,
    });
  }
  return statuses;
}

const parameterText = (parameter: Parameter | undefined): string =>
  parameter === undefined ? 'missing' : JSON.stringify(parameter.value);

/** The record that last turned the latch, in one line. */
async function turnedBy(stores: Stores, { head }: LedgerMarket, latch: Latch): Promise<string> {
  const record = await walkBack(stores, head, ({ n }) => n <= latch.turned);
  if (record.kind !== 'switch') return '';
  const by = record.trigger === null ? record.cause : `${record.cause} by ${record.trigger}`;
  return `${by}, ${record.actor}: ${record.reason}`;
}

/** Good checks since the halt under way; of no meaning while nothing is halted. */
async function checksGood(
  stores: Stores,
  { rules: { config } }: LedgerMarket,
  latch: Latch | undefined,
): Promise<string> {
  if (latch?.state !== 'HALTED') return '';
  const { checks: needed, level_max: levelMax } = config.kill_switch.recovery;
  const checks = await readChecks(stores, config.market);
  const earned = checks.filter(({ ordinal }) => ordinal > latch.ordinal);
  return `${Math.min(needed, goodRun(earned, levelMax))} of ${needed}`;
}
