import type { Sha256 } from '../kernel/canonical.ts';
import type { Release } from '../ledger/artifacts.ts';
import type { Head } from '../ledger/records.ts';
import type { BacktestInputs } from './backtest.ts';
import type { LedgerTick } from './tick-image.ts';

/** A ledger laid out for a backtest: its frozen bars, its ticks by row, and what each row met. */
export interface Tape {
  readonly market: string;
  readonly release: Release;
  readonly releaseSha256: Sha256;
  readonly head: Pick<Head, 'n' | 'sha256' | 'mode'>;
  readonly inputs: BacktestInputs;
  /** How many ticks the ledger holds. */
  readonly ticks: number;
  /** Undefined for rows that are no tick of the ledger. */
  tick(row: number): LedgerTick | undefined;
}

/** What a certificate says of its ledger, whatever it certifies. */
export const certificateOf = ({ market, release, head, releaseSha256 }: Tape) => ({
  v: 1 as const,
  market,
  mode: release.mode,
  head: { n: head.n, sha256: head.sha256 },
  release_sha256: releaseSha256,
});
