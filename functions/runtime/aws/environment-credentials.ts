import { ConfigError } from '../../../shared/kernel/errors.ts';

/** Credentials as the SDK takes them. */
interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * Stands in the bundles for the SDK's chain of credential sources: a Lambda's are always in its environment, and the
 * other sources would make a fifth of every bundle.
 * @throws ConfigError where they are not there.
 */
export const defaultProvider = () => async (): Promise<Credentials> => {
  const accessKeyId = needed('AWS_ACCESS_KEY_ID');
  const secretAccessKey = needed('AWS_SECRET_ACCESS_KEY');
  const { AWS_SESSION_TOKEN: sessionToken } = process.env;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
};

function needed(name: string): string {
  const value = process.env[name] ?? '';
  if (value !== '') return value;
  throw new ConfigError(`environment of this function: ${name}: is missing: it runs outside of Lambda`);
}
