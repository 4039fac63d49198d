import type { MarketRuntime } from '../../../functions/runtime/runtime.ts';
import type { StepName } from '../../../functions/steps.ts';
import type { Failure } from '../../../infra/local/machine.ts';
import { isoUtc, parseIsoUtc, SECOND_MS } from '../../../shared/kernel/time.ts';
import { seededRandom } from '../../../shared/kernel/random.ts';
import { copyContents, type MemoryContents } from '../../../shared/stores/memory.ts';
import { closeOf, type Layout } from './layouts.ts';
import type { Hook } from './hooks.ts';
import { simulatorMachine, type Ending } from './machine.ts';
import type { Opened } from './opened.ts';
import { Process, type ProcessOptions } from './process.ts';
import { isEnabled } from './switch-truth.ts';
import { Turns } from './turns.ts';

/** A bug that the simulator must find: what stands in place of the product's own steps or stores. */
export interface Planted {
  readonly name: string;
  /** Called once a world: what it remembers lives as long as a ledger. */
  readonly make: (contents: MemoryContents) => Pick<ProcessOptions, 'handlers' | 'stores'>;
}

/** One run to come. */
export interface RunScript {
  /** Seconds by which it comes after the schedule's moment. */
  readonly lagS: number;
  readonly hooks: readonly Hook[];
  /** Whether it may fail though nothing is done to it. */
  readonly mayFail?: boolean;
}

/** What one run came to. */
export interface Ran {
  readonly tick: number;
  readonly ending: Ending;
  /** Whether anything was done to it that may have made it fail. */
  readonly struck: boolean;
  readonly killed: boolean;
}

/** What one try of the fill step answered, and whether trading was truly enabled when it was called. */
export interface FillTry {
  readonly tick: number;
  readonly enabledBefore: boolean;
  readonly enabledAfter: boolean;
  readonly execution: string | undefined;
}

/** Everything that one seed's run happens in, and what it noted on the way. */
export class World {
  readonly layout: Layout;
  readonly contents: MemoryContents;
  readonly runs: Ran[] = [];
  readonly fillTries: FillTry[] = [];
  /** Moments from which trading was halted, in the order in which it was. */
  readonly haltsMs: number[] = [];
  /** Bytes of each decision packet as they first appeared. */
  readonly firstPackets = new Map<string, Uint8Array>();
  /** Kinds of all writes that were made. */
  readonly writes = new Set<string>();
  /** Faults and crash points that took effect, by name. */
  readonly fired = new Map<string, number>();
  /** What happened that must not, as it happened. */
  readonly complaints: string[] = [];
  /** What lies ruined or wrongly deployed at the moment: runs may fail for it. */
  ailments = 0;
  readonly market: MarketRuntime;
  readonly planted: Planted | undefined;
  readonly #planted: Pick<ProcessOptions, 'handlers' | 'stores'>;

  constructor(layout: Layout, { contents, market }: Opened, planted?: Planted) {
    this.layout = layout;
    this.contents = copyContents(contents);
    this.market = market;
    this.planted = planted;
    this.#planted = planted?.make(this.contents) ?? {};
  }

  fire(name: string): void {
    this.fired.set(name, (this.fired.get(name) ?? 0) + 1);
  }

  /** Close of the newest bar that has a record. */
  headMs(): number {
    const head = [...this.contents.items.values()].find(({ sort }) => sort === 'head')!;
    return parseIsoUtc((JSON.parse(head.body) as { tick_utc: string }).tick_utc);
  }

  /** The newest run of tick k that failed and still could be redriven. */
  failureOf(k: number): Failure | undefined {
    return this.runs.findLast((ran) => ran.tick === k && ran.ending.failure !== undefined)?.ending.failure;
  }

  /** Delivers the event of tick k to one run, or to several at once. @param order draws the order in which they meet. */
  async deliver(k: number, runs: readonly RunScript[], order = 0): Promise<void> {
    await this.deliverAll(
      runs.map((run) => ({ ...run, k })),
      order,
    );
  }

