import { byPlace, type CorporateAction } from './actions.ts';
import type { Bars } from './bars.ts';

/** What the actions of a row make of a close before it: close * scale - shift, in the new shares' price. */
export interface Effect {
  readonly scale: number;
  readonly shift: number;
  /** The gap into this row is known to be a move of the market. */
  readonly realMove: boolean;
}

/** Effects of the actions in sight. */
export interface Effects {
  /** By instrument, then by row: the first of the first session on or after the ex-date, also where seen late. */
  readonly onPrice: ReadonlyMap<number, ReadonlyMap<number, Effect>>;
  /** Cells at which an earlier gap is explained: by a late action, or by one that says that the move was real. */
  readonly explained: ReadonlySet<number>;
}

/** The effects of the actions of a matrix on its rows. */
export function effectsOf(bars: Bars): Effects {
  const onPrice = new Map<number, Map<number, Effect>>();
  const explained = new Set<number>();
  for (const action of [...bars.actions].sort(byExDate)) {
    const { instrument, ordinal, exDay, kind, ratio, amount } = action;
    const seen = ordinal - bars.firstOrdinal;
    if (kind === 'real_move' || (seen > 0 && bars.sessionDay[seen - 1]! >= exDay))
      explained.add(seen * bars.instruments.length + instrument);
    const row = firstFrom(bars.sessionDay, exDay);
    const rows = onPrice.get(instrument) ?? new Map<number, Effect>();
    const before = rows.get(row) ?? { scale: 1, shift: 0, realMove: false };
    rows.set(row, {
      scale: before.scale / ratio,
      shift: (before.shift + amount) / ratio,
      realMove: before.realMove || kind === 'real_move',
    });
    onPrice.set(instrument, rows);
  }
  return { onPrice, explained };
}

/** A close of before a row as it reads after the row's actions: (close - amount) / ratio. */
export const afterEffect = (close: number, effect: Effect | undefined): number =>
  effect === undefined ? close : close * effect.scale - effect.shift;

const byExDate = (a: CorporateAction, b: CorporateAction): number =>
  byPlace({ ...a, ordinal: 0 }, { ...b, ordinal: 0 });

/** The first row of the first session on or after the day. */
function firstFrom(sessionDay: Float64Array, day: number): number {
  let low = 0;
  let high = sessionDay.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sessionDay[middle]! < day) low = middle + 1;
    else high = middle;
  }
  return low;
}
