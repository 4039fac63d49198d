import * as z from 'zod';
import { canonicalJson, type Json, type Sha256 } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import type { ArtifactStore, StateStore } from '../stores/ports.ts';
import { parseStored } from './chain.ts';
import { certificateKey, CERTIFICATES, CERTIFIED, ledgerPartition, type CertificateKind } from './keys.ts';

const count = z.int().nonnegative();
const sha = z.templateLiteral(['sha256:', z.string().regex(/[0-9a-f]{64}/)]);

/** What every certificate says: of which head of which ledger it is. */
const common = {
  v: z.literal(1),
  market: z.string(),
  mode: z.enum(['forward', 'replay']),
  head: z.strictObject({ n: count, sha256: sha }),
  release_sha256: sha,
};

/** Fields that a certificate shows of what differs. */
export const EXAMPLES_MAX = 20;

/** Where two sides differ: one field of one tick. Each certificate adds both values, as canonical JSON. */
const example = {
  tick_utc: z.string(),
  /** Symbol, or empty where the field is of the whole tick. */
  instrument: z.string(),
  field: z.string(),
};

const tickCounts = {
  decisions: count,
  orders: count,
  fills: count,
  postings: count,
  equity: count,
  states: count,
};
export type TickCounts = z.infer<z.ZodObject<typeof tickCounts>>;

const parity = z.strictObject({
  ...common,
  kind: z.literal('parity'),
  compared: z.strictObject({ ticks: count, missed: count, ...tickCounts }),
  differences: z.strictObject(tickCounts),
  examples: z.array(z.strictObject({ ...example, ledger: z.string(), backtest: z.string() })),
  ledger_sha256: sha,
  backtest_sha256: sha,
  result: z.enum(['PASS', 'FAIL']),
});
export type ParityCertificate = z.infer<typeof parity>;

const lookahead = z.strictObject({
  ...common,
  kind: z.literal('lookahead'),
  compared: z.strictObject({ ticks: count, decisions: count }),
  /** Ticks that came out otherwise once nothing after their bar could be seen: than in the full run, than in the ledger. */
  differences: z.strictObject({ full_run: count, ledger: count }),
  examples: z.array(
    z.strictObject({
      ...example,
      against: z.enum(['full_run', 'ledger']),
      other: z.string(),
      truncated: z.string(),
    }),
  ),
  result: z.enum(['PASS', 'FAIL']),
});
export type LookaheadReport = z.infer<typeof lookahead>;

const amount = z.number();
/** What a net result is made of, beside what no component explains. */
export const PNL_PARTS = [
  'gross',
  'dividends',
  'fees',
  'slippage',
  'impact',
  'latency',
  'holding',
  'exit_mark',
] as const;
const parts = Object.fromEntries([...PNL_PARTS, 'residual'].map((name) => [name, amount])) as {
  [name in (typeof PNL_PARTS)[number] | 'residual']: typeof amount;
};
const scenario = z.strictObject({
  scenario: z.string(),
  model: z.enum(['dynamic_v1', 'fixed_v1']),
  scale: amount,
  net_return: amount,
  gross_return: amount,
  /** Money in the currency; costs as what they took, so that net = gross + dividends - costs + residual. */
  net: amount,
  ...parts,
  turnover: amount,
  trades: count,
  traded_names: count,
  spearman_pnl: amount.nullable(),
  spearman_signal: amount.nullable(),
  same_sign: z.boolean(),
});
export type RobustnessScenario = z.infer<typeof scenario>;

const robustness = z.strictObject({
  ...common,
  kind: z.literal('robustness'),
  currency: z.string(),
  scenarios: z.array(scenario),
  /** What of fixed less dynamic net P&L each component explains, in bps of the smaller turnover. */
  difference_bps: z.strictObject({ net: amount, ...parts }),
  result: z.enum(['PASS', 'FAIL', 'UNDERPOWERED']),
  reason: z.string(),
});
export type RobustnessReport = z.infer<typeof robustness>;

const SCHEMAS = { parity, lookahead, robustness } as const;

/** What is proven of one head; a kind that nobody has made is absent. */
export interface Certificates {
  readonly parity?: ParityCertificate;
  readonly lookahead?: LookaheadReport;
  readonly robustness?: RobustnessReport;
}
export type Certificate = ParityCertificate | LookaheadReport | RobustnessReport;

/** The head that certificates are asked of. */
export interface CertifiedHead {
  readonly market: string;
  readonly headSha256: Sha256;
}

/** All certificates of a head. @throws IntegrityError where one lies under another head's or market's name. */
export async function findCertificates(
  artifacts: ArtifactStore,
  { market, headSha256 }: CertifiedHead,
): Promise<Certificates> {
  const found = await Promise.all(
    CERTIFICATES.map((kind) => findCertificate(artifacts, market, kind, headSha256)),
  );
  return Object.fromEntries(found.flatMap((one) => (one === undefined ? [] : [[one.kind, one]])));
}

async function findCertificate(
  artifacts: ArtifactStore,
  market: string,
  kind: CertificateKind,
  headSha256: Sha256,
): Promise<Certificate | undefined> {
  const key = certificateKey(market, kind, headSha256);
  const bytes = await artifacts.find(key);
  if (bytes === undefined) return undefined;
  const certificate = parseStored<Certificate>(new TextDecoder().decode(bytes), SCHEMAS[kind], key);
  if (certificate.market !== market || certificate.head.sha256 !== headSha256)
    throw new IntegrityError(`${key} is of ${certificate.market} at head ${certificate.head.sha256}`, {
      key,
    });
  return certificate;
}

/**
 * Stores a certificate under its head. The same one again is a success.
 * @throws IntegrityError where another of the same kind names that head: one ledger cannot come to two results.
 */
export async function putCertificate(artifacts: ArtifactStore, certificate: Certificate): Promise<void> {
  const { kind, market, head } = certificate;
  const checked = SCHEMAS[kind].parse(certificate);
  const bytes = new TextEncoder().encode(canonicalJson(checked as unknown as Json));
  await artifacts.putIfAbsent(certificateKey(market, kind, head.sha256), bytes);
}

const certifiedSchema = z.strictObject({ n: count, sha256: sha, tick_utc: z.string() });

/** The head that was certified last: how old the newest proof is can be told without looking through all of them. */
export type LastCertified = z.infer<typeof certifiedSchema>;

/** Notes the head that was certified now. */
export async function noteCertified(state: StateStore, market: string, head: LastCertified): Promise<void> {
  const body = canonicalJson({ ...certifiedSchema.parse(head) });
  await state.transact([
    { item: { partition: ledgerPartition(market), sort: CERTIFIED, body }, expect: 'any' },
  ]);
}

/** The head that was certified last; undefined where none ever was. @throws IntegrityError */
export async function lastCertified(state: StateStore, market: string): Promise<LastCertified | undefined> {
  const item = await state.get(ledgerPartition(market), CERTIFIED);
  return item === undefined
    ? undefined
    : parseStored(item.body, certifiedSchema, `certified head of ${market}`);
}
