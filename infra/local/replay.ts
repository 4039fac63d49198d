import { HANDLERS } from '../../functions/handlers.ts';
import { recordFailure } from '../../functions/record-failure/handler.ts';
import { marketRuntimeOf } from '../../functions/runtime/market-runtime.ts';
import { runtimeOf, type Runtime } from '../../functions/runtime/runtime.ts';
import { STEPS, type StepName } from '../../functions/steps.ts';
import type { Config } from '../../shared/config/config.ts';
import { ConfigError } from '../../shared/kernel/errors.ts';
import type { Sha256 } from '../../shared/kernel/canonical.ts';
import { isoUtc, parseIsoUtc, SECOND_MS, SimulatedClock } from '../../shared/kernel/time.ts';
import { readHead } from '../../shared/ledger/chain.ts';
import type { Stores } from '../../shared/stores/ports.ts';
import type { MarketRules } from '../../shared/tick/rules.ts';
import { frozenAt } from '../../shared/tick/tick.ts';
import { anchorHead } from './anchor.ts';
import type { Definition } from './dialect.ts';
import { localMachine, type Handler } from './machine.ts';
import type { MarketPlan } from './market-plan.ts';
import { openLedger } from './open-ledger.ts';
import { operateReplay } from './simulated-operator.ts';

/** What a replay needs from its caller. */
export interface ReplayInputs {
  readonly stores: Stores;
  readonly definition: Definition;
  readonly plan: MarketPlan;
  readonly config: Config;
  readonly configTexts: ReadonlyMap<string, string>;
  readonly codeSha256: Sha256;
  /** Called when the ledger stands open, before its first tick. */
  readonly onOpen?: () => void;
  /** Called once a tick; awaited. */
  readonly onTick?: () => Promise<void>;
  /** Told of everything that an operator of a live ledger would be told. */
  readonly onAlert?: Runtime['alert'];
}

/** Seconds after the freeze at which the steps behind it run in a replay. */
const SECONDS_AFTER_FREEZE: Readonly<Partial<Record<StepName, number>>> = {
  fill: 10,
  ledger: 20,
  signoff: 30,
};

/** Seconds after the freeze at which the simulated operator looks at what the tick came to. */
const OPERATOR_AFTER_FREEZE_S = 40;

/**
 * Replays one market tick by tick through the deployed state machine under a simulated clock. A folder that already
 * holds part of the replay is continued from its head.
 * @returns how many ticks this call ran.
 */
export async function replayMarket(inputs: ReplayInputs): Promise<{ ticksRun: number; ticksDue: number }> {
  const { stores, plan, config } = inputs;
  const { rules, line, firstRow, lastRow } = plan;
  const { market } = rules.config;
  if (rules.config.schedule_offset_s > rules.fillSpec.decision_delay_s) {
    throw new ConfigError(
      `market ${market}: schedule_offset_s ${rules.config.schedule_offset_s} lies after decision_delay_s ${rules.fillSpec.decision_delay_s}`,
    );
  }
  const opened = await openLedger(stores, plan, config, inputs.configTexts, inputs.codeSha256);
  const clock = new SimulatedClock(line.startMs[firstRow]!);
  const { files, provider, executionProvider, rates } = plan;
  const marketRuntime = marketRuntimeOf({
    ...{ config, files, rules, opened, codeSha256: inputs.codeSha256, provider, executionProvider, rates },
  });
  const runtime = runtimeOf(stores, clock, new Map([[market, marketRuntime]]), inputs.onAlert);
  const run = (step: StepName, input: unknown): Promise<unknown> => HANDLERS[step](input, runtime);
  const machine = localMachine(inputs.definition, timedHandlers(clock, rules, run), {
    onFailure: async ({ input, step, error }) => {
      await recordFailure({ input, step: step ?? '', error: `${error.name}: ${error.message}` }, runtime);
    },
  });
  const doneMs = parseIsoUtc((await readHead(stores, market))!.head.tick_utc);
  const endsSession = (row: number): boolean =>
    row === lastRow || line.sessionDay[row] !== line.sessionDay[row + 1];
  let ticksRun = 0;
  inputs.onOpen?.();
  for (let row = firstRow; row <= lastRow; row++) {
    const tickMs = line.endMs[row]!;
    if (tickMs > doneMs) {
      clock.advanceTo(tickMs);
      const scheduledMs = tickMs + rules.config.schedule_offset_s * SECOND_MS;
      await machine.run({ market, scheduled_at_utc: isoUtc(scheduledMs) });
      ticksRun++;
    }
    if (tickMs >= doneMs) {
      clock.advanceTo(Math.max(clock.now(), frozenAt(rules, tickMs) + OPERATOR_AFTER_FREEZE_S * SECOND_MS));
      await operateReplay(runtime, marketRuntime);
    }
    // A run that was killed after its commit may have left the session without an anchor: it is written again.
    if (tickMs >= doneMs && endsSession(row)) await anchorHead(stores, market);
    await inputs.onTick?.();
  }
  return { ticksRun, ticksDue: lastRow - firstRow + 1 };
}

/** The steps at their moments: ingest when the schedule fires, the freeze when the contract says, the rest after it. */
export function timedHandlers(
  clock: Pick<SimulatedClock, 'advanceTo'>,
  rules: MarketRules,
  run: (step: StepName, input: unknown) => Promise<unknown>,
): Record<StepName, Handler> {
  const { schedule_offset_s: offset } = rules.config;
  const freeze = rules.fillSpec.decision_delay_s;
  const momentOf = (step: StepName): number =>
    step === 'ingest' || step === 'predict' ? offset : freeze + (SECONDS_AFTER_FREEZE[step] ?? 0);
  const timed = (step: StepName): Handler => {
    return async (input) => {
      const { scheduled_at_utc: scheduled } = input as { scheduled_at_utc: string };
      clock.advanceTo(parseIsoUtc(scheduled) + (momentOf(step) - offset) * SECOND_MS);
      return run(step, input);
    };
  };
  return Object.fromEntries(STEPS.map((step) => [step, timed(step)])) as Record<StepName, Handler>;
}
