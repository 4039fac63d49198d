import type { Sha256 } from '../kernel/canonical.ts';
import { compactUtc, utcDay } from '../kernel/time.ts';

/** Names of everything a ledger stores, in one place. Artifacts lie by market, kind and day for whoever audits them. */
export type ArtifactKind =
  | 'block'
  | 'window'
  | 'execution_bars'
  | 'bars_part'
  | 'data'
  | 'forecast'
  | 'forecast_part'
  | 'execution'
  | 'position'
  | 'state'
  | 'record'
  | 'release'
  | 'config'
  | 'health'
  | 'drill'
  | 'bundles';

/** Key of an artifact that is named by its content: the same bytes have the same key. */
export const contentKey = (
  market: string,
  kind: ArtifactKind,
  atMs: number,
  sha256: Sha256,
  extension: string,
): string =>
  `${market}/${kind}/${utcDay(atMs)}/${compactUtc(atMs)}-${sha256.slice('sha256:'.length, 'sha256:'.length + 24)}.${extension}`;

/** Key of the one decision packet of a tick: named by the tick, so that the first one written is the one that stands. */
export const decisionKey = (market: string, tickMs: number): string =>
  `${market}/decision/${utcDay(tickMs)}/${compactUtc(tickMs)}.jsonl`;

/** What is proven of a head after it was committed. */
export const CERTIFICATES = ['parity', 'lookahead', 'robustness'] as const;
export type CertificateKind = (typeof CERTIFICATES)[number];

/** Key of a certificate: named by the head that it is of, so that whoever reviews a head finds its own. */
export const certificateKey = (market: string, kind: CertificateKind, headSha256: Sha256): string =>
  `${market}/certificate/${headSha256.slice('sha256:'.length)}/${kind}.json`;

/** Partition of a market's state items. */
export const ledgerPartition = (market: string): string => `ledger/${market}`;
export const HEAD = 'head';
export const LATCH = 'latch';
export const recordSort = (n: number): string => `record/${String(n).padStart(10, '0')}`;
export const claimSort = (tickMs: number): string => `claim/${compactUtc(tickMs)}`;
export const failureSort = (tickMs: number): string => `failure/${compactUtc(tickMs)}`;

/** Runs that failed lately, and the latest health checks: one item each. */
export const FAILING = 'failing';
export const CHECKS = 'checks';
/** The newest drill of the kill switch. */
export const DRILL = 'drill';
/** The head that was certified last. */
export const CERTIFIED = 'certified';
/** The bundles that may run the ledger's release. */
export const BUNDLES = 'bundles';

/** The kill switch's parameters: that of all markets, and each market's own. Trading needs both. */
export const DISABLE_TRADING = 'DISABLE_TRADING';
export const marketSwitch = (market: string): string => `${DISABLE_TRADING}/${market}`;
