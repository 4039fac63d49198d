import { REMEMBERED, ROLES, type Which } from './switch-market.ts';

export type State = 'ACTIVE' | 'TRIAL' | 'HALTED';
export type Rank = 'GREEN' | 'YELLOW' | 'RED';
const BOTH = ['all', 'own'] as const;

interface Put {
  readonly value: string;
  readonly by: string;
  readonly why: string;
  readonly at: number;
}

/** One entry of the log that the switch should leave. */
export interface Entry {
  readonly from: State;
  readonly to: State;
  readonly cause: string;
  readonly trigger: string | null;
  readonly missing: readonly string[];
}

/**
 * What the kill switch promises, told anew and apart from its code: what an operator sees, puts that nobody answered
 * yet, and what happened since the state last changed. Times in seconds.
 */
export class SwitchModel {
  now = 0;
  value: Record<Which, string>;
  readable: Record<Which, boolean> = { all: true, own: true };
  unanswered: Record<Which, Put[]> = { all: [], own: [] };
  since = 0;
  /** Changes of the state so far, recoveries among them, and the bar that was newest at the last change. */
  changes = 0;
  recoveries = 0;
  changedAt = -1;
  failures: { at: number; integrity: boolean }[] = [];
  trip: string | undefined;
  trial: { change: number; bar: number; level: Rank; over: boolean } | undefined;
  gate: { change: number; recoveries: number; state: State; enabled: boolean } | undefined;
  bar = -1;
  due = 0;
  /** Bars whose orders still work. */
  working = new Set<number>();
  /** Whether all checks of a bar were good, by bar. */
  good = new Map<number, boolean>();
  readonly log: Entry[] = [];

  state: State;

  constructor(state: State) {
    this.state = state;
    const value = state === 'ACTIVE' ? 'false' : 'true';
    this.value = { all: value, own: value };
  }

  get enabled(): boolean {
    const off = (which: Which): boolean =>
      !this.readable[which] || this.value[which] !== 'false' || this.unanswered[which].length > 0;
    return this.state !== 'HALTED' && !off('all') && !off('own');
  }

  put(which: Which, value: string, by: string, why: string): void {
    this.value[which] = value;
    this.unanswered[which].push({ value, by, why, at: this.now });
  }

  /** Everything that should happen where somebody looks at the switch now. */
  reconcile(): void {
    while (this.state === 'HALTED' ? this.#answerRequest() : this.#mayHalt() || this.#mayEndTrial());
  }

  #turn(to: State, cause: string, at: number, trigger: string | null = null): true {
    this.log.push({ from: this.state, to, cause, trigger, missing: [] });
    this.state = to;
    this.since = at;
    this.changes++;
    this.changedAt = this.bar;
    this.trip = undefined;
    if (cause === 'recovery') this.recoveries++;
    this.failures = this.failures.filter((one) => one.at > at);
    return true;
  }

