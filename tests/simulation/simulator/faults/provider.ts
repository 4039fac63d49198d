import { ProviderError } from '../../../../shared/kernel/errors.ts';
import { SECOND_MS } from '../../../../shared/kernel/time.ts';
import type { Random } from '../../../../shared/kernel/random.ts';
import type { BarProvider, RawBars } from '../../../../shared/market-data/provider.ts';
import { lambdaDied } from '../errors.ts';
import type { Hook } from '../hooks.ts';
import { pick, plainRun, type Fault, type Place, type Placement } from '../script.ts';
import type { World } from '../world.ts';
import { LIES, PRICES, withCell } from './lies.ts';
import { placed, strike } from './placing.ts';

/** A source whose bars pass through `change`, told how often it was asked before. */
const changed =
  (change: (bars: RawBars[], asked: number) => RawBars[]) =>
  (inner: BarProvider): BarProvider => {
    let asked = 0;
    return { ...inner, fetch: async (...wanted) => change(await inner.fetch(...wanted), asked++) };
  };

const lying = (
  world: World,
  fault: string,
  instrument: number | 'all',
  lie: (bars: RawBars, asked: number) => RawBars,
): Hook => ({
  provider: changed((all, asked) => {
    world.fire(fault);
    return all.map((bars, i) => (instrument === 'all' || instrument === i ? lie(bars, asked) : bars));
  }),
});

const drawInstrument = (random: Random): number | 'all' => pick(random, [0, 1, 2, 'all'] as const);

/** A source that lies about one instrument or all. */
const PROVIDER_LIES: readonly Fault[] = Object.entries(LIES).map(([lie, told]) => {
  const name = `provider_lies_${lie}`;
  return { name, place: (place) => lieAt(name, told, place) };
});

/** A lie in one tick's bars, under the name of the fault that it is part of. */
export function lieAt(name: string, told: (bars: RawBars) => RawBars, { random, tick }: Place): Placement[] {
  const drawn = { instrument: drawInstrument(random) };
  return placed(name, tick, 'bar', drawn, ({ ticks }) =>
    strike(ticks[tick]!, (world) => lying(world, name, drawn.instrument, told)),
  );
}

/** A source that is down, slow or lying, restates its bars, or gives what is no number. */
export const PROVIDER_FAULTS: readonly Fault[] = [
  {
    name: 'provider_down',
    place: ({ random, tick }) => {
      const drawn = { times: 1 + random.below(3) };
      return placed('provider_down', tick, 'nothing', drawn, ({ ticks }) =>
        strike(ticks[tick]!, (world) => down(world, 'provider_down', drawn.times)),
      );
    },
  },
  {
    name: 'provider_down_for_long',
    place: ({ tick }) =>
      placed('provider_down_for_long', tick, 'decision', {}, ({ ticks }) =>
        strike(ticks[tick]!, (world) => down(world, 'provider_down_for_long', Infinity)),
      ),
  },
  {
    // As many ticks as it takes to halt the market.
    name: 'runs_fail_in_a_row',
    place: ({ layout, tick }) => {
      const ticks = [tick, tick + 1, tick + 2];
      return placed(
        'runs_fail_in_a_row',
        tick,
        'failing',
        {},
        (script) => {
          for (const k of ticks)
            strike(script.ticks[k]!, (world) => down(world, 'runs_fail_in_a_row', Infinity));
        },
        ticks,
      ).filter(() => tick + 3 < layout.ticks);
    },
  },
  {
    name: 'provider_slow',
    place: ({ random, tick }) => {
      const drawn = { seconds: pick(random, [3, 60, 119, 700]) };
      return placed('provider_slow', tick, 'decision', drawn, ({ ticks }) =>
        strike(ticks[tick]!, (world) => ({
          provider: (inner, process) => ({
            ...inner,
            fetch: async (...wanted) => {
              world.fire('provider_slow');
              process.shiftMs += drawn.seconds * SECOND_MS;
              return inner.fetch(...wanted);
            },
          }),
        })),
      );
    },
  },
  ...PROVIDER_LIES,
  {
    name: 'non_finite',
    place: ({ random, tick }) => {
      const column = pick(random, [...PRICES, 'volume'] as const);
      const value = pick(random, ['NaN', 'Infinity', '-Infinity']);
      const drawn = { column, value, instrument: drawInstrument(random) };
      return placed('non_finite', tick, 'bar', drawn, ({ ticks }) =>
        strike(ticks[tick]!, (world) =>
          lying(world, 'non_finite', drawn.instrument, (bars) => withCell(bars, column, () => Number(value))),
        ),
      );
    },
  },
  {
    name: 'restated_bars',
    place: ({ random, tick }) => {
      const drawn = {
        by: pick(random, [0.98, 1.001, 1.05]),
        at: pick(random, ['again', 'at_once'] as const),
        order: random.below(1e6),
      };
      return placed('restated_bars', tick, 'bar', drawn, ({ ticks }) => {
        const script = ticks[tick]!;
        const restate = (bars: RawBars): RawBars =>
          PRICES.reduce((now, column) => withCell(now, column, (price) => price * drawn.by), bars);
        if (drawn.at === 'again') {
          strike(script, (world) => {
            const hook = lying(world, 'restated_bars', 'all', restate);
            return { provider: secondSight(hook), write: dieOnce('artifact window') };
          });
          return;
        }
        script.order = drawn.order;
        script.runs = [
          () => plainRun(),
          (world) => ({ ...plainRun(), hooks: [lying(world, 'restated_bars', 'all', restate)] }),
        ];
      });
    },
  },
];

const down = (world: World, fault: string, times: number): Hook => {
  let left = times;
  return {
    provider: (inner) => ({
      ...inner,
      fetch: async (...wanted) => {
        if (left-- <= 0) return inner.fetch(...wanted);
        world.fire(fault);
        throw new ProviderError('the source is down');
      },
    }),
  };
};

/** The source as it is when it is first seen, and as the hook shows it to every process after that. */
function secondSight({ provider }: Hook): NonNullable<Hook['provider']> {
  let seen = false;
  return (inner, process) => {
    if (seen) return provider!(inner, process);
    return {
      ...inner,
      fetch: async (...wanted) => {
        seen = true;
        return inner.fetch(...wanted);
      },
    };
  };
}

function dieOnce(kind: string): NonNullable<Hook['write']> {
  let over = false;
  return (moment) => {
    if (over || moment.kind !== kind || moment.phase !== 'after') return;
    over = true;
    throw lambdaDied(`after ${kind}`);
  };
}
