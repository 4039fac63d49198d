import type { Execution } from './artifacts.ts';
import { latchOf } from './latch.ts';
import type { Latch, StoredSwitch, SwitchRecord } from './records.ts';
import { flaw, same, type Place } from './verify-flaw.ts';

/** From, to and cause of every turn that the switch may take. HALTED leads to ACTIVE by a recovery and a trial only. */
const TURNS: ReadonlySet<string> = new Set([
  'none HALTED opened',
  'ACTIVE HALTED halt',
  'TRIAL HALTED halt',
  'TRIAL HALTED trial_failed',
  'HALTED TRIAL recovery',
  'TRIAL ACTIVE trial_passed',
  'HALTED HALTED refusal',
  'ACTIVE ACTIVE acknowledged',
  'TRIAL TRIAL acknowledged',
]);

/** The latch after a switch record that may follow the one before. @throws IntegrityError where it may not. */
export function turnLatch(
  place: Place,
  before: Latch | undefined,
  record: SwitchRecord,
  ordinal: number,
): Latch {
  const { from, to, cause, mode } = record;
  same(place, 'from', from, before?.state ?? 'none', 'the switch before');
  const opensReplay = mode === 'replay' && `${from} ${to} ${cause}` === 'none ACTIVE opened';
  if (!opensReplay && !TURNS.has(`${from} ${to} ${cause}`))
    throw flaw(place, 'cause', `${cause} does not lead from ${from} to ${to} in a ${mode} ledger`);
  if ((cause === 'refusal') !== record.missing.length > 0)
    throw flaw(place, 'missing', `${cause} with ${record.missing.length} conditions missing`);
  return latchOf(before, record, ordinal);
}

/**
 * Holds what a tick did against the switch: it traded only under a latch that the chain shows, and nothing that
 * increases was placed while it was disabled.
 * @param latches those in force since the newest bar's record.
 * @param tripsOf what the tick before tripped and a latch has not answered.
 * @param held signed steps by symbol after the tick's fills.
 */
export function checkSwitch(
  place: Place,
  latches: readonly Latch[],
  execution: Execution,
  gate: StoredSwitch,
  wanted: ReadonlyMap<string, number>,
  held: ReadonlyMap<string, number>,
  tripsOf: (latch: Latch) => readonly string[],
): void {
  for (const [field, read] of [
    ['execution.switch', execution.switch],
    ['decision.switch', gate],
  ] as const) {
    if (!read.enabled) continue;
    const known = latches.find(
      (latch) =>
        latch.state === read.state &&
        latch.state !== 'HALTED' &&
        latch.turned === read.turned &&
        latch.restart === read.restart &&
        latch.parameter_version <= read.version &&
        latch.market_version <= read.market_version,
    );
    if (known === undefined)
      throw flaw(
        place,
        field,
        `is enabled under ${read.state} of record ${read.turned}, which the chain does not show`,
      );
    const trips = tripsOf(known);
    if (trips.length > 0)
      throw flaw(place, field, `is enabled, though the tick before tripped by ${trips.join(', ')}`);
  }
  if (execution.switch.enabled && gate.enabled && execution.switch.turned === gate.turned) return;
  const reduces = (delta: number, before: number): boolean =>
    delta * before < 0 && Math.abs(delta) <= Math.abs(before);
  const opened = execution.placed.find((symbol) => !reduces(wanted.get(symbol) ?? 0, held.get(symbol) ?? 0));
  if (opened !== undefined)
    throw flaw(
      place,
      'execution.placed',
      `${opened} opens or increases a position while trading is disabled`,
    );
}
