import { STEPS, type StepName } from '../../../../functions/steps.ts';
import { lineSource, type MarketRuntime } from '../../../../functions/runtime/runtime.ts';
import { pick, type Fault } from '../script.ts';
import { again, placed, strike } from './placing.ts';

const OTHER_RELEASE = `sha256:${'1'.repeat(64)}` as const;

/** The market under another release: knobs of its model turned, and its own name. */
function otherRelease(market: MarketRuntime): MarketRuntime {
  const policy = {
    ...market.rules.policy,
    logit_gain: 0.1,
    momentum_bars: [3, 4, 6] as [number, number, number],
  };
  return { ...market, rules: { ...market.rules, policy }, releaseSha256: OTHER_RELEASE };
}

/** Deployments between two steps of a tick. */
export const DEPLOY_FAULTS: readonly Fault[] = [
  {
    // New code goes out, is rolled back before or after the run's end, and the event comes again.
    name: 'deploy_of_another_release',
    place: ({ random, tick }) => {
      const first = random.below(STEPS.length);
      const last = first + random.below(STEPS.length - first);
      const steps = STEPS.slice(first, last + 1);
      return placed('deploy_of_another_release', tick, 'nothing', { steps }, (script) => {
        strike(script.ticks[tick]!, (world) => ({
          deployed: (market, { step }) => {
            if (!steps.includes(step as StepName)) return market;
            world.fire('deploy_of_another_release');
            return otherRelease(market);
          },
        }));
        again(script, tick);
      });
    },
  },
  {
    // Code that is not the release's goes out between two steps, and is rolled back: the gate waits, the fill places nothing.
    name: 'deploy_of_other_code',
    place: ({ random, tick }) => {
      const first = random.below(STEPS.length);
      const steps = STEPS.slice(first, first + 1 + random.below(STEPS.length - first));
      return placed('deploy_of_other_code', tick, 'decision', { steps }, (script) =>
        strike(script.ticks[tick]!, (world) => ({
          deployed: (market, { step }) => {
            if (!steps.includes(step as StepName)) return market;
            world.fire('deploy_of_other_code');
            return { ...market, mismatched: ['code'] };
          },
        })),
      );
    },
  },
  {
    // The same release on new processes: what was cached is gone.
    name: 'deploy_of_the_same_release',
    place: ({ random, tick }) => {
      const drawn = { step: pick(random, STEPS) };
      return placed('deploy_of_the_same_release', tick, 'nothing', drawn, ({ ticks }) =>
        strike(ticks[tick]!, (world) => ({
          deployed: (market, { step }) => {
            if (step !== drawn.step) return market;
            world.fire('deploy_of_the_same_release');
            return { ...market, line: lineSource(market.rules) };
          },
        })),
      );
    },
  },
];
