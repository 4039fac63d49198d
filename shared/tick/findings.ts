import { bit, INSTRUMENT_CODES } from '../kernel/codes.ts';
import { capacityNotional } from '../portfolio/sizing.ts';
import { findingsOf, type InstrumentFindings, type InstrumentLimits } from '../risk/instrument-gates.ts';
import type { Decision } from './decision.ts';
import type { MarketRules } from './rules.ts';

/** Flags of a bar among an instrument's reasons. */
const BAR_FLAGS = INSTRUMENT_CODES.filter((code) => code.startsWith('DATA_')).reduce(
  (mask, code) => mask | bit[code],
  0,
);

/** The limits of the instruments' gates in a market. */
export const limitsOf = ({ config: { limits } }: MarketRules): InstrumentLimits => ({
  collar: limits.price_collar,
  nameMax: limits.name_max,
  orderMax: limits.order_notional_max,
});

/** The findings of instrument i as a decision holds them: what the packet shows of its gates. */
export function findingsAt(
  rules: MarketRules,
  decision: Decision,
  i: number,
  ready: boolean,
): InstrumentFindings {
  const { config, instruments, minorPerUnit } = rules;
  const reasons = decision.reasons[i]!;
  const price = decision.referencePrice[i]!;
  const value = (steps: number): number =>
    steps === 0 ? 0 : (Math.abs(steps) / instruments.stepsPerUnit[i]!) * price;
  const worst = value(decision.worst[i]!);
  const equity = decision.equity / minorPerUnit;
  const carried = capacityNotional(config.limits, rules.barsPerDay, decision.averageNotional[i]!);
  return findingsOf(
    {
      void: (reasons & rules.unusable) !== 0,
      flagged: (reasons & BAR_FLAGS) !== 0,
      forecast: ready,
      rulesCovered: (reasons & bit.RULES_UNCOVERED) === 0,
      restricted: (reasons & bit.RESTRICTED) !== 0,
      move: decision.move[i]!,
      exposure: worst === 0 ? 0 : equity > 0 ? worst / equity : NaN,
      // An instrument without features waits by itself; what it would carry is not known.
      capacity: worst === 0 || !ready ? 0 : worst / carried,
      orderValue: value(decision.delta[i]!),
    },
    limitsOf(rules),
  );
}
