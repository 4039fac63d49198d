import { rowClosingAt, firstEndingFrom } from '../../shared/calendar/timeline.ts';
import { canonicalJson, type Json } from '../../shared/kernel/canonical.ts';
import { ConflictError, IntegrityError } from '../../shared/kernel/errors.ts';
import { isoUtc, parseIsoUtc, SECOND_MS } from '../../shared/kernel/time.ts';
import { stateSchema } from '../../shared/ledger/artifacts.ts';
import { commit, getJson, isConflict, readHead, readLatch } from '../../shared/ledger/chain.ts';
import { DISABLE_TRADING, LATCH, ledgerPartition, marketSwitch } from '../../shared/ledger/keys.ts';
import type { Head, Latch } from '../../shared/ledger/records.ts';
import type { SwitchParameters } from '../../shared/risk/kill-switch.ts';
import { roleIn } from '../../shared/ledger/roles.ts';
import {
  latchAfter,
  nextStep,
  SYSTEM,
  type Failure,
  type SwitchFacts,
  type Turn,
} from '../../shared/risk/switch-machine.ts';
import { switchRecord } from '../../shared/risk/switch-record.ts';
import { openRisk, parsedRisk, type RiskState } from '../../shared/risk/risk-state.ts';
import { DESCRIPTION_CHARS_MAX, type Write } from '../../shared/stores/ports.ts';
import { readChecks } from '../health-check/checks.ts';
import { readFailures } from '../record-failure/failures.ts';
import { readParameters } from './context.ts';
import type { MarketRuntime, Runtime } from './runtime.ts';

/** Steps that one call takes at most, lost races included: a halt, a request and its answer lie behind each other. */
const STEPS_MAX = 10;

/** The head of a market's chain with its stored text. */
interface At {
  readonly head: Head;
  readonly body: string;
}

/**
 * Brings the latch in line with everything that may turn it: both parameters and their history, failed runs, what the
 * newest tick tripped, and the end of a trial. Every step of the switch is one record and one conditional commit; a
 * caller that loses the race finds the winner's. Change events are best effort, so every gate and health check calls
 * this, as do the commands that turn the switch.
 * @returns the turns that this call recorded.
 * @throws ConflictError where others turn the switch without end: nobody goes on beside a switch that is not in line.
 */
export const reconcile = (runtime: Runtime, market: MarketRuntime): Promise<Turn[]> =>
  alignLatch(runtime, market, 'answers');

/**
 * The same, but answers no request to start again: for whoever notes that something failed, be it that it was not released
 * itself. The request stays open for those that may answer it.
 */
export const haltWhereDue = (runtime: Runtime, market: MarketRuntime): Promise<Turn[]> =>
  alignLatch(runtime, market, 'halts');

async function alignLatch(
  runtime: Runtime,
  market: MarketRuntime,
  may: 'answers' | 'halts',
): Promise<Turn[]> {
  const turns: Turn[] = [];
  for (let k = 0; k < STEPS_MAX; k++) {
    const at = await readHead(runtime.stores, market.rules.config.market);
    // Whose release it is not has nothing to turn here.
    if (at?.head.release_sha256 !== market.releaseSha256) return turns;
    const latch = await readLatch(runtime.stores, market.rules.config.market);
    // No latch is HALTED, and nothing but an opening makes one.
    if (latch === undefined) return turns;
    if (may === 'halts' && latch.state === 'HALTED') return turns;
    const facts = await factsOf(runtime, market, at.head, latch);
    const step = nextStep(facts);
    if (step === undefined) return turns;
    if (step.turn !== undefined && !(await recordTurn(runtime, market, at, latch, step.turn))) continue;
    if (step.putBack !== undefined) await putBack(runtime, market, step.putBack);
    if (step.turn !== undefined) {
      turns.push(step.turn);
      await tell(runtime, market, step.turn);
    }
  }
  throw new ConflictError(
    `the switch of ${market.rules.config.market} did not come to rest in ${STEPS_MAX} steps: others turn it meanwhile; try again`,
  );
}

/** Everything that the switch is worked out from, as the stores have it now. */
export async function factsOf(
  runtime: Runtime,
  market: MarketRuntime,
  head: Head,
  latch: Latch,
): Promise<SwitchFacts> {
  const { stores } = runtime;
  const { config } = market.rules;
  const [parameters, stored] = await Promise.all([
    readParameters(runtime, config.market),
    readRisk(runtime, head),
  ]);
  const { risk, settledMs, damage } = stored;
  const sinceMs = parseIsoUtc(latch.since_utc);
  return {
    latch,
    parameters,
    history: await historyOf(runtime, config.market, latch, parameters),
    head,
    risk,
    failures: [...(await readFailures(stores, config.market, settledMs, sinceMs)), ...damage],
    checks: await readChecks(stores, config.market),
    dueOrdinal: dueOrdinal(market, head, runtime.clock.now()),
    config: config.kill_switch,
    roleOf: (actor) => roleIn(market.operators, head.mode)(actor) ?? market.roleOfSession(actor),
  };
}

