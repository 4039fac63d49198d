import type { LatchState } from '../../shared/ledger/records.ts';
import type { Level, MarketConfig } from '../../shared/config/market-schema.ts';
import type { Code } from '../../shared/kernel/codes.ts';
import { isoUtc, parseIsoUtc } from '../../shared/kernel/time.ts';
import { noClusters } from '../../shared/risk/clusters.ts';
import { withCheck, type HealthCheck } from '../../shared/risk/health-check.ts';
import { readSwitch, switchCount, type SwitchReading } from '../../shared/risk/kill-switch.ts';
import { beginTick, endTick, openRisk } from '../../shared/risk/risk-state.ts';
import {
  latchAfter,
  nextStep,
  type Failure,
  type Step,
  type Turn,
} from '../../shared/risk/switch-machine.ts';
import type { Parameter } from '../../shared/stores/ports.ts';
import { checkOf, digest, killSwitch } from './switch-facts.ts';
import { rulesOf } from './rules.ts';
import { greenVerdict } from './state.ts';

export type Which = 'all' | 'own';
export const ROLES: Readonly<Record<string, string>> = { admin: 'ops_admin', operator: 'ops_operator' };
/** Versions of a parameter that these stores remember. */
export const REMEMBERED = 4;

/** A tick between its gate and its commit. */
interface OpenTick {
  readonly reading: SwitchReading;
}

export interface TickGiven {
  readonly level: Level;
  readonly code: Code | undefined;
  /** Orders that it would place. */
  readonly orders: number;
}

/**
 * A market that has nothing but its switch: the product's latch, machine, readings, checks and risk state over
 * parameters in memory, one simulated second an event.
 */
export class SwitchMarket {
  nowMs = Date.parse('2024-07-01T00:00:00Z');
  readonly turns: Turn[] = [];
  /** Steps that put the market's own parameter back. */
  readonly putBacks: Step[] = [];
  checks: HealthCheck[] = [];
  readable: Record<Which, boolean> = { all: true, own: true };
  open: OpenTick | undefined;
  dueOrdinal = 0;
  headOrdinal = -1;
  latch;
  #records = 2;
  #risk = openRisk(1_000);
  #failures: Failure[] = [];
  readonly #config: MarketConfig = { ...rulesOf('crypto').config, kill_switch: killSwitch };
  readonly #history: Record<Which, Parameter[]>;
  /** Bars whose orders still work. */
  readonly #working = new Set<number>();

  constructor(state: 'ACTIVE' | 'HALTED') {
    const value = state === 'ACTIVE' ? 'false' : 'true';
    const opened = { value, version: 1, changedAtMs: this.nowMs, changedBy: 'opening', description: '' };
    this.#history = { all: [opened], own: [opened] };
    const turn: Omit<Turn, 'from'> = {
      ...{ to: state, cause: 'opened', trigger: null, actor: 'opening', role: null, reason: '' },
      ...{ missing: [], evidence: [], atMs: this.nowMs, version: 1, marketVersion: 1 },
    };
    this.latch = latchAfter(undefined, turn, 1, -1);
  }

  get state(): LatchState {
    return this.latch.state;
  }

  read(which: Which): Parameter | undefined {
    return this.readable[which] ? this.#history[which].at(-1) : undefined;
  }

  get reading(): SwitchReading {
    return readSwitch({ all: this.read('all'), own: this.read('own') }, this.latch, this.nowMs);
  }

  put(which: Which, value: string, by: string, why: string): void {
    const version = this.#history[which].at(-1)!.version + 1;
    const put = { value, version, changedAtMs: this.nowMs, changedBy: by, description: why };
    this.#history[which] = [...this.#history[which], put].slice(-REMEMBERED);
  }

  fail(error: string): void {
    this.#failures.push({ step: 'predict', error, atMs: this.nowMs });
  }

  /** The next step by the product, or undefined. */
  next(): Step | undefined {
    const sinceMs = parseIsoUtc(this.latch.since_utc);
    return nextStep({
      latch: this.latch,
      parameters: { all: this.read('all'), own: this.read('own') },
      history: this.#history,
      head: { sha256: digest(this.#records), ordinal: this.headOrdinal },
      risk: this.#risk,
      failures: this.#failures.filter(({ atMs }) => atMs > sinceMs),
      checks: this.checks,
      dueOrdinal: Math.max(this.dueOrdinal, this.headOrdinal),
      config: killSwitch,
      roleOf: (actor) => ROLES[actor],
    });
  }

  /** Takes steps until none is left. @throws RangeError where that does not end. */
  reconcile(): void {
    for (let k = 0; k < 10; k++) {
      const step = this.next();
      if (step === undefined) return;
      if (step.turn !== undefined) {
        this.turns.push(step.turn);
        this.latch = latchAfter(this.latch, step.turn, this.#records++, this.headOrdinal);
      }
      if (step.putBack === undefined) continue;
      this.putBacks.push(step);
      this.put('own', 'true', 'papergate', step.putBack);
    }
    throw new RangeError('the switch does not come to rest');
  }

  gate(): void {
    this.reconcile();
    const { reading } = this;
    this.open = { reading };
  }

  /** Fills and commits the open tick. @returns how many orders it placed. */
  commit({ level, code, orders }: TickGiven): number {
    const { reading } = this.open!;
    this.open = undefined;
    const ordinal = ++this.headOrdinal;
    this.#records++;
    const red = level === 'RED' || !reading.enabled;
    const fill = this.reading;
    const placed = !red && fill.enabled && fill.turned === reading.turned ? orders : 0;
    if (placed > 0) this.#working.add(ordinal);
    const group = code === 'DATA_RED' ? 'data' : 'model';
    const isRow = code === 'DATA_RED' || code === 'MODEL_UNAVAILABLE';
    const row = {
      gate: group,
      check: '',
      subject: '',
      level: 'RED',
      code: code ?? null,
      value: 0,
      limit: 0,
    } as const;
    this.#risk = endTick(
      beginTick(this.#risk, 0, switchCount(reading), this.#config),
      {
        ...{ ordinal, decidedAtMs: this.nowMs, equity: 1_000, equityOfAll: NaN, late: false, placed },
        ...{ ordersEnded: 0, ordersFailed: 0, clusters: noClusters },
        verdict: {
          ...greenVerdict,
          status: red ? 'RED' : level,
          blocked: code === undefined ? [] : [code],
          rows: isRow ? [row] : [],
        },
        working: (one) => this.#working.has(one),
      },
      this.#config,
    );
    this.#failures = [];
    this.reconcile();
    return placed;
  }

  endOrders(): void {
    this.#working.clear();
  }

  check(levels: Pick<HealthCheck, 'data' | 'model' | 'risk'>): void {
    this.reconcile();
    const made = {
      ...checkOf(this.headOrdinal, levels),
      at_utc: isoUtc(this.nowMs),
      sha256: digest(this.nowMs),
    };
    this.checks = withCheck(this.checks, made);
  }
}
