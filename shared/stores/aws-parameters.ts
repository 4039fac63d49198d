import {
  GetParameterCommand,
  paginateGetParameterHistory,
  PutParameterCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { failure, isNamed, retrying, type Waiting } from './aws-retry.ts';
import { checkChange, checkedName } from './keys.ts';
import { StorageError } from './outcomes.ts';
import { HISTORY_MAX, type Parameter, type Parameters } from './ports.ts';

/** The most that GetParameterHistory gives at once. */
const PAGE_MAX = 50;

/** Stands for an empty description: a change that is put without one keeps that of the change before it. */
const NO_REASON = 'no reason given';

/** The parameter service answered, but not with the version that it has or was given. */
class Behind extends StorageError {}

/**
 * Parameters of AWS Systems Manager, named `<prefix>/<name>`. It stamps the time and the author of a change itself: those
 * given to `put` are not kept, and `put` gives back what was stamped.
 *
 * Who changed a parameter and why stand only in its history and in DescribeParameters. The history is what is read: each
 * of its entries holds value, version, time, author and reason of one change, so they cannot be of two, and it can be
 * permitted for these names alone, which DescribeParameters cannot. It comes oldest first and up to two pages long, so a
 * `get` asks GetParameter first and reads the history only for a version that this store has not met: its author and
 * reason never change, its value is read anew each time.
 * @throws StorageError naming the parameter where the service fails.
 */
export function ssmParameters(client: SSMClient, prefix: string, waiting: Waiting = {}): Parameters {
  const met = new Map<string, Parameter>();
  const history = (name: string): Promise<Parameter[]> => versionsOf(client, fullName(prefix, name));
  const settled = <T>(doing: string, name: string, operation: () => Promise<T>): Promise<T> =>
    attempted(`${doing} parameter ${fullName(prefix, name)}`, fullName(prefix, name), operation, waiting);
  return {
    async get(name) {
      checkedName(name, 'parameter name');
      return settled('read', name, async () => {
        const now = await valueOf(client, fullName(prefix, name));
        if (now === undefined) return undefined;
        const known = met.get(name);
        if (known && isOf(known, now)) return known;
        const newest = (await history(name)).at(-1);
        if (newest === undefined || newest.version < now.Version)
          throw new Behind(`its history does not reach version ${now.Version} yet`);
        met.set(name, Object.freeze(newest));
        return newest;
      });
    },
    async history(name) {
      checkedName(name, 'parameter name');
      return settled('read the history of', name, () => history(name));
    },
    async put(name, change) {
      checkChange(name, change);
      const version = await settled('write', name, () => putOnce(client, fullName(prefix, name), change));
      return settled('read back', name, async () => {
        const own = (await history(name)).find((one) => one.version === version);
        if (own === undefined) throw new Behind(`its history does not show version ${version} yet`);
        return own;
      });
    },
  };
}

const fullName = (prefix: string, name: string): string => `${prefix}/${name}`;

/** TooManyUpdates: somebody else is changing the same parameter. Nothing was written. */
async function attempted<T>(
  doing: string,
  parameter: string,
  operation: () => Promise<T>,
  waiting: Waiting,
): Promise<T> {
  const isPassing = (error: unknown): boolean => error instanceof Behind || isNamed(error, 'TooManyUpdates');
  try {
    return await retrying(operation, isPassing, waiting);
  } catch (error) {
    if (error instanceof Behind) throw new StorageError(`cannot ${doing}: ${error.message}`, { parameter });
    throw failure(doing, error, { parameter });
  }
}

const valueSchema = z.object({ Value: z.string(), Version: z.number(), LastModifiedDate: z.date() });
type Value = z.infer<typeof valueSchema>;

async function valueOf(client: SSMClient, parameter: string): Promise<Value | undefined> {
  try {
    return parsed(valueSchema, (await client.send(new GetParameterCommand({ Name: parameter }))).Parameter);
  } catch (error) {
    if (isNamed(error, 'ParameterNotFound')) return undefined;
    throw error;
  }
}

/** A parameter that was deleted and made anew counts from 1 again: its time tells it from the one met before. */
const isOf = (known: Parameter, { Value, Version, LastModifiedDate }: Value): boolean =>
  known.version === Version && known.value === Value && known.changedAtMs === LastModifiedDate.getTime();

const versionSchema = valueSchema.extend({
  LastModifiedUser: z.string(),
  Description: z.string().optional(),
});

async function versionsOf(client: SSMClient, parameter: string): Promise<Parameter[]> {
  const versions: Parameter[] = [];
  const pages = paginateGetParameterHistory({ client, pageSize: PAGE_MAX }, { Name: parameter });
  try {
    for await (const page of pages)
      for (const one of page.Parameters ?? []) versions.push(versionOf(parsed(versionSchema, one)));
  } catch (error) {
    if (isNamed(error, 'ParameterNotFound')) return [];
    throw error;
  }
  versions.sort((a, b) => a.version - b.version);
  return versions.map((one, k) => withOwnReason(one, versions[k - 1])).slice(-HISTORY_MAX);
}

const versionOf = (one: z.infer<typeof versionSchema>): Parameter => ({
  value: one.Value,
  version: one.Version,
  changedAtMs: one.LastModifiedDate.getTime(),
  changedBy: one.LastModifiedUser,
  description: one.Description === undefined || one.Description === NO_REASON ? '' : one.Description,
});

/**
 * A change of another value or by another author that has the reason of the change before it, word for word, was put
 * without one: it has none. Only a repeat of the very same change keeps it, since clients send a put again that was not
 * answered.
 */
function withOwnReason(one: Parameter, before: Parameter | undefined): Parameter {
  if (before?.description !== one.description) return one;
  const isRepeat = before.value === one.value && before.changedBy === one.changedBy;
  return isRepeat ? one : { ...one, description: '' };
}

/** Puts a change and gives the version it became. Sent twice by the SDK it is two versions of the same, which harms none. */
async function putOnce(
  client: SSMClient,
  parameter: string,
  { value, description }: Omit<Parameter, 'version'>,
): Promise<number> {
  const command = new PutParameterCommand({
    ...{ Name: parameter, Value: value, Type: 'String', Overwrite: true },
    Description: description === '' ? NO_REASON : description,
  });
  return parsed(z.object({ Version: z.number() }), await client.send(command)).Version;
}

/** @throws StorageError where the service's answer lacks what it is to hold. */
function parsed<T>(schema: z.ZodType<T>, answer: unknown): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new StorageError(`the parameter service answered without ${path.join('.')}: ${message}`);
}
