import { HANDLERS } from '../../../functions/handlers.ts';
import { healthCheck } from '../../../functions/health-check/handler.ts';
import { reconcile } from '../../../functions/runtime/reconcile.ts';
import { runtimeOf, type MarketRuntime, type Runtime } from '../../../functions/runtime/runtime.ts';
import { STEPS, type StepName } from '../../../functions/steps.ts';
import { rowClosingAt } from '../../../shared/calendar/timeline.ts';
import { canonicalJson, type Json } from '../../../shared/kernel/canonical.ts';
import { RefusedError } from '../../../shared/kernel/errors.ts';
import { isoUtc, parseIsoUtc, SECOND_MS, SimulatedClock } from '../../../shared/kernel/time.ts';
import { executionSchema, type Execution } from '../../../shared/ledger/artifacts.ts';
import { getChecked, getJson, readHead, readLatch } from '../../../shared/ledger/chain.ts';
import { DISABLE_TRADING, LATCH, ledgerPartition, marketSwitch } from '../../../shared/ledger/keys.ts';
import type { LatchState, TickRecord } from '../../../shared/ledger/records.ts';
import { walkBack } from '../../../shared/ledger/walk.ts';
import type { Turn } from '../../../shared/risk/switch-machine.ts';
import { overlayStores } from '../../../shared/stores/overlay.ts';
import type { Stores } from '../../../shared/stores/ports.ts';
import { parsePacket, type PacketRow } from '../../../shared/tick/packet.ts';
import type { Definition } from '../dialect.ts';
import { localMachine } from '../machine.ts';
import { planted, type Plant } from './plant.ts';
import type { Weather } from './source.ts';

/** What a tick of a drill came to. */
export interface Seen {
  readonly record: TickRecord;
  readonly sha256: string;
  readonly rows: readonly PacketRow[];
  readonly execution: Execution;
}

/** What happens in a tick of a drill. */
export interface TickOptions {
  readonly plant: Plant;
  readonly weather?: Partial<Weather>;
  /** Done right before the gate decides. */
  readonly beforeGate?: () => Promise<void>;
}

/** Seconds after the close at which the steps of a tick run, and what is done behind it. */
const SECONDS: Readonly<Record<StepName, number>> = {
  ...{ ingest: 60, predict: 60, gate: 180, fill: 190, ledger: 200, signoff: 210 },
};
const BEHIND_S = 300;

/** A scratch copy of a ledger that goes on under a drill: real handlers on the deployed definition, made-up bars. */
export class Scratch {
  readonly stores: Stores;
  readonly #market: MarketRuntime;
  readonly #weather: Weather;
  readonly #definition: Definition;
  #clock: SimulatedClock;

  constructor(below: Stores, market: MarketRuntime, weather: Weather, definition: Definition, nowMs: number) {
    this.stores = overlayStores(below);
    this.#market = market;
    this.#weather = weather;
    this.#definition = definition;
    this.#clock = new SimulatedClock(nowMs);
  }

  /** A copy that goes its own way from here. */
  fork(): Scratch {
    return new Scratch(this.stores, this.#market, this.#weather, this.#definition, this.#clock.now());
  }

  get #name(): string {
    return this.#market.rules.config.market;
  }

  get #runtime(): Runtime {
    return runtimeOf(this.stores, this.#clock, new Map([[this.#name, this.#market]]));
  }

  /** Runs the next tick that the calendar has, and stands some minutes behind it. */
  async tick({ plant, weather = {}, beforeGate }: TickOptions): Promise<Seen> {
    const tickMs = await this.#nextTickMs();
    Object.assign(this.#weather, { dark: false, still: false }, weather);
    const handlers = Object.fromEntries(
      STEPS.map((step) => [
        step,
        async (input: unknown) => {
          this.#at(tickMs + SECONDS[step] * SECOND_MS);
          if (step === 'gate') await beforeGate?.();
          const answer = await HANDLERS[step](input, this.#runtime);
          return step === 'predict' ? planted(answer, this.#runtime, plant) : answer;
        },
      ]),
    ) as Record<StepName, (input: unknown) => Promise<unknown>>;
    const scheduledMs = tickMs + this.#market.rules.config.schedule_offset_s * SECOND_MS;
    await localMachine(this.#definition, handlers).run({
      market: this.#name,
      scheduled_at_utc: isoUtc(scheduledMs),
    });
    this.#at(tickMs + BEHIND_S * SECOND_MS);
    return this.#seen();
  }

  async #nextTickMs(): Promise<number> {
    const { head } = (await readHead(this.stores, this.#name))!;
    const headMs = parseIsoUtc(head.tick_utc);
    const line = this.#market.line(headMs, headMs);
    const next = line.endMs[rowClosingAt(line, headMs) + 1];
    if (next === undefined)
      throw new RefusedError(`the calendar of ${this.#name} has no bar after ${head.tick_utc}`);
    return next;
  }

  async #seen(): Promise<Seen> {
    const { head } = (await readHead(this.stores, this.#name))!;
    const record = await walkBack(this.stores, head, ({ kind }) => kind === 'tick');
    if (record.kind !== 'tick') throw new RefusedError(`the drill of ${this.#name} committed no tick`);
    const packet = parsePacket(await getChecked(this.stores.artifacts, record.decision), record.decision.key);
    return {
      record,
      sha256: record.decision.sha256,
      rows: packet.rows,
      execution: await getJson(this.stores.artifacts, record.execution, executionSchema),
    };
  }

  #at(instantMs: number): void {
    this.#clock.advanceTo(Math.max(instantMs, this.#clock.now()));
  }

  /** Puts the market's own parameter, as somebody with a reason, a second later; then brings the switch in line. */
  async put(value: string, changedBy: string, description: string): Promise<Turn[]> {
    this.#at(this.#clock.now() + SECOND_MS);
    const change = { value, changedAtMs: this.#clock.now(), changedBy, description };
    const all = await this.stores.parameters.get(DISABLE_TRADING);
    // A ledger that was halted with all markets asks with both parameters.
    if (value === 'false' && all?.value !== 'false')
      await this.stores.parameters.put(DISABLE_TRADING, change);
    await this.stores.parameters.put(marketSwitch(this.#name), change);
    return reconcile(this.#runtime, this.#market);
  }

  /** The market's own parameter as it stands. */
  async parameter(): Promise<string> {
    return (await this.stores.parameters.get(marketSwitch(this.#name)))?.value ?? 'missing';
  }

  async check(): Promise<void> {
    await healthCheck({ market: this.#name }, this.#runtime);
  }

  async latch(): Promise<LatchState | 'none'> {
    return (await readLatch(this.stores, this.#name))?.state ?? 'none';
  }

  /** Sets the latch of a twin to ACTIVE past the switch: what a tick would do if there were no trial. */
  async forceActive(): Promise<void> {
    const latch = await readLatch(this.stores, this.#name);
    const item = {
      partition: ledgerPartition(this.#name),
      sort: LATCH,
      body: canonicalJson({ ...latch, state: 'ACTIVE' } as unknown as Json),
    };
    await this.stores.state.transact([{ item, expect: 'any' }]);
  }

  async headSha256(): Promise<string> {
    return (await readHead(this.stores, this.#name))!.head.sha256;
  }
}
