import { STEPS, type StepName } from '../../../../functions/steps.ts';
import { MINUTE_MS } from '../../../../shared/kernel/time.ts';
import { Struck, timedOut } from '../errors.ts';
import { barMs } from '../layouts.ts';
import { pick, type Fault } from '../script.ts';
import { gapS, placed, strike } from './placing.ts';

const from = (first: StepName, step: string): boolean =>
  step === 'note' || STEPS.indexOf(step as StepName) >= STEPS.indexOf(first);

/** Time that is lost, and clocks that jump. */
export const CLOCK_FAULTS: readonly Fault[] = [
  {
    name: 'step_timeout',
    place: ({ random, tick }) => {
      const drawn = { step: pick(random, STEPS), tries: 1 + random.below(3) };
      return placed('step_timeout', tick, 'nothing', drawn, ({ ticks }) =>
        strike(ticks[tick]!, (world) => ({
          answered: ({ step, number }) => {
            if (step !== drawn.step || number > drawn.tries) return;
            world.fire('step_timeout');
            throw timedOut(step);
          },
        })),
      );
    },
  },
  {
    name: 'step_timeout_slow',
    place: ({ random, tick }) => {
      const drawn = { step: pick(random, STEPS), minutes: pick(random, [1, 2, 15]) };
      return placed('step_timeout_slow', tick, 'decision', drawn, ({ ticks }) =>
        strike(ticks[tick]!, (world) => ({
          answered: ({ step, number }, _, process) => {
            if (step !== drawn.step || number > 1) return;
            world.fire('step_timeout_slow');
            process.shiftMs += drawn.minutes * MINUTE_MS;
            throw timedOut(step);
          },
        })),
      );
    },
  },
  {
    name: 'clock_ahead',
    place: ({ random, layout, tick }) => {
      const drawn = { step: pick(random, STEPS), seconds: pick(random, [1, 45, 500, 1_200, 30_000]) };
      if (drawn.seconds * 1_000 > barMs(layout, tick) - 10 * MINUTE_MS) return [];
      return placed('clock_ahead', tick, 'decision', drawn, ({ ticks }) =>
        strike(ticks[tick]!, (world) => {
          world.fire('clock_ahead');
          return { lagS: ({ step }) => (from(drawn.step, step) ? drawn.seconds : 0) };
        }),
      );
    },
  },
  {
    name: 'clock_behind',
    place: ({ random, tick }) => {
      const drawn = { step: pick(random, STEPS), seconds: pick(random, [1, 15, 61, 185, 4_000, 100_000]) };
      return placed('clock_behind', tick, 'bar', drawn, ({ ticks }) =>
        strike(ticks[tick]!, (world) => {
          world.fire('clock_behind');
          return { lagS: ({ step }) => (from(drawn.step, step) ? -drawn.seconds : 0) };
        }),
      );
    },
  },
  {
    name: 'redrive_at_once',
    place: ({ random, tick }) => {
      const drawn = { step: pick(random, STEPS), when: pick(random, ['begin', 'answered'] as const) };
      return placed('redrive_at_once', tick, 'nothing', drawn, (script) =>
        failThenRedrive(script, tick, drawn, 0, tick, 'redrive_at_once'),
      );
    },
  },
  {
    name: 'redrive_late',
    place: ({ random, layout, tick }) => {
      const drawn = {
        step: pick(random, STEPS),
        when: pick(random, ['begin', 'answered'] as const),
        hours: pick(random, [0.5, 1, 3, 7]),
      };
      const lagS = drawn.hours * 3_600;
      const next = gapS(layout, tick, tick + 1) + 300;
      // After the next tick's event where that comes first: then it has been recorded as failed.
      const at = lagS > next ? tick + 1 : tick;
      return placed(
        'redrive_late',
        tick,
        'decision',
        drawn,
        (script) => failThenRedrive(script, tick, drawn, lagS, at, 'redrive_late'),
        at === tick ? [tick] : [tick, at],
      );
    },
  },
];

/** Fails a step for good, before or after it does its work, and redrives the execution some seconds later. */
function failThenRedrive(
  { ticks }: Parameters<ReturnType<Fault['place']>[number]['apply']>[0],
  tick: number,
  { step, when }: { readonly step: StepName; readonly when: 'begin' | 'answered' },
  lagS: number,
  after: number,
  name: string,
): void {
  const fail = (attempt: { readonly step: string }): void => {
    if (attempt.step === step) throw new Struck('Service.Unknown', `${step} is out of order`);
  };
  strike(ticks[tick]!, () => (when === 'begin' ? { begin: fail } : { answered: fail }));
  ticks[after]!.after.unshift(async (world) => {
    const failure = world.failureOf(tick);
    if (failure?.stopped === undefined) return;
    world.fire(name);
    await world.redrive(tick, failure, { lagS, hooks: [], mayFail: true });
  });
}
