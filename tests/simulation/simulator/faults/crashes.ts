import { ProviderError } from '../../../../shared/kernel/errors.ts';
import { CRASH_POINTS, FINER_WRITE, pointName, type CrashPoint, type Where } from '../crash-points.ts';
import { Killed, lambdaDied } from '../errors.ts';
import type { Attempt, Hook } from '../hooks.ts';
import { check } from '../jobs.ts';
import type { AroundWrite } from '../opened.ts';
import { pick, plainJob, type Fault, type Place, type Placement } from '../script.ts';
import type { World } from '../world.ts';
import { missing } from './events.ts';
import { again, placed, strike } from './placing.ts';
import { askAgain, recovery } from './recovery.ts';
import { flipped } from './switch.ts';

/** What becomes of a process that ended: its step is tried again, its event comes again, or nobody comes back. */
type Afterwards = 'crash_once' | 'crash_killed' | 'crash_abandoned';

/** Where a record may be written that is the one meant: that of a tick is the ledger step's, a turn's is not. */
const fits = (where: Where, step: Attempt['step'], write: string): boolean => {
  if (where === 'note' || where === 'check' || where === 'ask') return step === where;
  if (step === 'note') return where === 'turn';
  if (write !== 'artifact record') return true;
  if (where === 'tick') return step === 'ledger';
  return (where === 'gap') === (step === 'ingest') && step !== 'ledger';
};

/** Ends the process, or one Lambda of it, the first time that it comes to the write. */
const crashing =
  (point: CrashPoint, fault: Afterwards) =>
  (world: World): Hook => {
    const { where, write, phase, mode } = point;
    let over = false;
    return {
      write: (moment, process) => {
        if (over || moment.kind !== write || moment.phase !== phase) return;
        if (!fits(where, moment.attempt.step, write)) return;
        over = true;
        world.fire(pointName(point));
        world.fire(fault);
        if (mode === 'dead') process.die(`${phase} ${write}`);
        throw lambdaDied(`${phase} ${write}`);
      },
    };
  };

const sourceDown = (): Hook => ({
  begin: ({ step }) => {
    if (step === 'ingest') throw new ProviderError('the source is down');
  },
});

/**
 * A crash with what must be there for it to happen: a tick missed before, a run that fails, a switch that is to be
 * turned, a recovery that is due. Empty where the point cannot be reached at this place.
 */
export function placeCrash(point: CrashPoint, place: Place, afterwards: Afterwards): readonly Placement[] {
  const { layout, tick } = place;
  const { where, write, mode } = point;
  if (where === 'opening') return placeOpeningCrash(point);
  if (where === 'check') return placeCheckCrash(point, place, afterwards);
  if (where === 'ask') return placeAskCrash(point, place, afterwards);
  if (write === FINER_WRITE && !layout.kinds.includes('finer_bars')) return [];
  if (where === 'gap' && tick === 0) return [];
  const own = placed(afterwards, tick, spoilsOf(afterwards), { ...point }, (script) => {
    strike(script.ticks[tick]!, crashing(point, afterwards));
    if (where === 'note') strike(script.ticks[tick]!, sourceDown);
    // A Lambda that died is tried again by itself; a failed or killed run needs its event once more.
    if (afterwards !== 'crash_abandoned' && (where === 'note' || mode === 'dead')) again(script, tick);
  });
  if (where === 'turn') return [...flipped(place, { back: true }), ...own];
  return where === 'gap' ? [...missing(tick - 1), ...own] : own;
}

const spoilsOf = (afterwards: Afterwards): 'decision' | 'nothing' =>
  afterwards === 'crash_abandoned' ? 'decision' : 'nothing';

/** Ends a health check; whoever comes back holds it again at the same moment. */
function placeCheckCrash(point: CrashPoint, { tick }: Place, afterwards: Afterwards): readonly Placement[] {
  const held = placed('check_held', tick, 'trading', {}, ({ ticks }) => {
    if (ticks[tick]!.checks.length === 0) ticks[tick]!.checks = [plainJob(check)];
  });
  const spoils = afterwards === 'crash_abandoned' ? 'trading' : 'nothing';
  const own = placed(afterwards, tick, spoils, { ...point }, ({ ticks }) => {
    strike(ticks[tick]!, crashing(point, afterwards), 'checks');
    if (afterwards !== 'crash_abandoned') ticks[tick]!.checks.push(plainJob(check));
  });
  return [...held, ...own];
}

/** Ends whoever asks for a recovery; who comes back goes on. */
function placeAskCrash(point: CrashPoint, place: Place, afterwards: Afterwards): readonly Placement[] {
  const which = point.write === 'parameter all' ? 'all' : undefined;
  const asked = recovery(place, which === undefined ? {} : { which });
  if (asked === undefined) return [];
  const spoils = afterwards === 'crash_abandoned' ? 'trading' : 'nothing';
  const own = placed(afterwards, asked.askedAt, spoils, { ...point }, (script) => {
    strike(script.ticks[asked.askedAt]!, crashing(point, afterwards), 'operations');
    if (afterwards !== 'crash_abandoned')
      askAgain(script, asked.askedAt, ({ fired }) => fired.has(pointName(point)));
  });
  return [...asked.placements, ...own];
}

const placeOpeningCrash = (point: CrashPoint): readonly Placement[] =>
  placed('crash_opening', -1, 'nothing', { ...point }, ({ openings }) => {
    openings.push(crashingOpening(point));
  });

/** Ends an opening the first time that it comes to the write; what else it tries then has no effect. */
const crashingOpening =
  (point: CrashPoint) =>
  (world: Pick<World, 'fire'>): AroundWrite => {
    let over = false;
    return (kind, phase) => {
      if (over && point.mode === 'dead') throw new Killed('killed before');
      if (over || kind !== point.write || phase !== point.phase) return;
      over = true;
      world.fire(pointName(point));
      world.fire('crash_opening');
      throw new Killed(`killed ${phase} ${kind}`);
    };
  };

/** What a crash at the point leads to. */
export const afterwardsOf = ({ random }: Place, { mode }: CrashPoint): Afterwards =>
  mode === 'once' ? 'crash_once' : random.below(4) === 0 ? 'crash_abandoned' : 'crash_killed';

const crashFault = (name: Afterwards | 'crash_opening', fit: (point: CrashPoint) => boolean): Fault => {
  const points = CRASH_POINTS.filter(fit);
  return {
    name,
    place: (place) =>
      placeCrash(pick(place.random, points), place, name === 'crash_opening' ? 'crash_once' : name),
  };
};

/** A crash before and after every single write. */
export const CRASH_FAULTS: readonly Fault[] = [
  crashFault('crash_once', ({ where, mode }) => where !== 'opening' && mode === 'once'),
  crashFault('crash_killed', ({ where, mode }) => where !== 'opening' && mode === 'dead'),
  crashFault('crash_abandoned', ({ where, mode }) => where !== 'opening' && mode === 'dead'),
  crashFault('crash_opening', ({ where }) => where === 'opening'),
];
