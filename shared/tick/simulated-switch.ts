import { isoUtc, SECOND_MS } from '../kernel/time.ts';
import type { Latch } from '../ledger/records.ts';
import { groupsOf, missingFor, withCheck, type HealthCheck } from '../risk/health-check.ts';
import { readSwitch, type SwitchReading } from '../risk/kill-switch.ts';
import { REPLAY, REPLAY_REASON } from '../ledger/roles.ts';
import { latchAfter, nextStep, SYSTEM, type Turn } from '../risk/switch-machine.ts';
import type { Parameter } from '../stores/ports.ts';
import type { Decision } from './decision.ts';
import type { MarketRules } from './rules.ts';
import type { TickState } from './state.ts';

const NO_HASH = `sha256:${'0'.repeat(64)}` as const;
/** Seconds after the freeze at which what a replay does behind a tick is stamped. */
const AFTER_FREEZE_S = 20;

/**
 * The kill switch of a backtest: the machine of the chain without its stores, and the simulated operator of a replay,
 * who asks for a recovery as soon as its conditions are met.
 */
export class SimulatedSwitch {
  readonly #rules: MarketRules;
  readonly #all: Parameter;
  #own: Parameter;
  #latch: Latch;
  #checks: HealthCheck[] = [];
  /** Records so far: the release and the opening come before the first tick. */
  #records = 2;

  /** Opens ACTIVE before the first tick, whose ordinal is given. */
  constructor(rules: MarketRules, firstOrdinal: number) {
    this.#rules = rules;
    const opened = { value: 'false', version: 1, changedAtMs: 0, changedBy: REPLAY, description: '' };
    this.#all = opened;
    this.#own = opened;
    const opening: Omit<Turn, 'from'> = {
      to: 'ACTIVE',
      cause: 'opened',
      trigger: null,
      ...{ actor: REPLAY, role: null, reason: '', missing: [], evidence: [] },
      ...{ atMs: 0, version: 1, marketVersion: 1 },
    };
    this.#latch = latchAfter(undefined, opening, 1, firstOrdinal - 1);
  }

  /** The switch as the next tick reads it. */
  get reading(): SwitchReading {
    return readSwitch({ all: this.#all, own: this.#own }, this.#latch, 0);
  }

  /** Takes what a tick came to: halts, ends a trial, and asks for a recovery. */
  afterTick(decision: Decision, { risk }: TickState): void {
    this.#records++;
    const quiet = this.#latch.state === 'ACTIVE' && risk.trips.length === 0;
    if (quiet) return;
    this.#settle(decision, risk);
    if (this.#latch.state !== 'HALTED') return;
    this.#checks = withCheck(this.#checks, {
      ...{ at_utc: '', tick_utc: isoUtc(decision.tickMs), ordinal: decision.ordinal, sha256: NO_HASH },
      ...groupsOf(decision.verdict.rows, true),
    });
    const request = { actor: REPLAY, role: 'ops_admin', reason: REPLAY_REASON };
    const { recovery } = this.#rules.config.kill_switch;
    const bars = { halted: this.#latch.ordinal, due: decision.ordinal };
    if (missingFor(request, this.#checks, bars, recovery).length > 0) return;
    this.#put('false', REPLAY, REPLAY_REASON, decision.frozenAtMs);
    this.#settle(decision, risk);
  }

  #settle(decision: Decision, risk: TickState['risk']): void {
    for (;;) {
      const step = nextStep({
        latch: this.#latch,
        parameters: { all: this.#all, own: this.#own },
        history: { all: [], own: [] },
        head: { sha256: NO_HASH, ordinal: decision.ordinal },
        risk,
        failures: [],
        checks: this.#checks,
        dueOrdinal: decision.ordinal,
        config: this.#rules.config.kill_switch,
        roleOf: (actor) => (actor === REPLAY ? 'ops_admin' : undefined),
      });
      if (step === undefined) return;
      if (step.turn !== undefined)
        this.#latch = latchAfter(this.#latch, step.turn, this.#records++, decision.ordinal);
      if (step.putBack !== undefined) this.#put('true', SYSTEM, step.putBack, decision.frozenAtMs);
    }
  }

  #put(value: string, changedBy: string, description: string, frozenAtMs: number): void {
    const changedAtMs = frozenAtMs + AFTER_FREEZE_S * SECOND_MS;
    this.#own = { value, version: this.#own.version + 1, changedAtMs, changedBy, description };
  }
}
