import { ProviderError } from '../../shared/kernel/errors.ts';
import type { BarProvider } from '../../shared/market-data/provider.ts';

/** A source for whoever fetches nothing. @throws ProviderError where one does all the same. */
export const noBars = (name: string): BarProvider => {
  const refuse = async (): Promise<never> => {
    throw new ProviderError(`${name}: only the ingest step fetches bars`);
  };
  return { name, live: false, fetch: refuse, fetchActions: refuse, fingerprint: refuse };
};
