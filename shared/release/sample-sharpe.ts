/** Below this share of the sum of squares a sum of squared deviations is rounding, not spread. */
const SPREAD_SHARE_MIN = 1e-12;

/**
 * Mean over standard deviation (ddof 1) of a sample known by its count, sum and sum of squares: the Sharpe ratio a
 * period, not annualised. null where there are fewer than two values or they do not differ.
 */
export function sampleSharpe(count: number, sum: number, squares: number): number | null {
  if (count < 2) return null;
  const mean = sum / count;
  const deviations = squares - sum * mean;
  if (!(deviations > SPREAD_SHARE_MIN * squares)) return null;
  return mean / Math.sqrt(deviations / (count - 1));
}
