import { parseIsoUtc } from '../../../../shared/kernel/time.ts';
import type { Invariant, Outcome } from '../invariants.ts';
import { fillsOf, haltsOf, type StoredFill } from '../remains.ts';
import { undisturbed } from '../layouts.ts';
import { causesOf } from './turns.ts';
import { lasting, putBacksOf, twinOf, type Twin } from '../twin.ts';

/** What a run must have in common with one that met less. */
export const TWIN_INVARIANTS: readonly Invariant[] = [
  {
    name: 'same_head_as_an_unbroken_run',
    broken: async ({ plan: { layout, placements, apart }, world, remains }) => {
      const met = lasting(placements);
      if (!apart || met.length === placements.length) return undefined;
      const twin = await twinOf(layout, met, world.planted);
      // Runs at once may each put the parameter back: records after them answer a later version then.
      if (putBacksOf(world) !== twin.putBacks) return undefined;
      return twin.head === remains.head ? undefined : `head ${remains.head}, without the rest ${twin.head}`;
    },
  },
  {
    name: 'no_earlier_fill_undone',
    broken: async (outcome) => {
      const { layout, placements, apart } = outcome.plan;
      const { planted } = outcome.world;
      const clean = await twinOf(undisturbed(layout), [], planted);
      const lost = missingFrom(outcome, clean.fills.filter(mustStand(outcome)));
      if (lost !== undefined) return `without any fault there was ${lost}`;
      const free = lasting(placements).filter(({ spoils }) => spoils !== 'trading' && spoils !== 'failing');
      if (!apart || free.length === lasting(placements).length) return undefined;
      const twin = await twinOf(layout, free, planted);
      const undone = missingFrom(outcome, twin.fills.filter(beforeHalt(outcome)));
      return undone && `without the halt there was ${undone}`;
    },
  },
];

/** The first moment from which trading was truly halted: by a parameter, or by the market itself for a cause. */
function firstHaltMs(outcome: Outcome): number {
  const moments = haltsOf(outcome.remains).map((halt) => {
    const [causes, says] = [causesOf(outcome, halt), parseIsoUtc(halt.at_utc)];
    return causes.includes(says) ? says : Math.min(Infinity, ...causes);
  });
  return Math.min(Infinity, ...outcome.world.haltsMs, ...moments);
}

/** Ordinal of the first tick. */
const firstOrdinal = ({ remains: { records } }: Outcome): number =>
  records[0]!.kind === 'release' ? records[0]!.ordinal + 1 : NaN;

/** Fills of orders that stood before the first fault, in bars that no fault reached and that opened before any halt. */
function mustStand(outcome: Outcome): (fill: StoredFill) => boolean {
  const { plan } = outcome;
  const met = lasting(plan.placements);
  const first = Math.min(...met.map(({ tick }) => tick));
  // Where nothing lasts, all that the run came to stands.
  const ordinal = firstOrdinal(outcome) + Math.min(first, plan.layout.ticks - 1);
  const barSpoilt = met.some(({ tick, spoils }) => tick === first && spoils === 'bar');
  const haltMs = firstHaltMs(outcome);
  return ({ decidedOrdinal, ordinal: filled, barStartMs }) =>
    decidedOrdinal < ordinal && (barSpoilt ? filled < ordinal : filled <= ordinal) && barStartMs < haltMs;
}

/** Fills in bars that opened before the halt, of orders that had been placed by then, in ticks whose runs did not fail. */
const beforeHalt = (outcome: Outcome): ((fill: Twin['fills'][number]) => boolean) => {
  const haltMs = firstHaltMs(outcome);
  const failing = outcome.plan.placements.filter(({ spoils }) => spoils === 'failing');
  const lost = firstOrdinal(outcome) + Math.min(...failing.map(({ tick }) => tick));
  return ({ barStartMs, placedAtMs, decidedOrdinal }) =>
    barStartMs < haltMs && placedAtMs < haltMs && decidedOrdinal < lost;
};

/** What a fill must be alike in. */
const COMPARED = [
  ...(['instrument', 'decidedOrdinal', 'ordinal', 'barStartMs', 'side'] as const),
  ...(['quantity', 'price', 'notionalMinor', 'feeMinor'] as const),
];

function missingFrom({ remains }: Outcome, fills: readonly StoredFill[]): string | undefined {
  const figures = (fill: StoredFill): string =>
    JSON.stringify(Object.fromEntries(COMPARED.map((column) => [column, fill[column]])));
  const there = new Set(fillsOf(remains).map(figures));
  return fills.map(figures).find((fill) => !there.has(fill));
}
