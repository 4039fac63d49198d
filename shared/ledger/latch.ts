import type { Latch, SwitchRecord } from './records.ts';

/** What of a switch record makes a latch. */
export type LatchTurn = Pick<
  SwitchRecord,
  'n' | 'to' | 'cause' | 'at_utc' | 'parameter_version' | 'market_version'
>;

/**
 * The latch after a switch record, by nothing but the record and the latch before.
 * @param ordinal the newest bar that had a record then.
 */
export function latchOf(before: Latch | undefined, turn: LatchTurn, ordinal: number): Latch {
  const { n, to, cause } = turn;
  const turned = before === undefined || before.state !== to;
  return {
    state: to,
    since_utc: turned ? turn.at_utc : before.since_utc,
    turned: turned ? n : before.turned,
    ordinal: turned ? ordinal : before.ordinal,
    restart: cause === 'recovery' || cause === 'opened' ? n : (before?.restart ?? -1),
    parameter_version: turn.parameter_version,
    market_version: turn.market_version,
    record: n,
  };
}
