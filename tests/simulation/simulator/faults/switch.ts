import { STEPS } from '../../../../functions/steps.ts';
import { memoryStores } from '../../../../shared/stores/memory.ts';
import { closeOf } from '../layouts.ts';
import { pick, type Fault } from '../script.ts';
import type { World } from '../world.ts';
import { placed, strike } from './placing.ts';

const PARAMETER = 'DISABLE_TRADING';

/** Turns the kill switch's parameter, as an operator does at a moment. */
export async function turn(world: World, value: string, atMs: number): Promise<void> {
  await memoryStores({ contents: world.contents }).parameters.put(PARAMETER, {
    value,
    changedAtMs: atMs,
    changedBy: 'operator',
    description: 'turned by the simulator',
  });
  if (value !== 'false') world.haltsMs.push(atMs);
}

const HALTING = ['true', 'True', 'False', 'false ', '0', ''] as const;

/** The switch, flipping at any point: between ticks, between steps, and between two calls of a step. */
export const SWITCH_FAULTS: readonly Fault[] = [
  {
    name: 'switch_flips_between_ticks',
    place: ({ random, layout, tick }) => {
      const share = pick(random, [0, 0.2, 0.5, 0.9, 0.999]);
      const drawn = { share, value: pick(random, HALTING), back: random.below(3) === 0 };
      const { line, firstRow } = layout.plan;
      const startMs = line.startMs[firstRow + tick]!;
      const atMs = startMs + Math.floor((closeOf(layout, tick) - startMs) * share);
      return placed('switch_flips_between_ticks', tick, 'trading', { ...drawn, atMs }, ({ ticks }) => {
        ticks[tick]!.before.push(async (world) => {
          await turn(world, drawn.value, atMs);
          if (drawn.back) await turn(world, 'false', atMs + 1_000);
          world.fire('switch_flips_between_ticks');
        });
      });
    },
  },
  {
    name: 'switch_flips_within_a_tick',
    place: ({ random, tick }) => {
      const drawn = {
        step: pick(random, STEPS),
        call: random.below(8),
        value: pick(random, HALTING),
        back: random.below(4) === 0,
      };
      return placed('switch_flips_within_a_tick', tick, 'trading', drawn, ({ ticks }) => {
        const script = ticks[tick]!;
        const flipped = new Set<World>();
        const flip = async (world: World, atMs: number): Promise<void> => {
          if (flipped.has(world)) return;
          flipped.add(world);
          await turn(world, drawn.value, atMs);
          if (drawn.back) await turn(world, 'false', atMs);
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
    name: 'switch_missing',
    place: ({ tick }) =>
      placed('switch_missing', tick, 'trading', {}, ({ ticks }) => {
        ticks[tick]!.before.push((world) => {
          world.contents.parameters.delete(PARAMETER);
          world.fire('switch_missing');
        });
      }),
  },
];
