import type { MarketRuntime } from '../../../functions/runtime/runtime.ts';
import type { Failure } from '../../../infra/local/machine.ts';
import { isoUtc, parseIsoUtc, SECOND_MS } from '../../../shared/kernel/time.ts';
import { seededRandom } from '../../../shared/kernel/random.ts';
import { copyContents, memoryStores, type MemoryContents } from '../../../shared/stores/memory.ts';
import type { Latch } from '../../../shared/ledger/records.ts';
import type { Parameter } from '../../../shared/stores/ports.ts';
import { closeOf, type Layout } from './layouts.ts';
import type { Hook, JobName } from './hooks.ts';
import type { Job } from './jobs.ts';
import { simulatorMachine, type Ending } from './machine.ts';
import type { Opened } from './opened.ts';
import { Process, type ProcessOptions } from './process.ts';
import { latchIn, switchTruth, type SwitchTruth } from './switch-truth.ts';
import { Turns } from './turns.ts';

/** A bug that the simulator must find: what stands in place of the product's own steps or stores. */
export interface Planted {
  readonly name: string;
  /** Called once a world: what it remembers lives as long as a ledger. */
  readonly make: (contents: MemoryContents) => Pick<ProcessOptions, 'handlers' | 'stores'>;
}

/** One run to come: of the state machine, or of a job beside it. */
export interface RunScript {
  /** Seconds by which it comes after the schedule's moment. */
  readonly lagS: number;
  readonly hooks: readonly Hook[];
  /** Whether it may fail though nothing is done to it. */
  readonly mayFail?: boolean;
  /** What it does where it is no tick's run. */
  readonly job?: Job;
}

/** What one run came to. */
export interface Ran {
  readonly tick: number;
  readonly job: JobName | undefined;
  readonly ending: Ending;
  /** Whether anything was done to it that may have made it fail. */
  readonly struck: boolean;
  readonly killed: boolean;
}

/** What one try of the fill step answered, and what the switch truly was in turn while it ran. */
export interface FillTry {
  readonly tick: number;
  readonly execution: string | undefined;
  readonly truths: readonly SwitchTruth[];
}

/** A parameter of the switch as it was put. */
export interface Put extends Parameter {
  readonly which: Which;
  /** The latch at that moment. */
  readonly latch: Latch | undefined;
}

/** The parameter of all markets, or the market's own. */
export type Which = 'all' | 'own';

