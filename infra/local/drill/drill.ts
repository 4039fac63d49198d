import type { MarketRuntime } from '../../../functions/runtime/runtime.ts';
import { isoUtc, parseIsoUtc, systemClock, type Clock } from '../../../shared/kernel/time.ts';
import { stateSchema } from '../../../shared/ledger/artifacts.ts';
import { getJson, readHead } from '../../../shared/ledger/chain.ts';
import { putDrill, type Drill } from '../../../shared/ledger/drills.ts';
import type { Head } from '../../../shared/ledger/records.ts';
import { loadWindow } from '../../../shared/ledger/window-store.ts';
import type { Bars } from '../../../shared/market-data/bars.ts';
import type { Stores } from '../../../shared/stores/ports.ts';
import { executionGrid } from '../../../shared/tick/execution-grid.ts';
import { decodeState } from '../../../shared/tick/state-codec.ts';
import { assertSameCode } from '../certify.ts';
import type { Definition } from '../dialect.ts';
import { ledgerClock, ledgerMarket } from '../ledger-runtime.ts';
import { Scratch } from './scratch.ts';
import { drillSource, type Weather } from './source.ts';
import { DRILL_OPERATORS, drillSteps } from './steps.ts';

/** Bars of the past that say how much is traded. */
const VOLUME_BARS = 50;

/**
 * Holds a drill of a market's kill switch on a scratch copy of its ledger, stores what it showed and makes it the
 * newest. The ledger itself is only read.
 * @throws ConfigError where other code than this made the ledger: what that code does, only that code can show.
 */
export async function holdDrill(
  stores: Stores,
  market: string,
  definition: Definition,
  now: Clock = systemClock,
): Promise<Drill> {
  const runtime = await ledgerMarket(stores, market);
  assertSameCode(runtime.release, runtime.codeSha256);
  const { head } = (await readHead(stores, market))!;
  const clock = await ledgerClock(stores, market, now);
  const { checks } = runtime.rules.config.kill_switch.recovery;
  const scratch = await scratchOf(stores, runtime, head, definition);
  const steps = await drillSteps(scratch, checks, runtime.rules.config.kill_switch.trial_scale);
  const drill: Drill = {
    ...{ v: 1, kind: 'kill_switch_drill', market, mode: head.mode },
    release_sha256: head.release_sha256,
    code_sha256: runtime.codeSha256,
    head: { n: head.n, sha256: head.sha256, tick_utc: head.tick_utc },
    held_at_utc: isoUtc(clock.now()),
    passed: steps.every(({ passed }) => passed),
    steps,
  };
  await putDrill(stores, drill);
  return drill;
}

/** A scratch copy that goes on from the head, on calm bars after its last closes. */
async function scratchOf(
  stores: Stores,
  runtime: MarketRuntime,
  head: Head,
  definition: Definition,
): Promise<Scratch> {
  const { rules } = runtime;
  const { symbols } = rules.instruments;
  const headMs = parseIsoUtc(head.tick_utc);
  const state = decodeState(rules, await getJson(stores.artifacts, head.state, stateSchema));
  const first = Math.max(0, head.ordinal - VOLUME_BARS + 1);
  const { bars } = await loadWindow(stores.artifacts, symbols, head.window, first);
  const weather: Weather = { dark: false, still: false };
  const volume = (i: number): number => meanVolume(bars, i, rules.unusable);
  const { bar_size: size, execution_bar_size: finer } = rules.config;
  const source = (bar: typeof size | NonNullable<typeof finer>, parts: number) =>
    drillSource(rules, state, headMs, bar, (i) => volume(i) / parts, weather);
  const line = runtime.line(headMs, headMs);
  const next = line.endMs.findIndex((endMs) => endMs > headMs);
  const parts =
    finer === undefined ? 1 : executionGrid(rules, line.startMs[next]!, line.endMs[next]!).startMs.length;
  const market: MarketRuntime = {
    ...runtime,
    provider: source(size, 1),
    executionProvider: finer === undefined ? undefined : source(finer, parts),
    operators: { operators: [...DRILL_OPERATORS.operators] },
    // A drill is of the switch: a model that earns no recovery must not hide whether one can be earned.
    release: { ...runtime.release, health: { ...runtime.release.health, grade: 'A', codes: [] } },
    // The other books do not go on with the scratch copy.
    others: [],
  };
  return new Scratch(stores, market, weather, definition, headMs);
}

/** Mean volume of an instrument's valid bars; 0 where there is none. */
function meanVolume(bars: Bars, i: number, unusable: number): number {
  const n = bars.instruments.length;
  let [count, sum] = [0, 0];
  for (let cell = i; cell < bars.volume.length; cell += n) {
    if ((bars.flags[cell]! & unusable) !== 0) continue;
    count++;
    sum += bars.volume[cell]!;
  }
  return count === 0 ? 0 : sum / count;
}
