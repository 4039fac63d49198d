import type { Clusters } from '../risk/clusters.ts';
import type { Verdict } from '../risk/gates.ts';
import type { SwitchReading } from '../risk/kill-switch.ts';

/** Actions in the order of their codes in columns. */
export const ACTIONS = ['WAIT', 'LONG', 'SHORT', 'FLAT'] as const;
export type Action = (typeof ACTIONS)[number];
export const WAIT = 0;
export const LONG = 1;
export const SHORT = 2;
export const FLAT = 3;

/**
 * What one tick decided for every instrument, in columns: exactly what its packet holds, and all that placing its
 * orders needs. Quantities in signed steps; `reasons` and `limits` as bits of the instrument and limit codes.
 */
export interface Decision {
  readonly ordinal: number;
  /** Close of the bar the decision rests on, and the moment from which it stood. */
  readonly tickMs: number;
  readonly frozenAtMs: number;
  readonly verdict: Verdict;
  /** The kill switch as the gate read it, and the equity over all books, NaN where it could not be told. */
  readonly switch: SwitchReading;
  readonly equityOfAll: number;
  /** Equity that it rests on, in minor units. */
  readonly equity: number;
  readonly clusters: Clusters;
  readonly action: Float64Array;
  readonly reasons: Float64Array;
  readonly limits: Float64Array;
  readonly uncut: Float64Array;
  readonly target: Float64Array;
  readonly delta: Float64Array;
  readonly referencePrice: Float64Array;
  /** Close beyond which the direction is refuted; 0 where there is none. */
  readonly invalidation: Float64Array;
  /** Half the spread in bps that the order starts from, before a bar widens it; 0 where nothing is ordered. */
  readonly spreadBps: Float64Array;
  readonly sigma: Float64Array;
  readonly averageNotional: Float64Array;
  /** Move of the close from the valid close before it, and the position with its increasing order filled. */
  readonly move: Float64Array;
  readonly worst: Float64Array;
  readonly relativeMove: Float64Array;
  readonly relativeVolume: Float64Array;
}

export const DECISION_COLUMNS = [
  'action',
  'reasons',
  'limits',
  'uncut',
  'target',
  'delta',
  'referencePrice',
  'invalidation',
  'spreadBps',
  'sigma',
  'averageNotional',
  'move',
  'worst',
  'relativeMove',
  'relativeVolume',
] as const;

/** Columns that a decision is worked out in. A loop over many bars hands the same ones in again and again. */
export interface Workspace {
  readonly columns: { readonly [column in (typeof DECISION_COLUMNS)[number]]: Float64Array };
  readonly direction: Float64Array;
  readonly pending: Float64Array;
  readonly uncovered: Float64Array;
  readonly locked: Float64Array;
}

export function workspace(instruments: number): Workspace {
  const column = (): Float64Array => new Float64Array(instruments);
  const columns = Object.fromEntries(DECISION_COLUMNS.map((name) => [name, column()]));
  return {
    columns: columns as Workspace['columns'],
    direction: column(),
    pending: column(),
    uncovered: column(),
    locked: column(),
  };
}

/** What a decision says of the whole market. */
export type DecisionHead = Pick<
  Decision,
  'ordinal' | 'tickMs' | 'frozenAtMs' | 'verdict' | 'switch' | 'equityOfAll' | 'equity' | 'clusters'
>;

/** A decision that says nothing yet, in fresh columns or in those of a workspace, which are emptied. */
export function emptyDecision(
  instruments: number,
  head: DecisionHead,
  { columns }: Pick<Workspace, 'columns'> = workspace(instruments),
): Decision {
  for (const name of DECISION_COLUMNS) columns[name].fill(0);
  return { ...head, ...columns };
}