/** The risk state that the head names, and the close up to which it is settled. A state that is damaged is a failure itself. */
async function readRisk(
  { stores, clock }: Runtime,
  head: Head,
): Promise<{ risk: RiskState; settledMs: number; damage: Failure[] }> {
  try {
    const stored = await getJson(stores.artifacts, head.state, stateSchema);
    return { risk: parsedRisk(stored.risk), settledMs: stored.last_end_ms, damage: [] };
  } catch (error) {
    if (!(error instanceof IntegrityError)) throw error;
    const failure = { step: 'state', error: `${error.name}: ${error.message}`, atMs: clock.now() };
    return { risk: openRisk(0), settledMs: 0, damage: [failure] };
  }
}

/** Versions since those answered; read only where something changed, since a tick reads the switch every time. */
async function historyOf(
  { stores }: Runtime,
  market: string,
  latch: Latch,
  { all, own }: SwitchParameters,
): Promise<SwitchFacts['history']> {
  const read = (changed: boolean, name: string) => (changed ? stores.parameters.history(name) : []);
  return {
    all: await read(all !== undefined && all.version !== latch.parameter_version, DISABLE_TRADING),
    own: await read(own !== undefined && own.version !== latch.market_version, marketSwitch(market)),
  };
}

/** The ordinal of the newest bar that has closed by a moment; the head's own where the moment is before it. */
function dueOrdinal(market: MarketRuntime, head: Head, byMs: number): number {
  const headMs = parseIsoUtc(head.tick_utc);
  const untilMs = Math.max(headMs, byMs);
  const line = market.line(headMs, untilMs);
  const after = firstEndingFrom(line, untilMs + 1);
  return head.ordinal + after - 1 - rowClosingAt(line, headMs);
}

/** How many bars closed longer ago than the SLA gives a tick to commit in, and are not committed. */
export function barsBehind(market: MarketRuntime, head: Head, nowMs: number): number {
  const settledMs = nowMs - market.rules.config.sla.late_after_s * SECOND_MS;
  return dueOrdinal(market, head, settledMs) - head.ordinal;
}

/** Commits a turn as a switch record together with the latch; false where another writer was first. */
async function recordTurn(
  { stores }: Runtime,
  { rules }: MarketRuntime,
  { head, body }: At,
  latch: Latch,
  turn: Turn,
): Promise<boolean> {
  const { market } = rules.config;
  const n = head.n + 1;
  const record = switchRecord(market, head, turn);
  const item = (value: Latch): Write['item'] => ({
    partition: ledgerPartition(market),
    sort: LATCH,
    body: canonicalJson(value as unknown as Json),
  });
  const moved: Write = {
    item: item(latchAfter(latch, turn, n, head.ordinal)),
    expect: 'equals',
    body: item(latch).body,
  };
  try {
    await commit(stores, { atMs: turn.atMs, record, head, previousHead: body, also: [moved] });
    return true;
  } catch (error) {
    if (!isConflict(error)) throw error;
    return false;
  }
}

/** Puts the market's parameter to `true`: the safe side, whoever changed it meanwhile. */
async function putBack({ stores, clock }: Runtime, { rules }: MarketRuntime, why: string): Promise<void> {
  await stores.parameters.put(marketSwitch(rules.config.market), {
    value: 'true',
    changedAtMs: clock.now(),
    changedBy: SYSTEM,
    description: why.slice(0, DESCRIPTION_CHARS_MAX).toWellFormed(),
  });
}

async function tell(runtime: Runtime, { rules }: MarketRuntime, turn: Turn): Promise<void> {
  if (turn.cause === 'acknowledged') return;
  const missing = turn.missing.map(({ detail }) => detail).join('; ');
  await runtime.alert({
    level: turn.cause === 'refusal' ? 'WARN' : turn.to === 'HALTED' ? 'PAGE' : 'INFO',
    market: rules.config.market,
    code: turn.cause,
    message: `${turn.from} to ${turn.to}: ${turn.cause}${turn.trigger === null ? '' : ` by ${turn.trigger}`}, ${turn.actor}: ${missing || turn.reason}`,
    at_utc: isoUtc(turn.atMs),
  });
}
