import type { Latch } from '../../../shared/ledger/records.ts';
import type { MemoryContents } from '../../../shared/stores/memory.ts';

/** The latch as it lies there; undefined where there is none. */
export function latchIn({ items }: MemoryContents, market: string): Latch | undefined {
  const item = [...items.values()].find(
    ({ partition, sort }) => partition === `ledger/${market}` && sort === 'latch',
  );
  return item && (JSON.parse(item.body) as Latch);
}

/** The switch as it truly is at one moment. */
export interface SwitchTruth {
  readonly enabled: boolean;
  /** The record that last changed the latch; -1 where there is none. */
  readonly turned: number;
}

/**
 * The switch at this moment, by the words of the design and not by the code that reads it: both parameters at exactly
 * `false`, each in the version that the latch answered, and the latch ACTIVE or TRIAL.
 */
export function switchTruth(contents: MemoryContents, market: string): SwitchTruth {
  const latch = latchIn(contents, market);
  if (latch === undefined) return { enabled: false, turned: -1 };
  const free = (name: string, answered: number): boolean => {
    const newest = contents.parameters.get(name)?.at(-1);
    return newest !== undefined && newest.value === 'false' && newest.version === answered;
  };
  const enabled =
    ['ACTIVE', 'TRIAL'].includes(latch.state) &&
    free('DISABLE_TRADING', latch.parameter_version) &&
    free(`DISABLE_TRADING/${market}`, latch.market_version);
  return { enabled, turned: latch.turned };
}
