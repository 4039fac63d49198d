import { MINUTE_MS } from '../../../../shared/kernel/time.ts';
import { closeOf } from '../layouts.ts';
import { pick, plainRun, type Fault } from '../script.ts';
import { gapS, placed, statusOf } from './placing.ts';

/** What the schedule does wrong: events that come twice, late, out of order, at no bar, at once, or not at all. */
export const EVENT_FAULTS: readonly Fault[] = [
  {
    name: 'duplicate_event',
    place: ({ random, tick }) => {
      const lagS = pick(random, [0, 30, 1_800, 80_000]);
      return placed('duplicate_event', tick, 'nothing', { lagS }, ({ ticks }) => {
        ticks[tick]!.after.push(async (world) => {
          await world.deliver(tick, [plainRun(lagS)]);
          world.fire('duplicate_event');
        });
      });
    },
  },
  {
    name: 'stale_event',
    place: ({ random, layout, tick }) => {
      if (tick === 0) return [];
      const older = random.below(tick);
      return placed('stale_event', tick, 'nothing', { older }, ({ ticks }) => {
        ticks[tick]!.after.push(async (world) => {
          const recorded = world.headMs() >= closeOf(layout, older);
          await world.deliver(older, [plainRun(gapS(layout, older, tick) + 120)]);
          const { output } = world.runs.at(-1)!.ending;
          if (recorded && world.ailments === 0 && statusOf(output) !== 'done')
            world.complaints.push(
              `an event of tick ${older} after tick ${tick} came to ${JSON.stringify(output)}`,
            );
          world.fire('stale_event');
        });
      });
    },
  },
  {
    name: 'closed_event',
    place: ({ random, layout, tick }) => {
      const offMs = pick(random, [-60, -30, 17, 60, 61, 600]) * MINUTE_MS;
      const atMs = closeOf(layout, tick) + offMs;
      if (layout.plan.line.endMs.includes(atMs)) return [];
      return placed('closed_event', tick, 'nothing', { offMs }, ({ ticks }) => {
        ticks[tick]!.after.push(async (world) => {
          const { output } = await world.deliverAt(atMs);
          if (world.ailments === 0 && statusOf(output) !== 'closed')
            world.complaints.push(`an event at no bar's close came to ${JSON.stringify(output)}`);
          world.fire('closed_event');
        });
      });
    },
  },
  {
    name: 'missing_event',
    place: ({ tick }) => missing(tick),
  },
  {
    name: 'late_event',
    place: ({ random, layout, tick }) => {
      const lagS = pick(random, [20, 240, 540, 541, 1_500, 40_000]);
      if (lagS > gapS(layout, tick, tick + 1) - 600) return [];
      return placed('late_event', tick, 'decision', { lagS }, ({ ticks }) => {
        ticks[tick]!.runs = [(world) => (world.fire('late_event'), plainRun(lagS))];
      });
    },
  },
  {
    name: 'overtaken_event',
    place: ({ layout, tick }) =>
      placed(
        'overtaken_event',
        tick,
        'decision',
        {},
        ({ ticks }) => {
          ticks[tick]!.runs = [];
          ticks[tick + 1]!.after.push(async (world) => {
            await world.deliver(tick, [plainRun(gapS(layout, tick, tick + 1) + 400)]);
            world.fire('overtaken_event');
          });
        },
        [tick, tick + 1],
      ),
  },
  {
    name: 'runs_at_once',
    place: ({ random, tick }) => {
      const [runs, order] = [2 + random.below(2), random.below(1e6)];
      return placed('runs_at_once', tick, 'nothing', { runs, order }, ({ ticks }) => {
        ticks[tick]!.order = order;
        ticks[tick]!.runs = Array.from({ length: runs }, (_, k) => (world) => {
          if (k === 0) world.fire('runs_at_once');
          return plainRun();
        });
      });
    },
  },
  {
    name: 'runs_at_once_skewed',
    place: ({ random, tick }) => {
      const [lags, order] = [[random.below(30), 5 + random.below(300)], random.below(1e6)];
      return placed('runs_at_once_skewed', tick, 'decision', { lags, order }, ({ ticks }) => {
        ticks[tick]!.order = order;
        ticks[tick]!.runs = lags.map((lagS, k) => (world) => {
          if (k === 0) world.fire('runs_at_once_skewed');
          return plainRun(lagS);
        });
      });
    },
  },
  {
    name: 'ticks_at_once',
    place: ({ random, layout, tick }) => {
      const [lagS, order] = [gapS(layout, tick, tick + 1) + random.below(30), random.below(1e6)];
      return placed(
        'ticks_at_once',
        tick,
        'decision',
        { lagS, order },
        ({ ticks }) => {
          ticks[tick]!.runs = [];
          ticks[tick + 1]!.runs = [];
          ticks[tick + 1]!.after.unshift(async (world) => {
            const late = { lagS, hooks: [], mayFail: true };
            const both = [
              { ...late, k: tick },
              { ...late, lagS: 0, k: tick + 1 },
            ];
            await world.deliverAll(both, order);
            world.fire('ticks_at_once');
          });
        },
        [tick, tick + 1],
      );
    },
  },
];

/** The event of a tick never comes. */
export const missing = (tick: number) =>
  placed('missing_event', tick, 'decision', {}, ({ ticks }) => {
    ticks[tick]!.runs = [];
    ticks[tick]!.before.push((world) => world.fire('missing_event'));
  });
