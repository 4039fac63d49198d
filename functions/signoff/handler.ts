import { findCertificates } from '../../shared/ledger/certificates.ts';
import { readHead } from '../../shared/ledger/chain.ts';
import { findDrill } from '../../shared/ledger/drills.ts';
import { signOff } from '../../shared/tick/sign-off.ts';
import { committedSchema, parseInput } from '../envelope.ts';
import { loadState } from '../runtime/context.ts';
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
  const market = runtime.market(tick.market);
  const { head } = (await readHead(runtime.stores, tick.market))!;
  const certified = { market: tick.market, headSha256: head.sha256 };
  const [state, certificates, drill] = await Promise.all([
    loadState(runtime, market.rules, head),
    findCertificates(runtime.stores.artifacts, certified),
    findDrill(runtime.stores, tick.market),
  ]);
  const { rules, release, releaseSha256 } = market;
  const result = signOff(
    [{ rules, release, releaseSha256, head, state, certificates, drill }],
    market.thresholds,
  );
  const write = (name: string, text: string): Promise<void> =>
    runtime.stores.projections.write(`signoff/${tick.market}/${name}`, new TextEncoder().encode(text));
  await write('threshold_report.csv', result.csv);
  await write('release_signoff.md', result.markdown);
  return {
    status: 'committed',
    market: tick.market,
    tick_utc: tick.tick_utc,
    record_sha256: tick.record.sha256,
    verdict: result.release,
  };
}
