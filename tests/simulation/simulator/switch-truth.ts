import type { MemoryContents } from '../../../shared/stores/memory.ts';

interface LatchBody {
  readonly state: string;
  readonly parameter_version: number;
}

/**
 * Whether trading is enabled at this moment, by the words of the design and not by the code that reads it: the parameter
 * at exactly `false`, in the version that the latch acknowledged, and the latch ACTIVE or TRIAL.
 */
export function isEnabled({ parameters, items }: MemoryContents, market: string): boolean {
  const parameter = parameters.get('DISABLE_TRADING');
  const item = [...items.values()].find(
    ({ partition, sort }) => partition === `ledger/${market}` && sort === 'latch',
  );
  if (parameter === undefined || item === undefined) return false;
  const latch = JSON.parse(item.body) as LatchBody;
  return (
    parameter.value === 'false' &&
    latch.parameter_version === parameter.version &&
    ['ACTIVE', 'TRIAL'].includes(latch.state)
  );
}
