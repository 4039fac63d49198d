import { AsyncLocalStorage } from 'node:async_hooks';
import { fileURLToPath } from 'node:url';
import { HANDLERS } from '../../functions/handlers.ts';
import { recordFailure } from '../../functions/record-failure/handler.ts';
import { readConfigFiles } from '../../functions/runtime/config-files.ts';
import { healthCheck } from '../../functions/health-check/handler.ts';
import { runtimeOf, type Alert, type MarketRuntime, type Runtime } from '../../functions/runtime/runtime.ts';
import { watchSwitch } from '../../functions/switch-watcher/handler.ts';
import { STEPS, type StepName } from '../../functions/steps.ts';
import { synthesiseDefinition } from '../../infra/local/definition.ts';
import type { Definition } from '../../infra/local/dialect.ts';
import { localMachine, type Handler } from '../../infra/local/machine.ts';
import { planBars, planMarket, type MarketPlan } from '../../infra/local/market-plan.ts';
import type { FrozenRelease } from '../../functions/runtime/frozen-market.ts';
import { marketRuntimeOf } from '../../functions/runtime/market-runtime.ts';
import { openLedger } from '../../infra/local/open-ledger.ts';
import { replayMarket } from '../../infra/local/replay.ts';
import { parseConfig, SCHEMAS, type Config, type MarketFiles } from '../../shared/config/config.ts';
import { isoUtc, parseIsoUtc, SECOND_MS, SimulatedClock } from '../../shared/kernel/time.ts';
import {
  dataSchema,
  executionSchema,
  positionSchema,
  stateSchema,
  type DataReport,
  type Execution,
  type PositionReport,
  type StoredState,
} from '../../shared/ledger/artifacts.ts';
import { getChecked, getJson, parseStored, readHead } from '../../shared/ledger/chain.ts';
import { DISABLE_TRADING, ledgerPartition, marketSwitch } from '../../shared/ledger/keys.ts';
import {
  recordSchema,
  referenceSchema,
  type Head,
  type LedgerRecord,
  type TickRecord,
} from '../../shared/ledger/records.ts';
import { loadWindow } from '../../shared/ledger/window-store.ts';
import type { Bars } from '../../shared/market-data/bars.ts';
import type { BarProvider } from '../../shared/market-data/provider.ts';
import { frozenSpreads } from '../../shared/release/release.ts';
import type { HealthCheck } from '../../shared/risk/health-check.ts';
import type { Turn } from '../../shared/risk/switch-machine.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import { backtest, type Backtest } from '../../shared/tick/backtest.ts';
import { withSpreads, type MarketRules } from '../../shared/tick/rules.ts';
import { parsePacket, type PacketHeader, type PacketRow } from '../../shared/tick/packet.ts';

const shipped = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** Stands for the source tree, so that a ledger of these tests does not change with every edit. */
const CODE_SHA256 = `sha256:${'0'.repeat(64)}` as const;

export type MarketName = 'ashares' | 'us_equities' | 'crypto';

/** What a test turns in the shipped files of the market. */
export interface Turned {
  readonly config?: Partial<MarketFiles['config']>;
  readonly fillSpec?: Partial<MarketFiles['fillSpec']>;
  /** Instruments in place of the universe's own. */
  readonly instruments?: MarketFiles['universe']['instruments'];
}

/** A market of samples/configs laid out over some dates, with all that opening its ledger needs. */
export interface Layout {
  readonly market: MarketName;
  readonly plan: MarketPlan;
  readonly config: Config;
  readonly configTexts: ReadonlyMap<string, string>;
}

/** Lays a shipped market out. Dates `YYYY-MM-DD`, both included. */
export function layOut(market: MarketName, from: string, to: string, turned: Turned = {}): Layout {
  const files = readConfigFiles(shipped('samples/configs'));
  const parsed = parseConfig(files.texts, files.origin);
  const found = parsed.markets.get(market)!;
  const changed: MarketFiles = {
    ...found,
    config: SCHEMAS.market.parse({ ...found.config, ...turned.config }),
    fillSpec: SCHEMAS.fill_model_spec.parse({ ...found.fillSpec, ...turned.fillSpec }),
    universe: SCHEMAS.universe.parse({
      ...found.universe,
      instruments: turned.instruments ?? found.universe.instruments,
    }),
  };
  const config: Config = { ...parsed, markets: new Map([...parsed.markets, [market, changed]]) };
  const barsFolder = shipped('samples/bars');
  const plan = planMarket({ config, market, symbols: undefined, barsFolder, from, to });
  return { market, plan, config, configTexts: files.texts };
}

/** A market on made-up bars in place of the recorded ones, calm enough that no night's gap looks like a split. */
export const simulated = (
  seed: string,
  startSession: string,
  endSession: string,
): Pick<MarketFiles['config'], 'providers'> => ({
  providers: [
    {
      kind: 'simulated',
      seed,
      start_session: startSession,
      end_session: endSession,
      trend_strength: 0.6,
      volatility_daily: 0.015,
    },
  ],
});

