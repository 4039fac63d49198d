import { GetCommand, paginateQuery, type DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { byCodeUnit } from '../kernel/canonical.ts';
import { IntegrityError } from '../kernel/errors.ts';
import { failure, type Waiting } from './aws-retry.ts';
import { written } from './aws-transaction.ts';
import { checkedName, checkedText, checkWrites, NAME_BYTES_MAX, nameOf } from './keys.ts';
import type { Item, StateStore } from './ports.ts';

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
