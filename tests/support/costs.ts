import { compileCosts, type CostOptions } from '../../shared/execution/costs.ts';
import { withSpreads, type MarketRules } from '../../shared/tick/rules.ts';

/** The rules under other costs: another model, or every component scaled. */
export function recharged(rules: MarketRules, options: CostOptions): MarketRules {
  const { costs, minorPerUnit, spreads } = rules;
  const { profile, barsPerDay, barMs } = costs;
  return withSpreads(
    { ...rules, costs: compileCosts(profile, minorPerUnit, barsPerDay, barMs, options) },
    spreads,
  );
}
