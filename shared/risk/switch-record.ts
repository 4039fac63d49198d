import { isoUtc } from '../kernel/time.ts';
import type { Head, LatchState, SwitchRecord } from '../ledger/records.ts';
import type { Turn } from './switch-machine.ts';

/** A turn of the switch, or its opening, as the record that follows a head. */
export const switchRecord = (
  market: string,
  head: Head,
  turn: Omit<Turn, 'from'> & { readonly from: LatchState | 'none' },
): SwitchRecord => ({
  ...{ v: 1, kind: 'switch', market, mode: head.mode, n: head.n + 1, prev: head.sha256 },
  release_sha256: head.release_sha256,
  at_utc: isoUtc(turn.atMs),
  ...{ from: turn.from, to: turn.to, cause: turn.cause, trigger: turn.trigger },
  ...{ actor: turn.actor, role: turn.role, reason: turn.reason },
  missing: [...turn.missing],
  evidence: [...turn.evidence],
  parameter_version: turn.version,
  market_version: turn.marketVersion,
});
