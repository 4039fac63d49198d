import type { Sha256 } from '../../kernel/canonical.ts';
import { decimalText } from '../../kernel/money.ts';
import { compactUtc } from '../../kernel/time.ts';

/** What rows of one market need to know beside the artifacts: names, units and the contract in force. */
export interface RowContext {
  readonly market: string;
  readonly symbols: readonly string[];
  readonly quantityDigits: readonly number[];
  /** Decimals of the currency's minor unit. */
  readonly minorDigits: number;
  readonly priceMode: string;
  readonly delayBars: number;
  /** Hash of the fill contract. */
  readonly fillSpecSha256: Sha256;
  readonly source: string;
  readonly releaseSha256: Sha256;
}

/** The release as ids show it. */
export const releaseTag = (context: RowContext): string =>
  context.releaseSha256.slice('sha256:'.length, 'sha256:'.length + 8);

/** An order's id: release, market, instrument and tick; the same order has the same id wherever it is computed. */
export const orderId = (context: RowContext, instrument: number, decidedAtMs: number): string =>
  `${releaseTag(context)}-${context.market}-${context.symbols[instrument]!}-${compactUtc(decidedAtMs)}`;

/** Whole steps of an instrument as decimal text. */
export const quantityText = (context: RowContext, instrument: number, steps: number): string =>
  decimalText(steps, context.quantityDigits[instrument]!);

/** Minor units as decimal text in the currency. */
export const moneyText = (context: RowContext, minor: number): string =>
  decimalText(minor, context.minorDigits);
