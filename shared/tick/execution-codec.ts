import { canonicalJson, type Json } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import type { Execution } from '../ledger/artifacts.ts';
import { storedSwitch } from '../risk/kill-switch.ts';
import type { Executed, FillCircumstances } from './execute.ts';
import type { MarketRules } from './rules.ts';

/** What the fill step found and did, as it is stored. */
export function encodeExecution(
  rules: MarketRules,
  tickUtc: string,
  { reading, late, mismatched }: FillCircumstances,
  executed: Executed,
): Execution {
  const symbol = (i: number): string => rules.instruments.symbols[i]!;
  return {
    v: 3,
    market: rules.config.market,
    tick_utc: tickUtc,
    switch: storedSwitch(reading),
    late,
    release_mismatch: mismatched,
    placing_refused: executed.placingRefused,
    fills: executed.events.fills,
    ended: executed.events.ended,
    postings: executed.events.postings,
    placed: executed.placed.map(symbol),
    refused: executed.refused.map(symbol),
  };
}

/** @throws IntegrityError where what is to be posted is not what the fill step stored. */
export function assertSameExecution(stored: Execution, again: Execution): void {
  const [was, is] = [canonicalJson(stored as unknown as Json), canonicalJson(again as unknown as Json)];
  if (was === is) return;
  throw new IntegrityError(
    `the fills of ${stored.market} at ${stored.tick_utc} do not follow from its bars and orders: nothing is posted`,
    {
      stored: was,
      again: is,
    },
  );
}
