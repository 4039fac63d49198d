import type { FillSpec } from '../config/fill-spec-schema.ts';

/** The columns of a fill, in the order in which a log holds them. */
export const FILL_COLUMNS = [
  'instrument',
  'ordinal',
  'decidedOrdinal',
  'decidedAtMs',
  'barStartMs',
  'side',
  'quantity',
  'price',
  'rawPrice',
  'referencePrice',
  'notionalMinor',
  'feeMinor',
  'feeBps',
  'slippageBps',
  'impactBps',
  'latencyBps',
  'moveBps',
  'totalBps',
  'delayBars',
  'struckBeforeFreeze',
] as const;

/**
 * One fill: `quantity` in steps, `price` what was paid with slippage, impact and latency in it, `rawPrice` the
 * market's own, `referencePrice` the decision's; bps of the decision price. Fees come on top, in minor units.
 * `totalBps` is fee, slippage, impact, latency and move in this order: what the fill cost against the decision price.
 */
export type Fill = { readonly [column in (typeof FILL_COLUMNS)[number]]: number };

/** When an execution bar may fill an order. */
export type Moment = 'too_early' | 'struck_before_freeze' | 'after_freeze';

/**
 * Whether a bar that starts at `barStartMs` may fill what was frozen at `frozenAtMs`: a price must form after the
 * freeze and the latency, unless the contract allows a bar struck shortly before, which is then charged for it.
 */
export function fillMoment(spec: FillSpec, frozenAtMs: number, barStartMs: number): Moment {
  const reached = frozenAtMs + spec.latency_ms_min;
  if (barStartMs >= reached) return 'after_freeze';
  const struckEarly = reached - barStartMs;
  return spec.open_struck_before_freeze && struckEarly <= spec.open_struck_within_s_max * 1000
    ? 'struck_before_freeze'
    : 'too_early';
}

/**
 * The market's price for the order in this bar, before costs. `vwap` needs the bar's turnover and `mid` quotes;
 * where they are only guessed from high, low and close the guess knows the bar's end, so a buy pays at least the
 * open and a sell gets at most the open.
 */
export function rawFillPrice(
  spec: FillSpec,
  side: number,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
  turnover: number,
): number {
  if (spec.price_mode === 'next_open') return open;
  if (spec.price_mode === 'vwap') {
    const traded = turnover / volume;
    // A turnover in other units than price times volume would give a price that was never there.
    if (traded >= low && traded <= high) return traded;
  }
  const proxy = spec.price_mode === 'vwap' ? (high + low + close) / 3 : (high + low) / 2;
  return side > 0 ? Math.max(open, proxy) : Math.min(open, proxy);
}

/** Steps that a bar's volume leaves to one order: the cap's share, not yet in whole lots. */
export const participationSteps = (spec: FillSpec, volume: number, stepsPerUnit: number): number =>
  Math.floor(spec.participation_cap * volume * stepsPerUnit);
