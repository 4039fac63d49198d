import { seededRandom, type Random } from '../../../shared/kernel/random.ts';
import { CRASH_POINTS, FINER_WRITE, type CrashPoint } from './crash-points.ts';
import { FAULTS } from './faults.ts';
import { afterwardsOf, placeCrash } from './faults/crashes.ts';
import { inScene, layoutOf, LAYOUTS, SCENES, TIGHT_LAYOUTS, type Layout } from './layouts.ts';
import { pick, type Place, type Placement } from './script.ts';

/** Everything that one seed says will happen. */
export interface Plan {
  readonly seed: number;
  readonly layout: Layout;
  readonly placements: readonly Placement[];
  /** Whether faults lie apart, so that those which spoil nothing must leave no trace. */
  readonly apart: boolean;
}

/**
 * The same seed gives the same plan on every machine. Faults and crash points go round with the seed's number, so that
 * any run of consecutive seeds meets all of them; where they fall, and what else happens, is drawn.
 */
export function planOf(seed: number): Plan {
  const random = seededRandom(`plan ${seed}`);
  const point = CRASH_POINTS[seed % CRASH_POINTS.length]!;
  const layout = drawLayout(random, point);
  const apart = random.below(4) !== 0;
  const placements: Placement[] = [];
  const add = (draw: (place: Place) => readonly Placement[]): void => {
    placements.push(...drawPlace(random, layout, apart ? placements : [], draw));
  };
  add((place) => placeCrash(point, place, afterwardsOf(place, point)));
  add((place) => FAULTS[seed % FAULTS.length]!.place(place));
  for (let more = random.below(apart ? 2 : 3); more > 0; more--)
    add((place) => pick(random, FAULTS).place(place));
  return { seed, layout, placements, apart };
}

function drawLayout(random: Random, { write }: CrashPoint): Layout {
  for (;;) {
    const layout = inScene(
      layoutOf(random.below(8) === 0 ? LAYOUTS + random.below(TIGHT_LAYOUTS) : random.below(LAYOUTS)),
      pick(random, SCENES),
    );
    if (write !== FINER_WRITE || layout.kinds.includes('finer_bars')) return layout;
  }
}

/** One fault more, at a place where it can happen and that no other takes; nothing where none was found. */
function drawPlace(
  random: Random,
  layout: Layout,
  others: readonly Placement[],
  draw: (place: Place) => readonly Placement[],
): readonly Placement[] {
  const taken = new Set(others.flatMap(({ touches }) => touches));
  for (let trial = 0; trial < 16; trial++) {
    // The last tick stays whole: whatever went wrong before, the chain must go on.
    const tick = random.below(layout.ticks - 1);
    const drawn = draw({ random, layout, tick });
    const touches = drawn.flatMap((one) => one.touches);
    if (drawn.length > 0 && touches.every((one) => one < layout.ticks - 1 && !taken.has(one))) return drawn;
  }
  return [];
}
