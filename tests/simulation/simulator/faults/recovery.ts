import { Struck } from '../errors.ts';
import { ADMIN, ask, check, watch, type Request } from '../jobs.ts';
import { latchIn } from '../switch-truth.ts';
import { pick, plainJob, plainRun, type Fault, type Place, type Placement, type Script } from '../script.ts';
import type { Which, World } from '../world.ts';
import { gapS, placed, strike } from './placing.ts';
import { LIES } from './lies.ts';
import { lieAt } from './provider.ts';
import { flipped } from './switch.ts';

/** A halt by an operator with everything that a recovery from it needs, and the tick after which it is asked for. */
interface Recovery {
  readonly placements: readonly Placement[];
  readonly askedAt: number;
}

/** Ticks after the halt that a recovery takes until the market is ACTIVE again: three checks, a trial, its fills. */
const TICKS_TO_ACTIVE = 5;

/**
 * A market halted before a tick, a health check after it and each of the next two, and a request of somebody who may:
 * the trial begins with the tick after. Undefined where too few ticks are left.
 */
export function recovery(place: Place, { which }: { which?: Which } = {}): Recovery | undefined {
  const { layout, tick } = place;
  const askedAt = tick + 2;
  if (tick + TICKS_TO_ACTIVE >= layout.ticks) return undefined;
  const halted = flipped(place, { back: false, ...(which === undefined ? {} : { which }) });
  const asked = placed(
    'recovery_asked',
    askedAt,
    'trading',
    { ...ADMIN },
    // An admin on duty asks by then without being told.
    (script) => {
      if (layout.scene.operator !== 'admin') askAs(script, askedAt, ADMIN, 'recovery_asked');
    },
    [],
  );
  return { placements: [...halted, ...checksHeld(tick, askedAt), ...asked], askedAt };
}

/** A check after each of some ticks. */
const checksHeld = (from: number, upTo: number): Placement[] =>
  placed(
    'check_held',
    from,
    'trading',
    { upTo },
    (script) => {
      for (let k = from; k <= upTo; k++) checkOnce(script, k);
    },
    [],
  );

/** Holds a check after a tick, where none is held anyway. */
function checkOnce({ ticks }: Script, k: number): void {
  if (ticks[k]!.checks.length === 0) ticks[k]!.checks = [plainJob(check)];
}

/** Has an admin whose request was cut off come back; nobody does where none was. */
export function askAgain({ ticks }: Script, k: number, cutOff: (world: World) => boolean): void {
  const job = ask(ADMIN);
  const again: typeof job = {
    ...job,
    work: async (runtime, world) => {
      if (cutOff(world)) await job.work(runtime, world);
    },
  };
  ticks[k]!.operations.push(plainJob(again));
}

/** Has somebody ask after a tick; the fault took effect where the market was halted. */
function askAs({ ticks }: Script, k: number, request: Request, fault: string | undefined, lagS = 0): void {
  const job = ask(request);
  const told: typeof job = {
    ...job,
    work: async (runtime, world) => {
      if (fault !== undefined && latchIn(world.contents, world.layout.market)?.state === 'HALTED')
        world.fire(fault);
      await job.work(runtime, world);
    },
  };
  ticks[k]!.operations.push(plainJob(told, lagS));
}

/** A recovery that is asked for in vain first: by `request`, after tick `at`. */
const refusedFirst = (name: string, place: Place, at: number, request: Request): readonly Placement[] => {
  const asked = recovery(place);
  if (asked === undefined) return [];
  const refused = placed(
    name,
    at,
    'trading',
    { at, ...request },
    (script) => {
      // Whoever asks in vain comes before whoever may.
      const { operations } = script.ticks[at]!;
      const others = operations.splice(0);
      askAs(script, at, request, name, -10);
      operations.push(...others);
    },
    [],
  );
  return [...asked.placements, ...refused];
};

