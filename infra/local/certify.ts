import { frozenRules } from '../../functions/runtime/frozen-market.ts';
import { sourceHash } from '../../functions/runtime/source-hash.ts';
import type { CostOptions } from '../../shared/execution/costs.ts';
import type { Sha256 } from '../../shared/kernel/canonical.ts';
import { ConfigError, IntegrityError } from '../../shared/kernel/errors.ts';
import { readHead } from '../../shared/ledger/chain.ts';
import {
  findCertificates,
  noteCertified,
  putCertificate,
  type Certificate,
  type CertifiedHead,
} from '../../shared/ledger/certificates.ts';
import { CERTIFICATES, type CertificateKind } from '../../shared/ledger/keys.ts';
import { certificateFiles, type CertifiedMarket } from '../../shared/ledger/projections/certificates.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import type { BacktestInputs } from '../../shared/tick/backtest.ts';
import { proveLookahead } from '../../shared/tick/lookahead.ts';
import { certifyParity } from '../../shared/tick/parity.ts';
import { costRobustness } from '../../shared/tick/robustness.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import type { Tape } from '../../shared/tick/tape.ts';
import { readTape } from './ledger-bars.ts';
import { marketsIn, readLedgerMarket, type LedgerMarket } from './ledger-markets.ts';

/** What a certification is asked for. */
export interface CertifyOptions {
  readonly kinds: readonly CertificateKind[];
  /** Hash of the code that works it out again; by default that of this source tree. */
  readonly codeSha256?: Sha256;
  /** Only this market; all of the ledger's by default. */
  readonly market?: string | undefined;
  /** Changes the inputs of the backtest that the ledger is held against; by default they are the ledger's own. */
  readonly backtested?: (inputs: BacktestInputs, market: LedgerMarket) => BacktestInputs;
}

/** What a certification made, and the first reason for which it does not hold. */
export interface Certified {
  readonly certificates: readonly Certificate[];
  readonly failure: IntegrityError | undefined;
}

/**
 * Works the heads of a ledger out again from what the stores hold, stores a certificate of each kind under each head
 * and rewrites their files. A market whose artifacts are not what their hashes say fails; the others go on.
 * @throws ConfigError for a market without a ledger or without a tick, and for one that other code made: what that
 * code decided, only that code can certify.
 */
export async function certifyLedger(stores: Stores, options: CertifyOptions): Promise<Certified> {
  const known = await marketsIn(stores);
  const asked = await marketsIn(stores, options.market);
  const certificates: Certificate[] = [];
  const failures = new Map<string, IntegrityError>();
  for (const name of asked) {
    try {
      for (const certificate of await certifyMarket(stores, name, options)) certificates.push(certificate);
    } catch (error) {
      if (!(error instanceof IntegrityError)) throw error;
      failures.set(name, error);
    }
  }
  await writeCertificates(stores, await certifiedMarkets(stores, await headsOf(stores, known), failures));
  return { certificates, failure: [...failures.values()][0] ?? failureOf(certificates) };
}

async function certifyMarket(
  stores: Stores,
  name: string,
  { kinds, backtested, codeSha256 = sourceHash() }: CertifyOptions,
): Promise<Certificate[]> {
  const market = await readLedgerMarket(stores, name);
  assertSameCode(market.release, codeSha256);
  const tape = await readTape(stores, market);
  if (tape.ticks === 0)
    throw new ConfigError(`the ledger of ${name} has no tick yet: there is nothing to certify`);
  const made: Certificate[] = [];
  for (const kind of CERTIFICATES.filter((one) => kinds.includes(one))) {
    const certificate = makeCertificate(kind, market, tape, backtested);
    await putCertificate(stores.artifacts, certificate);
    made.push(certificate);
  }
  const { n, sha256, tick_utc } = market.head;
  await noteCertified(stores.state, name, { n, sha256, tick_utc });
  return made;
}

/** @throws ConfigError where another source tree made the ledger than the one that runs. */
export function assertSameCode(
  { market, code_sha256: frozen }: LedgerMarket['release'],
  running: Sha256,
): void {
  if (frozen === running) return;
  throw new ConfigError(
    `the ledger of ${market} was made by source tree ${frozen}, this is ${running}: check out the commit that its ` +
      'release_manifest.json names and run this there',
    { market, frozen, running },
  );
}

function makeCertificate(
  kind: CertificateKind,
  market: LedgerMarket,
  tape: Tape,
  backtested: CertifyOptions['backtested'],
): Certificate {
  if (kind === 'parity') return certifyParity(tape, backtested?.(tape.inputs, market));
  if (kind === 'lookahead') return proveLookahead(tape);
  return costRobustness(tape, (costs) => rulesUnder(market, costs));
}

/** The market's rules as its ledger froze them, but for the costs. */
export const rulesUnder = ({ config, release }: LedgerMarket, costs: CostOptions): MarketRules =>
  frozenRules(config, release, costs);

/** What is stored about heads, in the order given. */
export async function certifiedMarkets(
  stores: Stores,
  heads: readonly CertifiedHead[],
  failures: ReadonlyMap<string, Error> = new Map(),
): Promise<CertifiedMarket[]> {
  return Promise.all(
    heads.map(async (head) => {
      const failure = failures.get(head.market)?.message;
      const certificates = await findCertificates(stores.artifacts, head);
      return { market: head.market, certificates, ...(failure === undefined ? {} : { failure }) };
    }),
  );
}

/** Where the ledgers of markets stand now. */
const headsOf = (stores: Stores, markets: readonly string[]): Promise<CertifiedHead[]> =>
  Promise.all(
    markets.map(async (market) => {
      const { head } = (await readHead(stores, market))!;
      return { market, headSha256: head.sha256 };
    }),
  );

/** Rewrites the files of the certificates. */
async function writeCertificates(stores: Stores, markets: readonly CertifiedMarket[]): Promise<void> {
  for (const [path, text] of certificateFiles(markets))
    await stores.projections.write(path, new TextEncoder().encode(text));
}

/** Parity and look-ahead prove the ledger itself: where they do not hold, it is not what it says. */
function failureOf(certificates: readonly Certificate[]): IntegrityError | undefined {
  const failed = certificates.find(({ kind, result }) => kind !== 'robustness' && result === 'FAIL');
  if (failed === undefined || failed.kind === 'robustness') return undefined;
  const first = failed.examples[0];
  const where = first === undefined ? '' : `: first at ${first.tick_utc} ${first.instrument} ${first.field}`;
  const what = failed.kind === 'parity' ? 'differs from its backtest' : 'does not stand without later bars';
  return new IntegrityError(`the ledger of ${failed.market} ${what}${where}`, { ...failed.differences });
}