  /** Delivers events of any ticks at once. */
  async deliverAll(runs: readonly (RunScript & { readonly k: number })[], order: number): Promise<void> {
    const machine = await simulatorMachine();
    const turns = runs.length > 1 ? new Turns(seededRandom(`turns ${order}`)) : undefined;
    const { plan, market } = this.layout;
    await this.#atOnce(
      turns,
      runs.map((run, who) => async () => {
        const tickMs = closeOf(this.layout, run.k);
        const process = this.process(tickMs, run, run.k, turns === undefined ? undefined : { turns, who });
        const scheduled = isoUtc(tickMs + plan.rules.config.schedule_offset_s * SECOND_MS);
        this.#note(run.k, process, run, await machine.run(process, { market, scheduled_at_utc: scheduled }));
      }),
    );
  }

  /** Delivers an event of a moment that closes no bar. */
  async deliverAt(tickMs: number): Promise<Ending> {
    const machine = await simulatorMachine();
    const process = this.process(tickMs, { lagS: 0, hooks: [] }, -1);
    const { plan, market } = this.layout;
    const scheduled = isoUtc(tickMs + plan.rules.config.schedule_offset_s * SECOND_MS);
    return machine.run(process, { market, scheduled_at_utc: scheduled });
  }

  /** Goes on with a failed run of tick k from where it failed. */
  async redrive(k: number, failure: Failure, run: RunScript): Promise<void> {
    const machine = await simulatorMachine();
    const process = this.process(closeOf(this.layout, k), run, k);
    this.#note(k, process, run, await machine.redrive(process, failure));
  }

  process(
    tickMs: number,
    { lagS, hooks }: RunScript,
    tick: number,
    turns?: ProcessOptions['turns'],
  ): Process {
    const { contents, market } = this;
    const watched = [...hooks, this.#watch(tick)];
    const { handlers, stores } = this.#planted;
    return new Process({ contents, market, tickMs, lagS, hooks: watched, turns, handlers, stores });
  }

  async #atOnce(turns: Turns | undefined, runs: readonly (() => Promise<void>)[]): Promise<void> {
    if (turns !== undefined) return turns.run(runs);
    for (const run of runs) await run();
  }

  #note(tick: number, process: Process, { mayFail = false, hooks }: RunScript, ending: Ending): void {
    const struck = mayFail || hooks.length > 0 || this.ailments > 0;
    this.runs.push({ tick, ending, struck, killed: process.dead });
  }

  /** Notes what no fault may hide: the switch as it was around each fill, and packets as they first appear. */
  #watch(tick: number): Hook {
    let enabledBefore = true;
    const isFill = (step: StepName | 'note'): boolean => step === 'fill';
    return {
      begin: ({ step }, process) => {
        if (isFill(step)) enabledBefore = isEnabled(this.contents, this.layout.market);
        // Nobody can say since when a missing parameter is: it counts from the moment at which it is found missing.
        if ((isFill(step) || step === 'gate') && !this.contents.parameters.has('DISABLE_TRADING'))
          this.haltsMs.push(process.clock.now());
      },
      answered: ({ step }, answer) => {
        if (!isFill(step)) return;
        const { execution } = answer as { execution?: { sha256: string } };
        const enabledAfter = isEnabled(this.contents, this.layout.market);
        this.fillTries.push({ tick, enabledBefore, enabledAfter, execution: execution?.sha256 });
      },
      write: ({ kind, phase }) => {
        this.writes.add(kind);
        if (kind !== 'artifact decision' || phase !== 'after') return;
        this.notePackets();
      },
    };
  }

  /** Remembers every packet that has appeared since it was last asked. */
  notePackets(): void {
    for (const [key, bytes] of this.contents.artifacts)
      if (key.startsWith(`${this.layout.market}/decision/`) && !this.firstPackets.has(key))
        this.firstPackets.set(key, bytes);
  }
}
