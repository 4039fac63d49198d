import { STEPS } from '../../../../functions/steps.ts';
import { Struck, throttled } from '../errors.ts';
import { pick, type Fault } from '../script.ts';
import { placed, strike } from './placing.ts';

const STORES = ['state', 'artifacts'] as const;

/** Stores that refuse now and then, or for as long as a run lasts. */
export const STORE_FAULTS: readonly Fault[] = [
  {
    name: 'store_throttled',
    place: ({ random, tick }) => {
      const step = pick(random, STEPS);
      const drawn = { step, tries: 1 + random.below(3), call: 1 + random.below(step === 'predict' ? 3 : 5) };
      return placed('store_throttled', tick, 'nothing', drawn, ({ ticks }) =>
        strike(ticks[tick]!, (world) => ({
          call: ({ store, method, attempt, number }) => {
            // What cannot read the switch does not fail, it halts: that is a fault of its own.
            if (attempt.step !== step || attempt.number > drawn.tries || store === 'parameters') return;
            if (number < drawn.call) return;
            world.fire('store_throttled');
            throw throttled(`${store}.${method}`);
          },
        })),
      );
    },
  },
  {
    name: 'store_down',
    place: ({ random, tick }) => {
      const drawn = { step: pick(random, STEPS), down: pick(random, STORES), note: random.below(2) === 0 };
      // Whether the run had committed before it failed depends on the step.
      return placed('store_down', tick, 'decision', drawn, ({ ticks }) =>
        strike(ticks[tick]!, (world) => {
          let down = false;
          return {
            call: ({ store, method, attempt }) => {
              down ||= attempt.step === drawn.step;
              if (!down || store !== drawn.down || (attempt.step === 'note' && !drawn.note)) return;
              world.fire('store_down');
              throw new Struck('ServiceUnavailable', `${store}.${method} is down`);
            },
          };
        }),
      );
    },
  },
  {
    name: 'switch_unreadable',
    place: ({ random, tick }) => {
      const steps = pick(random, [['gate'], ['fill'], ['gate', 'fill']]);
      return placed('switch_unreadable', tick, 'decision', { steps }, ({ ticks }) =>
        strike(ticks[tick]!, (world) => ({
          call: ({ store, attempt }, process) => {
            if (store !== 'parameters' || !steps.includes(attempt.step)) return;
            world.fire('switch_unreadable');
            // Nobody can say since when: it counts from the moment at which it cannot be read.
            world.haltsMs.push(process.clock.now());
            throw new Struck('AccessDenied', 'the parameter cannot be read');
          },
        })),
      );
    },
  },
];
