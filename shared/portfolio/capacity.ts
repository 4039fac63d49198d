/** What a position in one instrument promises and what taking it costs. */
export interface Prospect {
  /** Expected move in favour over the horizon, in bps. */
  readonly edgeBps: number;
  /** Fees and half spreads of both sides together, without impact, in bps. */
  readonly roundTripBps: number;
  /** Average traded value of a bar in the currency: the scale on which sizes are searched. */
  readonly averageNotional: number;
  /** Impact of one side in bps at an order's notional; never falls with it. */
  readonly impactBps: (notional: number) => number;
}

/** Sizes in the currency. */
export interface Capacity {
  /** Where a round trip earns nothing: 0 where no size earns, Infinity where size costs nothing. */
  readonly breakEven: number;
  /** Where it earns most: 0 where no size earns, Infinity where size costs nothing. */
  readonly optimal: number;
}

/** Sizes are searched between these multiples of a bar's traded value. */
const SMALLEST = 1e-18;
const LARGEST = 1e12;
/** Each halves the orders of magnitude in question: 64 leave neighbouring numbers. */
const BISECTIONS = 64;
/** The optimum is looked for among so many equal parts of the break-even first. */
const PARTS = 64;
/** Each keeps 0.618 of the bracket: 40 leave 1e-8, below which a maximum is too flat to be told. */
const GOLDEN_STEPS = 40;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** What a round trip of the notional keeps, in bps of it: edge less round trip less the impact of both sides. */
export const netBps = (prospect: Prospect, notional: number): number =>
  prospect.edgeBps - prospect.roundTripBps - 2 * prospect.impactBps(notional);

/**
 * Break-even and optimal size of a round trip, for any impact that never falls with size. Under the square-root law
 * Y * sigma * sqrt(Q / V) they are V * ((edge - round trip) / (2 Y sigma))^2 and 4/9 of that.
 * A number of steps that is always the same, of operations that are the same on every machine.
 */
export function capacityOf(prospect: Prospect): Capacity {
  const earns = (notional: number): boolean => netBps(prospect, notional) > 0;
  let low = prospect.averageNotional * SMALLEST;
  let high = prospect.averageNotional * LARGEST;
  // What is no number earns nothing: a name without traded value has no size.
  if (!earns(low)) return { breakEven: 0, optimal: 0 };
  if (earns(high)) return { breakEven: Infinity, optimal: Infinity };
  for (let k = 0; k < BISECTIONS; k++) {
    const middle = Math.sqrt(low * high);
    if (earns(middle)) low = middle;
    else high = middle;
  }
  return { breakEven: low, optimal: bestBelow(prospect, low) };
}

/** The size up to break-even that earns most: the best of equal parts, then golden sections around it. */
function bestBelow(prospect: Prospect, breakEven: number): number {
  const earned = (notional: number): number => notional * netBps(prospect, notional);
  let best = 1;
  for (let part = 2; part < PARTS; part++) {
    if (earned((breakEven * part) / PARTS) > earned((breakEven * best) / PARTS)) best = part;
  }
  let from = (breakEven * (best - 1)) / PARTS;
  let to = (breakEven * (best + 1)) / PARTS;
  for (let k = 0; k < GOLDEN_STEPS; k++) {
    const reach = (to - from) * GOLDEN;
    if (earned(to - reach) < earned(from + reach)) from = to - reach;
    else to = from + reach;
  }
  return (from + to) / 2;
}

/** A size that a market may take, and what keeps it from being larger. */
export interface Size {
  /** In the currency, 0 where no size earns. */
  readonly size: number;
  /** The cost of a round trip, which the edge does not pay; the impact; or the limit that the market sets. */
  readonly binding: 'cost' | 'impact' | 'limit';
}

/** The optimal size within a position's highest notional. */
export function sizeWithin({ optimal }: Capacity, limit: number): Size {
  if (optimal === 0) return { size: 0, binding: 'cost' };
  return limit < optimal ? { size: limit, binding: 'limit' } : { size: optimal, binding: 'impact' };
}

/** What the sizes of several instruments are together, in the currency. */
export interface BookCapacity {
  readonly breakEven: number;
  /** The gross exposure that all optimal sizes together are. */
  readonly optimal: number;
  /** The same within the market's limit. */
  readonly size: number;
  /** The capital at which the market's highest gross exposure reaches the optimal sizes: more finds no place. */
  readonly capitalAtOptimal: number;
  readonly capitalAtSize: number;
}

/** Sums over a book whose gross exposure may reach `grossMax` times its capital. */
export function bookCapacity(sizes: readonly (Capacity & Size)[], grossMax: number): BookCapacity {
  let [breakEven, optimal, size] = [0, 0, 0];
  for (const one of sizes) {
    breakEven += one.breakEven;
    optimal += one.optimal;
    size += one.size;
  }
  return { breakEven, optimal, size, capitalAtOptimal: optimal / grossMax, capitalAtSize: size / grossMax };
}