/** Recoveries, and everything that they may lack. */
export const RECOVERY_FAULTS: readonly Fault[] = [
  { name: 'recovery_asked', place: (place) => recovery(place)?.placements ?? [] },
  {
    name: 'request_of_a_wrong_role',
    place: (place) => {
      const actor = pick(place.random, ['operator', 'viewer', 'stranger', 'Admin']);
      return refusedFirst('request_of_a_wrong_role', place, place.tick + 2, { ...ADMIN, actor });
    },
  },
  {
    name: 'request_without_a_reason',
    place: (place) => {
      const reason = pick(place.random, ['', 'too short', '         x         ']);
      return refusedFirst('request_without_a_reason', place, place.tick + 2, { ...ADMIN, reason });
    },
  },
  {
    name: 'request_too_early',
    place: (place) => refusedFirst('request_too_early', place, place.tick + place.random.below(2), ADMIN),
  },
  {
    // The market is set free while the tick runs: between its gate and its fill, or between two calls of either.
    name: 'recovery_races_a_tick',
    place: (place) => {
      const { random, layout, tick } = place;
      const at = tick + 3;
      if (tick + TICKS_TO_ACTIVE + 1 >= layout.ticks || layout.scene.operator === 'admin') return [];
      const drawn = { order: random.below(1e6), watchers: random.below(2) };
      const own = placed('recovery_races_a_tick', at, 'trading', drawn, ({ ticks }) => {
        ticks[at]!.order = drawn.order;
        ticks[at]!.runs = [
          (world) => (world.fire('recovery_races_a_tick'), plainRun()),
          plainJob(ask(ADMIN)),
          ...Array.from({ length: drawn.watchers }, () => plainJob(watch)),
        ];
      });
      return [...flipped(place, { back: false }), ...checksHeld(tick, tick + 2), ...own];
    },
  },
  {
    name: 'check_missing',
    place: (place) => {
      const asked = recovery(place);
      if (asked === undefined) return [];
      const at = place.tick + place.random.below(3);
      const lost = placed(
        'check_missing',
        at,
        'trading',
        {},
        (script) => {
          script.ticks[at]!.checks = [];
          script.ticks[at]!.before.push((world) => world.fire('check_missing'));
        },
        [],
      );
      return [...asked.placements, ...lost];
    },
  },
  {
    name: 'check_twice',
    place: (place) => {
      const asked = recovery(place);
      if (asked === undefined) return [];
      const [at, lagS] = [place.tick + place.random.below(3), pick(place.random, [0, 1, 60])];
      const twice = placed(
        'check_twice',
        at,
        'nothing',
        { lagS },
        (script) => {
          checkOnce(script, at);
          script.ticks[at]!.checks.push((world) => (world.fire('check_twice'), plainJob(check, lagS)(world)));
        },
        [],
      );
      return [...asked.placements, ...twice];
    },
  },
  {
    name: 'check_late',
    place: (place) => {
      const asked = recovery(place);
      if (asked === undefined) return [];
      const at = place.tick + place.random.below(2);
      // The next bar has closed by then, and its tick has had its time.
      const lagS = gapS(place.layout, at, at + 1) + pick(place.random, [700, 2_000]);
      const late = placed(
        'check_late',
        at,
        'trading',
        { lagS },
        (script) => {
          script.ticks[at]!.checks = [(world) => (world.fire('check_late'), plainJob(check, lagS)(world))];
        },
        [],
      );
      return [...asked.placements, ...late];
    },
  },
  {
    // Good checks that were held long before somebody asks.
    name: 'checks_too_old',
    place: (place) => {
      const { layout, tick } = place;
      const askedAt = tick + 5;
      if (layout.scene.checks || askedAt + 1 >= layout.ticks) return [];
      const halted = flipped(place, { back: false });
      return [
        ...halted,
        ...checksHeld(tick, tick + 2),
        ...placed(
          'checks_too_old',
          askedAt,
          'trading',
          {},
          (script) => askAs(script, askedAt, ADMIN, 'checks_too_old'),
          [],
        ),
      ];
    },
  },
  {
    name: 'trial_spoilt',
    place: (place) => {
      const asked = recovery(place);
      if (asked === undefined) return [];
      // A bar that comes twice is YELLOW: no reason to halt, but none for a trial to pass.
      const tick = asked.askedAt + 1 + place.random.below(2);
      return [...asked.placements, ...lieAt('trial_spoilt', LIES['twice']!, { ...place, tick })];
    },
  },
  {
    name: 'put_back_refused',
    place: (place) => {
      const drawn = { tries: 1 + place.random.below(3) };
      const refused = placed('put_back_refused', place.tick, 'nothing', drawn, ({ ticks }) =>
        strike(ticks[place.tick]!, (world) => {
          let left = drawn.tries;
          return {
            call: ({ store, method }) => {
              if (store !== 'parameters' || method !== 'put' || left-- <= 0) return;
              world.fire('put_back_refused');
              throw new Struck('ThrottlingException', 'the parameter cannot be put');
            },
          };
        }),
      );
      return [...flipped(place, { back: true }), ...refused];
    },
  },
];
