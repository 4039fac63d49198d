import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import {
  GetCommand,
  paginateQuery,
  TransactWriteCommand,
  type DynamoDBDocumentClient,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { byCodeUnit } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import { failure, isNamed, requestToken, retrying, type Waiting } from './aws-retry.ts';
import { checkedName, checkedText, checkWrites, NAME_BYTES_MAX, nameOf } from './keys.ts';
import { conflict, StorageError } from './outcomes.ts';
import type { Item, StateStore, Write } from './ports.ts';

/**
 * Items in a DynamoDB table with hash key `partition`, range key `sort` and the text `body`. Reads are consistent.
 * @throws StorageError naming the table and the item where DynamoDB fails.
 */
export function dynamoState(
  client: DynamoDBDocumentClient,
  table: string,
  waiting: Waiting = {},
): StateStore {
  return {
    async get(partition, sort) {
      checkedName(partition, 'partition');
      checkedName(sort, 'sort key');
      const key = { partition, sort };
      const command = new GetCommand({ TableName: table, Key: key, ConsistentRead: true });
      const { Item: found } = await named('read', table, nameOf(key), () => client.send(command));
      return found && parsedItem(table, found);
    },
    async query(partition, sortPrefix) {
      checkedName(partition, 'partition');
      checkedText(sortPrefix, 'prefix');
      // DynamoDB refuses a longer one; no sort key begins with it.
      if (Buffer.byteLength(sortPrefix) > NAME_BYTES_MAX) return [];
      const items = await named('query', table, `${partition} ${sortPrefix}*`, () =>
        queried(client, table, partition, sortPrefix),
      );
      // DynamoDB sorts by UTF-8 bytes. The prefix is looked at again because some stand-ins for it ignore case in one.
      return items
        .filter(({ sort }) => sort.startsWith(sortPrefix))
        .sort((a, b) => byCodeUnit(a.sort, b.sort));
    },
    async transact(writes) {
      checkWrites(writes);
      await written(client, table, writes, waiting);
    },
  };
}

async function queried(
  client: DynamoDBDocumentClient,
  table: string,
  partition: string,
  prefix: string,
): Promise<Item[]> {
  const pages = paginateQuery(
    { client },
    {
      TableName: table,
      ConsistentRead: true,
      // An empty text is no legal key value, so there is no condition that every sort key meets.
      KeyConditionExpression:
        prefix === '' ? '#partition = :partition' : '#partition = :partition AND begins_with(#sort, :prefix)',
      ExpressionAttributeNames: { '#partition': 'partition', ...(prefix !== '' && { '#sort': 'sort' }) },
      ExpressionAttributeValues: { ':partition': partition, ...(prefix !== '' && { ':prefix': prefix }) },
    },
  );
  const items: Item[] = [];
  for await (const page of pages) for (const one of page.Items ?? []) items.push(parsedItem(table, one));
  return items;
}

/**
 * One transaction. Its token is the same for every attempt, those of the SDK included: where an answer was lost after the
 * write took place, the repeat succeeds instead of finding its own write in the way. It is another for each call: a token
 * made from the writes would let a second claim of the same content pass as a repeat of the first.
 */
async function written(
  client: DynamoDBDocumentClient,
  table: string,
  writes: readonly Write[],
  waiting: Waiting,
): Promise<void> {
  const input: TransactWriteCommandInput = {
    ClientRequestToken: requestToken(),
    TransactItems: writes.map((write) => ({ Put: { TableName: table, ...putOf(write) } })),
  };
  const attempt = async (): Promise<void> => {
    try {
      await client.send(new TransactWriteCommand(input));
    } catch (error) {
      throw lost(error, writes) ?? error;
    }
  };
  try {
    await retrying(attempt, isPassing, waiting);
  } catch (error) {
    throw ended(error, table, writes);
  }
}

type Put = NonNullable<NonNullable<TransactWriteCommandInput['TransactItems']>[number]['Put']>;

function putOf(write: Write): Omit<Put, 'TableName'> {
  const { partition, sort, body } = write.item;
  const Item = { partition, sort, body };
  if (write.expect === 'equals')
    return {
      Item,
      ConditionExpression: '#body = :body',
      ExpressionAttributeNames: { '#body': 'body' },
      ExpressionAttributeValues: { ':body': write.body },
    };
  if (write.expect === 'any') return { Item };
  return {
    Item,
    ConditionExpression: 'attribute_not_exists(#partition)',
    ExpressionAttributeNames: { '#partition': 'partition' },
  };
}

const reasonsOf = (error: unknown): string[] =>
  error instanceof TransactionCanceledException
    ? (error.CancellationReasons ?? []).map(({ Code }) => Code ?? 'None')
    : [];

/** The conflict in a cancelled transaction: the reasons stand in the order of the writes. */
function lost(error: unknown, writes: readonly Write[]): Error | undefined {
  const first = writes[reasonsOf(error).indexOf('ConditionalCheckFailed')];
  return first && conflict(first);
}

const PASSING = ['None', 'TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'];

/** Whether nothing was judged yet: another transaction was at the same items, capacity was short, or this one still runs. */
function isPassing(error: unknown): boolean {
  const reasons = reasonsOf(error);
  const none = reasons.length > 0 && reasons.every((reason) => PASSING.includes(reason));
  return none || isNamed(error, 'TransactionInProgressException');
}

/**
 * What a transaction's last error means. Items that stayed busy are no ConflictError: nobody is known to have been
 * first, and a caller that goes and reads the winner's result might find none.
 */
function ended(error: unknown, table: string, writes: readonly Write[]): Error {
  const reasons = reasonsOf(error);
  const at = writes[reasons.findIndex((reason) => reason !== 'None')] ?? writes[0]!;
  const evidence = { table, partition: at.item.partition, sort: at.item.sort, reasons };
  if (isPassing(error))
    return new StorageError(
      `cannot write ${nameOf(at.item)} of table ${table}: busy in every attempt (${reasons.join(', ') || 'still in progress'})`,
      evidence,
      { cause: error },
    );
  return failure(`write ${nameOf(at.item)} of table ${table}`, error, evidence);
}

const itemSchema = z.object({ partition: z.string(), sort: z.string(), body: z.string() });

function parsedItem(table: string, found: Record<string, unknown>): Item {
  const parsed = itemSchema.safeParse(found);
  if (parsed.success) return parsed.data;
  const { partition, sort } = found;
  throw new IntegrityError(`item ${String(partition)} ${String(sort)} of table ${table} holds no text`, {
    ...{ table, partition, sort },
  });
}

async function named<T>(doing: string, table: string, what: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw failure(`${doing} ${what} of table ${table}`, error, { table, item: what });
  }
}