/** Everything that one seed's run happens in, and what it noted on the way. */
export class World {
  readonly layout: Layout;
  readonly contents: MemoryContents;
  readonly runs: Ran[] = [];
  readonly fillTries: FillTry[] = [];
  /** What the switch truly was, in the order in which it was. */
  readonly truths: SwitchTruth[] = [];
  /** Every put of a parameter of the switch, in the order in which they were made. */
  readonly puts: Put[] = [];
  /** Moments at which runs and health checks were told to have failed, or a step may have met what lies ruined. */
  readonly failuresMs: number[] = [];
  /** Moments from which trading was halted by a parameter, in the order in which it was. */
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
    this.#noteTruth();
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
    return this.runs.findLast(
      ({ tick, job, ending }) => tick === k && job === undefined && ending.failure !== undefined,
    )?.ending.failure;
  }

  /** Puts a parameter of the switch from outside every process, as somebody does at a moment. */
  async put(
    which: Which,
    value: string,
    atMs: number,
    { by = 'operator', why = 'simulated' } = {},
  ): Promise<void> {
    const change = { value, changedAtMs: atMs, changedBy: by, description: why };
    await memoryStores({ contents: this.contents }).parameters.put(this.parameterName(which), change);
    this.#notePut(which);
  }

  /** Takes a parameter of the switch away. */
  removeParameter(which: Which): void {
    this.contents.parameters.delete(this.parameterName(which));
    this.#noteTruth();
  }

  parameterName(which: Which): string {
    return which === 'all' ? 'DISABLE_TRADING' : `DISABLE_TRADING/${this.layout.market}`;
  }

  /** Delivers the event of tick k to one run, or to several at once. @param order draws the order in which they meet. */
  async deliver(k: number, runs: readonly RunScript[], order = 0): Promise<void> {
    await this.deliverAll(
      runs.map((run) => ({ ...run, k })),
      order,
    );
  }

  /** Delivers events of any ticks at once, and does jobs beside them. */
  async deliverAll(runs: readonly (RunScript & { readonly k: number })[], order: number): Promise<void> {
    const turns = runs.length > 1 ? new Turns(seededRandom(`turns ${order}`)) : undefined;
    const starts = runs.map((run, who) => async () => {
      const process = this.process(
        closeOf(this.layout, run.k),
        run,
        run.k,
        turns === undefined ? undefined : { turns, who },
      );
      const ending =
        run.job === undefined ? await this.#runTick(process, run.k) : await this.#do(process, run.job);
      this.#note(run.k, process, run, ending);
    });
    if (turns !== undefined) return turns.run(starts);
    for (const start of starts) await start();
  }

  async #runTick(process: Process, k: number): Promise<Ending> {
    return (await simulatorMachine()).run(process, this.#event(closeOf(this.layout, k)));
  }

  async #do(process: Process, { name, work }: Job): Promise<Ending> {
    try {
      return { output: await process.job(name, (runtime) => work(runtime, this)) };
    } catch (error) {
      const failure = { input: {}, step: undefined, error: error as Error, stopped: undefined };
      return { failure, noted: false };
    }
  }

  #event(tickMs: number): unknown {
    const { plan, market } = this.layout;
    const scheduled = tickMs + plan.rules.config.schedule_offset_s * SECOND_MS;
    return { market, scheduled_at_utc: isoUtc(scheduled) };
  }

  /** Delivers an event of a moment that closes no bar. */
  async deliverAt(tickMs: number): Promise<Ending> {
    const process = this.process(tickMs, { lagS: 0, hooks: [] }, -1);
    return (await simulatorMachine()).run(process, this.#event(tickMs));
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
    // What is written is seen before anything may end the process there, what is begun after all that comes before it.
    const watched = [this.#seeWrites(), ...hooks, this.#seeFills(tick)];
    const { handlers, stores } = this.#planted;
    return new Process({ contents, market, tickMs, lagS, hooks: watched, turns, handlers, stores });
  }

  #note(tick: number, process: Process, { mayFail = false, hooks, job }: RunScript, ending: Ending): void {
    const struck = mayFail || hooks.length > 0 || this.ailments > 0;
    this.runs.push({ tick, job: job?.name, ending, struck, killed: process.dead });
  }

  /** Notes what no fault may hide: kinds of writes, packets as they first appear, and every turn of the switch. */
  #seeWrites(): Hook {
    return {
      write: ({ kind, phase }) => {
        this.writes.add(kind);
        if (phase !== 'after') return;
        if (kind === 'artifact decision') this.notePackets();
        if (kind === 'parameter all') this.#notePut('all');
        if (kind === 'parameter own') this.#notePut('own');
        if (kind === 'commit head record latch') this.#noteTruth();
      },
    };
  }

  /** Notes what the switch truly was while a fill step ran, and when failures were told. */
  #seeFills(tick: number): Hook {
    let from = 0;
    return {
      begin: ({ step }, process) => {
        if (step === 'fill') from = this.truths.length - 1;
        if (step === 'note' || step === 'check' || this.ailments > 0)
          this.failuresMs.push(process.clock.now());
        // Nobody can say since when a missing parameter is: it counts from the moment at which it is found missing.
        const missing = (which: Which): boolean => !this.contents.parameters.has(this.parameterName(which));
        if ((step === 'fill' || step === 'gate') && (missing('all') || missing('own')))
          this.haltsMs.push(process.clock.now());
      },
      answered: ({ step }, answer) => {
        if (step !== 'fill') return;
        const { execution } = answer as { execution?: { sha256: string } };
        this.fillTries.push({ tick, execution: execution?.sha256, truths: this.truths.slice(from) });
      },
    };
  }

  #notePut(which: Which): void {
    const put = this.contents.parameters.get(this.parameterName(which))!.at(-1)!;
    this.puts.push({ ...put, which, latch: latchIn(this.contents, this.layout.market) });
    if (put.value !== 'false') this.haltsMs.push(put.changedAtMs);
    this.#noteTruth();
  }

  #noteTruth(): void {
    this.truths.push(switchTruth(this.contents, this.layout.market));
  }

  /** Remembers every packet that has appeared since it was last asked. */
  notePackets(): void {
    for (const [key, bytes] of this.contents.artifacts)
      if (key.startsWith(`${this.layout.market}/decision/`) && !this.firstPackets.has(key))
        this.firstPackets.set(key, bytes);
  }
}
