import { findCertificates } from '../../shared/ledger/certificates.ts';
import { findDrill } from '../../shared/ledger/drills.ts';
import type { Head } from '../../shared/ledger/records.ts';
import { signOff, type SignOff } from '../../shared/tick/sign-off.ts';
import { committedSchema, parseInput } from '../envelope.ts';
import { loadState, requireHead } from '../runtime/context.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** What a finished run leaves as its output. */
export interface Finished {
  readonly status: 'committed';
  readonly market: string;
  readonly tick_utc: string;
  readonly record_sha256: string;
  readonly verdict: string;
}

/** Holds the committed head against the sealed thresholds and replaces the market's sign-off files. */
export async function signoff(input: unknown, runtime: Runtime): Promise<Finished> {
  const tick = parseInput('signoff', input, committedSchema);
  const { result } = await judgeHead(runtime, tick.market);
  await writeSignOff(runtime, `signoff/${tick.market}`, result);
  return {
    status: 'committed',
    market: tick.market,
    tick_utc: tick.tick_utc,
    record_sha256: tick.record.sha256,
    verdict: result.release,
  };
}

/** A market's committed head, and what the sealed thresholds say of it. */
export interface Judged {
  readonly head: Head;
  readonly result: SignOff;
}

/** Holds the committed head of a market against the sealed thresholds. */
export async function judgeHead(runtime: Runtime, name: string): Promise<Judged> {
  const market = runtime.market(name);
  const { head } = await requireHead(runtime, market);
  const certified = { market: name, headSha256: head.sha256 };
  const [state, certificates, drill] = await Promise.all([
    loadState(runtime, market.rules, head),
    findCertificates(runtime.stores.artifacts, certified),
    findDrill(runtime.stores, name),
  ]);
  const { rules, release, releaseSha256 } = market;
  const result = signOff(
    [{ rules, release, releaseSha256, head, state, certificates, drill }],
    market.thresholds,
  );
  return { head, result };
}

/** Writes the two files of a sign-off into a folder of the projections. */
export async function writeSignOff(
  { stores: { projections } }: Runtime,
  folder: string,
  { csv, markdown }: Pick<SignOff, 'csv' | 'markdown'>,
): Promise<void> {
  const utf8 = new TextEncoder();
  await projections.write(`${folder}/threshold_report.csv`, utf8.encode(csv));
  await projections.write(`${folder}/release_signoff.md`, utf8.encode(markdown));
}
