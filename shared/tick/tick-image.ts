import { canonicalJson, hashJson, sha256, type Json, type Sha256 } from '../kernel/canonical.ts';
import type { Execution } from '../ledger/artifacts.ts';
import type { TickRecord } from '../ledger/records.ts';
import { readingOf } from '../risk/kill-switch.ts';
import { encodeExecution } from './execution-codec.ts';
import { decodeForecast, encodeForecast, forecastSchema } from './forecast-codec.ts';
import type { Forecaster } from './forecast-step.ts';
import { encodePacket, type PacketHeader } from './packet.ts';
import type { MarketRules } from './rules.ts';
import type { TickCircumstances, TickOutcome } from './run-tick.ts';
import { encodeState } from './state-codec.ts';
import type { TickState } from './state.ts';

/** All that a tick leaves behind, as bytes and hashes: what two sides are compared by. */
export interface TickImage {
  readonly tickUtc: string;
  readonly packet: Uint8Array;
  readonly execution: Execution;
  readonly packetSha256: Sha256;
  readonly forecastSha256: Sha256;
  readonly executionSha256: Sha256;
  readonly stateSha256: Sha256;
  /** Equity after the tick in minor units. */
  readonly equity: number;
}

/** A tick as a ledger holds it, read through its hashes. */
export interface LedgerTick {
  readonly record: TickRecord;
  readonly packet: Uint8Array;
  readonly header: PacketHeader;
  readonly execution: Execution;
  readonly circumstances: TickCircumstances;
}

/** The image of a tick that a ledger holds. */
export const imageOfLedger = ({ record, packet, execution }: LedgerTick): TickImage => ({
  tickUtc: record.tick_utc,
  packet,
  execution,
  packetSha256: record.decision.sha256,
  forecastSha256: record.forecast.sha256,
  executionSha256: record.execution.sha256,
  stateSha256: record.state.sha256,
  equity: record.equity,
});

/** What a tick worked out again came to, beside its outcome: the state after it and the forecasts it used. */
export interface Reworked {
  readonly rules: MarketRules;
  readonly outcome: TickOutcome;
  readonly state: TickState;
  readonly view: Forecaster;
}

/**
 * The image of a tick worked out again. Names that only the ledger can give (window, finer bars, previous record, the
 * switch's version) are taken from the tick it is held against; everything that was decided is not.
 */
export function imageOf(reworked: Reworked, held: LedgerTick): TickImage {
  const { rules, outcome, view } = reworked;
  const { header, record } = held;
  const stored = encodeForecast(view, outcome.driftCounts);
  const packet = encodePacket(outcome.decision, {
    rules,
    mode: header.mode,
    releaseSha256: record.release_sha256,
    prev: header.prev as Sha256,
    window: header.window,
    data: header.data,
    forecast: header.forecast,
    executionBars: header.execution_bars,
    view: decodeForecast(rules, forecastSchema.parse(stored)),
    mismatched: header.release_mismatch,
  });
  const { execution: kept } = held;
  const fill = { reading: readingOf(kept.switch), late: kept.late, mismatched: kept.release_mismatch };
  const execution = encodeExecution(rules, record.tick_utc, fill, outcome.executed);
  return {
    tickUtc: record.tick_utc,
    packet,
    execution,
    packetSha256: sha256(packet),
    forecastSha256: hashJson(stored),
    executionSha256: sha256(canonicalJson(execution as unknown as Json)),
    stateSha256: hashJson(encodeState(rules, reworked.state)),
    equity: outcome.valuation.equity,
  };
}

/** The line of an image in the hash of a whole side. */
export const imageLine = (image: TickImage): Json => [
  image.tickUtc,
  image.packetSha256,
  image.forecastSha256,
  image.executionSha256,
  image.stateSha256,
  image.equity,
];
