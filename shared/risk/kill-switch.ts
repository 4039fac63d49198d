import type { Latch } from '../ledger/records.ts';
import { parseIsoUtc } from '../kernel/time.ts';
import type { Parameter } from '../stores/ports.ts';

/** Whether trading is allowed, and since when it is not. */
export interface SwitchReading {
  readonly enabled: boolean;
  /** Version of the parameter that was read; 0 where there is none. */
  readonly version: number;
  /** Moment from which trading was disabled; null while it is enabled. */
  readonly haltAtMs: number | null;
}

/**
 * Reads the kill switch. Trading needs the parameter at exactly `false`, in the very version that the latch's switch
 * record acknowledged, and the latch at ACTIVE or TRIAL; anything else, a missing one included, is disabled. So a
 * parameter that was turned and turned back stays disabled: its `false` only asks for a recovery. Where nobody can say
 * since when, it counts from `nowMs`.
 */
export function readSwitch(
  parameter: Parameter | undefined,
  latch: Latch | undefined,
  nowMs: number,
): SwitchReading {
  const halts: number[] = [];
  if (parameter === undefined) halts.push(nowMs);
  else if (parameter.value !== 'false') halts.push(parameter.changedAtMs);
  if (latch === undefined) halts.push(nowMs);
  else if (latch.state === 'HALTED') halts.push(parseIsoUtc(latch.since_utc));
  if (parameter !== undefined && latch !== undefined && parameter.version !== latch.parameter_version) {
    halts.push(parameter.changedAtMs);
  }
  return {
    enabled: halts.length === 0,
    version: parameter?.version ?? 0,
    haltAtMs: halts.length === 0 ? null : Math.min(...halts),
  };
}
