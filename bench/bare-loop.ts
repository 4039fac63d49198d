import type { PolicyRules } from '../shared/config/policy-schema.ts';
import { log } from '../shared/kernel/math.ts';
import type { Bars } from '../shared/market-data/bars.ts';

/**
 * The same momentum rule as a bare typed-array loop: no gates, no limits, no order book, no calendar, a flat cost on
 * every change. What the full path is held against, not something to trade on.
 */
export function bareLoop(bars: Bars, rules: PolicyRules, costShare: number): number {
  const n = bars.instruments.length;
  const rows = bars.startMs.length;
  const [h0, h1, h2] = rules.momentum_bars;
  const window = rules.volatility_bars;
  const start = Math.max(h0, h1, h2, window, rules.trend_bars) + 1;
  const logs = new Float64Array(rows * n);
  const sum = new Float64Array(n);
  const sumLog = new Float64Array(n);
  const position = new Float64Array(n);
  let pnl = 0;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < n; i++) {
      const cell = row * n + i;
      const price = log(bars.close[cell]!);
      logs[cell] = price;
      sumLog[i]! += price - (row >= rules.trend_bars ? logs[cell - rules.trend_bars * n]! : 0);
      if (row === 0) continue;
      const move = price - logs[cell - n]!;
      const before = row > window ? logs[cell - window * n]! - logs[cell - (window + 1) * n]! : 0;
      sum[i]! += move * move - before * before;
      pnl += position[i]! * move;
      if (row < start) continue;
      const sigma = Math.sqrt(sum[i]! / window);
      const score =
        (price - logs[cell - h0 * n]!) / (sigma * Math.sqrt(h0)) +
        (price - logs[cell - h1 * n]!) / (sigma * Math.sqrt(h1)) +
        (price - logs[cell - h2 * n]!) / (sigma * Math.sqrt(h2));
      const wanted = score > 1 && price > sumLog[i]! / rules.trend_bars ? 1 : score < 0 ? 0 : position[i]!;
      if (wanted !== position[i]) {
        pnl -= costShare;
        position[i] = wanted;
      }
    }
  }
  return pnl;
}