/** The layout on another source of bars. */
export const withProvider = (layout: Layout, provider: BarProvider): Layout => ({
  ...layout,
  plan: { ...layout.plan, provider },
});

let synthesised: Promise<Definition> | undefined;
/** The definition as the stack synthesises it, once a process. */
export const definition = (): Promise<Definition> => (synthesised ??= synthesiseDefinition());

/** Replays the whole layout through the deployed definition; goes on where the stores already hold a part. */
export const replay = async (stores: Stores, layout: Layout, onTick?: () => Promise<void>) =>
  replayMarket({
    stores,
    definition: await definition(),
    plan: layout.plan,
    config: layout.config,
    configTexts: layout.configTexts,
    codeSha256: CODE_SHA256,
    ...(onTick === undefined ? {} : { onTick }),
  });

/** The same window through the backtest's loop, on what the release froze. */
export async function backtestOf(layout: Layout, release: FrozenRelease['release']): Promise<Backtest> {
  const { line, firstRow, lastRow } = layout.plan;
  const bars = await planBars(layout.plan, 0, lastRow + 1, line.endMs[lastRow]!);
  return backtest({ rules: frozenRules(layout, release), bars, firstRow, line, health: release.health });
}

/** The market's rules with the spreads that the release froze. */
export const frozenRules = ({ plan }: Layout, release: FrozenRelease['release']): MarketRules =>
  withSpreads(plan.rules, frozenSpreads(release));

export const open = (
  stores: Stores,
  { plan, config, configTexts }: Layout,
  mode: 'forward' | 'replay' = 'replay',
): Promise<FrozenRelease> => openLedger(stores, plan, config, configTexts, CODE_SHA256, mode);

/** What one run of a tick may be told; a run is a process with a clock of its own. */
export interface RunOptions {
  /** Seconds after the close at which each step runs; a live clock would tell about the same. */
  readonly secondsAfterClose?: Partial<Record<StepName, number>>;
  /** Awaited before the step is handled: where other runs get in between, or where something happens. */
  readonly before?: (step: StepName) => void | Promise<void>;
  readonly after?: (step: StepName) => void | Promise<void>;
  readonly provider?: BarProvider;
  /** What else of the market's runtime is another one, such as parts that differ from the release. */
  readonly runtime?: Partial<MarketRuntime>;
}

const SECONDS_AFTER_CLOSE: Readonly<Record<StepName, number>> = {
  ingest: 60,
  predict: 60,
  gate: 180,
  fill: 190,
  ledger: 200,
  signoff: 210,
};

/** One execution of the machine: what its steps do, and the process they run in. */
interface MachineRun {
  readonly handle: (step: StepName, input: unknown) => Promise<unknown>;
  readonly runtime: Runtime;
}

let shared: Promise<(one: MachineRun, input: unknown) => Promise<unknown>> | undefined;

/** The deployed definition, validated once a process since that takes a tenth of a second; executions share nothing. */
function machine(): Promise<(one: MachineRun, input: unknown) => Promise<unknown>> {
  shared ??= definition().then((synthesised) => {
    const current = new AsyncLocalStorage<MachineRun>();
    const handler =
      (step: StepName): Handler =>
      (input) =>
        current.getStore()!.handle(step, input);
    const handlers = Object.fromEntries(STEPS.map((step) => [step, handler(step)])) as Record<
      StepName,
      Handler
    >;
    const local = localMachine(synthesised, handlers, {
      onFailure: ({ input, step, error }) => {
        const event = { input, step: step ?? '', error: `${error.name}: ${error.message}` };
        return recordFailure(event, current.getStore()!.runtime);
      },
    });
    return (one, input) => current.run(one, () => local.run(input));
  });
  return shared;
}

/** A ledger whose schedule a test holds in its hands: it says which ticks run, when, and how often. */
export interface Schedule {
  readonly layout: Layout;
  readonly stores: Stores;
  readonly opened: FrozenRelease;
  /** The close of the k-th tick of the layout. */
  tickMs(k: number): number;
  /** A runtime with a clock of its own, as a Lambda has it. */
  runtime(
    atMs: number,
    provider?: BarProvider,
    changes?: Partial<MarketRuntime>,
  ): { runtime: Runtime; clock: SimulatedClock };
  /** What an operator was told so far. */
  readonly alerts: readonly Alert[];
  /** Holds a health check at a moment. */
  check(atMs: number): Promise<HealthCheck>;
  /** Brings the switch in line at a moment, as the watcher does. */
  watch(atMs: number): Promise<Turn[]>;
  /** Runs the machine on the k-th tick's event, as the schedule would. */
  run(k: number, options?: RunOptions): Promise<unknown>;
  /** Runs the machine on an event for any moment. */
  runAt(tickMs: number, options?: RunOptions): Promise<unknown>;
}

