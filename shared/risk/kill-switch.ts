import type { Latch, LatchState, StoredSwitch } from '../ledger/records.ts';
import { isoUtc, parseIsoUtc } from '../kernel/time.ts';
import type { Parameter } from '../stores/ports.ts';
import type { SwitchCount } from './risk-state.ts';

/** Whether trading is allowed, and since when it is not. */
export interface SwitchReading {
  readonly enabled: boolean;
  /** The latch; HALTED where there is none. */
  readonly state: LatchState;
  /** Record that last changed the latch, and that of the newest recovery; -1 where there is none. */
  readonly turned: number;
  readonly restart: number;
  /** Versions of DISABLE_TRADING and of the market's own parameter that were read; 0 where there is none. */
  readonly version: number;
  readonly marketVersion: number;
  /** Moment from which trading was disabled; null while it is enabled. */
  readonly haltAtMs: number | null;
}

/** The two parameters of a market: that of all markets, and its own; undefined where one is missing or unreadable. */
export interface SwitchParameters {
  readonly all: Parameter | undefined;
  readonly own: Parameter | undefined;
}

/**
 * Reads the kill switch. Trading needs both parameters at exactly `false`, in the very versions that the latch's
 * newest switch record answered, and the latch at ACTIVE or TRIAL; anything else, a missing one included, is disabled.
 * So a parameter that was turned and turned back stays disabled: its `false` only asks for a recovery. Where nobody
 * can say since when, it counts from `nowMs`.
 */
export function readSwitch(
  { all, own }: SwitchParameters,
  latch: Latch | undefined,
  nowMs: number,
): SwitchReading {
  const halts: number[] = [];
  if (latch === undefined) halts.push(nowMs);
  else if (latch.state === 'HALTED') halts.push(parseIsoUtc(latch.since_utc));
  for (const [parameter, answered] of [
    [all, latch?.parameter_version],
    [own, latch?.market_version],
  ] as const) {
    if (parameter === undefined) halts.push(nowMs);
    else if (parameter.value !== 'false' || (latch !== undefined && parameter.version !== answered))
      halts.push(parameter.changedAtMs);
  }
  return {
    enabled: halts.length === 0,
    state: latch?.state ?? 'HALTED',
    turned: latch?.turned ?? -1,
    restart: latch?.restart ?? -1,
    version: all?.version ?? 0,
    marketVersion: own?.version ?? 0,
    haltAtMs: halts.length === 0 ? null : Math.min(...halts),
  };
}

/** A switch that nobody ever turns, in the version that a replay opens with: what a backtest begins with. */
export const openSwitch: SwitchReading = {
  ...{ enabled: true, state: 'ACTIVE', turned: 1, restart: 1, version: 1, marketVersion: 1, haltAtMs: null },
};

/** What the risk state counts by. */
export const switchCount = ({ state, turned, restart }: SwitchReading): SwitchCount => ({
  restart,
  halt: state === 'HALTED' ? turned : -1,
  trial: state === 'TRIAL' ? turned : -1,
});

/** The switch as artifacts and records tell it. */
export const storedSwitch = (reading: SwitchReading): StoredSwitch => ({
  enabled: reading.enabled,
  state: reading.state,
  turned: reading.turned,
  restart: reading.restart,
  version: reading.version,
  market_version: reading.marketVersion,
  halt_at_utc: reading.haltAtMs === null ? null : isoUtc(reading.haltAtMs),
});

export const readingOf = (stored: StoredSwitch): SwitchReading => ({
  enabled: stored.enabled,
  state: stored.state,
  turned: stored.turned,
  restart: stored.restart,
  version: stored.version,
  marketVersion: stored.market_version,
  haltAtMs: stored.halt_at_utc === null ? null : parseIsoUtc(stored.halt_at_utc),
});
