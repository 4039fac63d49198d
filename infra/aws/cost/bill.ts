import { PRICES, type Price, type PriceId } from './prices.ts';
import type { UsageLine } from './usage.ts';

/** One line of the bill. */
export interface BillLine {
  readonly price: PriceId;
  readonly what: string;
  readonly kind: Price['kind'];
  readonly quantity: number;
  readonly unit: string;
  /** For one unit. */
  readonly unitUsd: number;
  readonly usd: number;
  /** With what every account has free for ever taken off. */
  readonly usdWithFreeTier: number;
}

export interface Totals {
  readonly usage: number;
  readonly fixed: number;
}

export interface Bill {
  readonly lines: readonly BillLine[];
  readonly totals: Totals;
  readonly totalsWithFreeTier: Totals;
}

/** What a month's usage costs. Lines of one price share its free units in proportion. */
export function billOf(usage: readonly UsageLine[]): Bill {
  const totalOf = (id: PriceId): number =>
    usage.filter(({ price }) => price === id).reduce((sum, { quantity }) => sum + quantity, 0);
  const lines = usage.map(({ price: id, what, quantity }): BillLine => {
    const { usd, per, unit, free, kind } = PRICES[id];
    const total = totalOf(id);
    const paidShare = total === 0 ? 0 : Math.max(0, total - free) / total;
    const cost = (quantity * usd) / per;
    return {
      ...{ price: id, what, kind, quantity, unit, unitUsd: usd / per },
      ...{ usd: cost, usdWithFreeTier: cost * paidShare },
    };
  });
  const totals = (column: 'usd' | 'usdWithFreeTier'): Totals => {
    const of = (wanted: Price['kind']): number =>
      lines.filter(({ kind }) => kind === wanted).reduce((sum, line) => sum + line[column], 0);
    return { usage: of('usage'), fixed: of('fixed') };
  };
  return { lines, totals: totals('usd'), totalsWithFreeTier: totals('usdWithFreeTier') };
}