export async function schedule(
  stores: Stores,
  layout: Layout,
  mode: 'forward' | 'replay' = 'replay',
): Promise<Schedule> {
  const { plan, config, market } = layout;
  const opened = await open(stores, layout, mode);
  const runMachine = await machine();
  const { rules, files, provider: recorded, executionProvider, rates } = plan;
  const marketRuntime: MarketRuntime = marketRuntimeOf({
    ...{
      config,
      files,
      rules,
      opened,
      codeSha256: CODE_SHA256,
      provider: recorded,
      executionProvider,
      rates,
    },
  });
  const alerts: Alert[] = [];
  const runtime: Schedule['runtime'] = (atMs, provider = plan.provider, changes = {}) => {
    const clock = new SimulatedClock(atMs);
    const changed = { ...marketRuntime, provider, ...changes };
    const tell = async (alert: Alert): Promise<void> => void alerts.push(alert);
    return { clock, runtime: runtimeOf(stores, clock, new Map([[market, changed]]), tell) };
  };
  const runAt: Schedule['runAt'] = (tickMs, options = {}) => {
    const own = runtime(tickMs, options.provider, options.runtime);
    const seconds = { ...SECONDS_AFTER_CLOSE, ...options.secondsAfterClose };
    const handle = async (step: StepName, input: unknown): Promise<unknown> => {
      await options.before?.(step);
      own.clock.advanceTo(Math.max(own.clock.now(), tickMs + seconds[step] * SECOND_MS));
      const answer = await HANDLERS[step](input, own.runtime);
      await options.after?.(step);
      return answer;
    };
    const scheduled = isoUtc(tickMs + plan.rules.config.schedule_offset_s * SECOND_MS);
    return runMachine({ handle, runtime: own.runtime }, { market, scheduled_at_utc: scheduled });
  };
  const tickMs = (k: number): number => plan.line.endMs[plan.firstRow + k]!;
  const run: Schedule['run'] = (k, options) => runAt(tickMs(k), options);
  const check = (atMs: number): Promise<HealthCheck> => healthCheck({ market }, runtime(atMs).runtime);
  const watch = async (atMs: number): Promise<Turn[]> =>
    (await watchSwitch({ markets: [market] }, runtime(atMs).runtime))[market]!;
  return { layout, stores, opened, tickMs, runtime, runAt, run, alerts, check, watch };
}

/** Turns a parameter of the kill switch, that of all markets or one's own, as somebody at a moment. */
export const turnSwitch = (
  stores: Stores,
  value: string,
  atMs: number,
  { by = 'operator', why = 'turned by a test', market }: { by?: string; why?: string; market?: string } = {},
) =>
  stores.parameters.put(market === undefined ? DISABLE_TRADING : marketSwitch(market), {
    value,
    changedAtMs: atMs,
    changedBy: by,
    description: why,
  });

/** The head of a market's chain. */
export const headOf = async (stores: Stores, market: string): Promise<Head> =>
  (await readHead(stores, market))!.head;

/** All records of a chain in order, each read through its hash. */
export async function recordsOf(stores: Stores, market: string): Promise<LedgerRecord[]> {
  const items = await stores.state.query(ledgerPartition(market), 'record/');
  return Promise.all(
    items.map((item) =>
      getJson(stores.artifacts, parseStored(item.body, referenceSchema, item.sort), recordSchema),
    ),
  );
}

export const ticksOf = async (stores: Stores, market: string): Promise<TickRecord[]> =>
  (await recordsOf(stores, market)).filter((record) => record.kind === 'tick');

/** Everything that a tick record names, read through its hashes. */
export interface TickArtifacts {
  readonly record: TickRecord;
  readonly data: DataReport;
  readonly packet: { readonly header: PacketHeader; readonly rows: readonly PacketRow[] };
  readonly execution: Execution;
  readonly position: PositionReport;
  readonly state: StoredState;
  /** As much of the past as the tick's window holds. */
  readonly bars: Bars;
}

export async function artifactsOf(
  stores: Stores,
  record: TickRecord,
  symbols: readonly string[],
): Promise<TickArtifacts> {
  const { artifacts } = stores;
  return {
    record,
    data: await getJson(artifacts, record.data, dataSchema),
    packet: parsePacket(await getChecked(artifacts, record.decision), record.decision.key),
    execution: await getJson(artifacts, record.execution, executionSchema),
    position: await getJson(artifacts, record.position, positionSchema),
    state: await getJson(artifacts, record.state, stateSchema),
    bars: (await loadWindow(artifacts, symbols, record.window, 0)).bars,
  };
}

export async function allArtifacts(stores: Stores, { market, plan }: Layout): Promise<TickArtifacts[]> {
  const { symbols } = plan.rules.instruments;
  return Promise.all((await ticksOf(stores, market)).map((record) => artifactsOf(stores, record, symbols)));
}

export const ms = parseIsoUtc;
