import * as z from 'zod';
import { DISABLE_TRADING } from '../../shared/ledger/keys.ts';
import { parseInput } from '../envelope.ts';

/** What EventBridge sends when a parameter was changed (Systems Manager user guide, Parameter Store events). */
const changeEvent = z.object({
  detail: z.object({ name: z.string().min(1), operation: z.string() }),
});

/**
 * The markets that a change of a parameter is about: all of them for the parameter of all, one for a market's own, none
 * for any other name.
 * @param prefix where the stage's parameters lie, such as `/papergate/prod`.
 */
export function marketsOfChange(event: unknown, prefix: string, all: readonly string[]): readonly string[] {
  const { detail } = parseInput('switch-watcher', event, changeEvent);
  const whole = `${prefix}/${DISABLE_TRADING}`;
  if (detail.name === whole) return all;
  return all.filter((market) => detail.name === `${whole}/${market}`);
}
