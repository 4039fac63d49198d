import { STEPS } from '../../../../functions/steps.ts';
import { closeOf } from '../layouts.ts';
import { check, onDuty, watch } from '../jobs.ts';
import { pick, plainJob, plainRun, type Fault, type Place, type Placement } from '../script.ts';
import type { Which, World } from '../world.ts';
import { placed, strike } from './placing.ts';

const HALTING = ['true', 'True', 'False', 'false ', '0', ''] as const;
const BOTH: readonly Which[] = ['all', 'own'];

/**
 * A parameter turned before a tick, at some moment while its bar forms.
 * @param back whether it is turned back a second later; drawn where it is not given, as is the parameter.
 */
export function flipped(
  { random, layout, tick }: Place,
  given: { readonly back?: boolean; readonly which?: Which } = {},
): Placement[] {
  const share = pick(random, [0, 0.2, 0.5, 0.9, 0.999]);
  const drawn = {
    share,
    value: pick(random, HALTING),
    which: pick(random, BOTH),
    back: random.below(3) === 0,
    ...given,
  };
  const { line, firstRow } = layout.plan;
  const startMs = line.startMs[firstRow + tick]!;
  const atMs = startMs + Math.floor((closeOf(layout, tick) - startMs) * share);
  return placed('switch_flips_between_ticks', tick, 'trading', { ...drawn, atMs }, ({ ticks }) => {
    ticks[tick]!.before.push(async (world) => {
      await world.put(drawn.which, drawn.value, atMs);
      if (drawn.back) await world.put(drawn.which, 'false', atMs + 1_000);
      world.fire('switch_flips_between_ticks');
    });
  });
}

/** The switch, flipping at any point: between ticks, between steps, and between two calls of a step. */
export const SWITCH_FAULTS: readonly Fault[] = [
  { name: 'switch_flips_between_ticks', place: (place) => flipped(place) },
  {
    name: 'switch_flips_within_a_tick',
    place: ({ random, tick }) => {
      const drawn = {
        step: pick(random, STEPS),
        call: random.below(8),
        value: pick(random, HALTING),
        which: pick(random, BOTH),
        back: random.below(4) === 0,
      };
      return placed('switch_flips_within_a_tick', tick, 'trading', drawn, ({ ticks }) => {
        const script = ticks[tick]!;
        const done = new Set<World>();
        const flip = async (world: World, atMs: number): Promise<void> => {
          if (done.has(world)) return;
          done.add(world);
          await world.put(drawn.which, drawn.value, atMs);
          if (drawn.back) await world.put(drawn.which, 'false', atMs);
          world.fire('switch_flips_within_a_tick');
        };
        strike(script, (world) => ({
          begin: async ({ step }, process) => {
            if (step === drawn.step && drawn.call === 0) await flip(world, process.clock.now());
          },
          call: async ({ attempt, number }, process) => {
            if (attempt.step === drawn.step && number === drawn.call) await flip(world, process.clock.now());
          },
          answered: async ({ step }, _, process) => {
            if (step === drawn.step) await flip(world, process.clock.now());
          },
        }));
      });
    },
  },
  {
    // Between the gate, which found it free, and the fill.
    name: 'switch_flips_before_the_fill',
    place: ({ random, tick }) => {
      const drawn = { value: pick(random, HALTING), which: pick(random, BOTH), back: random.below(3) === 0 };
      return placed('switch_flips_before_the_fill', tick, 'trading', drawn, ({ ticks }) =>
        strike(ticks[tick]!, (world) => ({
          begin: async ({ step, number }, process) => {
            if (step !== 'fill' || number > 1) return;
            const atMs = process.clock.now();
            await world.put(drawn.which, drawn.value, atMs - 2_000);
            if (drawn.back) await world.put(drawn.which, 'false', atMs - 1_000);
            world.fire('switch_flips_before_the_fill');
          },
        })),
      );
    },
  },
  {
    name: 'switch_missing',
    place: ({ random, tick }) => {
      const which = pick(random, BOTH);
      return placed('switch_missing', tick, 'trading', { which }, ({ ticks }) => {
        ticks[tick]!.before.push((world) => {
          world.removeParameter(which);
          world.fire('switch_missing');
        });
      });
    },
  },
  {
    // Confirmed once more though it was free: nothing turns.
    name: 'switch_confirmed',
    place: ({ random, tick }) => {
      const which = pick(random, BOTH);
      return placed('switch_confirmed', tick, 'trading', { which }, ({ ticks }) => {
        ticks[tick]!.before.push(async (world) => {
          if (world.contents.parameters.get(world.parameterName(which))?.at(-1)?.value !== 'false') return;
          await world.put(which, 'false', closeOf(world.layout, tick) - 60_000);
          world.fire('switch_confirmed');
        });
      });
    },
  },
  {
    name: 'watcher_between_steps',
    place: ({ random, tick }) => {
      const drawn = { step: pick(random, STEPS), when: pick(random, ['begin', 'answered'] as const) };
      return placed('watcher_between_steps', tick, 'nothing', drawn, ({ ticks }) =>
        strike(ticks[tick]!, (world) => {
          const comes = async ({ step }: { readonly step: string }): Promise<void> => {
            if (step !== drawn.step) return;
            await world.deliver(tick, [plainJob(watch)(world)]);
            world.fire('watcher_between_steps');
          };
          return drawn.when === 'begin' ? { begin: comes } : { answered: comes };
        }),
      );
    },
  },
  {
    // Everything that looks at the switch, at once with a run.
    name: 'jobs_at_once',
    place: (place) => {
      const { random, tick } = place;
      const jobs = [check, watch, onDuty].filter(() => random.below(3) > 0);
      const drawn = { jobs: jobs.map(({ name }) => name), order: random.below(1e6) };
      const own = placed('jobs_at_once', tick, 'trading', drawn, ({ ticks }) => {
        ticks[tick]!.order = drawn.order;
        ticks[tick]!.runs = [
          (world) => (world.fire('jobs_at_once'), plainRun()),
          ...jobs.map((job) => plainJob(job)),
        ];
      });
      return random.below(2) === 0 ? own : [...flipped(place), ...own];
    },
  },
  {
    // A turn that a run and watchers find at once: one of them records it.
    name: 'watchers_at_once',
    place: (place) => {
      const { random, tick } = place;
      const drawn = { watchers: 1 + random.below(2), order: random.below(1e6) };
      const own = placed('watchers_at_once', tick, 'trading', drawn, ({ ticks }) => {
        ticks[tick]!.order = drawn.order;
        ticks[tick]!.runs = [
          (world) => (world.fire('watchers_at_once'), plainRun()),
          ...Array.from({ length: drawn.watchers }, () => plainJob(watch)),
        ];
      });
      return random.below(2) === 0 ? own : [...flipped(place), ...own];
    },
  },
];
