import { parseConfig } from '../config/config.ts';
import { IntegrityError } from '../kernel/errors.ts';
import { minorPerUnit, powerOfTen } from '../kernel/money.ts';
import type { RecoveryRules } from './verify-recovery.ts';

/** What turns steps and prices of a market into money. */
export interface Units {
  readonly minorPerUnit: number;
  /** By instrument, in the order of the release. */
  readonly stepsPerUnit: readonly number[];
}

/** Steps, minor units and the rules of recovery of a market, from the configuration that its release froze. @throws IntegrityError */
export function unitsOf(
  files: Readonly<Record<string, string>>,
  market: string,
  symbols: readonly string[],
): Units & { readonly rules: RecoveryRules } {
  const { markets, operators } = parseConfig(new Map(Object.entries(files)));
  const found = markets.get(market);
  const rows = new Map(found?.universe.instruments.map((row) => [row.symbol, row.quantity_digits]));
  const stepsPerUnit = symbols.map((symbol) => powerOfTen(rows.get(symbol) ?? NaN));
  if (found === undefined || symbols.some((symbol) => !rows.has(symbol)))
    throw new IntegrityError(`the configuration has no market ${market} with the instruments of the release`);
  const rules = { operators, recovery: found.config.kill_switch.recovery };
  return { minorPerUnit: minorPerUnit(found.config.currency), stepsPerUnit, rules };
}