  #mayHalt(): boolean {
    if (this.readable.all && this.readable.own) {
      for (const which of BOTH) {
        const puts = this.unanswered[which];
        const seen = puts.slice(-REMEMBERED);
        let off = seen.findLastIndex(({ value }) => value !== 'false');
        if (off < 0 && puts.length <= REMEMBERED) continue;
        // What is not remembered may have been a halt: all but the newest is answered by one.
        const forgotten = off < 0;
        off = forgotten ? puts.length - 1 : puts.length - seen.length + off;
        this.unanswered[which] = puts.slice(forgotten ? off : off + 1);
        return this.#turn('HALTED', 'halt', puts[off]!.at, 'operator');
      }
      if (this.unanswered.all.length + this.unanswered.own.length > 0) {
        this.unanswered = { all: [], own: [] };
        const { state } = this;
        this.log.push({ from: state, to: state, cause: 'acknowledged', trigger: null, missing: [] });
        return true;
      }
    }
    const broken = this.failures.find(({ integrity }) => integrity);
    if (broken !== undefined) return this.#halt('integrity', broken.at);
    if (this.failures.length >= 3) return this.#halt('failed_runs', this.failures.at(-1)!.at);
    if (this.trip !== undefined) return this.#halt(this.trip, this.decidedAt);
    return false;
  }

  decidedAt = 0;

  /** A halt by the market itself: what is readable of the parameters is answered, and the own one put to true. */
  #halt(trigger: string, at: number, cause = 'halt'): true {
    for (const which of BOTH) if (this.readable[which]) this.unanswered[which] = [];
    this.#turn('HALTED', cause, at, trigger);
    this.put('own', 'true', 'papergate', '');
    return true;
  }

  #mayEndTrial(): boolean {
    if (this.state !== 'TRIAL' || this.trial?.change !== this.changes || !this.trial.over) return false;
    if (this.trial.level !== 'GREEN') return this.#halt('trial_red', this.decidedAt, 'trial_failed');
    return this.#turn('ACTIVE', 'trial_passed', this.decidedAt);
  }

  #answerRequest(): boolean {
    if (BOTH.some((which) => !this.readable[which] || this.value[which] !== 'false')) return false;
    const asked = BOTH.flatMap((which) => this.unanswered[which].slice(-1));
    if (asked.length > 0) {
      this.unanswered = { all: [], own: [] };
      const missing = this.missing(asked);
      if (missing.length === 0)
        return this.#turn('TRIAL', 'recovery', Math.max(this.since, ...asked.map(({ at }) => at)));
      this.log.push({ from: 'HALTED', to: 'HALTED', cause: 'refusal', trigger: null, missing });
    }
    this.put('own', 'true', 'papergate', '');
    return true;
  }

  /** What those who ask lack. */
  missing(asked: readonly Put[]): string[] {
    let newest = Math.max(-1, ...this.good.keys());
    const oldest = newest - 2;
    let run = 0;
    // Only what came after the halt is earned.
    while (newest > this.changedAt && this.good.get(newest--) === true) run++;
    // By name, in the order of the alphabet.
    const enough = run >= 3;
    return [
      ...(!enough || Math.max(this.due, this.bar) - oldest <= 6 ? [] : ['check_age']),
      ...(enough ? [] : ['checks']),
      ...(asked.every(({ why }) => /^\s*\S.{8,}\S\s*$/.test(why)) ? [] : ['reason']),
      ...(asked.every(({ by }) => ROLES[by] === 'ops_admin') ? [] : ['role']),
    ];
  }

  readGate(): void {
    this.reconcile();
    const { changes, recoveries, state, enabled } = this;
    this.gate = { change: changes, recoveries, state, enabled };
  }

  /** @returns how many orders the tick may place. */
  commit(level: Rank, trip: string | undefined, orders: number): number {
    const gate = this.gate!;
    this.gate = undefined;
    this.bar++;
    const status = gate.enabled ? level : 'RED';
    const placed = status !== 'RED' && this.enabled && gate.change === this.changes ? orders : 0;
    if (placed > 0) this.working.add(this.bar);
    this.#watchTrial(gate, status, placed);
    this.failures = [];
    this.decidedAt = this.now;
    // A recovery begins losses and counts anew: what the tick that it overtook had measured of them is no matter.
    const stands = gate.recoveries === this.recoveries || trip === 'data_red' || trip === 'model_red';
    this.trip = stands ? trip : undefined;
    this.reconcile();
    return placed;
  }

  #watchTrial(gate: NonNullable<SwitchModel['gate']>, status: Rank, placed: number): void {
    if (gate.state !== 'TRIAL') return void (this.trial = undefined);
    if (this.trial?.change !== gate.change)
      this.trial = { change: gate.change, bar: -1, level: 'GREEN', over: false };
    const { trial } = this;
    if (trial.over) return;
    if (trial.bar < 0) {
      if (placed > 0) Object.assign(trial, { bar: this.bar, level: status });
      return;
    }
    if (status === 'RED' || trial.level === 'GREEN') trial.level = status;
    trial.over = !this.working.has(trial.bar);
  }

  check(good: boolean): void {
    this.reconcile();
    this.good.set(this.bar, good && this.good.get(this.bar) !== false);
  }
}
