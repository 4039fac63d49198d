import { minorDigits } from '../kernel/money.ts';
import { parseIsoUtc } from '../kernel/time.ts';
import type { ArtifactStore } from '../stores/ports.ts';
import { getChecked } from '../ledger/chain.ts';
import type { RowContext } from '../ledger/projections/context.ts';
import type { PacketReader } from '../ledger/projections/market.ts';
import { orderRow } from '../ledger/projections/orders.ts';
import type { OrderColumn } from '../execution/orders.ts';
import { ORDER_COLUMNS } from '../execution/orders.ts';
import type { Sha256 } from '../kernel/canonical.ts';
import { ACTIONS, type Decision } from './decision.ts';
import { decodePacket } from './packet.ts';
import type { MarketRules } from './rules.ts';

/** What projection rows need to know of a market. */
export const rowContext = (rules: MarketRules, source: string, releaseSha256: Sha256): RowContext => ({
  market: rules.config.market,
  symbols: rules.instruments.symbols,
  quantityDigits: [...rules.instruments.quantityDigits],
  minorDigits: minorDigits(rules.config.currency),
  priceMode: rules.fillSpec.price_mode,
  delayBars: rules.fillSpec.delay_bars,
  fillSpecSha256: rules.fillSpecSha256,
  source,
  releaseSha256,
});

/** Reads frozen packets for the projections: their gates, and the orders that were wanted but refused. */
export const packetReader =
  (artifacts: ArtifactStore, rules: MarketRules, context: RowContext): PacketReader =>
  async (record) => {
    const { header, decision } = decodePacket(
      rules,
      await getChecked(artifacts, record.decision),
      record.decision.key,
    );
    return {
      gates: header.gates,
      actions: countActions(decision),
      refusedRow: (symbol, reason, origin) => {
        const i = rules.instruments.symbols.indexOf(symbol);
        const none = Object.fromEntries(ORDER_COLUMNS.map((column) => [column, 0])) as {
          [column in OrderColumn]: number;
        };
        const wanted = {
          ...none,
          side: Math.sign(decision.delta[i]!),
          quantity: Math.abs(decision.delta[i]!),
          decidedAtMs: parseIsoUtc(record.tick_utc),
          frozenAtMs: decision.frozenAtMs,
          referencePrice: decision.referencePrice[i]!,
        };
        return orderRow(context, i, wanted, 'rejected', reason, '', origin);
      },
    };
  };

function countActions(decision: Decision): Record<string, number> {
  const counts = Object.fromEntries(ACTIONS.map((action) => [action, 0]));
  for (const action of decision.action) counts[ACTIONS[action]!]!++;
  return counts;
}
