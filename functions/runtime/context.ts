import { rowClosingAt } from '../../shared/calendar/timeline.ts';
import { ConfigError, OtherReleaseError, RefusedError } from '../../shared/kernel/errors.ts';
import { isoUtc, parseIsoUtc } from '../../shared/kernel/time.ts';
import { getChecked, getJson, readHead, readLatch } from '../../shared/ledger/chain.ts';
import { stateSchema } from '../../shared/ledger/artifacts.ts';
import { loadExecutionBars } from '../../shared/ledger/execution-bars.ts';
import { claimSort, DISABLE_TRADING, ledgerPartition, marketSwitch } from '../../shared/ledger/keys.ts';
import type { Head } from '../../shared/ledger/records.ts';
import { loadWindow } from '../../shared/ledger/window-store.ts';
import { readSwitch, type SwitchParameters, type SwitchReading } from '../../shared/risk/kill-switch.ts';
import { upcomingAt } from '../../shared/tick/apply.ts';
import type { ExecuteInputs, FillCircumstances } from '../../shared/tick/execute.ts';
import { decodePacket } from '../../shared/tick/packet.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { decodeState } from '../../shared/tick/state-codec.ts';
import type { TickState } from '../../shared/tick/state.ts';
import type { Decided } from '../envelope.ts';
import type { MarketRuntime, Runtime } from './runtime.ts';

/** The head of a market's ledger. @throws ConfigError where there is none, or it is of another release. */
export async function requireHead(
  runtime: Runtime,
  market: MarketRuntime,
): Promise<{ head: Head; body: string }> {
  const name = market.rules.config.market;
  const at = await readHead(runtime.stores, name);
  if (at === undefined) throw new ConfigError(`market ${name} has no ledger here: freeze a release first`);
  if (at.head.release_sha256 !== market.releaseSha256) {
    throw new OtherReleaseError(name, at.head.release_sha256, market.releaseSha256);
  }
  return at;
}

/** Whether the chain already holds the tick, so that whoever comes again reads the winner's result. */
export const isCommitted = (head: Head, tickMs: number): boolean => parseIsoUtc(head.tick_utc) >= tickMs;

/**
 * Number of the record that closed the claim of a committed tick.
 * @throws RefusedError where none did: the tick was recorded as missed or failed before, and is never computed
 *   afterwards. Nothing stored is wrong then, so that it halts nothing.
 */
export async function recordOfTick({ stores }: Runtime, market: string, tickMs: number): Promise<number> {
  const claim = await stores.state.get(ledgerPartition(market), claimSort(tickMs));
  const { n } = JSON.parse(claim?.body ?? '{}') as { n?: number };
  if (n !== undefined) return n;
  throw new RefusedError(
    `${market} at ${isoUtc(tickMs)} was not committed, and another record took its place`,
  );
}

/** The state that the head names. */
export async function loadState(runtime: Runtime, rules: MarketRules, head: Head): Promise<TickState> {
  return decodeState(rules, await getJson(runtime.stores.artifacts, head.state, stateSchema));
}

/**
 * The kill switch as it stands now, read from the stores and never cached. A parameter that cannot be read is as good
 * as none: trading is disabled, and the tick goes on to say so.
 */
export async function currentSwitch(runtime: Runtime, market: string): Promise<SwitchReading> {
  const [parameters, latch] = await Promise.all([
    readParameters(runtime, market),
    readLatch(runtime.stores, market),
  ]);
  return readSwitch(parameters, latch, runtime.clock.now());
}

/** Both parameters of a market; undefined where one is missing or cannot be read. */
export async function readParameters({ stores }: Runtime, market: string): Promise<SwitchParameters> {
  const [all, own] = await Promise.all(
    [DISABLE_TRADING, marketSwitch(market)].map((name) => stores.parameters.get(name).catch(() => undefined)),
  );
  return { all, own };
}

/**
 * Loads what settling and placing rest on: the frozen decision, the state before it and the bars since.
 * @param fill the switch and the time as the fill step found them.
 */
export async function loadExecution(
  runtime: Runtime,
  market: MarketRuntime,
  head: Head,
  tick: Decided,
  fill: FillCircumstances,
): Promise<ExecuteInputs> {
  const { rules } = market;
  const { artifacts } = runtime.stores;
  const fromOrdinal = head.settled_ordinal + 1;
  const [packet, state, { bars }, finer] = await Promise.all([
    getChecked(artifacts, tick.decision),
    loadState(runtime, rules, head),
    loadWindow(artifacts, rules.instruments.symbols, tick.window, fromOrdinal),
    loadExecutionBars(artifacts, rules.instruments.symbols, tick.execution_bars),
  ]);
  const { decision } = decodePacket(rules, packet, tick.decision.key);
  const tickMs = parseIsoUtc(tick.tick_utc);
  const line = market.line(tickMs, tickMs);
  const upcoming = upcomingAt(rules, line, rowClosingAt(line, tickMs));
  return { rules, state, bars, finer, fromOrdinal, decision, upcoming, fill };
}
