import { decimalText, minorDigits } from '../../shared/kernel/money.ts';
import { readLatch } from '../../shared/ledger/chain.ts';
import { DISABLE_TRADING } from '../../shared/ledger/keys.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { marketsIn, readLedgerMarket } from './ledger-markets.ts';

/** Where one market's ledger stands, as an operator wants to see it. */
export interface MarketStatus {
  readonly market: string;
  readonly mode: string;
  readonly records: number;
  readonly tick_utc: string;
  readonly equity: string;
  /** The latch; `none` counts as HALTED. */
  readonly latch: string;
  /** The parameter's text as it is; `missing` disables trading. */
  readonly disable_trading: string;
  readonly head: string;
}

/** Every market of the stores, ascending. */
export async function ledgerStatus(stores: Stores): Promise<MarketStatus[]> {
  const parameter = await stores.parameters.get(DISABLE_TRADING);
  const statuses: MarketStatus[] = [];
  for (const market of await marketsIn(stores)) {
    const { head, state, rules } = await readLedgerMarket(stores, market);
    const latch = await readLatch(stores, market);
    const { currency } = rules.config;
    statuses.push({
      market,
      mode: head.mode,
      records: head.n + 1,
      tick_utc: head.tick_utc,
      equity: `${decimalText(state.performance.today.equityClose, minorDigits(currency))} ${currency}`,
      latch: latch?.state ?? 'none',
      disable_trading: parameter === undefined ? 'missing' : JSON.stringify(parameter.value),
      head: head.sha256,
    });
  }
  return statuses;
}
