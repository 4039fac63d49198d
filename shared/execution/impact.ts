import type { CostProfile } from '../config/cost-profile-schema.ts';
import { exp, log } from '../kernel/math.ts';

/**
 * Market impact of an order, as a share of the price, by the model that the profile names. Never falls with size.
 * @param sigmaDaily a day's volatility, as a share.
 * @param participation the order over an average day's volume, by value or by shares alike; 0 or more.
 * @param horizonDays the time over which the order trades, in days of trading; the square-root law has no use for it.
 */
export function impactShare(
  impact: CostProfile['impact'],
  sigmaDaily: number,
  participation: number,
  horizonDays: number,
): number {
  return impact.model === 'square_root'
    ? impact.y * sigmaDaily * Math.sqrt(participation)
    : almgrenShare(impact, sigmaDaily, participation, horizonDays);
}

/**
 * What an order pays by Almgren, Thum, Hauptmann and Li 2005, Direct estimation of equity market impact: half the
 * permanent impact gamma * sigma * (X / V) * (Theta / V)^(1/4), and the temporary one eta * sigma * |X / (V * T)|^(3/5).
 * Their exponents are held, gamma and eta (0.314 and 0.142 in the paper) come from the profile.
 */
function almgrenShare(
  impact: Extract<CostProfile['impact'], { model: 'almgren' }>,
  sigmaDaily: number,
  participation: number,
  horizonDays: number,
): number {
  const fourthRoot = Math.sqrt(Math.sqrt(impact.shares_over_daily_volume));
  const permanent = impact.gamma * sigmaDaily * participation * fourthRoot;
  const temporary = impact.eta * sigmaDaily * exp(0.6 * log(participation / horizonDays));
  return permanent / 2 + temporary;
}
