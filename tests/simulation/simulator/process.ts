import { HANDLERS } from '../../../functions/handlers.ts';
import { runtimeOf, type MarketRuntime, type Runtime } from '../../../functions/runtime/runtime.ts';
import type { StepName } from '../../../functions/steps.ts';
import type { Clock } from '../../../shared/kernel/time.ts';
import { SECOND_MS } from '../../../shared/kernel/time.ts';
import { memoryStores, type MemoryContents } from '../../../shared/stores/memory.ts';
import type { Stores } from '../../../shared/stores/ports.ts';
import { Killed } from './errors.ts';
import type { Attempt, Hook, JobName } from './hooks.ts';
import type { Turns } from './turns.ts';
import { writeKind } from './write-kinds.ts';

/** What a process is started with. */
export interface ProcessOptions {
  readonly contents: MemoryContents;
  readonly market: MarketRuntime;
  /** Close of the tick's bar; the clock counts from it. */
  readonly tickMs: number;
  /** Seconds by which all of this process's steps come later than they are meant to. */
  readonly lagS: number;
  readonly hooks: readonly Hook[];
  /** Where other processes run at once: whose turn it is, and this one's number. */
  readonly turns?: { readonly turns: Turns; readonly who: number } | undefined;
  /** Steps that are not the product's own: planted bugs. */
  readonly handlers?:
    Partial<Record<StepName, (input: unknown, runtime: Runtime) => Promise<unknown>>> | undefined;
  readonly stores?: ((stores: Stores) => Stores) | undefined;
}

/** Seconds after a bar's close at which each step and each job runs. */
const SECONDS_AFTER_CLOSE: Readonly<Record<Attempt['step'], number>> = {
  ingest: 60,
  predict: 60,
  gate: 180,
  fill: 190,
  ledger: 200,
  signoff: 210,
  note: 220,
  watch: 240,
  check: 260,
  ask: 300,
};

/** One run of a state machine with its Lambdas: a clock, stores and a source of its own, over contents that it shares. */
export class Process {
  readonly options: ProcessOptions;
  readonly tries = new Map<string, number>();
  /** Moves the clock of this process from now on, for what takes or loses time. */
  shiftMs = 0;
  attempt: Attempt = { step: 'ingest', number: 0 };
  #calls = 0;
  #dead = false;
  readonly #stores: Stores;

  constructor(options: ProcessOptions) {
    this.options = options;
    const memory = memoryStores({
      contents: options.contents,
      onWrite: (name, phase) => this.#wrote(writeKind(name), phase),
    });
    const stores: Stores = {
      state: this.#guarded('state', memory.state),
      artifacts: this.#guarded('artifacts', memory.artifacts),
      parameters: this.#guarded('parameters', memory.parameters),
      projections: this.#guarded('projections', memory.projections),
    };
    this.#stores = options.stores?.(stores) ?? stores;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Ends this process where it stands: nothing that it still tries has any effect. */
  die(where: string): never {
    this.#dead = true;
    throw new Killed(`killed ${where}`);
  }

  /** The clock as the step that runs reads it. */
  readonly clock: Clock = {
    now: () => {
      const { tickMs, lagS, hooks } = this.options;
      const lags = hooks.reduce((sum, hook) => sum + (hook.lagS?.(this.attempt) ?? 0), 0);
      return tickMs + (SECONDS_AFTER_CLOSE[this.attempt.step] + lagS + lags) * SECOND_MS + this.shiftMs;
    },
  };

  /** Handles a step as its Lambda would. */
  async handle(step: StepName, input: unknown): Promise<unknown> {
    const attempt = this.#begin(step);
    for (const hook of this.options.hooks) await hook.begin?.(attempt, this);
    this.#assertAlive();
    const handler = this.options.handlers?.[step] ?? HANDLERS[step];
    const answer = await handler(input, this.runtime(attempt));
    this.#assertAlive();
    for (const hook of this.options.hooks) await hook.answered?.(attempt, answer, this);
    return answer;
  }

  /** Does a job, as a Lambda of its own. */
  async job(name: JobName, work: (runtime: Runtime) => Promise<unknown>): Promise<void> {
    const attempt = this.#begin(name);
    for (const hook of this.options.hooks) await hook.begin?.(attempt, this);
    this.#assertAlive();
    const answer = await work(this.runtime(attempt));
    this.#assertAlive();
    for (const hook of this.options.hooks) await hook.answered?.(attempt, answer, this);
  }

  runtime(attempt: Attempt): Runtime {
    const { market, hooks } = this.options;
    const deployed = hooks.reduce((now, hook) => hook.deployed?.(now, attempt) ?? now, market);
    const provider = hooks.reduce((now, hook) => hook.provider?.(now, this) ?? now, deployed.provider);
    return runtimeOf(
      this.#stores,
      this.clock,
      new Map([[market.rules.config.market, { ...deployed, provider }]]),
    );
  }

  #begin(step: Attempt['step']): Attempt {
    this.#assertAlive();
    const number = (this.tries.get(step) ?? 0) + 1;
    this.tries.set(step, number);
    this.#calls = 0;
    this.attempt = { step, number };
    return this.attempt;
  }

  #assertAlive(): void {
    if (this.#dead) throw new Killed('killed before');
  }

  #wrote(kind: string, phase: 'before' | 'after'): void {
    for (const hook of this.options.hooks) hook.write?.({ kind, phase, attempt: this.attempt }, this);
  }

  /** The same store, but each call waits its turn and may be struck first. */
  #guarded<T extends object>(name: keyof Stores, store: T): T {
    const { hooks, turns } = this.options;
    const struck = hooks.some(({ call }) => call !== undefined);
    return new Proxy(store, {
      get: (target, method) => {
        const call = target[method as keyof T] as (...args: unknown[]) => Promise<unknown>;
        return async (...args: unknown[]) => {
          if (turns !== undefined) await turns.turns.take(turns.who);
          this.#assertAlive();
          if (struck) await this.#strike(name, String(method));
          return call(...args);
        };
      },
    });
  }

  async #strike(store: keyof Stores, method: string): Promise<void> {
    const { attempt } = this;
    const number = ++this.#calls;
    for (const hook of this.options.hooks) await hook.call?.({ store, method, attempt, number }, this);
    this.#assertAlive();
  }
}
